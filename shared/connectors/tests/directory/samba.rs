//! Active Directory, as Samba speaks it. A domain takes seconds to make, so few tests do much each.

use connectors::ldap::{Changes, Selection};
use engine::model::Value;
use engine::ports::{Source, SourceError};
use testkit::servers::samba::{
    GROUPS, Options, PEOPLE, REPLICATION_NAME, SERVICE_NAME, SUFFIX, Samba, person,
};

use super::contract::{self, LISTED, NAMED};
use super::groups::{ids, members};
use super::house::House;
use super::view::{Told, View, says, text};

#[tokio::test]
async fn the_contract_holds_with_samba_when_usn_changed_is_followed_and_those_there_are_listed() {
    let mut house = House::domain(12, SERVICE_NAME);
    contract::everything(&mut house, Changes::UsnChanged, LISTED).await;
}

#[tokio::test]
async fn the_contract_holds_with_samba_when_usn_changed_is_followed_and_deleted_objects_are_seen() {
    let mut house = House::domain(12, REPLICATION_NAME);
    // Nobody has been deleted yet, so nobody can tell whether deleted objects are seen.
    house.join("someone");
    house.leave("someone");
    contract::everything(&mut house, Changes::UsnChanged, NAMED).await;
}

#[tokio::test]
async fn the_contract_holds_with_samba_when_dir_sync_is_followed() {
    let mut house = House::domain(12, REPLICATION_NAME);
    contract::everything(&mut house, Changes::DirSync, NAMED).await;
}

/// What is particular to Active Directory, with each way to follow changes.
#[tokio::test]
async fn a_samba_domain_tells_switched_off_accounts_groups_and_moved_units() {
    let house = House::domain(6, REPLICATION_NAME);
    let House::Domain(server, _) = &house else { panic!("it is a domain") };
    house.join("someone");
    house.leave("someone");
    for (round, changes) in [Changes::UsnChanged, Changes::DirSync].into_iter().enumerate() {
        let mut config = house.config(changes);
        config.groups = Some(Selection { base: GROUPS.to_owned(), filter: None });
        let mut view =
            View::with_groups(config, house.password(), &["cn", "title", "objectGUID", "objectSid"]);
        assert_eq!(view.told().await, Told::Full);
        let person = view.one("cn", "Person 0001").clone();
        assert_eq!(text(&person, "objectGUID"), Some(person.id.to_string()));
        assert!(text(&person, "objectSid").unwrap().starts_with("S-1-5-21-"));

        server.enable(&house.dn("Person 0001"), false).unwrap();
        assert_eq!(view.told().await, Told::Delta);
        assert!(!view.one("cn", "Person 0001").enabled);
        server.enable(&house.dn("Person 0001"), true).unwrap();
        view.told().await;
        assert!(view.one("cn", "Person 0001").enabled);

        let name = format!("team {round}");
        let team = format!("CN={name},{GROUPS}");
        let first = house.dn("Person 0001");
        let group = [("objectClass", "group"), ("cn", &name), ("sAMAccountName", &name), ("member", &first)];
        house.directory().add(&team, &group).unwrap();
        view.told().await;
        assert_eq!(members(view.one("cn", &name)), ids(&view, "cn", &["Person 0001"]), "{changes:?}");
        house.directory().add_values(&team, "member", &[&house.dn("Person 0002")]).unwrap();
        assert_eq!(view.told().await, Told::Delta, "a change of members is a change of the group");
        assert_eq!(members(view.one("cn", &name)), ids(&view, "cn", &["Person 0001", "Person 0002"]));
        house.directory().remove_values(&team, "member", &[&first]).unwrap();
        assert_eq!(view.told().await, Told::Delta);
        assert_eq!(members(view.one("cn", &name)), ids(&view, "cn", &["Person 0002"]), "{changes:?}");
        house.rename("Person 0002", "Renamed");
        view.told().await;
        house.rename("Renamed", "Person 0002");
        view.told().await;
        assert_eq!(members(view.one("cn", &name)), ids(&view, "cn", &["Person 0002"]), "{changes:?}");
        let unit = format!("CN=nested {round},{GROUPS}");
        let nested = format!("nested {round}");
        house
            .directory()
            .add(&unit, &[("objectClass", "group"), ("cn", &nested), ("sAMAccountName", &nested)])
            .unwrap();
        house.directory().set(&team, "member", &[&unit]).unwrap();
        view.told().await;
        assert_eq!(members(view.one("cn", &name)), ids(&view, "cn", &[&nested]), "a group in a group");
        assert!(members(view.one("cn", &nested)).is_empty(), "there are none, and that is known");
        house.directory().set(&team, "member", &[]).unwrap();
        view.told().await;
        assert_eq!(view.one("cn", &name).attributes["members"], Value::List(Vec::new()), "{changes:?}");

        // People below a unit that moves do not change themselves.
        let unit = format!("OU=Unit,{}", house.elsewhere());
        house.directory().add(&unit, &[("objectClass", "organizationalUnit"), ("ou", "Unit")]).unwrap();
        let more = [
            ("objectClass", "user"),
            ("cn", "below"),
            ("sAMAccountName", "below"),
            ("userAccountControl", "544"),
        ];
        house.directory().add(&format!("CN=below,{unit}"), &more).unwrap();
        view.told().await;
        assert!(!view.all("cn").contains(&"below".to_owned()));
        house.directory().rename(&unit, "OU=Unit", Some(PEOPLE)).unwrap();
        view.told().await;
        let below = view.one("cn", "below").id.clone();
        let inside = format!("OU=Unit,{PEOPLE}");
        house.directory().rename(&inside, "OU=Unit", Some(house.elsewhere())).unwrap();
        view.told().await;
        assert!(!view.objects.contains_key(&below), "{changes:?}");
        house.directory().delete(&format!("CN=below,{unit}")).unwrap();
        house.directory().delete(&unit).unwrap();
    }
}

