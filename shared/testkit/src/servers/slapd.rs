//! OpenLDAP's slapd with invented people in it.
//!
//! In: [`Options`]. Out: a server with `ou=people`, `ou=groups`, `ou=elsewhere` and `ou=services` below [`SUFFIX`],
//! an administrator ([`Slapd::directory`] writes as it) and the service account [`SERVICE_DN`] that may read.
//!
//! **Guarantees.** Everything is indexed as a careful administrator would. `stop` and `restart` keep data and port.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::certificates::Certificates;
use super::ldif::{Directory, entry};
use super::{Process, Result, ServerError, doing, free_port, program, run};

/// The naming context.
pub const SUFFIX: &str = "dc=tessera,dc=example";
/// Where the people are.
pub const PEOPLE: &str = "ou=people,dc=tessera,dc=example";
/// Where people go who are no longer wanted.
pub const ELSEWHERE: &str = "ou=elsewhere,dc=tessera,dc=example";
/// Where the groups are.
pub const GROUPS: &str = "ou=groups,dc=tessera,dc=example";
/// The account that reads.
pub const SERVICE_DN: &str = "cn=rollcall,ou=services,dc=tessera,dc=example";
/// Its password.
pub const SERVICE_PASSWORD: &str = "reading-is-enough";

const ADMIN_DN: &str = "cn=admin,dc=tessera,dc=example";
const ADMIN_PASSWORD: &str = "may-do-everything";
const PACKAGE: &str = "slapd";
/// How often another port is tried when somebody was quicker.
const ATTEMPTS: usize = 5;

/// What the server shall be like.
#[derive(Debug, Clone)]
pub struct Options {
    /// People to begin with: `uid=p0000` and so on below [`PEOPLE`].
    pub people: usize,
    /// More entries, as LDIF.
    pub ldif: String,
    /// The most entries an unpaged search of the service account gets; `None` for no limit.
    pub size_limit: Option<usize>,
    /// Whether an unpaged search is all that the service account may do.
    pub no_pages: bool,
    /// Loads syncprov (RFC 4533) with a session log of this many changes; 0 for none.
    pub sync: Option<usize>,
    /// Loads memberof.
    pub member_of: bool,
    /// Loads ppolicy, and lets the service account's password have expired.
    pub expired_password: bool,
    /// Also listens for LDAPS, and offers StartTLS.
    pub tls: bool,
    /// Access rules before the others, for example `to attrs=entryUUID by * none`.
    pub access: Vec<String>,
    /// Lines of slapd.conf before the database.
    pub global: Vec<String>,
    /// Where to listen, to stand in for another server that was there; none for any free port.
    pub port: Option<u16>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            people: 0,
            ldif: String::new(),
            size_limit: Some(500),
            no_pages: false,
            sync: None,
            member_of: false,
            expired_password: false,
            tls: false,
            access: Vec::new(),
            global: Vec::new(),
            port: None,
        }
    }
}

/// A running slapd.
pub struct Slapd {
    // Before the folder: fields are dropped in this order, and the process writes into the folder.
    process: Option<Process>,
    port: u16,
    tls_port: Option<u16>,
    certificates: Option<Certificates>,
    folder: TempDir,
}

impl Slapd {
    /// Makes a database, loads it and starts a server on it.
    ///
    /// # Errors
    /// A missing package, or what slapd said.
    pub fn start(options: &Options) -> Result<Self> {
        let folder = tempfile::tempdir().map_err(doing("making a folder for slapd"))?;
        let certificates =
            if options.tls { Some(Certificates::make(folder.path(), Ipv4Addr::LOCALHOST)?) } else { None };
        let at = |name: &str| folder.path().join(name);
        let write =
            |name: &str, text: &str| fs::write(at(name), text).map_err(doing(format!("writing {name}")));
        fs::create_dir(at("data")).map_err(doing("making slapd's data folder"))?;
        write("slapd.conf", &configuration(options, folder.path(), certificates.as_ref())?)?;
        write("data.ldif", &(scaffold(options) + &people(options.people) + &options.ldif))?;
        write("password", ADMIN_PASSWORD)?;
        run(Command::new(program("slapadd", PACKAGE)?)
            .arg("-q")
            .arg("-w")
            .arg("-f")
            .arg(at("slapd.conf"))
            .arg("-l")
            .arg(at("data.ldif")))?;
        let mut server = Self { process: None, port: 0, tls_port: None, certificates, folder };
        server.launch_at(options.port)?;
        Ok(server)
    }

