//! What happens to single people: joining, moving, renaming, leaving, coming back.

use engine::job::{CycleKind, StatusCode};
use engine::model::{SkipReason, SourceId};
use engine::report::Action;
use serde_json::json;
use store::By;
use testkit::sandbox::Quirks;

use super::{expression, provisioned, use_mapping};
use crate::world::{Target, World, person, set};

#[tokio::test]
async fn an_initial_cycle_creates_everyone_who_is_active() {
    let world = World::new().await;
    world.directory.put(person("1", "Nadia Okoye", "Treasurer"));
    let mut off = person("2", "Omar Vogel", "Clerk");
    off.enabled = false;
    world.directory.put(off);

    let report = world.cycle().await.unwrap();

    assert_eq!(report.kind, CycleKind::Initial);
    assert_eq!((report.figures.created, report.figures.skipped), (1, 1));
    let nadia = world.account("nadia.okoye");
    assert_eq!((&nadia["title"], &nadia["active"]), (&json!("Treasurer"), &json!(true)));
    assert_eq!(world.link("2").await.unwrap().skipped, Some(SkipReason::NotActiveInSource));
    let state = world.state().await;
    assert_eq!((state.code, state.counts.linked, state.counts.in_scope), (StatusCode::Active, 1, 1));
    assert!(state.initial_completed.is_some() && state.checkpoint.is_none());
}

#[tokio::test]
async fn a_second_cycle_with_nothing_new_makes_no_call_and_writes_no_log() {
    let world = provisioned(7).await;
    let log = world.records(By::All).await.len();
    let calls = world.app.counters().total;
    let report = world.cycle().await.unwrap();
    assert_eq!((report.kind, report.figures.imported), (CycleKind::Incremental, 0));
    // A file that was written again, with the same content, is read and compared.
    world.directory.touch();
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.imported, report.figures.unchanged), (7, 7));
    assert_eq!(world.app.counters().total, calls);
    assert_eq!(world.records(By::All).await.len(), log);
}

#[tokio::test]
async fn someone_who_moves_is_updated_with_what_changed_and_nothing_else() {
    let world = provisioned(3).await;
    world.directory.edit("02", |bo| set(bo, "jobTitle", "Treasurer"));
    let before = world.app.counters();

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.updated, report.figures.unchanged, report.figures.target_calls), (1, 2, 1));
    assert_eq!(world.app.counters().patch, before.patch + 1);
    assert_eq!(world.account("bo")["title"], "Treasurer");
    let record = world.records(By::Source(SourceId::new("02"))).await.pop().unwrap();
    assert_eq!(record.provisioning_action, Action::Update);
    let changed = &record.modified_properties[0];
    assert_eq!(record.modified_properties.len(), 1);
    assert_eq!(
        (changed.old_value.as_deref(), changed.new_value.as_deref()),
        (Some("Clerk"), Some("Treasurer"))
    );
}

#[tokio::test]
async fn a_rename_of_the_sign_in_name_follows_the_link() {
    let world = provisioned(2).await;
    let account = world.account("bo")["id"].clone();
    world.directory.edit("02", |bo| set(bo, "upn", "bo.whitlock@tessera.example"));

    world.cycle().await.unwrap();

    assert_eq!(world.account("bo.whitlock")["id"], account);
    assert_eq!(world.accounts().len(), 2);
}

#[tokio::test]
async fn someone_switched_off_is_disabled_and_comes_back_to_the_same_account() {
    let world = provisioned(3).await;
    let account = world.account("cleo")["id"].clone();

    world.directory.edit("03", |cleo| cleo.enabled = false);
    let off = world.cycle().await.unwrap();
    assert_eq!((off.figures.disabled, off.figures.held), (1, 0));
    assert_eq!(world.account("cleo")["active"], false);
    assert_eq!(world.state().await.counts.in_scope, 2);

    world.directory.edit("03", |cleo| cleo.enabled = true);
    let on = world.cycle().await.unwrap();
    assert_eq!(on.figures.updated, 1);
    let cleo = world.account("cleo");
    assert_eq!((&cleo["active"], &cleo["id"]), (&json!(true), &account));

    let actions: Vec<Action> = world
        .records(By::Source(SourceId::new("03")))
        .await
        .iter()
        .map(|record| record.provisioning_action)
        .collect();
    assert_eq!(actions, [Action::Create, Action::Disable, Action::Update]);
}

