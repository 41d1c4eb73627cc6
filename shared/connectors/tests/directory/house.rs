//! A directory of either make, with the changes that a contract needs.

use connectors::ldap::{Changes, LdapConfig};
use testkit::servers::Directory;
use testkit::servers::samba::{self, Samba};
use testkit::servers::slapd::{self, Slapd};

/// A directory with people in it.
pub(crate) enum House {
    OpenLdap(Slapd),
    /// With the account that reads.
    Domain(Samba, &'static str),
}
use House::{Domain, OpenLdap};

impl House {
    /// OpenLDAP with `people`, and syncprov where that is followed.
    pub(crate) fn open_ldap(people: usize, changes: Changes) -> Self {
        let sync = (changes == Changes::Sync).then_some(1000);
        let options = slapd::Options { people, sync, size_limit: None, ..slapd::Options::default() };
        OpenLdap(Slapd::start(&options).expect("slapd starts"))
    }

    /// A domain with `people`, read by an account.
    pub(crate) fn domain(people: usize, account: &'static str) -> Self {
        let options = samba::Options { people, ..samba::Options::default() };
        Domain(Samba::provision_and_start(&options).expect("Samba starts"), account)
    }

    /// A configuration for people who are no guests.
    pub(crate) fn config(&self, changes: Changes) -> LdapConfig {
        let mut config = match self {
            OpenLdap(server) => LdapConfig::new(server.url(), slapd::SERVICE_DN, "env:LDAP", slapd::PEOPLE),
            Domain(server, account) => LdapConfig::new(server.url(), *account, "env:LDAP", samba::PEOPLE),
        };
        config.users.filter = Some(match self {
            OpenLdap(_) => "(&(objectClass=inetOrgPerson)(!(employeeType=guest)))".to_owned(),
            Domain(..) => "(&(objectCategory=person)(objectClass=user)(!(employeeType=guest)))".to_owned(),
        });
        if let Domain(server, _) = self {
            config.ca_file = Some(server.authority().to_owned());
        }
        config.changes = changes;
        config
    }

    /// The bind account's password.
    pub(crate) fn password(&self) -> &'static str {
        match self {
            OpenLdap(_) => slapd::SERVICE_PASSWORD,
            Domain(..) => samba::SERVICE_PASSWORD,
        }
    }

    /// The attribute that people are named by.
    pub(crate) fn naming(&self) -> &'static str {
        match self {
            OpenLdap(_) => "uid",
            Domain(..) => "cn",
        }
    }

    /// The name of the person with a number, of those who were there from the beginning.
    pub(crate) fn name(&self, number: usize) -> String {
        match self {
            OpenLdap(_) => format!("p{number:04}"),
            Domain(..) => format!("Person {number:04}"),
        }
    }

    pub(crate) fn dn(&self, name: &str) -> String {
        match self {
            OpenLdap(_) => slapd::person(name),
            Domain(..) => samba::person(name),
        }
    }

    pub(crate) fn elsewhere(&self) -> &'static str {
        match self {
            OpenLdap(_) => slapd::ELSEWHERE,
            Domain(..) => samba::ELSEWHERE,
        }
    }

    fn people(&self) -> &'static str {
        match self {
            OpenLdap(_) => slapd::PEOPLE,
            Domain(..) => samba::PEOPLE,
        }
    }

    pub(crate) fn directory(&self) -> Directory {
        match self {
            OpenLdap(server) => server.directory(),
            Domain(server, _) => server.directory(),
        }
    }

    pub(crate) fn join(&self, name: &str) {
        let more = [("title", "Newcomer")];
        let joined = match self {
            OpenLdap(server) => server.add_person(name, &more),
            Domain(server, _) => server.add_person(name, &more),
        };
        joined.expect("a person can be added");
    }

    pub(crate) fn set(&self, name: &str, attribute: &str, values: &[&str]) {
        self.directory().set(&self.dn(name), attribute, values).expect("an attribute can be set");
    }

    pub(crate) fn rename(&self, name: &str, to: &str) {
        let to = format!("{}={to}", self.naming());
        self.directory().rename(&self.dn(name), &to, None).expect("a person can be renamed");
    }

    pub(crate) fn move_out(&self, name: &str) {
        let same = format!("{}={name}", self.naming());
        self.directory()
            .rename(&self.dn(name), &same, Some(self.elsewhere()))
            .expect("a person can be moved");
    }

    pub(crate) fn move_back(&self, name: &str) {
        let same = format!("{}={name}", self.naming());
        let there = format!("{same},{}", self.elsewhere());
        self.directory().rename(&there, &same, Some(self.people())).expect("a person can be moved back");
    }

    pub(crate) fn leave(&self, name: &str) {
        self.directory().delete(&self.dn(name)).expect("a person can be deleted");
    }

    pub(crate) fn restart(&mut self) {
        match self {
            OpenLdap(server) => server.restart(),
            Domain(server, _) => server.restart(),
        }
        .expect("the server comes back");
    }
}
