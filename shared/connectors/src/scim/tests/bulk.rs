//! Batches: one result each, no create twice, everything unsettled done singly.

use engine::model::TargetId;
use engine::ports::{Target, TargetErrorKind as Kind, TargetOperation};
use serde_json::{Value as Json, json};
use testkit::sandbox::{Does, Fault, Faults, Kind as Asked, Quirks, Sandbox, Settings};

use super::super::{BulkUse, ScimConfig, ScimTarget};
use super::{USER, attributes, bulk_target_at, change, config, target_with, text, user};

fn create(name: &str) -> TargetOperation {
    TargetOperation::Create(USER, user(name))
}

fn outcomes(results: &[Result<TargetId, engine::ports::TargetError>]) -> Vec<Option<Kind>> {
    results.iter().map(|result| result.as_ref().err().map(|error| error.kind)).collect()
}

async fn sandbox() -> Sandbox {
    Sandbox::start(Settings::default()).await.unwrap()
}

fn target(sandbox: &Sandbox) -> ScimTarget {
    bulk_target_at(&sandbox.base_url(), sandbox.token()).0
}

fn id(sandbox: &Sandbox, name: &str) -> TargetId {
    TargetId::new(sandbox.user_by_name(name).unwrap()["id"].as_str().unwrap())
}

fn seed(sandbox: &Sandbox, names: &[&str]) {
    sandbox
        .seed(names.iter().map(|name| json!({ "userName": name, "title": "old" })).collect::<Vec<Json>>())
        .unwrap();
}

#[tokio::test]
async fn a_batch_travels_in_one_request_and_is_answered_in_order() {
    let sandbox = sandbox().await;
    seed(&sandbox, &["bo", "cy", "dee"]);
    let target = target(&sandbox);
    assert_eq!(target.batch_size().await, 100);
    let (bo, cy, dee) = (id(&sandbox, "bo"), id(&sandbox, "cy"), id(&sandbox, "dee"));
    let results = target
        .execute(&[
            create("anna"),
            TargetOperation::Update(USER, bo.clone(), vec![change("title", Some("old"), "new")]),
            TargetOperation::Delete(USER, cy.clone()),
            create("BO"),
            TargetOperation::Delete(USER, TargetId::new("nobody")),
            TargetOperation::Update(USER, dee.clone(), vec![]),
            TargetOperation::Update(USER, TargetId::new("nobody"), vec![change("title", None, "new")]),
        ])
        .await;
    let expected = [None, None, None, Some(Kind::Conflict), None, None, Some(Kind::NotFound)];
    assert_eq!(outcomes(&results), expected, "{results:?}");
    assert_eq!(results[0], Ok(id(&sandbox, "anna")));
    assert_eq!((&results[1], &results[2], &results[5]), (&Ok(bo), &Ok(cy), &Ok(dee)));
    assert_eq!(results[3].as_ref().unwrap_err().request, "POST /Bulk (POST /Users)");
    assert_eq!(sandbox.user_by_name("bo").unwrap()["title"], "new");
    let counters = sandbox.counters();
    assert_eq!((counters.bulk, counters.create, counters.patch, counters.delete), (1, 0, 0, 0));
    assert_eq!((target.calls(), target.discovery_calls()), (1, 1));
}

#[tokio::test]
async fn without_bulk_a_batch_goes_singly() {
    let sandbox = sandbox().await;
    let (never, _) = target_with(&config(&sandbox.base_url()), sandbox.token());
    assert_eq!(never.batch_size().await, 1);
    let results = never.execute(&[create("anna"), create("bo"), create("anna")]).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 2, "{results:?}");
    assert_eq!((sandbox.counters().bulk, sandbox.counters().create), (0, 3));
}

#[tokio::test]
async fn a_target_that_promised_bulk_and_refuses_it_is_not_asked_again() {
    let sandbox = sandbox().await;
    let target = target(&sandbox);
    assert_eq!(target.batch_size().await, 100);
    sandbox.set_quirks(Quirks { no_bulk: true, ..Quirks::default() });
    let results = target.execute(&[create("anna"), create("bo")]).await;
    assert_eq!(outcomes(&results), [None, None]);
    assert_eq!(target.batch_size().await, 1);
    target.execute(&[create("cy"), create("dee")]).await;
    assert_eq!((sandbox.counters().bulk, sandbox.counters().create), (1, 4));
}

