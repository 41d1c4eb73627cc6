//! A directory, an app, and the folder of the administrator who brings them together.

use serde_json::Value;
use testkit::servers::slapd::{self, PEOPLE, SERVICE_DN, SERVICE_PASSWORD, Slapd};

use crate::support::{AppServer, Make, Office, TOKEN, eventually};

/// The file, beside the application file, that holds the password of the account that reads the directory.
pub(super) const PASSWORD_FILE: &str = "directory-password";

/// Departments are subtrees here, and `departmentNumber` says the same.
const DEPARTMENTS: [&str; 2] = ["treasury", "sales"];

/// All three.
pub(super) struct World<D> {
    pub(super) directory: D,
    pub(super) app: AppServer,
    pub(super) office: Office,
}

impl World<Slapd> {
    /// So many people in the directory, nobody in the app, and an application file, applied. `target` is added to
    /// the file's section of that name.
    pub(super) fn with(make: Make, people: usize, target: &str) -> Self {
        let ldif = DEPARTMENTS
            .map(|name| format!("dn: ou={name},{PEOPLE}\nobjectClass: organizationalUnit\nou: {name}\n\n"));
        let options = slapd::Options { people, ldif: ldif.concat(), sync: Some(1000), ..Default::default() };
        let directory = Slapd::start(&options).unwrap_or_else(|error| panic!("{error}"));
        let app = AppServer::start(make);
        let source = format!(
            "    url: {}\n    bindDn: {SERVICE_DN}\n    password: file:{PASSWORD_FILE}\n    \
             users: {{ base: \"{PEOPLE}\" }}\n    \
             enabled: {{ attribute: employeeType, isNot: [suspended] }}\n",
            directory.url()
        );
        let names = ["employeeNumber", "departmentNumber"];
        let office = Office::with_document(&application(&source, names, app.base(), target), TOKEN);
        office.write(PASSWORD_FILE, SERVICE_PASSWORD);
        office.apply();
        Self { directory, app, office }
    }

    /// A person in a department, as the personnel office enters her.
    pub(super) fn add(&self, uid: &str, department: &str, given: &str, surname: &str, number: &str) {
        let name = format!("{given} {surname}");
        let mail = mail(given, surname);
        let attributes = [
            ("objectClass", "inetOrgPerson"),
            ("uid", uid),
            ("cn", &name),
            ("displayName", &name),
            ("givenName", given),
            ("sn", surname),
            ("mail", &mail),
            ("title", "Analyst"),
            ("employeeNumber", number),
            ("departmentNumber", department),
        ];
        self.directory.directory().add(&dn(uid, department), &attributes).unwrap();
    }

    /// Replaces one attribute of a person.
    pub(super) fn set(&self, dn: &str, attribute: &str, value: &str) {
        self.directory.directory().set(dn, attribute, &[value]).unwrap();
    }

    /// What the directory itself calls the person, for good.
    pub(super) fn source_id(&self, dn: &str) -> String {
        self.directory.directory().values(dn, "entryUUID").unwrap().concat()
    }
}

impl<D> World<D> {
    /// The account with an employee number, as the app shows it.
    pub(super) fn account(&self, number: &str) -> Option<Value> {
        self.app.users().into_iter().find(|user| user["externalId"] == number)
    }

    /// Waits until `serve` has brought so many people into the app, and says it is done.
    #[track_caller]
    pub(super) fn everyone_has_an_account(&self, people: usize) {
        eventually("everyone has an account, and the initial cycle is complete", || {
            self.app.users().len() == people
                && self.office.status()["initialCycleCompleted"] == true
                && !running(&self.office)
        });
    }
}

/// Whether a cycle is under way.
pub(super) fn running(office: &Office) -> bool {
    office.status()["running"] == true
}

/// The distinguished name of a person in a department.
pub(super) fn dn(uid: &str, department: &str) -> String {
    format!("uid={uid},ou={department},{PEOPLE}")
}

pub(super) fn mail(given: &str, surname: &str) -> String {
    format!("{}.{}@tessera.example", given.to_lowercase(), surname.to_lowercase())
}

/// The application file of these tests. Directories differ in how they call a person's number and department.
pub(super) fn application(source: &str, [number, department]: [&str; 2], url: &str, target: &str) -> String {
    format!(
        r#"application: Ledgerly
source:
  ldap:
{source}target:
  scim: {{ url: "{url}", token: "env:TOKEN"{target} }}
users:
  actions: [create, update, delete]
  attributes:
    - {{ target: userName, source: mail, matchingPriority: 1 }}
    - {{ target: externalId, source: {number} }}
    - {{ target: active, expression: "Not([IsSoftDeleted])" }}
    - {{ target: displayName, source: cn }}
    - {{ target: name.givenName, source: givenName }}
    - {{ target: name.familyName, source: sn }}
    - {{ target: 'emails[type eq "work"].value', source: mail }}
    - {{ target: title, source: title }}
    - {{ target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', source: {department} }}
schedule: {{ interval: 5m }}
"#
    )
}
