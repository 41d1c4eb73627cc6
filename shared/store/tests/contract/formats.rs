//! Items of every format there was still load; items that are damaged are errors that name the place.
//!
//! `fixtures/items-v1.json` holds one item of each kind as format 1 wrote it, in DynamoDB's own JSON, and
//! `fixtures/items-v2.json` as format 2 did. They are never written again: a new format gets a new file beside them.
//! `WRITE_FIXTURE=1` writes the one of today's format.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::guard::{HumanDecision, Removed, StagedRemoval};
use engine::ids::IdHash;
use engine::job::Phase;
use engine::membership::{MemberChange, PendingReference};
use engine::model::ObjectType::{Group, User};
use engine::ports::{ClaimOutcome, Identity, Kept, Orders, Store, StoreError};
use engine::report::Outcome;
use serde_json::{Value, json};
use store::{Channel, StoredApplication, Told, embedded::Embedded, tables, tables::TableNames};
use uuid::Uuid;

use crate::samples::{
    account, cycle, escrow, event, fact, fingerprint, job, link, record, removal, report, seen, source, state,
};
use crate::world::{World, after, worker};

type Item = HashMap<String, AttributeValue>;

fn fixture(format: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/items-v{format}.json"))
}

/// A world with the items that a format wrote.
async fn written_by(format: u32) -> World {
    let world = World::empty().await;
    load(&world, &serde_json::from_str(&std::fs::read_to_string(fixture(format)).unwrap()).unwrap()).await;
    world
}

fn application() -> StoredApplication {
    StoredApplication {
        id: "0b9c3f2e".to_owned(),
        name: "Ticketing".to_owned(),
        version: 1,
        document: json!({ "apiVersion": "rollcall/v1", "kind": "Application" }),
        job: job(),
    }
}

/// One item of each kind.
async fn write_one_of_each(world: &World) {
    let (store, lease) = (&world.store, world.lease(0).await);
    store.tenant(Uuid::from_u128(5)).await.unwrap();
    store.save_application(&application(), None).await.unwrap();
    store.append_fingerprints(&lease, cycle(1), 0, &[seen(1, 1), seen(2, 1)]).await.unwrap();
    store.fold_fingerprints(&lease).await.unwrap();
    store.append_fingerprints(&lease, cycle(2), 0, &[seen(2, 2)]).await.unwrap();
    store.put_link(&lease, &link("ann")).await.unwrap();
    store.claim(&lease, User, &account("account-ann"), &source("ann")).await.unwrap();
    store.put_intent(&lease, b"intent").await.unwrap();
    store.stage(&lease, &[removal("ben")]).await.unwrap();
    store.put_escrow(&lease, &escrow("cas", Some(after(60)))).await.unwrap();
    store.put_cycle(&lease, &report(1, after(0))).await.unwrap();
    let names = [Identity { source_id: source("ann"), name: "Ann".to_owned() }];
    let failed = record("ann", cycle(1), after(0), Outcome::Failure);
    store.append_records(&job(), &[failed], &names).await.unwrap();
    store.save(&lease, &state(), &[event(1)], false).await.unwrap();
    store.wait_for_mail(&application().id, Channel::Mail, &fact(1)).await.unwrap();
    let seen = store.mailbox(&application().id, Channel::Mail).await.unwrap();
    let told = Told { sequence: 1, trouble_since: Some(after(0)) };
    store.claim_mail(&seen, after(0), told).await.unwrap();
    store.wait_for_mail(&application().id, Channel::Mail, &fact(2)).await.unwrap();
}