#[tokio::test]
async fn a_lost_bulk_answer_makes_creates_ambiguous_and_repeats_the_rest() {
    let sandbox = sandbox().await;
    seed(&sandbox, &["bo", "cy"]);
    let target = target(&sandbox);
    let (bo, cy) = (id(&sandbox, "bo"), id(&sandbox, "cy"));
    target.batch_size().await;
    sandbox.set_faults(Faults {
        next: vec![Fault { on: Asked::Bulk, does: Does::DropAnswer }],
        ..Faults::default()
    });
    let results = target
        .execute(&[
            create("anna"),
            TargetOperation::Update(USER, bo, vec![change("title", Some("old"), "new")]),
            TargetOperation::Delete(USER, cy),
        ])
        .await;
    assert_eq!(outcomes(&results), [Some(Kind::Ambiguous), None, None], "{results:?}");
    assert_eq!(sandbox.users().len(), 2, "anna was created once, cy removed");
    let counters = sandbox.counters();
    assert_eq!((counters.bulk, counters.patch, counters.delete, counters.create), (1, 1, 1, 0));
}

#[tokio::test]
async fn a_batch_that_is_too_large_is_halved() {
    let sandbox = sandbox().await;
    let target = target(&sandbox);
    target.batch_size().await;
    sandbox.set_faults(Faults {
        next: vec![Fault { on: Asked::Bulk, does: Does::Error(413) }],
        ..Faults::default()
    });
    let names = ["a", "b", "c", "d", "e"];
    let results = target.execute(&names.map(create)).await;
    let expected: Vec<_> = names.iter().map(|name| Ok(id(&sandbox, name))).collect();
    assert_eq!(results, expected);
    assert_eq!((sandbox.counters().bulk, sandbox.counters().create), (3, 0));
}

#[tokio::test]
async fn an_item_that_needs_another_spelling_gets_it_singly() {
    let sandbox = sandbox().await;
    seed(&sandbox, &["bo", "cy"]);
    let target = target(&sandbox);
    let city = r#"addresses[type eq "work"].locality"#;
    let updates = ["bo", "cy"]
        .map(|name| TargetOperation::Update(USER, id(&sandbox, name), vec![change(city, None, "Lyon")]));
    let results = target.execute(&updates).await;
    assert_eq!(outcomes(&results), [None, None], "{results:?}");
    for user in sandbox.users() {
        assert_eq!(user["addresses"], json!([{ "type": "work", "locality": "Lyon" }]));
    }
}

#[tokio::test]
async fn one_bad_record_in_a_batch_fails_alone() {
    let sandbox = sandbox().await;
    let target = target(&sandbox);
    target.batch_size().await;
    sandbox.set_faults(Faults { poisoned_user: Some("bo".into()), ..Faults::default() });
    let results = target.execute(&["anna", "bo", "cy"].map(create)).await;
    assert_eq!(outcomes(&results), [None, Some(Kind::InvalidValue), None], "{results:?}");
}

#[tokio::test]
async fn a_bulk_answer_that_is_none_leaves_creates_ambiguous() {
    let sandbox = sandbox().await;
    let target = target(&sandbox);
    target.batch_size().await;
    sandbox.set_faults(Faults {
        next: vec![Fault { on: Asked::Bulk, does: Does::Garbage }],
        ..Faults::default()
    });
    let results = target.execute(&[create("anna"), create("bo")]).await;
    assert_eq!(outcomes(&results), [Some(Kind::Ambiguous), Some(Kind::Ambiguous)], "{results:?}");
}

#[tokio::test]
async fn a_discovery_that_finds_nobody_is_tried_again_and_one_that_finds_nothing_is_not() {
    let sandbox = sandbox().await;
    let target = target(&sandbox);
    let on = Asked::Discovery;
    let next = vec![Fault { on, does: Does::Error(503) }, Fault { on, does: Does::Error(404) }];
    sandbox.set_faults(Faults { next, ..Faults::default() });
    assert_eq!(target.batch_size().await, 1);
    assert_eq!(target.batch_size().await, 1);
    assert_eq!(target.batch_size().await, 1);
    assert_eq!(sandbox.counters().discovery, 2);
    assert_eq!(target.calls(), 0);
}

#[tokio::test]
async fn a_discovery_that_always_fails_is_given_up() {
    let sandbox = sandbox().await;
    let target = target(&sandbox);
    let fails = Fault { on: Asked::Discovery, does: Does::Error(500) };
    sandbox.set_faults(Faults { next: vec![fails; 9], ..Faults::default() });
    for _ in 0..9 {
        assert_eq!(target.batch_size().await, 1);
    }
    assert_eq!(sandbox.counters().discovery, 3);
}

#[tokio::test]
async fn an_unmapped_attribute_fails_its_operation_alone() {
    let sandbox = sandbox().await;
    let (target, _) =
        target_with(&ScimConfig { bulk: BulkUse::Auto, ..config(&sandbox.base_url()) }, sandbox.token());
    let broken = TargetOperation::Create(USER, attributes([("not a path", text("x"))]));
    let results = target.execute(&[broken, create("anna"), create("bo")]).await;
    assert_eq!(outcomes(&results), [Some(Kind::InvalidValue), None, None], "{results:?}");
}
