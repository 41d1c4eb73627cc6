//! The same life, shorter, in Active Directory as Samba keeps it: objectGUID, userAccountControl, LDAPS with a
//! private authority.

use serde_json::json;
use testkit::servers::samba::{self, PEOPLE, SERVICE_NAME, SERVICE_PASSWORD, Samba};

use super::life::{ENTERPRISE, Life};
use super::world::{PASSWORD_FILE, World, application, mail};
use crate::support::{AppServer, Make, Office, Serve, TOKEN};

const COLLEAGUES: usize = 40;

/// Nadia's employee number.
const NADIA: &str = "7000";

impl World<Samba> {
    fn of_colleagues() -> Self {
        let ldif = ["Treasury", "Sales"]
            .map(|name| format!("dn: OU={name},{PEOPLE}\nobjectClass: organizationalUnit\nou: {name}\n\n"));
        let options = samba::Options { people: COLLEAGUES, ldif: ldif.concat() };
        let directory = Samba::provision_and_start(&options).unwrap_or_else(|error| panic!("{error}"));
        let app = AppServer::start(Make::Scim2Server);
        let source = format!(
            "    url: {}\n    caFile: {}\n    bindDn: {SERVICE_NAME}\n    password: file:{PASSWORD_FILE}\n    \
             users: {{ base: \"{PEOPLE}\" }}\n",
            directory.url(),
            directory.authority().display()
        );
        let names = ["employeeID", "department"];
        let office = Office::with_document(&application(&source, names, app.base(), ""), TOKEN);
        office.write(PASSWORD_FILE, SERVICE_PASSWORD);
        office.apply();
        Self { directory, app, office }
    }
}

#[test]
fn forty_people_of_a_samba_domain_and_the_life_of_one_of_them() {
    let world = World::of_colleagues();
    let mut serve = Serve::start(&world.office);
    world.everyone_has_an_account(COLLEAGUES);
    let colleagues = world.app.users();
    let directory = world.directory.directory();

    // She joins.
    let at = format!("CN=Nadia Okoye,OU=Treasury,{PEOPLE}");
    let joining = [
        ("objectClass", "user"),
        ("sAMAccountName", "nadia"),
        ("userPrincipalName", "nadia@ad.example.test"),
        ("userAccountControl", "544"),
        ("displayName", "Nadia Okoye"),
        ("givenName", "Nadia"),
        ("sn", "Okoye"),
        ("mail", &mail("Nadia", "Okoye")),
        ("title", "Analyst"),
        ("employeeID", NADIA),
        ("department", "Treasury"),
    ];
    directory.add(&at, &joining).unwrap();
    assert_eq!(world.office.cycle()["created"], 1);
    let source = world.office.logs(&["--name", "nadia"])[0]["sourceIdentity"]["id"].clone();
    let life = Life::of(&world, NADIA, source.as_str().unwrap().to_owned());
    assert_eq!(life.now()["userName"], mail("Nadia", "Okoye"));
    assert_eq!(life.now()["active"], true);
    life.is_told_as(&["create"], &["nadia", "okoye"]);

    // She has another name, and moves in the same hour.
    let address = mail("Nadia", "Haddad");
    directory.rename(&at, "CN=Nadia Haddad", Some(&format!("OU=Sales,{PEOPLE}"))).unwrap();
    let at = format!("CN=Nadia Haddad,OU=Sales,{PEOPLE}");
    for (attribute, value) in
        [("sn", "Haddad"), ("displayName", "Nadia Haddad"), ("mail", &*address), ("department", "Sales")]
    {
        directory.set(&at, attribute, &[value]).unwrap();
    }
    life.goes_on("updated", |account| {
        account["userName"] = json!(address);
        account["displayName"] = json!("Nadia Haddad");
        account["name"]["familyName"] = json!("Haddad");
        account["emails"][0]["value"] = json!(address);
        account[ENTERPRISE]["department"] = json!("Sales");
    });
    life.is_told_as(&["create", "update"], &["nadia", "okoye", "haddad"]);

    // She is switched off, switched on, and gone.
    world.directory.enable(&at, false).unwrap();
    life.goes_on("disabled", |account| account["active"] = json!(false));
    world.directory.enable(&at, true).unwrap();
    life.goes_on("updated", |account| account["active"] = json!(true));
    directory.delete(&at).unwrap();
    assert_eq!(world.office.cycle()["deleted"], 1);
    life.is_told_as(&["create", "update", "disable", "update", "delete"], &["nadia", "okoye", "haddad"]);
    assert_eq!(world.app.users(), colleagues, "nobody touched anybody else");
    serve.still_runs();
}