/// One item of each kind that format 1 did not have, or had in another shape.
async fn write_the_news(world: &World) {
    let (store, lease, sales) = (&world.store, world.lease(11).await, source("sales"));
    store.claim(&lease, Group, &account("account-ann"), &sales).await.unwrap();
    store.stage(&lease, &[members_leave()]).await.unwrap();
    store.decide_removals(&job(), &[members_leave().key()], Some(&decision())).await.unwrap();
    store.put_escrow(&lease, &escrow("dan", Some(after(60)))).await.unwrap();
    store.ignore_escrow(&job(), &source("dan"), Some(&decision())).await.unwrap();
    store.put_escrow(&lease, &escrow("eve", Some(after(60)))).await.unwrap();
    store.retry_now(&job(), &source("eve"), after(20)).await.unwrap();
    for number in 0..=112 {
        store.change_membership(&lease, &sales, &[member(number)]).await.unwrap();
    }
    store.add_pending(&lease, &[waits()]).await.unwrap();
    store.mark_unsettled(&lease, &[sales]).await.unwrap();
    store.keep(&lease, Kept::Plan(Uuid::nil()), b"plan").await.unwrap();
    store.keep(&lease, Kept::Listing(cycle(1), Group), b"listing").await.unwrap();
    store.order(&job(), true).await.unwrap();
    store.order_now(&job(), &[source("ann")]).await.unwrap();
}

fn members_leave() -> StagedRemoval {
    StagedRemoval { removed: Removed::Memberships, count: 12, object: None, ..removal("sales") }
}

fn decision() -> HumanDecision {
    HumanDecision { approved: false, by: "ada".to_owned(), at: after(1) }
}

/// Ten people, given again and again: a hundred and eleven rows make a base.
fn member(number: u32) -> MemberChange {
    let id = number % 10;
    MemberChange::Given(source(&format!("person-{id}")), account(&format!("account-{id}")))
}

fn waits() -> PendingReference {
    PendingReference { missing: source("boss"), referrer: source("ann"), path: "manager".to_owned() }
}

#[tokio::test]
async fn items_of_format_1_still_load() {
    let world = written_by(1).await;
    all_of_format_1_is_there(&world).await;
}

#[tokio::test]
async fn items_of_format_2_still_load() {
    if std::env::var_os("WRITE_FIXTURE").is_some() {
        let world = World::with_job().await;
        write_one_of_each(&world).await;
        write_the_news(&world).await;
        std::fs::write(fixture(2), serde_json::to_string_pretty(&dump(&world).await).unwrap() + "\n")
            .unwrap();
    }
    let world = written_by(2).await;
    let (store, sales) = (&world.store, source("sales"));
    let orders = Orders { pause: true, now: vec![source("ann")] };
    assert_eq!(store.orders(&job()).await.unwrap(), orders);
    let owners = store.owners(&job(), Group, &[account("account-ann")]).await.unwrap();
    assert_eq!(owners[&account("account-ann")], sales);
    let staged = store.staged(&job()).await.unwrap();
    let decided = StagedRemoval { decision: Some(decision()), ..members_leave() };
    assert!(staged.contains(&removal("ben")) && staged.contains(&decided), "{staged:?}");
    let ignored = store.escrow(&job(), &source("dan")).await.unwrap().unwrap();
    assert_eq!(ignored.ignored, Some(decision()));
    let retried = store.escrow(&job(), &source("eve")).await.unwrap().unwrap();
    assert_eq!(retried.next_attempt, Some(after(20)));
    let membership = store.membership(&job(), &sales).await.unwrap();
    assert_eq!(membership, testkit::contract::memberships::model(&(0..10).map(member).collect::<Vec<_>>()));
    assert_eq!(store.pending(&job()).await.unwrap(), [waits()]);
    assert_eq!(store.unsettled(&job()).await.unwrap(), [sales]);
    for (name, bytes) in [(Kept::Plan(Uuid::nil()), "plan"), (Kept::Listing(cycle(1), Group), "listing")] {
        assert_eq!(store.kept(&job(), name).await.unwrap().as_deref(), Some(bytes.as_bytes()));
    }
}

