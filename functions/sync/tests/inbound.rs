//! The source of uploaded people over the store: what a cycle is shown.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use connectors::inbound::{InboundSource, intake};
use engine::job::JobState;
use engine::model::{Cursor, JobId, SourceId, Watermark};
use engine::ports::{Reading, Source, SourceError};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::embedded::Embedded;
use store::usage::Counter;
use store::{DynamoStore, TableNames, Worker, tables};
use sync::uploads::StoredUploads;
use uuid::Uuid;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// A job that people are uploaded for.
struct World {
    store: DynamoStore,
    engine: Embedded,
    names: TableNames,
    uploads: u128,
}

fn job() -> JobId {
    JobId::new("scim.t.a")
}

fn noon() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn there(id: &str, title: &str) -> Value {
    let data = json!({ "schemas": [USER], "externalId": id, "active": true, "title": title });
    json!({ "method": "POST", "path": "/Users", "bulkId": id, "data": data })
}

fn gone(id: &str) -> Value {
    json!({ "method": "DELETE", "path": format!("/Users/{id}"), "bulkId": id })
}

impl World {
    async fn new() -> Self {
        let engine = Embedded::open(None).await.unwrap();
        let names = TableNames::with_prefix("test");
        tables::create(&engine.client(), &names).await.unwrap();
        let worker = Worker { owner: "one".to_owned(), boot: None };
        let store = DynamoStore::new(engine.client(), names.clone(), worker);
        assert!(store.create_job(&job(), &JobState::new(noon())).await.unwrap());
        Self { store, engine, names, uploads: 0 }
    }

    /// The store, with its requests counted.
    fn counted(&self, counter: &Counter) -> DynamoStore {
        let worker = Worker { owner: "one".to_owned(), boot: None };
        DynamoStore::new(counter.watch(&self.engine.client()), self.names.clone(), worker)
    }

    /// One upload, as the API takes it.
    async fn upload(&mut self, operations: &[Value]) {
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"];
        let body = json!({ "schemas": schemas, "Operations": operations });
        let upload = intake(&serde_json::to_vec(&body).unwrap()).unwrap();
        self.uploads += 1;
        let id = Uuid::from_u128(self.uploads);
        self.store.stage_upload(&job(), id, &upload.people, noon(), 1_000).await.unwrap();
    }

    /// So many people, fifty a call.
    async fn upload_many(&mut self, count: usize, title: &str) {
        let people: Vec<Value> = (0..count).map(|number| there(&format!("E{number}"), title)).collect();
        for people in people.chunks(50) {
            self.upload(people).await;
        }
    }

    /// A source of its own, as each process has one.
    fn source(&self) -> InboundSource {
        InboundSource::new(Arc::new(StoredUploads::new(self.store.clone(), job())))
    }

    /// Takes a row of the log away, as its time does.
    async fn expire(&self, number: u64) {
        let request = self.engine.client().delete_item().table_name(&self.names.state);
        let request = request.key("pk", AttributeValue::S(format!("UPLOAD#{}", job())));
        request.key("sk", AttributeValue::S(format!("LOG#{number:010}"))).send().await.unwrap();
    }
}

/// What a reading showed.
#[derive(Debug, Default, PartialEq)]
struct Shown {
    titles: BTreeMap<String, String>,
    gone: BTreeSet<String>,
    pages: Vec<usize>,
}

/// Reads from a cursor on to the end.
async fn read(source: &dyn Source, from: Cursor) -> Shown {
    let (mut shown, mut next) = (Shown::default(), Some(from));
    while let Some(cursor) = next {
        let page = source.read(&cursor).await.unwrap();
        assert!(page.unreadable.is_empty() && page.present.is_empty());
        shown.pages.push(page.objects.len() + page.gone.len());
        for person in page.objects {
            let title = person.attributes["title"].to_string();
            assert_eq!(shown.titles.insert(person.id.to_string(), title), None, "{} came twice", person.id);
        }
        shown.gone.extend(page.gone.iter().map(ToString::to_string));
        next = page.next;
    }
    shown
}

/// A full reading.
async fn full(source: &dyn Source, watermark: Option<&Watermark>) -> (Shown, Option<u64>, Watermark) {
    match source.open(watermark, None).await.unwrap() {
        Reading::Full { cursor, total, watermark, attributes: None } => {
            (read(source, cursor).await, total, watermark)
        }
        other => panic!("{other:?}"),
    }
}