    /// Between looking for a free port and taking it, another process may take it.
    fn launch_at(&mut self, port: Option<u16>) -> Result<()> {
        let mut outcome = Ok(());
        for _ in 0..ATTEMPTS {
            self.port = port.map_or_else(free_port, Ok)?;
            self.tls_port = self.certificates.is_some().then(free_port).transpose()?;
            outcome = self.launch();
            if !matches!(outcome, Err(ServerError::Failed { .. })) {
                break;
            }
        }
        outcome
    }

    fn launch(&mut self) -> Result<()> {
        let address = self.address();
        let listen = match self.tls_port {
            Some(port) => format!("ldap://{address}/ ldaps://127.0.0.1:{port}/"),
            None => format!("ldap://{address}/"),
        };
        let mut command = Command::new(program("slapd", PACKAGE)?);
        command.args(["-d", "0", "-h", &listen, "-f"]).arg(self.folder.path().join("slapd.conf"));
        self.process = Some(Process::start("slapd", &mut command, address, &self.folder.path().join("log"))?);
        Ok(())
    }

    /// Stops it in good order; its data stay.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(&mut self) -> Result<()> {
        self.process.take().map_or(Ok(()), Process::stop)
    }

    /// Stops it unless it is stopped, and starts it again on the same port.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        self.launch()
    }

    /// Starts it again with other options, and the same data and port. What it holds and whether it speaks TLS stays.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn reconfigure(&mut self, options: &Options) -> Result<()> {
        let text = configuration(options, self.folder.path(), self.certificates.as_ref())?;
        fs::write(self.folder.path().join("slapd.conf"), text).map_err(doing("writing slapd.conf"))?;
        self.restart()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// `ldap://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("ldap://{}", self.address())
    }

    /// `ldaps://127.0.0.1:PORT`, where it was started with TLS.
    #[must_use]
    pub fn ldaps_url(&self) -> Option<String> {
        self.tls_port.map(|port| format!("ldaps://127.0.0.1:{port}"))
    }

    /// The authority that signed its certificate, as a PEM file.
    #[must_use]
    pub fn authority(&self) -> Option<&Path> {
        self.certificates.as_ref().map(|certificates| certificates.authority.as_path())
    }

    /// Its temporary folder, for what a test wants to lie beside it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes as the administrator.
    #[must_use]
    pub fn directory(&self) -> Directory {
        Directory {
            url: self.url(),
            dn: ADMIN_DN.to_owned(),
            password_file: self.folder.path().join("password"),
            authority: None,
            folder: self.folder.path().to_owned(),
        }
    }

    /// Adds a person with the attributes that every person has here, and these.
    ///
    /// # Errors
    /// What the server said.
    pub fn add_person(&self, uid: &str, more: &[(&str, &str)]) -> Result<()> {
        let cn = format!("{uid} Example");
        let mail = format!("{uid}@tessera.example");
        let mut attributes =
            vec![("objectClass", "inetOrgPerson"), ("uid", uid), ("cn", &cn), ("sn", "Example")];
        if !more.iter().any(|(name, _)| *name == "mail") {
            attributes.push(("mail", &mail));
        }
        attributes.extend_from_slice(more);
        self.directory().add(&person(uid), &attributes)
    }
}

/// The distinguished name of a person below [`PEOPLE`].
#[must_use]
pub fn person(uid: &str) -> String {
    format!("uid={uid},{PEOPLE}")
}

/// Where Debian keeps what other systems keep elsewhere.
fn schema(name: &str) -> Result<PathBuf> {
    let folders = ["/etc/ldap/schema", "/etc/openldap/schema"];
    folders
        .map(|folder| Path::new(folder).join(format!("{name}.schema")))
        .into_iter()
        .find(|file| file.is_file())
        .ok_or(ServerError::Missing { program: "the schemas of slapd", package: PACKAGE })
}

