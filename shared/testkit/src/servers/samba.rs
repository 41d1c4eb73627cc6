//! Samba as an Active Directory domain controller, with invented people in it.
//!
//! In: [`Options`]. Out: a new domain with `OU=People`, `OU=Groups` and `OU=Elsewhere` below [`SUFFIX`], an
//! administrator ([`Samba::directory`] writes as it) and two accounts that read: [`SERVICE_NAME`] as any account of
//! the domain may, and [`REPLICATION_NAME`], which may also use DirSync and see deleted objects.
//!
//! **Guarantees.** Every server has an address of loopback to itself, because Samba takes its ports (389, 636) as they
//! are: several servers run beside each other. It serves LDAP and LDAPS alone, and refuses plain binds without TLS.
//!
//! **Caveats.** Needs root: for those ports, and because making a domain sets owners of files. A domain takes some
//! five seconds to make. Unlike Active Directory, a search without paging is not capped at 1000 entries.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tempfile::TempDir;

use super::certificates::Certificates;
use super::ldif::{Directory, entry};
use super::{Process, Result, ServerError, doing, program, run};

/// The naming context.
pub const SUFFIX: &str = "DC=ad,DC=example,DC=test";
/// Where the people are.
pub const PEOPLE: &str = "OU=People,DC=ad,DC=example,DC=test";
/// Where people go who are no longer wanted.
pub const ELSEWHERE: &str = "OU=Elsewhere,DC=ad,DC=example,DC=test";
/// Where the groups are.
pub const GROUPS: &str = "OU=Groups,DC=ad,DC=example,DC=test";
/// The account that reads, and may no more than any other.
pub const SERVICE_NAME: &str = "rollcall@ad.example.test";
/// The account that reads, may use DirSync and see deleted objects.
pub const REPLICATION_NAME: &str = "rollcall-replication@ad.example.test";
/// The password of both.
pub const SERVICE_PASSWORD: &str = "Reading-1s-enough";

const REALM: &str = "AD.EXAMPLE.TEST";
const ADMIN_PASSWORD: &str = "May-d0-everything";
const LDAP_PORT: u16 = 389;
/// NORMAL_ACCOUNT (512), DONT_EXPIRE_PASSWORD (65536).
const SERVICE_CONTROL: &str = "66048";
/// NORMAL_ACCOUNT (512), PASSWD_NOTREQD (32): people need no password here.
const PERSON_CONTROL: &str = "544";
/// The same, ACCOUNTDISABLE (2).
const DISABLED_CONTROL: &str = "546";

/// What the domain shall hold.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// People to begin with: `CN=Person 0000` (`sAMAccountName` `p0000`) and so on below [`PEOPLE`].
    pub people: usize,
    /// More entries, as LDIF.
    pub ldif: String,
}

/// A running domain controller.
pub struct Samba {
    // Before the folder: fields are dropped in this order, and the process writes into the folder.
    process: Option<Process>,
    address: Ipv4Addr,
    certificates: Certificates,
    folder: TempDir,
}

impl Samba {
    /// Makes a domain, fills it and starts its controller.
    ///
    /// # Errors
    /// A missing package, a port that may not be used, or what Samba said.
    pub fn provision_and_start(options: &Options) -> Result<Self> {
        let folder = tempfile::tempdir().map_err(doing("making a folder for Samba"))?;
        let address = free_address()?;
        let certificates = Certificates::make(folder.path(), address)?;
        let server = Self { process: None, address, certificates, folder };
        server.provision()?;
        server.configure()?;
        server.load(options)?;
        server.grant_replication()?;
        server.started()
    }

    fn provision(&self) -> Result<()> {
        program("samba", "samba-ad-dc")?;
        if !Path::new("/usr/share/samba/setup").is_dir() {
            return Err(ServerError::Missing { program: "Samba's templates", package: "samba-ad-provision" });
        }
        run(Command::new(program("samba-tool", "samba")?)
            .args(["domain", "provision", "--server-role=dc", "--dns-backend=SAMBA_INTERNAL"])
            .args(["--host-name=dc1", "--domain=ADEX", &format!("--realm={REALM}")])
            .args([format!("--adminpass={ADMIN_PASSWORD}"), format!("--host-ip={}", self.address)])
            .arg(format!("--targetdir={}", self.folder.path().display()))
            .args([
                "--option=bind interfaces only=yes",
                &format!("--option=interfaces={}/8", self.address),
            ]))?;
        Ok(())
    }

