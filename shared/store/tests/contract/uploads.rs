//! What is uploaded takes effect whole, in one order, and once.

use std::collections::{BTreeMap, BTreeSet};

use engine::ids::IdHash;
use engine::model::{JobId, SourceId, SourceObject, Value};
use engine::ports::StoreError;
use jiff::Timestamp;
use store::{UploadError, UploadExtent};
use uuid::Uuid;

use crate::samples::{job, object, source};
use crate::world::{World, after};

const MANY: u32 = 1_000;

type People = BTreeMap<SourceId, Option<SourceObject>>;

fn there(id: &str, title: &str) -> (SourceId, Option<SourceObject>) {
    let mut person = object(id);
    person.attributes.insert("title".to_owned(), Value::text(title));
    (source(id), Some(person))
}

fn gone(id: &str) -> (SourceId, Option<SourceObject>) {
    (source(id), None)
}

async fn stage(world: &World, upload: u128, people: impl Into<People>) {
    let (id, people) = (Uuid::from_u128(upload), people.into());
    let staged = world.store.stage_upload(&job(), id, &people, after(0), MANY).await.unwrap();
    assert_eq!((staged.id, staged.count), (id, people.len()));
}

/// Who is there, with their titles.
async fn everyone(world: &World) -> BTreeMap<String, String> {
    let people = world.store.uploaded_after(&job(), None, 1_000).await.unwrap();
    people.into_iter().map(|person| (person.id.to_string(), person.attributes["title"].to_string())).collect()
}

async fn changed(world: &World, after: u64, to: u64) -> Option<BTreeSet<SourceId>> {
    world.store.changed_by_uploads(&job(), after, to).await.unwrap()
}

async fn extent(world: &World) -> (u64, u64) {
    let UploadExtent { sequence, people } = world.store.upload_extent(&job()).await.unwrap();
    (sequence, people)
}

fn titled<const N: usize>(people: [(&str, &str); N]) -> BTreeMap<String, String> {
    people.map(|(id, title)| (id.to_owned(), title.to_owned())).into()
}

#[tokio::test]
async fn whoever_was_uploaded_is_as_the_last_upload_said_until_one_says_they_are_gone() {
    let world = World::with_job().await;
    assert_eq!(extent(&world).await, (0, 0));
    stage(&world, 1, [there("ann", "Clerk"), there("ben", "Cook")]).await;
    stage(&world, 2, [there("ann", "Chief"), gone("nobody")]).await;
    assert_eq!(everyone(&world).await, titled([("ann", "Chief"), ("ben", "Cook")]));
    assert_eq!(extent(&world).await, (2, 2));
    stage(&world, 3, [gone("ben")]).await;
    assert_eq!(everyone(&world).await, titled([("ann", "Chief")]));
    assert_eq!(extent(&world).await, (3, 1));
    let asked = [source("ann"), source("ben"), source("ann")];
    let found = world.store.uploaded(&job(), &asked).await.unwrap();
    assert_eq!(found.iter().map(|person| person.id.as_str()).collect::<Vec<_>>(), ["ann"]);
    assert_eq!(changed(&world, 0, 3).await, Some([source("ann"), source("ben")].into()));
    assert_eq!(changed(&world, 2, 3).await, Some([source("ben")].into()));
}

#[tokio::test]
async fn whoever_is_uploaded_as_they_were_did_not_change() {
    let world = World::with_job().await;
    stage(&world, 1, [there("ann", "Clerk"), there("ben", "Cook")]).await;
    stage(&world, 2, [there("ann", "Clerk"), there("ben", "Chef")]).await;
    assert_eq!(changed(&world, 1, 2).await, Some([source("ben")].into()));
}

#[tokio::test]
async fn an_upload_that_is_staged_again_is_staged_once() {
    let world = World::with_job().await;
    stage(&world, 1, [there("ann", "Clerk")]).await;
    stage(&world, 2, [there("ann", "Chief")]).await;
    stage(&world, 1, [there("ann", "Clerk")]).await;
    assert_eq!((extent(&world).await, everyone(&world).await), ((2, 1), titled([("ann", "Chief")])));
}

#[tokio::test]
async fn uploads_of_the_same_moment_come_one_after_the_other_and_none_is_missed() {
    let world = World::with_job().await;
    let uploads = [1, 2, 3, 4].map(|number: u128| {
        let name = format!("person-{number}");
        let people: People = [there(&name, "Clerk"), there("ann", &name)].into();
        let (store, id) = (world.store.clone(), Uuid::from_u128(number));
        // Their clocks differ.
        let now = after(-(number as i64));
        tokio::spawn(async move { store.stage_upload(&job(), id, &people, now, MANY).await })
    });
    for upload in uploads {
        upload.await.unwrap().unwrap();
    }
    assert_eq!(extent(&world).await, (4, 5));
    let mut last = String::new();
    for number in 1..=4 {
        let changed = changed(&world, number - 1, number).await.unwrap();
        assert!(changed.contains(&source("ann")) && changed.len() == 2, "{changed:?}");
        last = changed.into_iter().map(|id| id.to_string()).find(|id| id != "ann").unwrap();
    }
    assert_eq!(everyone(&world).await["ann"], last, "what the last one said holds");
}