#[tokio::test]
async fn a_samba_filter_by_membership_is_followed_although_people_do_not_change() {
    let house = House::domain(6, REPLICATION_NAME);
    let team = format!("CN=team,{GROUPS}");
    let first = house.dn("Person 0001");
    let group = [("objectClass", "group"), ("cn", "team"), ("sAMAccountName", "team"), ("member", &first)];
    house.directory().add(&team, &group).unwrap();
    for changes in [Changes::UsnChanged, Changes::DirSync] {
        let mut config = house.config(changes);
        config.users.filter = Some(format!("(memberOf={team})"));
        let mut view = View::new(config, house.password(), &["cn"]);
        view.told().await;
        assert_eq!(view.all("cn"), ["Person 0001"]);
        house.directory().add_values(&team, "member", &[&house.dn("Person 0002")]).unwrap();
        view.told().await;
        assert_eq!(view.all("cn"), ["Person 0001", "Person 0002"], "{changes:?}");
        house.directory().remove_values(&team, "member", &[&house.dn("Person 0002")]).unwrap();
        view.told().await;
        assert_eq!(view.all("cn"), ["Person 0001"], "{changes:?}");
    }
}

#[tokio::test]
async fn a_samba_domain_controller_that_is_another_one_or_was_restored_is_read_anew() {
    let mut house = House::domain(6, SERVICE_NAME);
    let mut view = View::new(house.config(Changes::UsnChanged), house.password(), &["cn"]);
    view.told().await;
    assert_eq!(view.told().await, Told::Unchanged);
    let House::Domain(server, _) = &mut house else { panic!("it is a domain") };
    server.stop().unwrap();
    server
        .edit_offline(&format!(
            "dn: CN=NTDS Settings,CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration,{SUFFIX}\n\
             changetype: modify\nreplace: invocationId\ninvocationId: 6f9619ff-8b86-d011-b42d-00cf4fc964ff\n"
        ))
        .unwrap();
    server.restart().unwrap();
    let objects = view.objects.clone();
    assert_eq!(view.told().await, Told::Full);
    assert_eq!(view.objects, objects);
    assert_eq!(view.told().await, Told::Unchanged);
}

