//! Applications and their names.

use engine::model::JobId;
use engine::ports::StoreError;
use engine::schema::Discovered;
use engine::schema::export::{definition, object_of};
use engine::schema::spelling::AttributeType;
use store::usage::Counter;
use store::{ApplicationError, StoredApplication};

use crate::samples::state;
use crate::world::World;

fn application(id: &str, name: &str, version: u32) -> StoredApplication {
    StoredApplication {
        id: id.to_owned(),
        name: name.to_owned(),
        version,
        document: serde_json::json!({ "version": version, "name": name }),
        job: JobId::new(format!("scim.tenant.{id}")),
    }
}

#[tokio::test]
async fn an_application_is_found_by_its_name_whatever_the_case() {
    let world = World::empty().await;
    let ticketing = application("a", "Ticketing", 1);
    world.store.save_application(&ticketing, None).await.unwrap();
    assert_eq!(world.store.application_by_name("ticketing").await.unwrap(), Some(ticketing.clone()));
    assert_eq!(world.store.application("a").await.unwrap(), Some(ticketing));
    assert_eq!(world.store.application_by_name("chat").await.unwrap(), None);
}

#[tokio::test]
async fn two_applications_never_share_a_name() {
    let world = World::empty().await;
    world.store.save_application(&application("a", "Ticketing", 1), None).await.unwrap();
    let taken = world.store.save_application(&application("b", "TICKETING", 1), None).await;
    assert!(matches!(taken, Err(ApplicationError::NameTaken(_))), "{taken:?}");
    assert_eq!(world.store.application("b").await.unwrap(), None);

    world.store.save_application(&application("b", "Chat", 1), None).await.unwrap();
    let taken = world.store.save_application(&application("b", "Ticketing", 2), Some(1)).await;
    assert!(matches!(taken, Err(ApplicationError::NameTaken(_))), "{taken:?}");
}

#[tokio::test]
async fn a_renamed_application_leaves_its_old_name_to_others() {
    let world = World::empty().await;
    world.store.save_application(&application("a", "Ticketing", 1), None).await.unwrap();
    world.store.save_application(&application("a", "Helpdesk", 2), Some(1)).await.unwrap();
    assert_eq!(world.store.application_by_name("Ticketing").await.unwrap(), None);
    world.store.save_application(&application("b", "Ticketing", 1), None).await.unwrap();
    let names: Vec<_> =
        world.store.applications().await.unwrap().into_iter().map(|a| (a.name, a.id)).collect();
    assert_eq!(names, [("Helpdesk".to_owned(), "a".to_owned()), ("Ticketing".to_owned(), "b".to_owned())]);
}

#[tokio::test]
async fn names_are_read_a_page_at_a_time_and_know_their_owners() {
    let world = World::empty().await;
    for (id, name) in [("a", "Ticketing"), ("b", "chat"), ("c", "Écrit")] {
        let mut application = application(id, name, 1);
        application.document["owners"] = serde_json::json!(["ada", id]);
        world.store.save_application(&application, None).await.unwrap();
    }
    let first = world.store.applications_after(None, 2).await.unwrap();
    let shown: Vec<_> = first.iter().map(|name| (name.name.as_str(), name.key())).collect();
    assert_eq!(shown, [("chat", "chat".to_owned()), ("Ticketing", "ticketing".to_owned())]);
    assert_eq!(first[0].owners, Some(vec!["ada".to_owned(), "b".to_owned()]));
    let rest = world.store.applications_after(Some(&first[1].key()), 2).await.unwrap();
    assert_eq!(rest.iter().map(|name| name.id.as_str()).collect::<Vec<_>>(), ["c"]);
}