fn configuration(options: &Options, folder: &Path, certificates: Option<&Certificates>) -> Result<String> {
    let mut lines = Vec::new();
    for name in ["core", "cosine", "inetorgperson", "nis"] {
        lines.push(format!("include {}", schema(name)?.display()));
    }
    lines.push("modulepath /usr/lib/ldap".to_owned());
    let overlays = overlays(options);
    lines.push("moduleload back_mdb".to_owned());
    lines.extend(overlays.iter().map(|(name, _)| format!("moduleload {name}")));
    if let Some(certificates) = certificates {
        lines.push(format!("TLSCACertificateFile {}", certificates.authority.display()));
        lines.push(format!("TLSCertificateFile {}", certificates.certificate.display()));
        lines.push(format!("TLSCertificateKeyFile {}", certificates.key.display()));
    }
    lines.extend(options.global.iter().cloned());
    lines.push("database mdb\nmaxsize 1073741824\ndbnosync".to_owned());
    lines.push(format!("suffix {SUFFIX}\nrootdn {ADMIN_DN}\nrootpw {ADMIN_PASSWORD}"));
    lines.push(format!("directory {}", folder.join("data").display()));
    lines.push("index objectClass,entryUUID,entryCSN,modifyTimestamp,uid,member eq".to_owned());
    let limit = options.size_limit.map_or("unlimited".to_owned(), |limit| limit.to_string());
    let pages = if options.no_pages { "size.prtotal=disabled" } else { "size.prtotal=unlimited" };
    lines.push(format!("limits dn.exact=\"{SERVICE_DN}\" size.soft={limit} size.hard={limit} {pages}"));
    lines.extend(options.access.iter().map(|rule| format!("access {rule}")));
    lines.push("access to attrs=userPassword by anonymous auth by * none".to_owned());
    lines.push(format!("access to * by dn.exact=\"{SERVICE_DN}\" read by * none"));
    lines.extend(overlays.into_iter().map(|(name, settings)| format!("overlay {name}\n{settings}")));
    Ok(lines.join("\n") + "\n")
}

fn overlays(options: &Options) -> Vec<(&'static str, String)> {
    let mut overlays = Vec::new();
    if let Some(changes) = options.sync {
        let log = if changes == 0 { String::new() } else { format!("syncprov-sessionlog {changes}") };
        overlays.push(("syncprov", log));
    }
    if options.member_of {
        overlays.push(("memberof", String::new()));
    }
    if options.expired_password {
        overlays.push(("ppolicy", format!("ppolicy_default cn=default,ou=services,{SUFFIX}")));
    }
    overlays
}

/// The entries everything else lies below, and the accounts.
fn scaffold(options: &Options) -> String {
    let mut ldif = entry(SUFFIX, &[("objectClass", "domain"), ("dc", "tessera")]);
    for name in ["people", "groups", "elsewhere", "services"] {
        ldif +=
            &entry(&format!("ou={name},{SUFFIX}"), &[("objectClass", "organizationalUnit"), ("ou", name)]);
    }
    let mut service = vec![
        ("objectClass", "organizationalRole"),
        ("objectClass", "simpleSecurityObject"),
        ("cn", "rollcall"),
        ("userPassword", SERVICE_PASSWORD),
    ];
    if options.expired_password {
        service.push(("pwdChangedTime", "20200101000000Z"));
        ldif += &entry(
            &format!("cn=default,ou=services,{SUFFIX}"),
            &[
                ("objectClass", "organizationalRole"),
                ("objectClass", "pwdPolicy"),
                ("cn", "default"),
                ("pwdAttribute", "userPassword"),
                ("pwdMaxAge", "86400"),
            ],
        );
    }
    ldif + &entry(SERVICE_DN, &service)
}

/// Every tenth person manages the nine that follow.
fn people(count: usize) -> String {
    let mut ldif = String::new();
    for number in 0..count {
        let uid = format!("p{number:04}");
        let name = format!("Person {number:04}");
        // Writing into a string cannot fail.
        write!(
            ldif,
            "dn: {}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {name}\ngivenName: Person\nsn: {number:04}\n\
             mail: {uid}@tessera.example\ntitle: Clerk\nemployeeNumber: {number}\nmanager: {}\n\n",
            person(&uid),
            person(&format!("p{:04}", number / 10 * 10)),
        )
        .ok();
    }
    ldif
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_holds_its_people_takes_changes_and_survives_a_restart() {
        let mut server =
            Slapd::start(&Options { people: 3, sync: Some(100), tls: true, ..Options::default() }).unwrap();
        server.add_person("nadia", &[("title", "Überblickerin")]).unwrap();
        let directory = server.directory();
        directory.set(&person("p0001"), "title", &["Head"]).unwrap();
        directory.rename(&person("p0002"), "uid=renamed", Some(ELSEWHERE)).unwrap();
        directory.delete(&person("p0000")).unwrap();
        server.restart().unwrap();
        assert_eq!(directory.values(&person("p0001"), "title").unwrap(), ["Head"]);
        assert_eq!(directory.values(&format!("uid=renamed,{ELSEWHERE}"), "employeeNumber").unwrap(), ["2"]);
        assert!(
            directory.values(&person("p0000"), "title").unwrap_err().to_string().contains("No such object")
        );
    }

    #[test]
    fn a_server_that_cannot_start_says_why() {
        let Err(error) = Slapd::start(&Options { global: vec!["nonsense".to_owned()], ..Options::default() })
        else {
            panic!("it started");
        };
        assert!(error.to_string().contains("nonsense"), "{error}");
    }
}