#[tokio::test]
async fn a_cycle_that_the_version_before_groups_left_half_way_goes_on() {
    let world = written_by(1).await;
    let mut old =
        items(&world, &world.names.state).await.into_iter().find(|item| item.contains_key("state")).unwrap();
    let state = json!({
        "code": "Active", "successiveFailures": 0, "lastTotal": 90, "unfolded": true,
        "counts": { "linked": 90, "inScope": 90, "everLinked": 90, "escrowed": 0, "staged": 3, "exported": 90 },
        "interval": { "secs": 2400, "nanos": 0 }, "nextDue": "2026-03-01T12:00:00Z", "eventsTold": 1,
        "checkpoint": {
            "cycle": cycle(1), "kind": "incremental", "began": "2026-03-01T12:00:00Z", "slice": 2,
            "phase": "removals", "page": 4, "intent": true, "delta": false, "seen": engine::fingerprint::Seen::default(),
            "read": 87, "total": 90, "done": 87, "figures": { "imported": 87, "disabled": 1 },
            "verdict": {
                "removals": 3, "managed": 90, "thresholds": { "maximum": 500, "percent": 10.0, "atLeast": 5 },
                "at": "2026-03-01T12:00:00Z"
            }
        }
    });
    old.insert("state".to_owned(), AttributeValue::S(state.to_string()));
    put(&world, &world.names.state, old).await;
    let (lease, state) = world.store.acquire(&job(), after(11), after(21)).await.unwrap();
    let checkpoint = state.checkpoint.clone().unwrap();
    assert_eq!((checkpoint.phase, checkpoint.page), (Phase::Removals, 4));
    let [verdict] = &checkpoint.verdicts[..] else { panic!("{:?}", checkpoint.verdicts) };
    assert_eq!((verdict.removed, verdict.removals, verdict.today), (Removed::Users, 3, 0));
    assert_eq!(world.store.save(&lease, &state, &[], false).await.unwrap(), Orders::default());
    assert_eq!(world.store.job(&job()).await.unwrap().state, state);
}

async fn all_of_format_1_is_there(world: &World) {
    let store = &world.store;
    assert_eq!(store.tenant(Uuid::from_u128(6)).await.unwrap(), Uuid::from_u128(5));
    assert_eq!(store.application_by_name("TICKETING").await.unwrap(), Some(application()));
    assert_eq!(store.application_version(&application().id, 1).await.unwrap(), Some(application()));
    assert_eq!(store.job(&job()).await.unwrap().lease_until, Some(after(10)));
    assert_eq!(store.outbox(&job()).await.unwrap().events, [event(1)]);
    assert_eq!(store.due_jobs(after(10)).await.unwrap(), [job()]);
    let lease = world.lease(11).await;
    assert_eq!(lease.fence, 2);
    assert_eq!(store.snapshot(&job()).await.unwrap().len(), 2);
    store.fold_fingerprints(&lease).await.unwrap();
    assert!(store.snapshot(&job()).await.unwrap().contains(&fingerprint(2, 2)));
    let ann = IdHash::of(&source("ann"));
    assert_eq!(store.links(&job(), &[ann]).await.unwrap()[&ann], link("ann"));
    let claim = store.claim(&lease, User, &account("account-ann"), &source("eve")).await.unwrap();
    assert_eq!(claim, ClaimOutcome::HeldBy(source("ann")));
    assert_eq!(store.intent(&job()).await.unwrap().as_deref(), Some(&b"intent"[..]));
    assert_eq!(store.staged(&job()).await.unwrap(), [removal("ben")]);
    assert_eq!(store.escrows_due(&job(), after(60)).await.unwrap(), [escrow("cas", Some(after(60)))]);
    assert_eq!(store.cycles(&job(), 9).await.unwrap(), [report(1, after(0))]);
    let failed = record("ann", cycle(1), after(0), Outcome::Failure);
    assert_eq!(store.record(failed.id).await.unwrap(), Some(failed));
    assert_eq!(store.find_people(&job(), "ann", 9).await.unwrap().len(), 1);
    let seen = store.mailbox(&application().id, Channel::Mail).await.unwrap();
    assert_eq!(seen.facts(), [fact(1), fact(2)]);
    assert!(seen.is_unconfirmed() && seen.told().trouble_since == Some(after(0)));
}

