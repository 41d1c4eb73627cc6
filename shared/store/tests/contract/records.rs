//! The provisioning log: every way to find a record, and paging.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::slice::from_ref;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::AttributeValue;
use engine::model::JobId;
use engine::ports::{Identity, Store};
use engine::report::{Outcome, ProvisioningRecord};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use store::embedded::Embedded;
use store::{By, DynamoStore, QueryError, RecordQuery, StoredApplication, TableNames, tables};
use testkit::time::TestClock;
use uuid::Uuid;

use crate::samples::{account, cycle, job, noon, record, source};
use crate::world::{World, after, worker};

fn query(by: By) -> RecordQuery {
    RecordQuery { job: None, by, since: None, until: None, oldest_first: false, page_size: 10, token: None }
}

fn in_job(by: By) -> RecordQuery {
    RecordQuery { job: Some(job()), ..query(by) }
}

async fn all_pages(store: &DynamoStore, mut query: RecordQuery) -> Vec<ProvisioningRecord> {
    let mut records = Vec::new();
    loop {
        let page = store.records(&query).await.unwrap();
        assert!(page.records.len() <= query.page_size);
        records.extend(page.records);
        query.token = page.token;
        if query.token.is_none() {
            return records;
        }
    }
}

async fn ids(store: &DynamoStore, query: RecordQuery) -> Vec<String> {
    all_pages(store, query).await.into_iter().map(|record| record.source_identity.id).collect()
}

fn name(id: &str, name: &str) -> Identity {
    Identity { source_id: source(id), name: name.to_owned() }
}

/// Ann and Ben in the first cycle, of another job too; Ann fails in the second.
async fn written() -> World {
    let world = World::with_job().await;
    let application = StoredApplication {
        id: "a".into(),
        name: "Ticketing".into(),
        version: 1,
        document: serde_json::Value::Null,
        job: job(),
    };
    world.store.save_application(&application, None).await.unwrap();
    let other = JobId::new("other");
    let mut elsewhere = record("ann", cycle(7), after(5), Outcome::Failure);
    elsewhere.job_id = other.to_string();
    world.store.append_records(&other, &[elsewhere], &[name("ann", "Ann Elsewhere")]).await.unwrap();
    let records = [
        record("ann", cycle(1), after(0), Outcome::Success),
        record("ben", cycle(1), after(0), Outcome::Skipped),
        record("ann", cycle(2), after(40), Outcome::Failure),
    ];
    let names = [name("ann", "Ánn Lee"), name("ben", "Ben O'Leary"), name("ann", "Ann Smith")];
    for _ in 0..2 {
        world.store.append_records(&job(), &records, &names).await.unwrap();
    }
    world
}

#[tokio::test]
async fn a_record_is_found_by_its_id_and_by_its_change() {
    let world = written().await;
    let failed = record("ann", cycle(2), after(40), Outcome::Failure);
    assert_eq!(world.store.record(failed.id).await.unwrap(), Some(failed.clone()));
    let change: Uuid = failed.change_id.parse().unwrap();
    assert_eq!(world.store.record_by_change(change).await.unwrap(), Some(failed));
    assert_eq!(world.store.record(Uuid::from_u128(1)).await.unwrap(), None);
}

#[tokio::test]
async fn records_are_found_by_everything_an_administrator_may_know() {
    let world = written().await;
    let cases = [
        ("everything", query(By::All), 4),
        ("the job", in_job(By::All), 3),
        ("the person, anywhere", query(By::Source(source("ann"))), 3),
        ("the person, in the job", in_job(By::Source(source("ann"))), 2),
        ("the account", in_job(By::Target(account("account-ben"))), 1),
        ("the person's id, in either system", query(By::Identity("ann".into())), 3),
        ("the account's id, in either system", in_job(By::Identity("account-ben".into())), 1),
        ("the cycle", query(By::Cycle(cycle(1))), 2),
        ("failures of the job", in_job(By::Failures), 1),
        ("failures of all applications", query(By::Failures), 1),
        ("the name", in_job(By::Person("lee".into())), 2),
        ("a name in all applications", query(By::Person("smith".into())), 3),
        ("the name, or an id", in_job(By::Anybody("lee".into())), 2),
        ("the person's id, or a name", in_job(By::Anybody("ben".into())), 1),
        ("the account's id, or a name", in_job(By::Anybody("account-ben".into())), 1),
        ("an unknown name", in_job(By::Person("zoe".into())), 0),
        ("an unknown name or id", in_job(By::Anybody("zoe".into())), 0),
        ("an unknown person", in_job(By::Source(source("zoe"))), 0),
    ];
    for (what, query, count) in cases {
        assert_eq!(ids(&world.store, query).await.len(), count, "{what}");
    }
    assert_eq!(ids(&world.store, in_job(By::All)).await[0], "ann", "newest first");
}

