//! The document, from YAML to a checked application and back from its stored form.

use std::path::Path;
use std::sync::Arc;

use engine::mapping::{AttributeMapping, ObjectAction};
use jiff::Timestamp;
use testkit::time::TestClock;

use super::*;

/// The document of the module's introduction, as an administrator writes it.
const LEDGERLY: &str = include_str!("fixtures/ledgerly.yaml");

/// A document as the first version stored it. Never to be changed: it must load for ever.
const STORED_V1: &str = include_str!("fixtures/application.v1.json");

fn ledgerly() -> Application {
    Application::from_yaml(LEDGERLY, "ledgerly.yaml").unwrap()
}

/// The document with `from` replaced by `to`.
fn changed(from: &str, to: &str) -> String {
    assert!(LEDGERLY.contains(from), "{from}");
    LEDGERLY.replacen(from, to, 1)
}

fn refusal(text: &str) -> String {
    Application::from_yaml(text, "ledgerly.yaml").unwrap_err().to_string()
}

#[test]
fn a_document_is_read_and_passes_its_check() {
    let application = ledgerly();
    assert_eq!(application.name, "Ledgerly");
    assert_eq!(application.schedule.interval, Some(Duration::from_secs(2_400)));
    let SourceConfig::File(file) = &application.source else { panic!("another source") };
    assert_eq!((file.path.as_str(), file.enabled.as_deref()), ("people.csv", Some("accountEnabled")));
    let checked = application.check().unwrap();
    assert_eq!(checked.mapping.matching(), ["userName"]);
    assert!(checked.mapping.allows(ObjectAction::Delete));
    assert_eq!(checked.token, SecretRef::Environment("LEDGERLY_TOKEN".into()));
    assert_eq!(checked.application, application);
}

#[test]
fn what_is_left_out_has_defaults() {
    let schedule = LEDGERLY.find("schedule:").unwrap();
    let application = Application::from_yaml(&LEDGERLY[..schedule], "ledgerly.yaml").unwrap();
    assert_eq!(application.removals, ledgerly().removals, "the document writes the defaults out");
    assert_eq!(application.schedule.cadence(), Cadence::Adaptive);
    assert_eq!(application.notification, ledgerly().notification);
}

#[test]
fn a_stored_document_is_written_as_a_file_that_reads_as_the_same() {
    let awkward = [
        "yes",
        "0123",
        "1.0",
        "~",
        "a: b",
        "# no comment",
        "it's \"so\"",
        "line\nbreak",
        " blank ",
        "é 李",
        "- x",
    ];
    let mut application = ledgerly();
    application.users.attributes.extend(awkward.iter().enumerate().map(|(turn, text)| AttributeMapping {
        target: format!("urn:x:{turn}"),
        constant: Some((*text).to_owned()),
        ..AttributeMapping::default()
    }));
    for application in [application, Application::from_yaml(&directory(), "directory.yaml").unwrap()] {
        let stored = serde_json::to_value(&application).unwrap();
        let file = as_yaml(&stored).unwrap();
        assert_eq!(Application::from_yaml(&file, "written.yaml").unwrap(), application, "{file}");
        assert!(file.starts_with("application: Ledgerly\nsource:\n"), "{file}");
    }
    // A draft has no target yet.
    let draft = as_yaml(&serde_json::json!({ "application": "Ledgerly", "target": { "scim": {} } })).unwrap();
    assert!(draft.contains("application: Ledgerly"), "{draft}");
}

/// A document whose people come from a directory.
fn directory() -> String {
    let people = r#"ldap:
    url: ldaps://dc1.tessera.example
    bindDn: cn=rollcall,dc=tessera,dc=example
    password: env:LDAP_PASSWORD
    users: { base: "ou=people,dc=tessera,dc=example" }
    enabled: { attribute: employeeStatus, is: [active] }
    fullEvery: 12h"#;
    changed("file: { path: people.csv, id: employeeId, enabled: accountEnabled }", people)
}

#[test]
fn a_directory_as_source_has_a_secret_and_the_name_of_its_host() {
    let application = Application::from_yaml(&directory(), "ledgerly.yaml").unwrap();
    application.check().unwrap();
    assert_eq!(application.source.secret(), Some("env:LDAP_PASSWORD"));
    assert_eq!(application.source.display_name(), "dc1.tessera.example");
}