#[tokio::test]
async fn someone_who_comes_back_changed_arrives_where_both_at_once_are_refused() {
    let world = provisioned(3).await;
    world.app.set_quirks(Quirks { refuse_reactivation_with_changes: true, ..Quirks::default() });
    world.directory.edit("03", |cleo| cleo.enabled = false);
    world.cycle().await.unwrap();
    world.directory.edit("03", |cleo| {
        cleo.enabled = true;
        set(cleo, "jobTitle", "Lead");
    });

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.updated, report.figures.failed), (1, 0));
    let cleo = world.account("cleo");
    assert_eq!((&cleo["active"], &cleo["title"]), (&json!(true), &json!("Lead")));
    assert_eq!(world.cycle().await.unwrap().figures.target_calls, 0);
}

#[tokio::test]
async fn someone_gone_from_the_source_is_deleted_even_after_having_been_disabled() {
    let world = provisioned(4).await;
    world.directory.edit("03", |cleo| cleo.enabled = false);
    world.cycle().await.unwrap();
    world.directory.remove("03");
    world.directory.remove("04");

    let report = world.cycle().await.unwrap();

    assert_eq!(report.figures.deleted, 2);
    assert_eq!(world.accounts().len(), 2);
    assert_eq!(world.link("03").await, None);
    assert_eq!(world.cycle().await.unwrap().figures.target_calls, 0);
}

#[tokio::test]
async fn someone_who_returns_after_being_deleted_gets_a_new_account() {
    let world = provisioned(3).await;
    world.directory.remove("03");
    world.cycle().await.unwrap();
    world.directory.put(person("03", "Cleo", "Clerk"));

    assert_eq!(world.cycle().await.unwrap().figures.created, 1);
    assert_eq!(world.account("cleo")["active"], true);
    let state = world.state().await;
    assert_eq!((state.counts.linked, state.counts.ever_linked), (3, 4));
}

#[tokio::test]
async fn a_changed_mapping_looks_at_everyone_again_and_writes_only_what_it_changes() {
    let mut world = provisioned(4).await;
    let mut mapping = crate::world::mapping(json!(["create", "update", "delete"]));
    mapping.attributes.remove(3);
    world.definition.mapping =
        engine::mapping::Mapping::check(&mapping, &connectors::scim::ScimSchema).unwrap();
    let report = world.cycle().await.unwrap();
    assert_eq!(
        (report.kind, report.figures.imported, report.figures.target_calls),
        (CycleKind::Initial, 0, 0),
        "everyone is evaluated from what is remembered"
    );
    assert_eq!(report.figures.log_records, 0);

    world.set_actions(json!(["create", "delete"]));
    world.directory.edit("01", |ada| ada.enabled = false);
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.disabled, report.figures.skipped), (0, 4));
    assert_eq!(world.account("ada")["active"], true);
}

#[tokio::test]
async fn with_bulk_the_same_people_arrive_in_fewer_calls() {
    let world = World::with(Target { concurrency: 4, bulk: true }, 100).await;
    for number in 0..250 {
        world.directory.put(person(&format!("{number:03}"), &format!("Person {number}"), "Clerk"));
    }
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.created, report.figures.failed), (250, 0));
    assert!(report.figures.target_calls <= 5, "{}", report.figures.target_calls);
}

#[tokio::test]
async fn an_attribute_of_the_source_that_is_named_like_a_computed_one_is_noticed_when_it_changes() {
    let mut world = World::new().await;
    use_mapping(&mut world, |mapping| mapping.attributes.push(expression("nickName", "[accountEnabled]")));
    let mut ada = person("01", "Ada", "Clerk");
    set(&mut ada, "accountEnabled", "yes");
    world.directory.put(ada);
    world.cycle().await.unwrap();
    assert_eq!(world.account("ada")["nickName"], "yes");
    world.directory.edit("01", |ada| set(ada, "accountEnabled", "mostly"));
    world.cycle().await.unwrap();
    assert_eq!(world.account("ada")["nickName"], "mostly");
}
