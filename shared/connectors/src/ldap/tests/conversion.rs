//! From entries to objects, as pure tables.

use engine::model::{ObjectType, Value};
use uuid::Uuid;

use super::super::binary;
use super::super::config::{Anchor, EnabledRule, LdapConfig, Selection};
use super::super::convert::{self, Reference};
use super::super::plan::{Plan, Wanted, define};
use super::super::schema::Syntax;
use super::super::server::Server;
use super::super::time;
use super::super::wire::Entry;
use super::{config, entry, schema, wanted};

const ID: &str = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

/// An attribute with its one value.
type Given<'a> = (&'a str, &'a [u8]);

fn plan(config: &LdapConfig, names: &[&str], groups: Option<&[&str]>, root: Entry) -> Plan {
    let server = Server::of(root);
    let (users, groups) = (wanted(names), groups.map(wanted));
    let definitions = define(config, &users, groups.as_ref(), &server, &schema(), "dc1").unwrap();
    Plan::new(config, &users, groups.as_ref(), &server, definitions)
}

fn generic(names: &[&str]) -> Plan {
    plan(&config(), names, None, Entry::default())
}

fn active_directory() -> Entry {
    entry("", &[("supportedCapabilities", &[b"1.2.840.113556.1.4.800"])])
}

fn converted(plan: &Plan, attributes: &[(&str, &[&[u8]])]) -> Result<convert::Converted, String> {
    let entry = entry("uid=x", attributes);
    convert::object(&entry, Uuid::parse_str(ID).unwrap(), &plan.kinds[0], plan)
}

#[test]
fn values_are_given_under_the_names_of_the_mapping() {
    let plan = generic(&["Surname", "mail", "nsAccountLock"]);
    let made = converted(
        &plan,
        &[("sn", &[b"Ada"]), ("MAIL", &[b"b@x", b"a@x"]), ("cn", &[b"Ada L"]), ("nsAccountLock", &[b"TRUE"])],
    )
    .unwrap();
    assert_eq!(made.object.id.as_str(), ID);
    assert_eq!(made.object.display_name.as_deref(), Some("Ada L"));
    assert_eq!(made.object.attributes["Surname"], Value::text("Ada"));
    assert_eq!(
        made.object.attributes["mail"],
        Value::List(vec![Value::text("b@x"), Value::text("a@x")]),
        "in the server's order"
    );
    assert_eq!(made.object.attributes["nsAccountLock"], Value::Boolean(true));
    assert!(made.object.enabled);
}

#[test]
fn only_what_is_wanted_is_asked_for() {
    let asked = &generic(&["surname", "CN"]).kinds[0].asked;
    assert_eq!(asked, &["CN", "surname", "entryUUID", "displayName"]);
}

#[test]
fn an_option_is_part_of_the_name_and_binary_is_not() {
    let plan = generic(&["sn;lang-de", "cn"]);
    let made = converted(&plan, &[("sn", &[b"x"]), ("sn;LANG-DE", &[b"y"]), ("cn;binary", &[b"z"])]).unwrap();
    assert_eq!(made.object.attributes["sn;lang-de"], Value::text("y"));
    assert_eq!(made.object.attributes["cn"], Value::text("z"));
}

#[test]
fn a_value_that_is_no_text_fails_that_entry_alone_and_only_when_it_is_wanted() {
    let attributes: &[(&str, &[&[u8]])] = &[("cn", &[b"Ada"]), ("sn", &[&[0xff, 0xfe]])];
    let reason = converted(&generic(&["sn"]), attributes).unwrap_err();
    assert!(reason.contains("'sn'") && reason.contains("mend"), "{reason}");
    assert!(converted(&generic(&["cn"]), attributes).is_ok());
}

#[test]
fn binary_ids_and_times_of_active_directory_are_text() {
    let names = ["objectGUID", "objectSid", "accountExpires", "modifyTimestamp", "userAccountControl"];
    let plan = plan(&config(), &names, None, active_directory());
    let guid = Uuid::parse_str(ID).unwrap().to_bytes_le();
    let sid = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
    let made = converted(
        &plan,
        &[
            ("objectGUID", &[&guid]),
            ("objectSid", &[&sid]),
            ("accountExpires", &[b"133500000000000000"]),
            ("modifyTimestamp", &[b"20260316070000.0Z"]),
            ("userAccountControl", &[b"514"]),
        ],
    )
    .unwrap();
    assert_eq!(made.object.attributes["objectGUID"], Value::text(ID));
    assert_eq!(made.object.attributes["objectSid"], Value::text("S-1-5-32-544"));
    assert_eq!(made.object.attributes["accountExpires"], Value::text("2024-01-17T21:20:00Z"));
    assert_eq!(made.object.attributes["modifyTimestamp"], Value::text("2026-03-16T07:00:00Z"));
    assert!(!made.object.enabled, "bit 2 of 514");
    let never =
        converted(&plan, &[("accountExpires", &[b"9223372036854775807"]), ("userAccountControl", &[b"512"])]);
    let never = never.unwrap().object;
    assert!(!never.attributes.contains_key("accountExpires"));
    assert!(never.enabled);
}