#[test]
fn problems_of_a_directory_are_told_with_their_places() {
    let text = directory()
        .replace("ldaps://", "ldap://")
        .replace("env:LDAP_PASSWORD", "hunter2")
        .replace("ou=people,dc=tessera,dc=example", "people")
        .replace("12h", "5m");
    let problems = Application::from_yaml(&text, "ledgerly.yaml").unwrap().check().unwrap_err();
    let places: Vec<&str> = problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!(
        places,
        ["source.ldap.url", "source.ldap.password", "source.ldap.users.base", "source.ldap.fullEvery"]
    );
    assert!(!format!("{problems:?}").contains("hunter2"));
    assert!(refusal(&directory().replace("12h", "soon")).contains("such as 12h, 24h or 168h"));
    assert!(refusal(&directory().replace("is: [active]", "was: [active]")).contains("'was' is not known"));
}

#[test]
fn people_may_be_uploaded_and_groups_not() {
    let file = "file: { path: people.csv, id: employeeId, enabled: accountEnabled }";
    let application = |section: &str, more: &str| {
        Application::from_yaml(&(changed(file, section) + more), "ledgerly.yaml").unwrap()
    };
    let uploaded = application("inbound: {}", "");
    uploaded.check().unwrap();
    assert_eq!(uploaded.source, SourceConfig::Inbound(InboundConfig { uploads_per_day: 2_000 }));
    assert_eq!((uploaded.source.secret(), &*uploaded.source.display_name()), (None, "bulkUpload"));
    let limit = "source.inbound.uploadsPerDay: must lie between 1 and 6000; leave it out for 2000";
    let groups = "groups: groups are to be provisioned, and only people are uploaded; take groups away";
    for (section, more, expected) in [
        ("inbound: { uploadsPerDay: 6000 }", "", None),
        ("inbound: { uploadsPerDay: 6001 }", "", Some(limit)),
        ("inbound: { uploadsPerDay: 0 }", "", Some(limit)),
        ("inbound: {}", "\ngroups: {}\n", Some(groups)),
    ] {
        let problems = application(section, more).check().err().unwrap_or_default();
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, expected.into_iter().collect::<Vec<_>>(), "{section}");
    }
}

#[test]
fn durations_are_written_as_people_write_them() {
    for (text, minutes) in [("5m", 5), ("2h", 120), ("1h 30m", 90), ("90 minutes", 90), ("PT24H", 1_440)] {
        let text = changed("40m", text);
        let application = Application::from_yaml(&text, "ledgerly.yaml").unwrap();
        assert_eq!(application.schedule.interval, Some(Duration::from_secs(minutes * 60)));
        application.check().unwrap();
    }
}

#[test]
fn what_cannot_be_understood_is_named_with_line_column_field_and_cure() {
    let scim = r#"{ url: "http://127.0.0.1:8300/scim/v2", token: "env:LEDGERLY_TOKEN" }"#;
    let file = "file: { path: people.csv, id: employeeId, enabled: accountEnabled }";
    let cases = [
        (
            "path: people",
            "pth: people",
            "line 3, column 11: the field 'pth' is not known here; accepted: path, id, enabled",
        ),
        (", id: employeeId", "", "the field 'id' is missing"),
        ("path: people.csv", "id: x, path: people.csv", "the field 'id' is written twice"),
        ("file:", "ldep:", "line 3, column 3: 'ldep' is not known here; accepted: file, ldap"),
        (file, "", "line 2, column 7: no system is named here; accepted: file"),
        (file, "file: { path: a, id: b }\n  ldap: {}", "line 4, column 3: a second system"),
        (scim, "", "'scim' must be fields with values"),
        (
            "removals:",
            "removal:",
            "line 13, column 1: the field 'removal' is not known here; accepted: application, source",
        ),
        ("40m", "40", "line 12, column 23: 'interval' cannot be accepted: write a number with its unit"),
        ("40m", "soon", "such as 40m, 2h or 1h 30m"),
        ("percent: 10", "percent: many", "'percent' must be a number"),
        ("maximum: 500", "maximum: -1", "'maximum' must be a whole number, 0 or more"),
        (
            "[create, update, delete]",
            "[create, purge]",
            "'purge' is not known here; accepted: create, update, delete",
        ),
        ("[create, update, delete]", "create", "'actions' must be a list"),
        ("source: mail,", "sauce: mail,", "'sauce' is not known here; accepted: target, source"),
        (
            "enabled: accountEnabled",
            "encoding: utf-99",
            "'encoding' cannot be accepted: 'utf-99' is no encoding",
        ),
        ("enabled: accountEnabled", "delimiter: colon", "'colon' is not known here; accepted: auto, comma"),
        ("schedule:", "---\nschedule:", "a second document begins here"),
        ("Ledgerly", "*name", "'application' cannot be understood: alias references unknown anchor"),
        ("Ledgerly", "!secret Ledgerly", "unsupported tag"),
        ("users:", "users: [", "'users' must be fields with values"),
    ];
    for (from, to, expected) in cases {
        let sentence = refusal(&changed(from, to));
        assert!(sentence.starts_with("ledgerly.yaml line "), "{sentence}");
        assert!(sentence.contains(expected), "'{sentence}' should hold '{expected}'");
        assert!(!sentence.contains('\n'), "{sentence}");
    }
    assert!(refusal("").contains("complete it"));
    assert!(refusal("hello").contains("the document must be fields with values"));
}

