//! Changes to a directory, as an administrator makes them: LDIF through the tools of `ldap-utils`.
//!
//! In: a server's address and an account that may write. Out: entries added, changed, renamed, deleted; or what the
//! server said.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{Result, doing, program, run};

/// A directory that can be written to.
#[derive(Debug, Clone)]
pub struct Directory {
    /// `ldap://…` or `ldaps://…`
    pub(super) url: String,
    /// The account that writes.
    pub(super) dn: String,
    /// Its password, as a file.
    pub(super) password_file: PathBuf,
    /// The authority of the server's certificate.
    pub(super) authority: Option<PathBuf>,
    /// Where temporary files go.
    pub(super) folder: PathBuf,
}

impl Directory {
    /// Carries out change records as RFC 2849 writes them; without `changetype` an entry is added.
    ///
    /// # Errors
    /// What the server or the tool said. Records before the one that failed were carried out.
    pub fn apply(&self, ldif: &str) -> Result<()> {
        let file = self.folder.join("change.ldif");
        fs::write(&file, ldif).map_err(doing("writing a change as LDIF"))?;
        run(self.tool("ldapmodify")?.arg("-a").arg("-f").arg(file)).map(drop)
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// See [`Directory::apply`].
    pub fn add(&self, dn: &str, attributes: &[(&str, &str)]) -> Result<()> {
        self.apply(&entry(dn, attributes))
    }

    /// Replaces an attribute's values; without any the attribute goes.
    ///
    /// # Errors
    /// See [`Directory::apply`].
    pub fn set(&self, dn: &str, attribute: &str, values: &[&str]) -> Result<()> {
        self.modify(dn, "replace", attribute, values)
    }

    /// Adds values to an attribute, such as members to a group.
    ///
    /// # Errors
    /// See [`Directory::apply`].
    pub fn add_values(&self, dn: &str, attribute: &str, values: &[&str]) -> Result<()> {
        self.modify(dn, "add", attribute, values)
    }

    /// Takes values from an attribute.
    ///
    /// # Errors
    /// See [`Directory::apply`].
    pub fn remove_values(&self, dn: &str, attribute: &str, values: &[&str]) -> Result<()> {
        self.modify(dn, "delete", attribute, values)
    }

    fn modify(&self, dn: &str, what: &str, attribute: &str, values: &[&str]) -> Result<()> {
        let mut ldif = format!("{}changetype: modify\n{what}: {attribute}\n", line("dn", dn));
        for value in values {
            ldif.push_str(&line(attribute, value));
        }
        self.apply(&format!("{ldif}-\n"))
    }

    /// Gives an entry another name, and with `parent` another place.
    ///
    /// # Errors
    /// See [`Directory::apply`].
    pub fn rename(&self, dn: &str, name: &str, parent: Option<&str>) -> Result<()> {
        let mut ldif =
            format!("{}changetype: modrdn\n{}deleteoldrdn: 1\n", line("dn", dn), line("newrdn", name));
        if let Some(parent) = parent {
            ldif.push_str(&line("newsuperior", parent));
        }
        self.apply(&ldif)
    }

    /// Deletes an entry.
    ///
    /// # Errors
    /// See [`Directory::apply`].
    pub fn delete(&self, dn: &str) -> Result<()> {
        self.apply(&format!("{}changetype: delete\n", line("dn", dn)))
    }

    /// The values of one attribute of one entry, as text.
    ///
    /// # Errors
    /// What the server or the tool said.
    pub fn values(&self, dn: &str, attribute: &str) -> Result<Vec<String>> {
        let answer = run(self.tool("ldapsearch")?.args([
            "-LLL",
            "-o",
            "ldif-wrap=no",
            "-s",
            "base",
            "-b",
            dn,
            "(objectClass=*)",
            attribute,
        ]))?;
        let wanted = format!("{attribute}: ");
        Ok(answer.lines().filter_map(|found| found.strip_prefix(&wanted)).map(str::to_owned).collect())
    }

    fn tool(&self, name: &'static str) -> Result<Command> {
        let mut command = Command::new(program(name, "ldap-utils")?);
        command.args(["-x", "-H", &self.url, "-D", &self.dn, "-y"]).arg(&self.password_file);
        command.env("LDAPNOINIT", "1");
        if let Some(authority) = &self.authority {
            command.env_remove("LDAPNOINIT").env("LDAPTLS_CACERT", authority);
        }
        Ok(command)
    }
}

/// An entry as LDIF.
pub(super) fn entry(dn: &str, attributes: &[(&str, &str)]) -> String {
    let mut ldif = line("dn", dn);
    for (name, value) in attributes {
        ldif.push_str(&line(name, value));
    }
    ldif.push('\n');
    ldif
}

/// `name: value`, or `name:: base64` where the value would be misread.
#[must_use]
pub fn line(name: &str, value: impl AsRef<[u8]>) -> String {
    let value = value.as_ref();
    let plain = value.iter().all(|byte| (b' '..=b'~').contains(byte))
        && !value.first().is_some_and(|first| b" :<".contains(first))
        && value.last() != Some(&b' ');
    match std::str::from_utf8(value) {
        Ok(text) if plain => format!("{name}: {text}\n"),
        _ => format!("{name}:: {}\n", BASE64.encode(value)),
    }
}