/// A delta.
async fn delta(source: &dyn Source, watermark: &Watermark) -> (Shown, Option<u64>, Watermark) {
    match source.open(Some(watermark), None).await.unwrap() {
        Reading::Delta { cursor, total, watermark } => (read(source, cursor).await, total, watermark),
        other => panic!("{other:?}"),
    }
}

fn titles<const N: usize>(people: [(&str, &str); N]) -> BTreeMap<String, String> {
    people.map(|(id, title)| (id.to_owned(), title.to_owned())).into()
}

fn ids<const N: usize>(ids: [&str; N]) -> BTreeSet<String> {
    ids.map(str::to_owned).into()
}

#[tokio::test]
async fn before_the_first_upload_nobody_is_there() {
    let world = World::new().await;
    let (shown, total, watermark) = full(&world.source(), None).await;
    assert_eq!((shown.titles.len(), total), (0, Some(0)));
    let again = world.source().open(Some(&watermark), None).await.unwrap();
    assert_eq!(again, Reading::Unchanged { watermark: None });
}

#[tokio::test]
async fn the_first_reading_shows_everyone_and_the_next_one_whom_uploads_changed() {
    let mut world = World::new().await;
    world.upload(&[there("E1", "Clerk"), there("E2", "Cook"), there("E3", "Chef")]).await;
    world.upload(&[gone("E3")]).await;
    let (shown, total, watermark) = full(&world.source(), None).await;
    assert_eq!((shown.titles, total), (titles([("E1", "Clerk"), ("E2", "Cook")]), Some(2)));
    assert_eq!(shown.gone, ids([]), "who is gone is absent");

    world.upload(&[there("E1", "Chief"), there("E4", "Boss")]).await;
    world.upload(&[there("E1", "Director"), gone("E2")]).await;
    let (shown, total, watermark) = delta(&world.source(), &watermark).await;
    assert_eq!(
        shown.titles,
        titles([("E1", "Director"), ("E4", "Boss")]),
        "each once, as the last upload said"
    );
    assert_eq!((shown.gone, total), (ids(["E2"]), Some(3)));
    let again = world.source().open(Some(&watermark), None).await.unwrap();
    assert_eq!(again, Reading::Unchanged { watermark: None });
}

#[tokio::test]
async fn uploads_that_change_nobody_move_the_watermark_alone() {
    let mut world = World::new().await;
    world.upload(&[there("E1", "Clerk")]).await;
    let (_, _, watermark) = full(&world.source(), None).await;
    world.upload(&[there("E1", "Clerk"), gone("nobody")]).await;
    let Reading::Unchanged { watermark: Some(moved) } =
        world.source().open(Some(&watermark), None).await.unwrap()
    else {
        panic!("nobody changed");
    };
    assert_ne!(moved, watermark);
    let again = world.source().open(Some(&moved), None).await.unwrap();
    assert_eq!(again, Reading::Unchanged { watermark: None });
}

#[tokio::test]
async fn more_people_than_a_page_holds_come_on_several_each_once() {
    let mut world = World::new().await;
    world.upload_many(1_201, "Clerk").await;
    let (shown, total, watermark) = full(&world.source(), None).await;
    assert_eq!((shown.titles.len(), total, shown.pages), (1_201, Some(1_201), vec![500, 500, 201]));
    world.upload_many(500, "Chief").await;
    let (shown, total, _) = delta(&world.source(), &watermark).await;
    assert_eq!((shown.titles.len(), total, shown.pages), (500, Some(500), vec![500, 0]));
}

#[tokio::test]
async fn a_reading_that_was_cut_goes_on_in_another_process() {
    let mut world = World::new().await;
    let (_, _, empty) = full(&world.source(), None).await;
    world.upload_many(510, "Clerk").await;
    for watermark in [None, Some(&empty)] {
        let first = world.source();
        let (Reading::Full { cursor, .. } | Reading::Delta { cursor, .. }) =
            first.open(watermark, None).await.unwrap()
        else {
            panic!("people came");
        };
        let page = first.read(&cursor).await.unwrap();
        let cursor = page.next.unwrap();
        let (other, resumed) = (world.source(), cursor.clone());
        let reading = other.open(watermark, Some(&resumed)).await.unwrap();
        assert_eq!(matches!(reading, Reading::Full { .. }), watermark.is_none());
        let mut all: BTreeSet<String> = page.objects.iter().map(|person| person.id.to_string()).collect();
        let rest = read(&other, cursor).await;
        assert_eq!((all.len(), rest.titles.len()), (500, 10));
        all.extend(rest.titles.into_keys());
        assert_eq!(all.len(), 510);
    }
}