#[tokio::test]
async fn what_samba_refuses_is_said_with_its_cure() {
    let house = House::domain(6, SERVICE_NAME);
    let House::Domain(server, _) = &house else { panic!("it is a domain") };
    let mut view = View::new(house.config(Changes::Auto), house.password(), &["cn"]);
    view.told().await;

    let mut without_right = View::new(house.config(Changes::DirSync), house.password(), &["cn"]);
    let error = without_right.failure().await;
    assert!(matches!(error, SourceError::Refused(_)), "{error:?}");
    says(&error, &["Replicating Directory Changes", "source.ldap.changes"]);

    let mut wrong = View::new(house.config(Changes::Auto), "wrong", &["cn"]);
    let error = wrong.failure().await;
    assert!(matches!(error, SourceError::Credentials(_)), "{error:?}");
    says(&error, &["source.ldap.password"]);

    let mut clear = house.config(Changes::Auto);
    clear.url = format!("ldap://{}", server.address());
    let error = View::new(clear, house.password(), &["cn"]).failure().await;
    assert!(matches!(error, SourceError::Refused(_)), "{error:?}");
    says(&error, &["encrypted", "ldaps://", "startTls"]);

    let mut start_tls = house.config(Changes::Auto);
    start_tls.url = format!("ldap://{}", server.address());
    start_tls.start_tls = true;
    let mut encrypted = View::new(start_tls, house.password(), &["cn"]);
    encrypted.told().await;
    assert_eq!(encrypted.objects.len(), 6);

    server.expire_password().unwrap();
    let error = view.failure().await;
    assert!(matches!(error, SourceError::Credentials(_)), "{error:?}");
    says(&error, &["must be changed", "source.ldap.password"]);
}

#[tokio::test]
async fn a_samba_group_of_many_is_told_whole_and_after_all_who_changed() {
    let many = 130;
    let list: String =
        (0..many).map(|number| format!("member: {}\n", person(&format!("Person {number:04}")))).collect();
    let ldif = format!("dn: CN=all,{GROUPS}\nobjectClass: group\ncn: all\nsAMAccountName: all\n{list}\n");
    let options = Options { people: many, ldif };
    let house = House::Domain(Samba::provision_and_start(&options).unwrap(), REPLICATION_NAME);
    house.join("someone");
    house.leave("someone");
    for changes in [Changes::UsnChanged, Changes::DirSync] {
        let mut config = house.config(changes);
        config.groups = Some(Selection { base: GROUPS.to_owned(), filter: None });
        let mut view = View::with_groups(config, house.password(), &["cn", "title"]);
        view.told().await;
        assert_eq!(members(view.one("cn", "all")).len(), many);
        let all = view.one("cn", "all").clone();
        assert_eq!(view.source.get(std::slice::from_ref(&all.id)).await.unwrap(), [all]);
        // More than are asked for in one search, so that users and groups come in several.
        for number in 0..many {
            house.set(&house.name(number), "title", &[&format!("Head of {changes:?}")]);
        }
        house
            .directory()
            .remove_values(&format!("CN=all,{GROUPS}"), "member", &[&person("Person 0000")])
            .unwrap();
        assert_eq!(view.told().await, Told::Delta);
        assert_eq!(members(view.one("cn", "all")).len(), many - 1, "{changes:?}");
        house
            .directory()
            .add_values(&format!("CN=all,{GROUPS}"), "member", &[&person("Person 0000")])
            .unwrap();
    }
}

#[tokio::test]
async fn a_samba_domain_of_several_pages_is_listed_and_followed() {
    let many = 250;
    let options = Options { people: many, ..Options::default() };
    let house = House::Domain(Samba::provision_and_start(&options).unwrap(), REPLICATION_NAME);
    for changes in [Changes::UsnChanged, Changes::DirSync] {
        let mut config = house.config(changes);
        config.page_size = 60;
        let mut view = View::new(config, house.password(), &["cn", "title", "manager"]);
        view.told().await;
        assert_eq!(view.objects.len(), many);
        let before = house.directory().values(&house.dn("Person 0200"), "title").unwrap();
        let title = format!("{} of {changes:?}", before[0]);
        house.set("Person 0200", "title", &[&title]);
        view.told().await;
        assert_eq!(text(view.one("cn", "Person 0200"), "title"), Some(title));
        assert_eq!(view.objects.len(), many);
    }
}