    /// Keeps everything it writes in its folder, and leaves out all services but LDAP.
    fn configure(&self) -> Result<()> {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        fs::create_dir(at("run")).map_err(doing("making Samba's run folder"))?;
        fs::write(at("password"), ADMIN_PASSWORD).map_err(doing("writing the password file"))?;
        let text = fs::read_to_string(self.settings()).map_err(doing("reading smb.conf"))?;
        let kept = text.lines().filter(|line| !line.trim_start().starts_with("log file"));
        let mut lines: Vec<String> = kept.map(str::to_owned).collect();
        let position = lines.iter().position(|line| line == "[global]").unwrap_or(0) + 1;
        let tls = &self.certificates;
        let own = [
            ("server services", "ldap".to_owned()),
            ("log file", at("log")),
            ("pid directory", at("run")),
            ("ncalrpc dir", at("run/ncalrpc")),
            ("winbindd socket directory", at("run/winbindd")),
            ("ntp signd socket directory", at("run/ntp")),
            ("tls cafile", tls.authority.display().to_string()),
            ("tls certfile", tls.certificate.display().to_string()),
            ("tls keyfile", tls.key.display().to_string()),
        ];
        lines.splice(position..position, own.map(|(name, value)| format!("\t{name} = {value}")));
        fs::write(self.settings(), lines.join("\n") + "\n").map_err(doing("writing smb.conf"))
    }

    fn load(&self, options: &Options) -> Result<()> {
        let file = self.folder.path().join("data.ldif");
        fs::write(&file, scaffold() + &people(options.people) + &options.ldif)
            .map_err(doing("writing data.ldif"))?;
        run(self.offline("ldbadd")?.arg(file)).map(drop)
    }

    /// The right "Replicating Directory Changes", and to see what lies in the recycle bin.
    fn grant_replication(&self) -> Result<()> {
        let trustee = format!("CN=rollcall-replication,CN=Users,{SUFFIX}");
        run(Command::new(program("samba-tool", "samba")?)
            .args(["dsacl", "set", "--action=allow", "--car=get-changes", "-H"])
            .arg(self.database())
            .arg(format!("--configfile={}", self.settings().display()))
            .args([format!("--objectdn={SUFFIX}"), format!("--trusteedn={trustee}")]))?;
        let answer = run(self.offline("ldbsearch")?.args(["-b", &trustee, "-s", "base", "objectSid"]))?;
        let sid = answer.lines().find_map(|line| line.strip_prefix("objectSid: ")).unwrap_or_default();
        let rights = format!("O:SYG:SYD:PAI(A;;RPWPCCDCLCRCWOWDSDSW;;;SY)(A;;RPLC;;;BA)(A;CI;RPLC;;;{sid})");
        self.edit_offline(&format!(
            "dn: CN=Deleted Objects,{SUFFIX}\nchangetype: modify\nreplace: nTSecurityDescriptor\n\
             nTSecurityDescriptor: {rights}\n"
        ))
    }

    /// Changes the database beside the server, as nobody can over LDAP. Only while it is stopped.
    ///
    /// # Errors
    /// What the tool said.
    pub fn edit_offline(&self, ldif: &str) -> Result<()> {
        let file = self.folder.path().join("offline.ldif");
        fs::write(&file, ldif).map_err(doing("writing offline.ldif"))?;
        let relaxed = ["--show-deleted", "--relax"];
        run(self.offline("ldbmodify")?.args(relaxed).arg(file)).map(drop)
    }

    fn offline(&self, tool: &'static str) -> Result<Command> {
        let mut command = Command::new(program(tool, "ldb-tools")?);
        command.arg("-H").arg(self.database());
        Ok(command)
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("private/sam.ldb")
    }

    fn settings(&self) -> PathBuf {
        self.folder.path().join("etc/smb.conf")
    }

    fn started(mut self) -> Result<Self> {
        self.launch()?;
        Ok(self)
    }

    fn launch(&mut self) -> Result<()> {
        let mut command = Command::new(program("samba", "samba-ad-dc")?);
        command
            .arg(format!("--configfile={}", self.settings().display()))
            .args(["-i", "-M", "single", "-d1"]);
        let log = self.folder.path().join("output");
        self.process = Some(Process::start("samba", &mut command, self.address(), &log)?);
        Ok(())
    }

    /// Stops it in good order; its data stay.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(&mut self) -> Result<()> {
        self.process.take().map_or(Ok(()), Process::stop)
    }

    /// Stops it unless it is stopped, and starts it again at the same address.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        self.launch()
    }

    /// Where it listens for LDAP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (self.address, LDAP_PORT).into()
    }

    /// `ldaps://127.X.Y.Z`
    #[must_use]
    pub fn url(&self) -> String {
        format!("ldaps://{}", self.address)
    }

    /// The authority that signed its certificate, as a PEM file.
    #[must_use]
    pub fn authority(&self) -> &Path {
        &self.certificates.authority
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
            dn: format!("CN=Administrator,CN=Users,{SUFFIX}"),
            password_file: self.folder.path().join("password"),
            authority: Some(self.certificates.authority.clone()),
            folder: self.folder.path().to_owned(),
        }
    }

    /// Adds a person with the attributes that every person has here, and these.
    ///
    /// # Errors
    /// What the server said.
    pub fn add_person(&self, name: &str, more: &[(&str, &str)]) -> Result<()> {
        let principal = format!("{name}@ad.example.test");
        let mut attributes = vec![
            ("objectClass", "user"),
            ("cn", name),
            ("sAMAccountName", name),
            ("userPrincipalName", &principal),
            ("userAccountControl", PERSON_CONTROL),
        ];
        attributes.extend_from_slice(more);
        self.directory().add(&person(name), &attributes)
    }

    /// Switches a person off or on.
    ///
    /// # Errors
    /// What the server said.
    pub fn enable(&self, dn: &str, enabled: bool) -> Result<()> {
        let control = if enabled { PERSON_CONTROL } else { DISABLED_CONTROL };
        self.directory().set(dn, "userAccountControl", &[control])
    }

    /// Lets the service account's password count as expired: "must change at next logon".
    ///
    /// # Errors
    /// What the server said.
    pub fn expire_password(&self) -> Result<()> {
        let account = format!("CN=rollcall,CN=Users,{SUFFIX}");
        // An account whose password never expires cannot have to change it.
        self.directory().set(&account, "userAccountControl", &["512"])?;
        self.directory().set(&account, "pwdLastSet", &["0"])
    }
}

