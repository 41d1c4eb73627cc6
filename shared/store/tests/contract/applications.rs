//! Applications and their names.

use engine::model::JobId;
use store::{ApplicationError, StoredApplication};

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