#[test]
fn without_its_switch_nobody_can_tell_whether_an_account_is_on() {
    let plan = plan(&config(), &["cn"], None, active_directory());
    assert!(converted(&plan, &[("cn", &[b"x"])]).unwrap_err().contains("userAccountControl"));
}

#[test]
fn rules_for_enabled_are_followed() {
    let rule = |attribute: &str| EnabledRule {
        attribute: attribute.into(),
        is: Vec::new(),
        is_not: Vec::new(),
        absent: false,
    };
    let (status, lock) = ("employeeStatus", "nsAccountLock");
    let is = EnabledRule { is: vec!["Active".into(), "on leave".into()], ..rule(status) };
    let is_not = EnabledRule { is_not: vec!["gone".into()], ..rule(status) };
    let absent = EnabledRule { absent: true, ..rule("modifyTimestamp") };
    let cases: Vec<(&EnabledRule, Option<Given<'_>>, Option<bool>)> = vec![
        (&is, Some((status, b"ACTIVE")), Some(true)),
        (&is, Some((status, b"gone")), Some(false)),
        (&is, None, Some(false)),
        (&is_not, Some((status, b"Gone ")), Some(false)),
        (&is_not, Some((status, b"active")), Some(true)),
        (&is_not, None, Some(true)),
        (&absent, Some(("modifyTimestamp", b"20260316070000Z")), Some(false)),
        (&absent, None, Some(true)),
    ];
    let says = rule(lock);
    let more = [
        (&says, Some((lock, &b"TRUE"[..])), Some(true)),
        (&says, Some((lock, b"maybe")), None),
        (&says, None, None),
    ];
    for (rule, value, expected) in cases.into_iter().chain(more) {
        let mut config = config();
        config.enabled = Some(rule.clone());
        let plan = plan(&config, &["cn"], None, Entry::default());
        let values = value.map(|(name, value)| (name, vec![value]));
        let attributes: Vec<(&str, &[&[u8]])> =
            values.iter().map(|(name, values)| (*name, values.as_slice())).collect();
        let enabled = converted(&plan, &attributes).ok().map(|made| made.object.enabled);
        assert_eq!(enabled, expected, "{rule:?} {value:?}");
    }
}

#[test]
fn who_is_referred_to_is_kept_apart_until_resolved() {
    let mut config = config();
    config.groups = Some(Selection { base: "ou=groups".into(), filter: None });
    let plan = plan(&config, &["manager", "distinguishedName"], Some(&["cn"]), Entry::default());
    let made =
        converted(&plan, &[("manager", &[b"uid=boss,dc=x"]), ("distinguishedName", &[b"uid=x"])]).unwrap();
    assert_eq!(made.references["manager"], [Reference::Dn("uid=boss,dc=x".into())]);
    assert_eq!(made.object.attributes["distinguishedName"], Value::text("uid=x"), "its own name is text");
    let group = entry(
        "cn=g",
        &[
            ("cn", &[b"g"]),
            ("member", &[b"uid=a,dc=x"]),
            ("uniqueMember", &[b"uid=b,dc=x#'0101'B", b"uid=c#d,dc=x"]),
            ("memberUid", &[b"d"]),
        ],
    );
    let made = convert::object(&group, Uuid::nil(), &plan.kinds[1], &plan).unwrap();
    assert_eq!(made.object.object_type, ObjectType::Group);
    assert_eq!(
        made.references["members"],
        [
            Reference::Dn("uid=a,dc=x".into()),
            Reference::Dn("uid=b,dc=x".into()),
            Reference::Dn("uid=c#d,dc=x".into()),
            Reference::Name("d".into())
        ]
    );
    let guid = format!("<GUID={ID}>;<SID=0105>;CN=boss,DC=x");
    let made = converted(&plan, &[("manager", &[guid.as_bytes()])]).unwrap();
    assert_eq!(made.references["manager"], [Reference::Id(Uuid::parse_str(ID).unwrap())]);
}

