//! Killed before and after every outside call, a cycle ends as if it had not been.

use std::collections::BTreeSet;
use std::time::Duration;

use engine::cadence::Cadence;
use engine::cycle::{Ending, Nested, Request};
use engine::drift::DriftSweep;
use engine::job::Figures;
use engine::model::{ObjectType, Value};
use testkit::kill::Moment;
use testkit::source::MemorySource;

use crate::world::World;

/// What a cycle leaves behind, times and counts of calls aside, a fact a line.
fn outcome(world: &World, figures: Figures) -> BTreeSet<String> {
    let job = &world.definition.job;
    let accounts = [ObjectType::User, ObjectType::Group].map(|kind| world.target.accounts(kind));
    let accounts = accounts.into_iter().flatten().map(|(id, account)| format!("{id}: {account:?}"));
    let memberships = world.store.memberships(job).into_iter();
    let memberships = memberships.map(|(group, membership)| format!("{group}: {membership:?}"));
    let log = world.store.records(job).into_iter().map(|record| {
        let told = format!(
            "{:?} {} {:?} {:?}",
            record.provisioning_action,
            record.source_identity.id,
            record.provisioning_status_info.status,
            record.modified_properties
        );
        format!("{}: {told}", record.id)
    });
    let links =
        world.store.all_links(job).into_iter().map(|link| {
            format!("{} {:?} {:?} {:?}", link.source_id, link.target_id, link.shadow, link.pending)
        });
    let pending = world.store.all_pending(job).into_iter().map(|row| format!("{row:?}"));
    let staged = world.store.all_staged(job).into_iter().map(|row| format!("{:?} {}", row.key(), row.count));
    let escrows = world.store.all_escrows(job).into_iter().map(|entry| {
        format!("{} {} {:?} {}", entry.source_id, entry.attempts, entry.failure, entry.reference)
    });
    let figures = Figures { source_calls: 0, target_calls: 0, ..figures };
    let counted = [format!("{:?}", world.state().counts), format!("{figures:?}")];
    let rows = accounts.chain(memberships).chain(log).chain(links).chain(pending).chain(staged);
    rows.chain(escrows).chain(counted).collect()
}

/// Runs the next cycle undisturbed, and killed at every `step`-th call in turn.
async fn survives_every_kill(world: &World, directory: impl Fn() -> MemorySource, step: usize) {
    let mut calm = world.fork(directory());
    let (ending, calls) = calm.slice(None, &Request::default()).await;
    let Some(Ok(Ending::Completed(report))) = ending else { panic!("the cycle did not end: {ending:?}") };
    let expected = outcome(&calm, report.figures);
    for call in (1..=calls).step_by(step) {
        for moment in [Moment::Before(call), Moment::After(call)] {
            let mut killed = world.fork(directory());
            let (ending, _) = killed.slice(Some(moment), &Request::default()).await;
            if ending.is_some() {
                continue;
            }
            let ending = killed.slice(None, &Request::default()).await.0;
            let Some(Ok(Ending::Completed(report))) = ending else {
                panic!("killed {moment:?}, the cycle did not end: {ending:?}")
            };
            let figures = if killed.state().last.is_some() { report.figures } else { Figures::default() };
            if killed.state().last.map(|last| last.cycle) != calm.state().last.map(|last| last.cycle) {
                // The cycle had ended before the kill, and this was another one.
                continue;
            }
            let outcome = outcome(&killed, figures);
            let missing: Vec<_> = expected.difference(&outcome).collect();
            let surplus: Vec<_> = outcome.difference(&expected).collect();
            assert!(
                missing.is_empty() && surplus.is_empty(),
                "killed {moment:?} of {calls}: missing {missing:#?}, surplus {surplus:#?}"
            );
        }
    }
}

/// A world after its first cycle, to which everything happens that references know.
async fn eventful(nested: Nested) -> (World, impl Fn() -> MemorySource) {
    let mut world = World::new().nesting(nested);
    world.people("ada bo cleo dan eve");
    world.person("finn", Some("zoe"));
    world.group("staff", "ada bo cleo dan nobody");
    world.group("gone", "ada");
    world.group("lost", "ada bo");
    world.group("nest", "eve z-staff");
    world.cycle().await;
    world.target.seed(ObjectType::Group, [("displayName".into(), Value::text("found"))].into());
    world.target.meddle(&world.group_id("found"), &world.account("bo"), true);
    world.target.forget(ObjectType::Group, &world.group_id("lost"));
    let definition = world.fork(MemorySource::with_pages_of(4));
    let directory = move || {
        let world = definition.fork(MemorySource::with_pages_of(4));
        world.people("ada bo cleo dan");
        world.person("eve", Some("ada"));
        world.person("finn", Some("zoe"));
        world.people("nobody zoe");
        world.group("staff", "bo cleo eve finn nobody zoe");
        world.group("lost", "ada bo cleo");
        world.group("nest", "eve z-staff");
        world.group("found", "ada cleo");
        world.directory
    };
    (world, directory)
}