#[tokio::test]
async fn a_hundred_applications_and_their_jobs_are_two_requests() {
    let world = World::empty().await;
    let ids: Vec<String> = (0..100).map(|number| format!("{number:03}")).collect();
    for id in &ids {
        let application = application(id, id, 1);
        world.store.save_application(&application, None).await.unwrap();
        // Of one the job was deleted a moment ago.
        if id != "007" {
            world.store.create_job(&application.job, &state()).await.unwrap();
        }
    }
    let counter = Counter::default();
    let store = world.through(counter.watch(&world.client));
    let mut wanted: Vec<&str> = ids.iter().rev().map(String::as_str).collect();
    wanted[50] = "gone";
    let found = store.applications_of(&wanted).await.unwrap();
    let jobs = store.jobs_of(&found).await.unwrap();
    let usage = counter.take();
    assert_eq!(usage.total_requests(), 2, "{usage:?}");
    let found: Vec<&str> = found.iter().map(|one| one.id.as_str()).collect();
    wanted.remove(50);
    assert_eq!(found, wanted, "in the order that was asked for");
    assert_eq!(jobs.len(), 98);
}

#[tokio::test]
async fn two_people_who_change_the_same_version_do_not_overwrite_one_another() {
    let world = World::empty().await;
    world.store.save_application(&application("a", "Ticketing", 1), None).await.unwrap();
    let changes = (0..4).map(|_| {
        let store = world.store.clone();
        async move { store.save_application(&application("a", "Ticketing", 2), Some(1)).await }
    });
    let answers = futures::future::join_all(changes).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    let again = world.store.save_application(&application("a", "Ticketing", 1), None).await;
    assert!(matches!(again, Err(ApplicationError::Changed { .. })), "{again:?}");
}

#[tokio::test]
async fn older_versions_are_kept() {
    let world = World::empty().await;
    world.store.save_application(&application("a", "Ticketing", 1), None).await.unwrap();
    world.store.save_application(&application("a", "Ticketing", 2), Some(1)).await.unwrap();
    let first = world.store.application_version("a", 1).await.unwrap();
    assert_eq!(first, Some(application("a", "Ticketing", 1)));
    assert_eq!(world.store.application("a").await.unwrap(), Some(application("a", "Ticketing", 2)));
}

fn found(version: &str, attributes: usize) -> Discovered {
    // As long as paths may be, and different from the first letter on: they hardly deflate.
    let path = |number: usize| {
        let digits = (0..8).map(|part| {
            format!(
                "{:032x}",
                uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, format!("{number} {part}").as_bytes())
                    .simple()
            )
        });
        digits.collect::<String>()
    };
    let attributes = (0..attributes).map(|number| definition(&path(number), AttributeType::String)).collect();
    Discovered {
        from: "https://ticketing.example".to_owned(),
        version: version.to_owned(),
        at: crate::world::after(0),
        objects: vec![object_of("User", attributes)],
        left_out: 2,
    }
}

#[tokio::test]
async fn what_a_target_has_is_kept_beside_its_application_as_it_was_found_last() {
    let world = World::empty().await;
    let ticketing = application("a", "Ticketing", 1);
    world.store.save_application(&ticketing, None).await.unwrap();
    assert_eq!(world.store.discovered("a").await.unwrap(), None);
    // A thousand attributes are as many as there ever are.
    for found in [found("1", 1_000), found("2", 1)] {
        world.store.keep_discovered(&ticketing, &found).await.unwrap();
        assert_eq!(world.store.discovered("a").await.unwrap(), Some(found));
    }
    assert_eq!(world.store.application("a").await.unwrap(), Some(ticketing.clone()));
    world.store.save_application(&application("a", "Ticketing", 2), Some(1)).await.unwrap();
    assert_eq!(world.store.discovered("a").await.unwrap(), Some(found("2", 1)), "a new version keeps it");
    world.store.delete_application(&ticketing).await.unwrap();
    assert_eq!(world.store.discovered("a").await.unwrap(), None);
    let late = world.store.keep_discovered(&ticketing, &found("3", 1)).await;
    assert!(matches!(late, Err(StoreError::Missing(_))), "{late:?}");
    assert_eq!(world.keys().await, []);
}
