//! Whole lives of accounts in the sandbox, as it should be and with the quirks of real servers.

use engine::model::{AttributeChange, Attributes, TargetId, Value};
use engine::ports::{Target, TargetErrorKind as Kind, TargetOperation};
use serde_json::json;
use testkit::sandbox::{Does, Fault, Faults, Kind as Asked, Quirks, Sandbox, Settings};

use super::super::ScimTarget;
use super::{ENTERPRISE, USER, attributes, execute, parts, paths, target_at, text, user};

const WORK: &str = r#"emails[type eq "work"].value"#;
const BADGES: &str = "urn:contoso:2.0:User:badges";
const CITY: &str = r#"addresses[type eq "work"].locality"#;

fn anna() -> Attributes {
    attributes([
        ("userName", text("anna+sales@example.com")),
        ("externalId", text("A-1")),
        ("active", Value::Boolean(true)),
        ("name.givenName", text("Anna")),
        ("name.familyName", text("O\"Neill\\Berg")),
        (WORK, text("anna+sales@example.com")),
        (r#"phoneNumbers[type eq "mobile"].value"#, text("+33 1")),
        (&format!("{ENTERPRISE}:department"), text("R&D")),
        (&format!("{ENTERPRISE}:manager"), text("17")),
    ])
}

/// What else a mapping may write: lists as a whole, and what no schema here knows.
fn belongings() -> Attributes {
    let role =
        parts([("value", text("reader")), ("display", text("Reader")), ("primary", Value::Boolean(true))]);
    attributes([
        ("roles", Value::List(vec![role, text("guest")])),
        (BADGES, Value::List(vec![text("north"), text("south")])),
        ("urn:contoso:2.0:User:floor", Value::Integer(4)),
    ])
}

async fn with(quirks: Quirks) -> (Sandbox, ScimTarget) {
    let sandbox = Sandbox::start(Settings { quirks, ..Settings::default() }).await.unwrap();
    let (target, _) = target_at(&sandbox.base_url(), sandbox.token());
    (sandbox, target)
}

/// Creates Anna, changes everything about her, and expects to read what was written.
async fn live(quirks: Quirks) {
    let (_sandbox, target) = with(quirks.clone()).await;
    let created = anna();
    let mut wanted: Vec<String> = created.keys().cloned().collect();
    let id = execute(&target, TargetOperation::Create(USER, created.clone())).await.unwrap();
    let held = target.get(USER, &id, &wanted).await.unwrap().unwrap();
    assert_eq!(held.attributes, created, "{quirks:?}");

    let mut changed: Attributes = created
        .iter()
        .map(|(path, value)| match value {
            Value::Text(old) => (path.clone(), text(&format!("{old}2"))),
            other => (path.clone(), other.clone()),
        })
        .collect();
    changed.insert("active".into(), Value::Boolean(false));
    changed.insert("title".into(), text("Boss"));
    changed.insert(CITY.into(), text("Lyon"));
    changed.insert(r#"emails[type eq "home"].value"#.into(), text("anna@home.example"));
    let changes: Vec<AttributeChange> = changed
        .iter()
        .map(|(path, new)| AttributeChange {
            path: path.clone(),
            old: created.get(path).cloned(),
            new: Some(new.clone()),
            adds: false,
        })
        .collect();
    let outcome = execute(&target, TargetOperation::Update(USER, id.clone(), changes)).await;
    assert_eq!(outcome, Ok(id.clone()), "{quirks:?}");
    wanted.extend(changed.keys().filter(|path| !created.contains_key(*path)).cloned());
    let held = target.get(USER, &id, &wanted).await.unwrap().unwrap();
    assert_eq!(held.attributes, changed, "{quirks:?}");

    let found = target.find(USER, "externalId", &text("A-12"), &wanted).await.unwrap();
    assert_eq!(found.len(), 1, "{quirks:?}");
    assert_eq!(found[0].id, id);

    for _ in 0..2 {
        let removed = execute(&target, TargetOperation::Delete(USER, id.clone())).await;
        assert_eq!(removed, Ok(id.clone()), "{quirks:?}");
    }
    assert_eq!(target.get(USER, &id, &[]).await, Ok(None), "{quirks:?}");
}

/// Gives Anna belongings, changes the lists, adds to them, clears the rest, and expects to read what was written.
async fn own(quirks: Quirks) {
    let (_sandbox, target) = with(quirks.clone()).await;
    let created: Attributes = anna().into_iter().chain(belongings()).collect();
    let wanted: Vec<String> = created.keys().cloned().collect();
    let id = execute(&target, TargetOperation::Create(USER, created.clone())).await.unwrap();
    let held = target.get(USER, &id, &wanted).await.unwrap().unwrap();
    assert_eq!(held.attributes, created, "{quirks:?}");

    let cleared = [WORK, "name.givenName", &format!("{ENTERPRISE}:manager"), "urn:contoso:2.0:User:floor"];
    let clear = |path: &&str| AttributeChange {
        path: (*path).to_owned(),
        old: created.get(*path).cloned(),
        new: None,
        adds: false,
    };
    let mut changes: Vec<AttributeChange> = cleared.iter().map(clear).collect();
    changes.push(super::listed("roles", Some(vec![text("guest")]), vec![text("writer"), text("guest")]));
    changes.push(super::joined(BADGES, vec![text("south"), text("west")]));
    for _ in 0..2 {
        let outcome = execute(&target, TargetOperation::Update(USER, id.clone(), changes.clone())).await;
        assert_eq!(outcome, Ok(id.clone()), "{quirks:?}");
    }
    let mut expected = created;
    expected.retain(|path, _| !cleared.contains(&path.as_str()));
    expected.insert("roles".into(), Value::List(vec![text("writer"), text("guest")]));
    expected.insert(BADGES.into(), Value::List(vec![text("north"), text("south"), text("west")]));
    let held = target.get(USER, &id, &wanted).await.unwrap().unwrap();
    assert_eq!(held.attributes, expected, "{quirks:?}");
}

#[tokio::test]
async fn an_account_lives_in_a_correct_server() {
    live(Quirks::default()).await;
    own(Quirks::default()).await;
}

#[tokio::test]
async fn entras_primary_role_is_written_found_and_changed() {
    let (sandbox, target) = with(Quirks::default()).await;
    let role = r#"roles[primary eq "True"].value"#;
    let anna = attributes([("userName", text("anna")), (role, text("reader"))]);
    let id = execute(&target, TargetOperation::Create(USER, anna.clone())).await.unwrap();
    for (value, expected) in [("Reader", 1), ("writer", 0)] {
        let found = target.find(USER, role, &text(value), &paths(["userName", role])).await.unwrap();
        assert_eq!(found.len(), expected, "{value}");
        assert!(found.iter().all(|found| found.attributes == anna));
    }
    let change = super::change(role, Some("reader"), "writer");
    execute(&target, TargetOperation::Update(USER, id, vec![change])).await.unwrap();
    assert_eq!(sandbox.users()[0]["roles"], json!([{ "primary": true, "value": "writer" }]));
}

#[tokio::test]
async fn an_account_lives_with_every_quirk_that_a_client_can_cope_with() {
    let plain = Quirks::default;
    let quirks = [
        Quirks { no_location: true, ..plain() },
        Quirks { lowercase_resources: true, total_results_as_text: true, ..plain() },
        Quirks { no_value_path: true, ..plain() },
        Quirks { no_pathless_patch: true, ..plain() },
        Quirks { no_patch: true, ..plain() },
        Quirks { no_bulk: true, no_etag: true, no_search: true, no_sort: true, ..plain() },
        Quirks { filter_only_eq: true, ..plain() },
        Quirks { patch_answers204: true, ..plain() },
        Quirks { answers_text_booleans: true, manager_as_text: true, ..plain() },
        Quirks { require_user_agent: true, refuse_remove_value: true, ..plain() },
    ];
    for quirks in quirks {
        live(quirks.clone()).await;
        own(quirks).await;
    }
}

#[tokio::test]
async fn patch_is_given_up_when_the_server_only_says_so_on_trying() {
    let (sandbox, target) = with(Quirks::default()).await;
    let id = execute(&target, TargetOperation::Create(USER, anna())).await.unwrap();
    let update =
        |title: &str| TargetOperation::Update(USER, id.clone(), vec![super::change("title", None, title)]);
    execute(&target, update("a")).await.unwrap();
    sandbox.set_quirks(Quirks { no_patch: true, ..Quirks::default() });
    execute(&target, update("b")).await.unwrap();
    execute(&target, update("c")).await.unwrap();
    assert_eq!(sandbox.users()[0]["title"], "c");
    assert_eq!((sandbox.counters().patch, sandbox.counters().replace), (2, 2));
}

#[tokio::test]
async fn accounts_are_found_by_every_kind_of_path_and_only_exactly() {
    let (_sandbox, target) = with(Quirks::default()).await;
    let id = execute(&target, TargetOperation::Create(USER, anna())).await.unwrap();
    let department = format!("{ENTERPRISE}:department");
    let cases = [
        ("userName", "ANNA+SALES@example.com", 1),
        ("userName", "anna sales@example.com", 0),
        ("externalId", "A-1", 1),
        ("externalId", "a-1", 0),
        ("name.familyName", "o\"neill\\berg", 1),
        (WORK, "Anna+Sales@example.com", 1),
        (r#"emails[type eq "home"].value"#, "anna+sales@example.com", 0),
        (department.as_str(), "R&D", 1),
    ];
    for (path, value, hits) in cases {
        let found = target.find(USER, path, &text(value), &[]).await.unwrap();
        assert_eq!(found.len(), hits, "{path} eq {value}");
        assert!(found.iter().all(|account| account.id == id));
    }
}

#[tokio::test]
async fn a_listing_shows_everyone_once_page_by_page() {
    let sandbox = Sandbox::start(Settings { page_cap: 7, ..Settings::default() }).await.unwrap();
    sandbox.seed((0..30).map(|number| json!({ "userName": format!("u{number}") })).collect()).unwrap();
    let (target, _) = target_at(&sandbox.base_url(), sandbox.token());
    let mut names = std::collections::BTreeSet::new();
    let mut cursor = None;
    loop {
        let page = target.list(USER, &paths(["userName"]), cursor.as_ref()).await.unwrap();
        assert_eq!(page.total, Some(30));
        names.extend(page.objects.iter().map(|account| account.attributes["userName"].to_string()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((names.len(), sandbox.counters().list, target.calls()), (30, 5, 5));
}

#[tokio::test]
async fn an_extension_that_lists_hide_is_still_matched() {
    let (_sandbox, target) = with(Quirks { list_hides_extension: true, ..Quirks::default() }).await;
    execute(&target, TargetOperation::Create(USER, anna())).await.unwrap();
    let department = format!("{ENTERPRISE}:department");
    assert_eq!(target.find(USER, &department, &text("R&D"), &[]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_dropped_answer_makes_a_create_ambiguous_and_a_change_be_repeated() {
    let (sandbox, target) = with(Quirks::default()).await;
    let next = [Asked::Create, Asked::Patch, Asked::Delete, Asked::List];
    let next = next.map(|on| Fault { on, does: Does::DropAnswer }).to_vec();
    sandbox.set_faults(Faults { next, ..Faults::default() });
    let lost = execute(&target, TargetOperation::Create(USER, user("anna"))).await.unwrap_err();
    assert_eq!(lost.kind, Kind::Ambiguous, "{lost:?}");
    assert_eq!(sandbox.users().len(), 1, "it was created, and not twice");
    let id = TargetId::new(sandbox.users()[0]["id"].as_str().unwrap());
    let change = super::change("title", None, "Boss");
    assert_eq!(
        execute(&target, TargetOperation::Update(USER, id.clone(), vec![change])).await,
        Ok(id.clone())
    );
    assert_eq!(target.list(USER, &[], None).await.unwrap().objects.len(), 1);
    assert_eq!(execute(&target, TargetOperation::Delete(USER, id.clone())).await, Ok(id));
    assert_eq!(sandbox.users().len(), 0);
}

#[tokio::test]
async fn the_sandboxs_faults_are_named_for_what_they_are() {
    let cases = [
        (Faults { unauthorized: true, ..Faults::default() }, Kind::Credentials),
        (Faults { collection_missing: true, ..Faults::default() }, Kind::CollectionMissing),
        (Faults { html: true, ..Faults::default() }, Kind::Incompatible),
    ];
    let (sandbox, target) = with(Quirks::default()).await;
    for (faults, kind) in cases {
        sandbox.set_faults(faults);
        assert_eq!(target.list(USER, &[], None).await.unwrap_err().kind, kind);
        assert_eq!(target.find(USER, "userName", &text("anna"), &[]).await.unwrap_err().kind, kind);
        assert_eq!(target.probe().await.unwrap_err().kind, kind);
    }
    sandbox.set_faults(Faults::default());
    assert_eq!(target.probe().await, Ok(()));
}

#[tokio::test]
async fn a_filter_that_is_refused_says_how_else_to_match() {
    let (_sandbox, target) = with(Quirks { no_filter: true, ..Quirks::default() }).await;
    let error = target.find(USER, "userName", &text("anna"), &[]).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotSupported);
    assert!(error.summary.contains("matchBy: list"), "{error}");
}