#[tokio::test]
async fn an_upload_that_was_killed_is_staged_whole_or_not_at_all() {
    for writes in 0..2 {
        let world = World::with_job().await;
        stage(&world, 1, [there("ann", "Clerk"), there("ben", "Cook")]).await;
        let people: People = [there("ann", "Chief"), gone("ben")].into();
        let (dying, death) = world.dying_after(writes);
        let outcome = dying.stage_upload(&job(), Uuid::from_u128(2), &people, after(0), MANY).await;
        assert_eq!(outcome.is_err(), death.struck());
        let expected = if death.struck() { (1, 2) } else { (2, 1) };
        assert_eq!(extent(&world).await, expected);
        stage(&world, 2, people).await;
        assert_eq!((extent(&world).await, everyone(&world).await), ((2, 1), titled([("ann", "Chief")])));
    }
}

#[tokio::test]
async fn everyone_is_listed_page_by_page_in_the_order_of_their_hashes() {
    let world = World::with_job().await;
    for upload in 0..5 {
        let people: Vec<_> = (0..40).map(|number| there(&format!("person-{upload}-{number}"), "x")).collect();
        stage(&world, upload, BTreeMap::from_iter(people)).await;
    }
    let (mut seen, mut last) = (Vec::new(), None);
    loop {
        let page = world.store.uploaded_after(&job(), last, 33).await.unwrap();
        seen.extend(page.iter().map(|person| IdHash::of(&person.id)));
        last = seen.last().copied();
        if page.len() < 33 {
            break;
        }
    }
    assert!(seen.len() == 200 && seen.is_sorted() && extent(&world).await == (5, 200), "{}", seen.len());
}

#[tokio::test]
async fn whom_uploads_changed_is_known_whole_or_not_at_all() {
    let world = World::with_job().await;
    for number in 1..=4 {
        stage(&world, number, [there("ann", &number.to_string())]).await;
    }
    world.lose(&format!("UPLOAD#{}", job()), "LOG#0000000002").await;
    let cases = [
        (0, 4, false),
        (1, 4, false),
        (1, 2, false),
        (2, 4, true),
        (3, 4, true),
        (4, 4, true),
        (2, 5, false),
    ];
    for (after, to, known) in cases {
        assert_eq!(changed(&world, after, to).await.is_some(), known, "{after} to {to}");
    }
}

#[tokio::test]
async fn a_day_has_so_many_uploads_and_the_next_one_as_many_again() {
    let world = World::with_job().await;
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let cases = [
        ("2026-03-01T23:59:58Z", true),
        ("2026-03-01T23:59:59Z", true),
        ("2026-03-01T23:59:59Z", false),
        ("2026-03-02T00:00:00Z", true),
        // A clock that is behind.
        ("2026-03-01T23:59:59Z", true),
        ("2026-03-02T00:00:01Z", false),
    ];
    for (number, (now, taken)) in cases.into_iter().enumerate() {
        let people = [there("ann", &number.to_string())].into();
        let id = Uuid::from_u128(number as u128);
        let outcome = world.store.stage_upload(&job(), id, &people, at(now), 2).await;
        match outcome {
            Err(UploadError::TooMany { most: 2, again }) if !taken => {
                assert_eq!(
                    again,
                    at(if number < 3 { "2026-03-02T00:00:00Z" } else { "2026-03-03T00:00:00Z" })
                );
            }
            Ok(_) if taken => {}
            other => panic!("{now}: {other:?}"),
        }
    }
    assert_eq!(extent(&world).await, (4, 1));
    // What was staged before is no new upload.
    world
        .store
        .stage_upload(&job(), Uuid::from_u128(0), &People::new(), at("2026-03-02T01:00:00Z"), 2)
        .await
        .unwrap();
}

#[tokio::test]
async fn nothing_is_staged_for_a_job_that_does_not_exist() {
    let world = World::empty().await;
    let other = JobId::new("scim.t.other");
    let people = [there("ann", "x")].into();
    let outcome = world.store.stage_upload(&other, Uuid::nil(), &people, after(0), MANY).await;
    assert!(matches!(outcome, Err(UploadError::Store(StoreError::Missing(job))) if job == other));
    assert_eq!(world.keys().await, []);
}

#[tokio::test]
async fn fifty_people_of_the_largest_size_are_one_upload() {
    let world = World::with_job().await;
    // Printable letters in no order, from a generator of Lehmer's: they hardly deflate.
    let noise: String = std::iter::successors(Some(1_u64), |state| Some(state * 48_271 % 0x7fff_ffff))
        .map(|state| char::from(b'#' + (state % 57) as u8))
        .take(64_000)
        .collect();
    let people = (0..50).map(|number| there(&format!("person-{number}"), &noise));
    stage(&world, 1, BTreeMap::from_iter(people)).await;
    assert_eq!(extent(&world).await, (1, 50));
}