#[test]
fn a_group_whose_members_are_not_shown_is_no_group_without_members() {
    let mut config = config();
    config.groups = Some(Selection { base: "ou=groups".into(), filter: None });
    let plan = plan(&config, &["cn"], Some(&["cn"]), Entry::default());
    let cases =
        [("groupOfNames", false), ("GROUPOFUNIQUENAMES", false), ("posixGroup", true), ("group", true)];
    for (class, shown) in cases {
        let group = entry("cn=g", &[("cn", &[b"g"]), ("objectClass", &[b"top", class.as_bytes()])]);
        let made = convert::object(&group, Uuid::nil(), &plan.kinds[1], &plan).unwrap();
        assert_eq!(made.references.get("members"), shown.then_some(&Vec::new()), "{class}");
    }
}

#[test]
fn an_attribute_that_the_schema_does_not_know_is_refused_with_the_nearest_name() {
    let server = Server::of(Entry::default());
    let error = define(&config(), &wanted(&["surnme"]), None, &server, &schema(), "ldaps://dc1")
        .unwrap_err()
        .to_string();
    assert!(error.contains("'surnme'") && error.contains("did you mean 'surname'?"), "{error}");
    let error =
        define(&config(), &wanted(&["zzzzqqq"]), None, &server, &schema(), "dc1").unwrap_err().to_string();
    assert!(!error.contains("did you mean") && error.contains("Correct users.attributes"), "{error}");
    let groups = wanted(&["members", "commonNme"]);
    let error = define(&config(), &wanted(&["cn"]), Some(&groups), &server, &schema(), "dc1").unwrap_err();
    let error = error.to_string();
    assert!(error.contains("'commonNme'") && error.contains("Correct groups.attributes"), "{error}");
}

#[test]
fn a_syntax_is_inherited_and_keywords_inside_a_description_mean_nothing() {
    let schema = schema();
    let definition = schema.definition("commonName").unwrap();
    assert_eq!(definition.names, ["cn", "commonname"]);
    assert_eq!(schema.definition("member").unwrap().syntax, Syntax::Reference);
    assert_eq!(schema.definition("SN;lang-de").unwrap().syntax, Syntax::Text);
    assert!(schema.definition("SUP").is_none());
}

#[test]
fn an_anchor_is_one_value_of_its_form() {
    let plan = generic(&["cn"]);
    let anchor = |attributes: &[(&str, &[&[u8]])]| convert::anchor(&entry("x", attributes), &plan);
    assert_eq!(anchor(&[("entryUUID", &[ID.to_uppercase().as_bytes()])]).unwrap().to_string(), ID);
    assert!(anchor(&[]).unwrap_err().contains("read access to entryUUID"));
    assert!(anchor(&[("entryUUID", &[b"17"])]).unwrap_err().contains("source.ldap.anchor"));
    let guid = Uuid::parse_str(ID).unwrap();
    assert_eq!(binary::anchor(Anchor::ObjectGuid, &guid.to_bytes_le()), Some(guid));
    assert_eq!(binary::anchor(Anchor::ObjectGuid, b"short"), None);
    assert!(
        binary::anchor_filter(Anchor::ObjectGuid, guid).starts_with("(objectGUID=\\10\\b8\\a7\\6b\\ad\\9d"),
        "the first parts are turned round"
    );
    assert_eq!(binary::anchor_filter(Anchor::EntryUuid, guid), format!("(entryUUID={ID})"));
}

#[test]
fn points_in_time_are_understood_in_every_form() {
    let cases = [
        ("20260316070000Z", Some("2026-03-16T07:00:00Z")),
        ("20260316070000.5Z", Some("2026-03-16T07:00:00.5Z")),
        ("20260316070000,25+0130", Some("2026-03-16T05:30:00.25Z")),
        ("202603160700-05", Some("2026-03-16T12:00:00Z")),
        ("2026031607.5Z", Some("2026-03-16T07:30:00Z")),
        ("20260316070060Z", Some("2026-03-16T07:00:59Z")),
        ("20260316070000", None),
        ("20261316070000Z", None),
        ("2026", None),
        ("", None),
        ("tomorrow", None),
        ("20260316070000+25000", None),
    ];
    for (text, expected) in cases {
        assert_eq!(time::generalized(text).map(|at| at.to_string()).as_deref(), expected, "{text}");
    }
    assert_eq!(time::file_time("0"), Some(None));
    assert_eq!(time::file_time("-10000000").flatten().map(jiff::Timestamp::as_second), Some(-11_644_473_601));
    assert_eq!(time::file_time("x"), None);
    assert_eq!(time::file_time("9223372036854775806"), None, "after the last year");
}

#[test]
fn what_nobody_asked_for_by_name_is_done_without() {
    let server = Server::of(Entry::default());
    let users = Wanted { optional: wanted(&["surnme"]).names, ..wanted(&["sn", "surnme"]) };
    let definitions = define(&config(), &users, None, &server, &schema(), "dc1").unwrap();
    assert!(definitions.contains_key("sn") && !definitions.contains_key("surnme"));
}