#[tokio::test]
async fn whoever_is_uploaded_while_a_reading_goes_on_shows_in_the_next() {
    let mut world = World::new().await;
    world.upload_many(510, "Clerk").await;
    let source = world.source();
    let Reading::Full { cursor, watermark, .. } = source.open(None, None).await.unwrap() else {
        panic!("the first")
    };
    let first = source.read(&cursor).await.unwrap();
    let shown = first.objects[0].id.to_string();
    world.upload(&[there(&shown, "Chief"), there("new", "Clerk")]).await;
    world.upload(&[gone("E7")]).await;
    read(&source, first.next.unwrap()).await;
    let (shown_next, ..) = delta(&world.source(), &watermark).await;
    assert_eq!(shown_next.titles, titles([(&shown, "Chief"), ("new", "Clerk")]));
    assert_eq!(shown_next.gone, ids(["E7"]));
}

#[tokio::test]
async fn when_it_is_no_longer_known_whom_uploads_changed_everyone_is_read() {
    let mut world = World::new().await;
    world.upload(&[there("E1", "Clerk"), there("E2", "Cook")]).await;
    let (_, _, watermark) = full(&world.source(), None).await;
    world.upload(&[gone("E2")]).await;
    world.upload(&[there("E3", "Chef")]).await;
    let source = world.source();
    let Reading::Delta { cursor, .. } = source.open(Some(&watermark), None).await.unwrap() else {
        panic!("known")
    };
    world.expire(2).await;
    let resumed = world.source().open(Some(&watermark), Some(&cursor)).await;
    assert!(matches!(resumed, Err(SourceError::Moved(_))), "{resumed:?}");
    let (shown, ..) = full(&world.source(), Some(&watermark)).await;
    assert_eq!(shown.titles, titles([("E1", "Clerk"), ("E3", "Chef")]));
}

#[tokio::test]
async fn a_watermark_or_cursor_that_is_not_ours_is_not_followed() {
    let mut world = World::new().await;
    world.upload(&[there("E1", "Clerk")]).await;
    for strange in [
        json!(null),
        json!({ "sha256": "x" }),
        json!({ "version": 1, "sequence": 99 }),
        json!({ "version": 2, "sequence": 1 }),
    ] {
        assert_eq!(full(&world.source(), Some(&Watermark(strange))).await.0.titles.len(), 1);
    }
    let resumed = world.source().open(None, Some(&Cursor(json!({ "spool": "x" })))).await;
    assert!(matches!(resumed, Err(SourceError::Moved(_))), "{resumed:?}");
}

#[tokio::test]
async fn what_a_delta_asks_of_the_store_grows_with_people_and_not_with_uploads() {
    // The head, the log up to a megabyte, and a hundred people a request.
    for (uploads, people, requests) in [(1, 1, 3), (60, 10, 3), (60, 60, 3)] {
        let mut world = World::new().await;
        let (_, _, before) = full(&world.source(), None).await;
        for number in 0..uploads {
            world.upload(&[there(&format!("E{}", number % people), &number.to_string())]).await;
        }
        let counter = Counter::default();
        world.store = world.counted(&counter);
        let (shown, ..) = delta(&world.source(), &before).await;
        assert_eq!(shown.titles.len(), people);
        assert_eq!(counter.take().total_requests(), requests, "{uploads} uploads of {people} people");
    }
}

#[tokio::test]
async fn single_people_are_read_by_id() {
    let mut world = World::new().await;
    world.upload(&[there("E1", "Clerk"), there("E2", "Cook")]).await;
    let source = world.source();
    let found = source.get(&["E2", "E9"].map(SourceId::new)).await.unwrap();
    assert_eq!(found.iter().map(|person| person.id.as_str()).collect::<Vec<_>>(), ["E2"]);
    assert_eq!(source.calls(), 1);
}