#[tokio::test]
async fn a_window_includes_its_beginning_and_excludes_its_end() {
    let world = written().await;
    let cases = [
        (Some(0), None, 3),
        (Some(1), None, 1),
        (None, Some(40), 2),
        (Some(0), Some(0), 0),
        (Some(40), Some(41), 1),
    ];
    for (since, until, count) in cases {
        let query = RecordQuery { since: since.map(after), until: until.map(after), ..in_job(By::All) };
        assert_eq!(ids(&world.store, query).await.len(), count, "{since:?} to {until:?}");
    }
}

#[tokio::test]
async fn people_are_found_by_any_word_of_any_name_they_had() {
    let world = written().await;
    let cases: [(&str, &[&str]); 9] = [
        ("an", &["ann"]),
        ("ANN L", &["ann"]),
        ("ánn lee", &["ann"]),
        ("smith", &["ann"]),
        ("o'l", &["ben"]),
        ("lea", &["ben"]),
        ("le", &["ann", "ben"]),
        ("nn", &[]),
        ("ann x", &[]),
    ];
    for (text, expected) in cases {
        let found = world.store.find_people(&job(), text, 9).await.unwrap();
        let found: BTreeSet<String> = found.into_iter().map(|person| person.source_id.to_string()).collect();
        assert_eq!(found, expected.iter().map(ToString::to_string).collect(), "{text}");
    }
    for short in ["", "a", " á ", "!!"] {
        let refused = world.store.find_people(&job(), short, 9).await;
        assert!(matches!(refused, Err(QueryError::ShortName(_))), "{short}: {refused:?}");
    }
}

#[tokio::test]
async fn a_name_too_many_people_have_is_refused_in_words() {
    let world = World::with_job().await;
    let names: Vec<_> = (0..1_500).map(|number| name(&number.to_string(), "Maria Sample")).collect();
    world.store.append_records(&job(), &[], &names).await.unwrap();
    let found = world.store.find_people(&job(), "mar", 2_000).await.unwrap();
    assert_eq!(found.len(), 1_500);
    let counter = store::usage::Counter::default();
    let store = world.through(counter.watch(&world.client));
    let refused = store.records(&in_job(By::Person("mar".into()))).await;
    assert!(matches!(refused, Err(QueryError::ManyPeople { most: 100, .. })), "{refused:?}");
    assert_eq!(counter.take().total_requests(), 1, "more than are shown were read");
}

#[tokio::test]
async fn what_is_too_short_for_a_name_may_be_an_id() {
    let world = World::with_job().await;
    let records = [record("7", cycle(1), after(0), Outcome::Success)];
    world.store.append_records(&job(), &records, &[name("7", "Sevi Ten")]).await.unwrap();
    assert_eq!(ids(&world.store, in_job(By::Anybody("7".into()))).await, ["7"]);
    let refused = world.store.records(&in_job(By::Anybody("s".into()))).await;
    assert!(matches!(refused, Err(QueryError::ShortName(_))), "{refused:?}");
}