#[test]
fn every_problem_is_told_at_once_with_its_place() {
    let text = LEDGERLY
        .replace("Ledgerly\n", "\"Ledgerly & Sons\"\n")
        .replace("path: people.csv", "path: \"ftp://x/people.csv\"")
        .replace("id: employeeId", "id: \"\"")
        .replace("http://127.0.0.1:8300", "http://ledgerly.example")
        .replace("env:LEDGERLY_TOKEN", "vault:x")
        .replace("target: userName", "target: shoeSize")
        .replace("40m", "4m")
        .replace("percent: 10", "percent: 0");
    let problems = Application::from_yaml(&text, "ledgerly.yaml").unwrap().check().unwrap_err();
    let places: Vec<&str> = problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!(
        places,
        [
            "application",
            "source.file.path",
            "source.file.id",
            "target.scim.url",
            "target.scim.token",
            "users.attributes[0].target",
            "users.attributes",
            "schedule.interval",
            "removals.percent"
        ],
        "{problems:#?}"
    );
}

#[test]
fn names_intervals_and_shares_have_limits() {
    let long = "x".repeat(65);
    let cases: Vec<(&str, &str, Option<&str>)> = vec![
        ("Ledgerly", "HR-1_b.2", None),
        ("Ledgerly", &long[..64], None),
        ("Ledgerly", &long, Some("application")),
        ("Ledgerly", "\"\"", Some("application")),
        ("Ledgerly", "-x", Some("application")),
        ("Ledgerly", "a b", Some("application")),
        ("Ledgerly", "Über", Some("application")),
        ("40m", "5m", None),
        ("40m", "299s", Some("schedule.interval")),
        ("40m", "24h", None),
        ("40m", "1441m", Some("schedule.interval")),
        ("percent: 10", "percent: 100", None),
        ("percent: 10", "percent: 0.5", None),
        ("percent: 10", "percent: 100.5", Some("removals.percent")),
        ("percent: 10", "percent: -1", Some("removals.percent")),
        ("percent: 10", "percent: .nan", Some("removals.percent")),
    ];
    for (from, to, place) in cases {
        let checked = Application::from_yaml(&changed(from, to), "ledgerly.yaml").unwrap().check();
        let places = checked.err().map(|problems| problems[0].place.clone());
        assert_eq!(places.as_deref(), place, "{to}");
    }
}

#[test]
fn a_recipient_without_an_address_is_named_by_its_place() {
    let told = |to: &str| {
        let text = format!("{LEDGERLY}notification: {{ to: [{to}] }}\n");
        let problems = Application::from_yaml(&text, "ledgerly.yaml").unwrap().check().err();
        problems.unwrap_or_default().into_iter().map(|problem| problem.place).collect::<Vec<_>>()
    };
    assert_eq!(told("it-ops@tessera.example, all@tessera.example"), [""; 0]);
    assert_eq!(told("it-ops@tessera.example, all"), ["notification.to[1]"]);
    assert_eq!(told(""), ["notification.to"]);
}