/// The distinguished name of a person below [`PEOPLE`].
#[must_use]
pub fn person(name: &str) -> String {
    format!("CN={name},{PEOPLE}")
}

/// An address of loopback on whose ports nothing listens; another process finds others.
fn free_address() -> Result<Ipv4Addr> {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // Of the 24 bits below 127, 22 tell processes apart, and 2 the servers of one.
    let own = process::id() << 2 | (TAKEN.fetch_add(1, Ordering::Relaxed) & 3);
    let address = Ipv4Addr::from(127 << 24 | (own & 0x00ff_ffff));
    TcpListener::bind((address, LDAP_PORT))
        .map_err(doing(format!("taking port {LDAP_PORT} of {address} for Samba, which needs root")))?;
    Ok(address)
}

/// The entries everything else lies below, and the accounts.
fn scaffold() -> String {
    let mut ldif = String::new();
    for name in ["People", "Groups", "Elsewhere"] {
        ldif +=
            &entry(&format!("OU={name},{SUFFIX}"), &[("objectClass", "organizationalUnit"), ("ou", name)]);
    }
    for principal in [SERVICE_NAME, REPLICATION_NAME] {
        let name = principal.split('@').next().unwrap_or_default();
        let account = [("objectClass", "user"), ("cn", name), ("sAMAccountName", name)];
        let mut text = entry(&format!("CN={name},CN=Users,{SUFFIX}"), &account);
        text.pop();
        // Active Directory takes a password in quotes, as UTF-16.
        let quoted: Vec<u8> =
            format!("\"{SERVICE_PASSWORD}\"").encode_utf16().flat_map(u16::to_le_bytes).collect();
        // Writing into a string cannot fail.
        write!(
            text,
            "userPrincipalName: {principal}\nuserAccountControl: {SERVICE_CONTROL}\nunicodePwd:: {}\n\n",
            BASE64.encode(quoted)
        )
        .ok();
        ldif += &text;
    }
    ldif
}

/// Every tenth person manages the nine that follow.
fn people(count: usize) -> String {
    let mut ldif = String::new();
    for number in 0..count {
        let (name, manager) = (format!("Person {number:04}"), format!("Person {:04}", number / 10 * 10));
        let manager =
            if name == manager { String::new() } else { format!("manager: {}\n", person(&manager)) };
        // Writing into a string cannot fail.
        write!(
            ldif,
            "dn: {}\nobjectClass: user\ncn: {name}\nsAMAccountName: p{number:04}\n\
             userPrincipalName: p{number:04}@ad.example.test\nuserAccountControl: {PERSON_CONTROL}\n\
             givenName: Person\nsn: {number:04}\nmail: p{number:04}@tessera.example\ntitle: Clerk\n\
             employeeID: {number}\n{manager}\n",
            person(&name),
        )
        .ok();
    }
    ldif
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_samba_domain_holds_its_people_takes_changes_and_survives_a_restart() {
        let mut server = Samba::provision_and_start(&Options { people: 3, ..Options::default() }).unwrap();
        server.add_person("nadia", &[("title", "Überblickerin")]).unwrap();
        let directory = server.directory();
        directory.set(&person("Person 0001"), "title", &["Head"]).unwrap();
        directory.rename(&person("Person 0002"), "CN=Renamed", Some(ELSEWHERE)).unwrap();
        directory.delete(&person("Person 0000")).unwrap();
        server.enable(&person("nadia"), false).unwrap();
        server.expire_password().unwrap();
        server.restart().unwrap();
        assert_eq!(directory.values(&person("Person 0001"), "title").unwrap(), ["Head"]);
        assert_eq!(directory.values(&person("nadia"), "userAccountControl").unwrap(), ["546"]);
        assert_eq!(directory.values(&format!("CN=Renamed,{ELSEWHERE}"), "employeeID").unwrap(), ["2"]);
        assert!(directory.values(&person("Person 0000"), "title").is_err());
    }
}