#[tokio::test]
async fn a_token_of_another_search_is_refused() {
    let world = written().await;
    let page = world.store.records(&RecordQuery { page_size: 1, ..in_job(By::All) }).await.unwrap();
    let foreign = RecordQuery { token: page.token, ..in_job(By::Failures) };
    assert!(matches!(world.store.records(&foreign).await, Err(QueryError::ForeignToken)));
    let page = world.store.records(&RecordQuery { page_size: 1, ..in_job(By::All) }).await.unwrap();
    let backwards = RecordQuery { token: page.token, oldest_first: true, ..in_job(By::All) };
    assert!(matches!(world.store.records(&backwards).await, Err(QueryError::ForeignToken)));
    let garbage = RecordQuery { token: Some("x".into()), ..in_job(By::All) };
    assert!(matches!(world.store.records(&garbage).await, Err(QueryError::ForeignToken)));
}

/// Records at these times, in milliseconds after noon: ties are likely.
fn at_times(times: &[u8]) -> Vec<ProvisioningRecord> {
    let at = |ms: u8| Timestamp::from_millisecond(noon().as_millisecond() + i64::from(ms)).unwrap();
    let outcome = |index: usize| if index.is_multiple_of(3) { Outcome::Failure } else { Outcome::Success };
    times
        .iter()
        .enumerate()
        .map(|(i, ms)| record(&format!("p{}", i % 5), cycle(i as u128), at(*ms), outcome(i)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn going_from_page_to_page_neither_loses_nor_repeats_a_record_while_others_are_written(
        times in proptest::collection::vec(0_u8..6, 0..60),
        sizes in proptest::collection::vec(1_usize..12, 1..6),
        late in proptest::collection::vec(0_u8..8, 0..6),
        oldest_first: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::with_job().await;
            let mut records = at_times(&times);
            world.store.append_records(&job(), &records, &[]).await.unwrap();
            records.sort_by_key(|record| (record.activity_date_time, record.id));
            if !oldest_first {
                records.reverse();
            }
            let questions = [By::All, By::Failures, By::Source(source("p1"))];
            let mut written = BTreeSet::new();
            for (turn, by) in questions.into_iter().enumerate() {
                let expected: Vec<Uuid> = records
                    .iter()
                    .filter(|record| match &by {
                        By::Failures => record.provisioning_status_info.status == Outcome::Failure,
                        By::Source(id) => id.as_str() == record.source_identity.id,
                        _ => true,
                    })
                    .map(|record| record.id)
                    .collect();
                let mut query = RecordQuery { oldest_first, ..in_job(by) };
                let mut paged = Vec::new();
                let mut late = late.iter().enumerate();
                for size in sizes.iter().cycle() {
                    query.page_size = *size;
                    let page = world.store.records(&query).await.unwrap();
                    paged.extend(page.records.iter().map(|record| record.id));
                    query.token = page.token;
                    if query.token.is_none() {
                        break;
                    }
                    if let Some((number, ms)) = late.next() {
                        let mut other = at_times(&[*ms]);
                        other[0].id = Uuid::from_u128((turn * 100 + number) as u128);
                        written.insert(other[0].id);
                        world.store.append_records(&job(), &other, &[]).await.unwrap();
                    }
                }
                prop_assert_eq!(paged.iter().collect::<BTreeSet<_>>().len(), paged.len());
                paged.retain(|id| !written.contains(id));
                prop_assert_eq!(&paged, &expected);
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn expired_records_never_show_though_the_table_still_holds_them() {
    let world = World::with_job().await;
    let application = StoredApplication {
        id: "a".into(),
        name: "Ticketing".into(),
        version: 1,
        document: serde_json::Value::Null,
        job: job(),
    };
    world.store.save_application(&application, None).await.unwrap();
    let hour = |hours: i64| SignedDuration::from_hours(hours);
    // Kept for two hours, and for five.
    let names = [name("ann", "Ann Short"), name("ben", "Ben Long")];
    let short = record("ann", cycle(1), noon(), Outcome::Failure);
    let long = record("ben", cycle(1), noon(), Outcome::Failure);
    let store = |hours| world.store.clone().with_retention(hour(hours));
    store(2).append_records(&job(), from_ref(&short), &names[..1]).await.unwrap();
    store(5).append_records(&job(), from_ref(&long), &names[1..]).await.unwrap();

    // The hours after noon, the hours for which the log is kept by now, who is seen.
    let cases: [(i64, i64, &[&str]); 5] =
        [(1, 5, &["ann", "ben"]), (2, 5, &["ben"]), (4, 5, &["ben"]), (4, 3, &[]), (5, 9, &[])];
    for (now, kept, expected) in cases {
        let clock = Arc::new(TestClock::at(noon() + hour(now)));
        let store = store(kept).with_clock(clock);
        let questions =
            [By::All, By::Failures, By::Cycle(cycle(1)), By::Person("an".into()), By::Person("be".into())];
        let mut seen = BTreeSet::new();
        for (by, oldest_first) in questions.into_iter().flat_map(|by| [(by.clone(), false), (by, true)]) {
            let found = ids(&store, RecordQuery { oldest_first, page_size: 1, ..in_job(by.clone()) }).await;
            assert!(
                found.iter().all(|id| expected.contains(&id.as_str())),
                "{by:?} after {now} hours: {found:?}"
            );
            seen.extend(found);
        }
        assert_eq!(Vec::from_iter(&seen), expected, "after {now} hours");
        for (id, person) in [(short.id, "ann"), (long.id, "ben")] {
            let found = store.record(id).await.unwrap();
            assert_eq!(found.is_some(), expected.contains(&person), "{person} after {now} hours");
        }
    }
}

#[tokio::test]
async fn records_are_told_once_they_are_written() {
    static TOLD: Mutex<Vec<Uuid>> = Mutex::new(Vec::new());
    let world = World::with_job().await;
    let tell =
        |records: &[ProvisioningRecord]| TOLD.lock().unwrap().extend(records.iter().map(|record| record.id));
    let one = record("ann", cycle(1), noon(), Outcome::Success);
    world.store.clone().telling(tell).append_records(&job(), from_ref(&one), &[]).await.unwrap();
    assert_eq!(*TOLD.lock().unwrap(), [one.id]);

    let (dying, death) = world.dying_after(0);
    let two = record("ben", cycle(1), noon(), Outcome::Success);
    dying.telling(tell).append_records(&job(), &[two], &[]).await.unwrap_err();
    assert!(death.struck());
    assert_eq!(TOLD.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn seeded_rows_are_those_that_the_store_writes() {
    let records: Vec<_> = (0..100)
        .map(|n| {
            let outcome = if n % 3 == 0 { Outcome::Failure } else { Outcome::Success };
            record(&format!("p{}", n % 40), cycle(n), after(i64::try_from(n).unwrap()), outcome)
        })
        .collect();
    let names: Vec<_> = (0..40).map(|n| name(&format!("p{n}"), &format!("Zoë Sample-{}", n % 7))).collect();
    let engine = Embedded::open(None).await.unwrap();
    let store = |names: &TableNames| DynamoStore::new(engine.client(), names.clone(), worker("one"));
    let ways = [TableNames::with_prefix("seeded"), TableNames::with_prefix("written")];
    for names in &ways {
        tables::create(&engine.client(), names).await.unwrap();
    }
    let [seeded, written] = ways.each_ref().map(store);
    engine.careless(true).unwrap();
    // Again, as after a crash: nothing is there twice.
    for _ in 0..2 {
        engine.seed(&seeded, &job(), &records, &names).unwrap();
    }
    engine.careless(false).unwrap();
    written.append_records(&job(), &records, &names).await.unwrap();

    let indexes = ["byJob", "byCycle", "bySource", "byTarget", "failed", "all"].map(Some);
    for index in std::iter::once(None).chain(indexes) {
        let [seeded, written] = [rows(&engine, &ways[0], index).await, rows(&engine, &ways[1], index).await];
        assert!(seeded.len() >= 34, "{index:?}: {}", seeded.len());
        assert_eq!(seeded, written, "{index:?}");
    }
}

/// The rows of the log, or of one of its indexes, as text.
async fn rows(engine: &Embedded, names: &TableNames, index: Option<&str>) -> BTreeSet<String> {
    let scan = engine.client().scan().table_name(&names.logs).set_index_name(index.map(str::to_owned));
    let items: Vec<_> = scan.into_paginator().items().send().collect::<Result<_, _>>().await.unwrap();
    let text = |item: &HashMap<String, AttributeValue>| format!("{:?}", BTreeMap::from_iter(item));
    items.iter().map(text).collect()
}