#[test]
fn owners_are_ids_and_each_wrong_one_is_named() {
    let told = |owners: &str| {
        let text = format!("{LEDGERLY}owners: [{owners}]\n");
        let application = Application::from_yaml(&text, "ledgerly.yaml").unwrap();
        let problems = application.check().err().unwrap_or_default();
        (application.owners.len(), problems.into_iter().map(|problem| problem.place).collect::<Vec<_>>())
    };
    let longest = "o".repeat(255);
    let (many, too_many) = (vec!["o"; 50].join(", "), vec!["o"; 51].join(", "));
    assert_eq!(told(""), (0, vec![]));
    assert_eq!(told(&format!("5f1c2a9e-0b64-4f0e-9d0e-6a2f4c7b8d10, auth0|nadia, {longest}")), (3, vec![]));
    assert_eq!(told(&many), (50, vec![]));
    assert_eq!(told(&too_many).1, ["owners"]);
    assert_eq!(
        told(&format!("nadia, '', 'nadia adler', o{longest}")).1,
        ["owners[1]", "owners[2]", "owners[3]"]
    );
    assert!(ledgerly().owners.is_empty(), "nobody, when nobody is named");
}

#[test]
fn a_token_written_into_the_document_is_refused_and_never_repeated() {
    for token in
        ["hunter2", "Bearer hunter2", "eyJ:hunter2", "env:hunter2-", "[hunter2]", "{ hunter2: hunter2 }"]
    {
        let text = changed("\"env:LEDGERLY_TOKEN\"", token);
        let message = match Application::from_yaml(&text, "ledgerly.yaml") {
            Ok(application) => {
                assert!(!format!("{application:?}").contains("hunter2"));
                let problems = application.check().unwrap_err();
                assert!(problems.iter().any(|problem| problem.place == "target.scim.token"), "{token}");
                format!("{problems:?}")
            }
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!message.contains("hunter2"), "{message}");
    }
    // In the wrong place it is not repeated either.
    let scim = &LEDGERLY[LEDGERLY.find("{ url").unwrap()..LEDGERLY.find("\nusers").unwrap()];
    assert!(!refusal(&changed(scim, "hunter2")).contains("hunter2"));
    assert!(!refusal(&changed("maximum: 500", "maximum: hunter2")).contains("hunter2"));
}

#[test]
fn a_document_is_bounded_before_it_is_understood() {
    let large = format!("{LEDGERLY}# {}\n", "x".repeat(1 << 20));
    assert!(refusal(&large).contains("larger than 1048576 bytes"));
    let bomb =
        format!("a: &a [x]\n{}", (0..200).map(|number| format!("b{number}: *a\n")).collect::<String>());
    refusal(&bomb);
    refusal(&"[".repeat(10_000));
    refusal(&"{ a: ".repeat(10_000));
}

#[test]
fn a_document_survives_its_stored_form() {
    let stored = serde_json::to_string(&ledgerly()).unwrap();
    assert_eq!(serde_json::from_str::<Application>(&stored).unwrap(), ledgerly());
}

#[test]
fn a_document_stored_by_the_first_version_still_loads() {
    let application: Application = serde_json::from_str(STORED_V1).unwrap();
    let mut expected = ledgerly();
    // That version wrote its default out, and what was written stays as it is.
    let TargetConfig::Scim(scim) = &mut expected.target;
    scim.concurrency = Some(8);
    assert_eq!(application, expected);
    application.check().unwrap();
}

#[test]
fn a_source_is_made_from_its_section_without_looking_at_the_file() {
    let document = ledgerly();
    let surroundings = Surroundings {
        base: Path::new("/nowhere"),
        work: Path::new("/nowhere"),
        s3: None,
        secret: None,
        uploads: None,
        mapping: &document.check().unwrap().mapping,
        groups: None,
        clock: Arc::new(TestClock::at(Timestamp::UNIX_EPOCH)),
    };
    let source = connect_source(&document.source, surroundings).unwrap();
    assert_eq!(source.calls(), 0);
}