#[tokio::test]
async fn an_item_that_cannot_be_read_names_its_key_and_attribute() {
    let sabotages = [
        ("v", Some(AttributeValue::N("3".into())), "attribute 'v' is 3; this program reads formats up to 2"),
        ("v", None, "attribute 'v' is missing"),
        ("link", None, "attribute 'link' is missing"),
        ("link", Some(AttributeValue::N("1".into())), "attribute 'link' is not text"),
        ("link", Some(AttributeValue::S("{".into())), "attribute 'link' is not what it should be"),
        ("link", Some(AttributeValue::S(serde_json::to_string(&link("eve")).unwrap())), "belongs to 'eve'"),
    ];
    let ann = IdHash::of(&source("ann"));
    for (attribute, value, expected) in sabotages {
        let (world, lease) = World::working().await;
        world.store.put_link(&lease, &link("ann")).await.unwrap();
        let mut item = items(&world, &world.names.state).await.into_iter().find(is_link).unwrap();
        match value {
            Some(value) => drop(item.insert(attribute.to_owned(), value)),
            None => drop(item.remove(attribute)),
        }
        put(&world, &world.names.state, item).await;
        match world.store.links(&job(), &[ann]).await {
            Err(StoreError::Inconsistent { key, problem }) => {
                assert!(key.contains(&format!("LINK#{}", job())), "{key}");
                assert!(problem.contains(expected), "{problem} instead of {expected}");
            }
            answer => panic!("{answer:?}"),
        }
    }
}

fn is_link(item: &Item) -> bool {
    item["pk"].as_s().unwrap().starts_with("LINK#")
}

#[tokio::test]
async fn a_snapshot_that_lost_a_chunk_is_noticed() {
    let (world, lease) = World::working().await;
    let page: Vec<_> = (0..2_000).map(|number| seen(number, 1)).collect();
    world.store.append_fingerprints(&lease, cycle(1), 0, &page).await.unwrap();
    world.store.fold_fingerprints(&lease).await.unwrap();
    world.lose(&format!("SNAPSHOT#{}", job()), "CHUNK#03#000002").await;
    let answer = world.store.snapshot(&job()).await;
    assert!(matches!(answer, Err(StoreError::Inconsistent { .. })), "{:?}", answer.map(|all| all.len()));
    world.store.append_fingerprints(&lease, cycle(2), 0, &page).await.unwrap();
    assert!(matches!(world.store.fold_fingerprints(&lease).await, Err(StoreError::Inconsistent { .. })));
}

#[tokio::test]
async fn what_was_written_to_a_file_is_there_after_reopening_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rollcall.db");
    let names = TableNames::default();
    let store = |client| store::DynamoStore::new(client, TableNames::default(), worker("one"));
    {
        let engine = Embedded::open(Some(&file)).await.unwrap();
        tables::create(&engine.client(), &names).await.unwrap();
        let store = store(engine.client());
        store.create_job(&job(), &state()).await.unwrap();
        let (lease, _) = store.acquire(&job(), after(0), after(10)).await.unwrap();
        store.put_link(&lease, &link("ann")).await.unwrap();
        engine.close().await;
    }
    let engine = Embedded::open(Some(&file)).await.unwrap();
    tables::create(&engine.client(), &names).await.unwrap();
    let store = store(engine.client());
    assert_eq!(store.all_links(&job()).await.unwrap(), [link("ann")]);
    assert_eq!(store.acquire(&job(), after(10), after(20)).await.unwrap().0.fence, 2);
}