#[tokio::test]
async fn killed_anywhere_a_first_cycle_ends_as_if_it_had_not_been() {
    let world = World::new();
    let definition = world.fork(MemorySource::with_pages_of(4));
    survives_every_kill(
        &world,
        || {
            let world = definition.fork(MemorySource::with_pages_of(4));
            world.people("ada bo cleo dan");
            world.person("eve", Some("zoe"));
            world.people("zoe");
            world.group("staff", "ada bo cleo dan eve nobody");
            world.directory
        },
        1,
    )
    .await;
}

#[tokio::test]
async fn killed_anywhere_an_eventful_cycle_ends_as_if_it_had_not_been() {
    // What nested groups add is little: a fifth of the calls, and other ones each time, are enough for it.
    for (nested, step) in [(Nested::Skip, 1), (Nested::Member, 5), (Nested::Expand, 7)] {
        let (world, directory) = eventful(nested).await;
        survives_every_kill(&world, directory, step).await;
    }
}

/// A dozen people, two of whom manage others, and three groups, as the directory shows them: at first, or once everything
/// has happened to them that happens to people and groups.
fn company(world: &World, moved: bool) -> MemorySource {
    let world = world.fork(MemorySource::with_pages_of(5));
    world.people("ada bo finn gia ida jo kai lou");
    for (person, manager) in [("cleo", "bo"), ("dan", "nia"), ("eve", "gia"), ("hal", "gia")] {
        world.person(person, Some(manager));
    }
    world.group("treasury", "ada bo cleo dan finn mo");
    world.group("sales", "eve gia hal lou");
    world.group("alumni", "ida jo");
    if moved {
        // Whom a group waited for, with a manager who is known; whom Dan waited for; another manager.
        world.person("mo", Some("bo"));
        world.people("nia");
        world.person("cleo", Some("gia"));
        // A new name, a leave, a departure.
        world.directory.edit("bo", |bo| drop(bo.attributes.insert("upn".into(), Value::text("bo.whitlock"))));
        world.directory.edit("hal", |hal| hal.enabled = false);
        world.directory.remove("finn");
        // Ada moves to the group with a new name; one group ends, another begins.
        world.group("treasury", "bo cleo dan mo");
        world.group("sales", "ada eve gia hal lou");
        world.directory.edit("z-sales", |sales| {
            sales.attributes.insert("name".into(), Value::text("commerce"));
        });
        world.directory.remove("z-alumni");
        world.group("board", "bo gia nia nobody");
    }
    world.directory
}

#[tokio::test]
async fn killed_anywhere_a_company_ends_up_as_if_nobody_had_been() {
    // The app refuses Lou, so that a group waits for him.
    let mut world = World::new();
    world.target.poison("lou");
    let plan = world.fork(MemorySource::with_pages_of(5));
    survives_every_kill(&world, || company(&plan, false), 1).await;

    world.directory = company(&plan, false);
    let figures = world.cycle().await;
    assert_eq!((figures.created, figures.members_added, figures.failed), (14, 10, 1), "{figures:?}");
    survives_every_kill(&world, || company(&plan, true), 1).await;
}

#[tokio::test]
async fn killed_anywhere_a_sweep_puts_right_what_somebody_did_to_a_group() {
    for drift in [DriftSweep::Repair, DriftSweep::Report] {
        let mut world = World::new();
        let plan = world.fork(MemorySource::with_pages_of(5));
        let directory = || company(&plan, false);
        world.directory = company(&plan, false);
        world.cycle().await;
        let (sales, treasury) = (world.group_id("sales"), world.group_id("treasury"));
        world.target.meddle(&sales, &world.account("ada"), true);
        world.target.meddle(&sales, &world.account("eve"), false);
        world.target.meddle(&treasury, &world.account("ida"), true);
        world.definition.drift = drift;
        // Everyone is looked at in one cycle.
        world.definition.cadence = Cadence::Every(Duration::from_secs(24 * 60 * 60));
        survives_every_kill(&world, directory, 1).await;
    }
}
