//! Groups and their members.

use connectors::ldap::{Changes, LdapConfig, Selection};
use engine::model::{ObjectType, SourceObject, Value};
use engine::ports::Source;
use testkit::servers::slapd::{self, Slapd, person};

use super::view::{Told, View, text};

/// The anchors of a group's members, sorted.
pub(crate) fn members(group: &SourceObject) -> Vec<String> {
    let mut ids = match group.attributes.get("members") {
        None => Vec::new(),
        Some(Value::List(values)) => values.iter().map(Value::to_string).collect(),
        Some(one) => vec![one.to_string()],
    };
    ids.sort_unstable();
    ids
}

/// The anchors of people by name, sorted.
pub(crate) fn ids(view: &View, naming: &str, names: &[&str]) -> Vec<String> {
    let mut ids: Vec<String> = names.iter().map(|name| view.one(naming, name).id.to_string()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn members_are_told_by_anchor_and_followed_with_every_way() {
    for changes in [Changes::None, Changes::ModifyTimestamp, Changes::Sync] {
        let options =
            slapd::Options { people: 5, sync: Some(100), size_limit: None, ..slapd::Options::default() };
        let server = Slapd::start(&options).unwrap();
        let directory = server.directory();
        let everyone = format!("cn=everyone,{}", slapd::GROUPS);
        let (first, second) = (person("p0001"), person("p0002"));
        let group = [
            ("objectClass", "groupOfNames"),
            ("cn", "everyone"),
            ("member", &first),
            ("member", &second),
            ("member", "uid=nobody,dc=tessera,dc=example"),
        ];
        directory.add(&everyone, &group).unwrap();
        let nis =
            [("objectClass", "posixGroup"), ("cn", "login"), ("gidNumber", "7"), ("memberUid", "p0003")];
        directory.add(&format!("cn=login,{}", slapd::GROUPS), &nis).unwrap();
        let mut config = LdapConfig::new(server.url(), slapd::SERVICE_DN, "env:LDAP", slapd::PEOPLE);
        config.groups = Some(Selection { base: slapd::GROUPS.to_owned(), filter: None });
        config.changes = changes;
        let mut view = View::with_groups(config, slapd::SERVICE_PASSWORD, &["uid"]);
        assert_eq!(view.told().await, Told::Full);
        let group = |view: &View, name: &str| members(view.one("cn", name));
        assert_eq!(view.objects.len(), 7);
        assert_eq!(view.one("cn", "everyone").object_type, ObjectType::Group);
        assert_eq!(group(&view, "everyone"), ids(&view, "uid", &["p0001", "p0002"]), "{changes:?}");
        assert_eq!(group(&view, "login"), ids(&view, "uid", &["p0003"]), "{changes:?}");

        directory.add_values(&everyone, "member", &[&person("p0004")]).unwrap();
        directory.remove_values(&everyone, "member", &[&first]).unwrap();
        view.told().await;
        assert_eq!(group(&view, "everyone"), ids(&view, "uid", &["p0002", "p0004"]), "{changes:?}");

        directory.delete(&everyone).unwrap();
        view.told().await;
        assert_eq!(view.objects.len(), 6, "{changes:?}");
    }
}

#[tokio::test]
async fn a_group_of_two_thousand_has_two_thousand_members() {
    let many = 2000;
    let list: String =
        (0..many).map(|number| format!("member: {}\n", person(&format!("p{number:04}")))).collect();
    let ldif = format!("dn: cn=all,{}\nobjectClass: groupOfNames\ncn: all\n{list}\n", slapd::GROUPS);
    let options = slapd::Options { people: many, ldif, ..slapd::Options::default() };
    let server = Slapd::start(&options).unwrap();
    let mut config = LdapConfig::new(server.url(), slapd::SERVICE_DN, "env:LDAP", slapd::PEOPLE);
    config.groups = Some(Selection { base: slapd::GROUPS.to_owned(), filter: None });
    config.changes = Changes::None;
    let mut view = View::with_groups(config, slapd::SERVICE_PASSWORD, &["uid"]);
    view.told().await;
    assert_eq!(members(view.one("cn", "all")).len(), many);
    let calls = view.source.calls();
    assert!(calls < 20, "names among those listed are not looked up: {calls} operations");
    let all = view.one("cn", "all").clone();
    assert_eq!(view.source.get(std::slice::from_ref(&all.id)).await.unwrap(), [all], "alone, too");
}

#[tokio::test]
async fn who_comes_later_than_their_membership_becomes_a_member_then() {
    for changes in [Changes::ModifyTimestamp, Changes::Sync] {
        let ldif = old_group("later", &format!("member: {}", person("nadia")), "groupOfNames")
            + &old_group("login", "gidNumber: 7\nmemberUid: nadia", "posixGroup")
            + &old_group("staff", "gidNumber: 8\nmemberUid: guest", "posixGroup");
        let (server, mut view) =
            followed(&slapd::Options { ldif, ..slapd::Options::default() }, changes, &["uid"]);
        server.add_person("guest", &[("employeeType", "guest")]).unwrap();
        view.told().await;
        assert!(view.objects.values().all(|group| members(group).is_empty()));
        server.add_person("nadia", &[]).unwrap();
        server.directory().set(&person("guest"), "employeeType", &["staff"]).unwrap();
        view.told().await;
        for (group, member) in [("later", "nadia"), ("login", "nadia"), ("staff", "guest")] {
            assert_eq!(members(view.one("cn", group)), ids(&view, "uid", &[member]), "{group} {changes:?}");
        }
        assert_eq!(view.told().await, Told::Unchanged);
    }
}

#[tokio::test]
async fn what_a_person_shows_of_groups_is_told_although_the_person_does_not_change() {
    for changes in [Changes::ModifyTimestamp, Changes::Sync] {
        let ldif = old_person("ann") + &old_person("bob");
        let options = slapd::Options { ldif, member_of: true, ..slapd::Options::default() };
        let (server, mut view) = followed(&options, changes, &["uid", "memberOf"]);
        let team = format!("cn=team,{}", slapd::GROUPS);
        let group = [("objectClass", "groupOfNames"), ("cn", "team"), ("member", &person("ann"))];
        server.directory().add(&team, &group).unwrap();
        view.told().await;
        let shown = |view: &View, uid: &str| text(view.one("uid", uid), "memberOf");
        let id = Some(view.one("cn", "team").id.to_string());
        assert_eq!((shown(&view, "ann"), shown(&view, "bob")), (id.clone(), None));
        server.directory().set(&team, "member", &[&person("bob")]).unwrap();
        view.told().await;
        assert_eq!((shown(&view, "ann"), shown(&view, "bob")), (None, id), "{changes:?}");
    }
}

#[tokio::test]
async fn who_comes_into_a_filter_by_membership_is_told_although_the_person_does_not_change() {
    for changes in [Changes::ModifyTimestamp, Changes::Sync] {
        let team = format!("cn=team,{}", slapd::GROUPS);
        let ldif = old_person("ann") + &old_person("bob");
        let options = slapd::Options { ldif, member_of: true, sync: Some(100), ..slapd::Options::default() };
        let server = Slapd::start(&options).unwrap();
        let group = [("objectClass", "groupOfNames"), ("cn", "team"), ("member", &person("ann"))];
        server.directory().add(&team, &group).unwrap();
        let mut config = LdapConfig::new(server.url(), slapd::SERVICE_DN, "env:LDAP", slapd::PEOPLE);
        config.users.filter = Some(format!("(memberOf={team})"));
        config.changes = changes;
        let mut view = View::new(config, slapd::SERVICE_PASSWORD, &["uid"]);
        view.told().await;
        assert_eq!(view.all("uid"), ["ann"]);
        server.directory().set(&team, "member", &[&person("bob")]).unwrap();
        view.told().await;
        assert_eq!(view.all("uid"), ["bob"], "{changes:?}");
    }
}

#[tokio::test]
async fn whoever_changes_between_the_refreshes_of_users_and_of_groups_is_not_gone() {
    let options = slapd::Options { people: 3, ..slapd::Options::default() };
    let (server, mut view) = followed(&options, Changes::Sync, &["uid", "title"]);
    view.told().await;
    let before = view.watermark.clone().unwrap();
    server.directory().set(&person("p0001"), "title", &["Head"]).unwrap();
    view.told().await;
    // As if users had been refreshed after that change, and groups before it.
    let mut between = view.watermark.clone().unwrap();
    assert_ne!(between.0["position"]["Group"], before.0["position"]["Group"]);
    between.0["position"]["Group"] = before.0["position"]["Group"].clone();
    view.watermark = Some(between);
    view.told().await;
    assert_eq!(view.all("uid"), ["p0000", "p0001", "p0002"]);
}

#[tokio::test]
async fn members_that_the_account_may_not_see_are_unknown_rather_than_none() {
    let mut options = slapd::Options { people: 2, ..slapd::Options::default() };
    let (mut server, mut view) = followed(&options, Changes::None, &["uid"]);
    let group = [("objectClass", "groupOfNames"), ("cn", "team"), ("member", &person("p0001"))];
    server.directory().add(&format!("cn=team,{}", slapd::GROUPS), &group).unwrap();
    view.told().await;
    assert_eq!(members(view.one("cn", "team")), ids(&view, "uid", &["p0001"]));
    options.access.push("to attrs=member by * none".to_owned());
    server.reconfigure(&options).unwrap();
    view.told().await;
    assert_eq!(view.one("cn", "team").attributes.get("members"), None);
}

/// A server with these options, and a view of its people who are no guests and of its groups.
fn followed(options: &slapd::Options, changes: Changes, wanted: &[&str]) -> (Slapd, View) {
    let server =
        Slapd::start(&slapd::Options { sync: Some(100), size_limit: None, ..options.clone() }).unwrap();
    let mut config = LdapConfig::new(server.url(), slapd::SERVICE_DN, "env:LDAP", slapd::PEOPLE);
    config.users.filter = Some("(&(objectClass=inetOrgPerson)(!(employeeType=guest)))".to_owned());
    config.groups = Some(Selection { base: slapd::GROUPS.to_owned(), filter: None });
    config.changes = changes;
    let view = View::with_groups(config, slapd::SERVICE_PASSWORD, wanted);
    (server, view)
}

/// A person who has not changed for years.
fn old_person(uid: &str) -> String {
    let dn = person(uid);
    format!(
        "dn: {dn}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\nsn: x\nmodifyTimestamp: 20200102030405Z\n\n"
    )
}

/// A group that has not changed for years.
fn old_group(cn: &str, lines: &str, class: &str) -> String {
    format!(
        "dn: cn={cn},{}\nobjectClass: {class}\ncn: {cn}\n{lines}\nmodifyTimestamp: 20200102030405Z\n\n",
        slapd::GROUPS
    )
}