#[tokio::test]
async fn records_past_their_time_are_swept_out_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rollcall.db");
    let store = |client| store::DynamoStore::new(client, TableNames::default(), worker("one"));
    let at = |text: &str| text.parse().unwrap();
    let old = record("ann", cycle(1), at("2001-01-01T00:00:00Z"), Outcome::Success);
    let kept = record("ben", cycle(1), at("2901-01-01T00:00:00Z"), Outcome::Success);
    {
        let engine = Embedded::open(Some(&file)).await.unwrap();
        tables::create(&engine.client(), &TableNames::default()).await.unwrap();
        store(engine.client()).append_records(&job(), &[old.clone(), kept.clone()], &[]).await.unwrap();
        engine.close().await;
    }
    let engine = Embedded::open(Some(&file)).await.unwrap();
    let store = store(engine.client());
    engine.sweep().await;
    assert_eq!(store.record(old.id).await.unwrap(), None);
    assert_eq!(store.record(kept.id).await.unwrap(), Some(kept));
}

#[tokio::test]
async fn a_table_made_by_something_else_is_refused() {
    let world = World::empty().await;
    let swapped = TableNames { state: world.names.logs.clone(), logs: world.names.state.clone() };
    let answer = tables::create(&world.client, &swapped).await;
    assert!(matches!(answer, Err(StoreError::Inconsistent { .. })), "{answer:?}");
    tables::create(&world.client, &world.names).await.unwrap();
}

// ------------------------------------------------------------------------- items as DynamoDB's own JSON

async fn dump(world: &World) -> Value {
    let mut tables = serde_json::Map::new();
    for (name, table) in [("state", &world.names.state), ("logs", &world.names.logs)] {
        let mut list: Vec<Value> = items(world, table).await.iter().map(to_json).collect();
        list.sort_by_key(|item| format!("{} {}", item["pk"], item["sk"]));
        tables.insert(name.to_owned(), list.into());
    }
    Value::Object(tables)
}

async fn load(world: &World, fixture: &Value) {
    for (name, table) in [("state", &world.names.state), ("logs", &world.names.logs)] {
        for item in fixture[name].as_array().unwrap() {
            let item = item.as_object().unwrap().iter().map(|(name, value)| (name.clone(), from_json(value)));
            put(world, table, item.collect()).await;
        }
    }
}

async fn items(world: &World, table: &str) -> Vec<Item> {
    let items = world.client.scan().table_name(table).into_paginator().items().send();
    items.collect::<Result<_, _>>().await.unwrap()
}

async fn put(world: &World, table: &str, item: Item) {
    world.client.put_item().table_name(table).set_item(Some(item)).send().await.unwrap();
}

fn to_json(item: &Item) -> Value {
    let item: BTreeMap<&String, Value> = item.iter().map(|(name, value)| (name, value_json(value))).collect();
    json!(item)
}

fn value_json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::B(bytes) => json!({ "B": STANDARD.encode(bytes) }),
        AttributeValue::Bool(yes) => json!({ "BOOL": yes }),
        AttributeValue::Ss(set) => json!({ "SS": set }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(value_json).collect::<Vec<_>>() }),
        other => panic!("no item holds {other:?}"),
    }
}

fn from_json(value: &Value) -> AttributeValue {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    match (kind.as_str(), value) {
        ("S", Value::String(text)) => AttributeValue::S(text.clone()),
        ("N", Value::String(number)) => AttributeValue::N(number.clone()),
        ("B", Value::String(bytes)) => AttributeValue::B(Blob::new(STANDARD.decode(bytes).unwrap())),
        ("BOOL", Value::Bool(yes)) => AttributeValue::Bool(*yes),
        ("SS", Value::Array(set)) => {
            AttributeValue::Ss(set.iter().map(|text| text.as_str().unwrap().to_owned()).collect())
        }
        ("L", Value::Array(list)) => AttributeValue::L(list.iter().map(from_json).collect()),
        _ => panic!("{kind}"),
    }
}
