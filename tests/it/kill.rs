//! Killed anywhere, nothing lost: a worker dies before or after *every* outside call of a cycle in turn; the next one
//! must end in the same target, links, log and figures as if nothing had happened.

mod company;
mod late;

use std::collections::{BTreeMap, BTreeSet};

use engine::failures::FailureKinds;
use engine::guard::Removed;
use engine::job::{Counts, CycleReport, Figures};
use engine::model::{Link, ObjectType};
use engine::ports::{Clock, Store};
use serde_json::json;
use store::By;
use testkit::kill::Moment;
use testkit::sandbox::{Faults, Sandbox};
use testkit::source::Manner;

use crate::world::{ONE_BY_ONE, Target, World, person, set};

/// Everything that must be the same, times, ids of the app and numbers of calls aside.
#[derive(Debug, PartialEq)]
struct Outcome {
    accounts: Vec<String>,
    groups: BTreeMap<String, BTreeSet<String>>,
    links: Vec<String>,
    memberships: Vec<String>,
    waiting: Vec<String>,
    records: Vec<String>,
    figures: Figures,
    failures: FailureKinds,
    counts: Counts,
    removed_today: [u64; 3],
}

impl Outcome {
    /// Compares part by part, so that a difference can be read.
    fn assert_is(&self, expected: &Self, when: &str) {
        assert_eq!(self.accounts, expected.accounts, "accounts, {when}");
        assert_eq!(self.groups, expected.groups, "groups of the app, {when}");
        assert_eq!(self.links, expected.links, "links, {when}");
        assert_eq!(self.memberships, expected.memberships, "memberships, {when}");
        assert_eq!(self.waiting, expected.waiting, "what waits, {when}");
        assert_eq!(self.figures, expected.figures, "figures, {when}");
        assert_eq!(self.failures, expected.failures, "failures by kind, {when}");
        assert_eq!(self.counts, expected.counts, "counts, {when}");
        assert_eq!(self.removed_today, expected.removed_today, "removals within the day, {when}");
        for (actual, expected) in self.records.iter().zip(&expected.records) {
            assert_eq!(actual, expected, "a record, {when}");
        }
        assert_eq!(self.records.len(), expected.records.len(), "records, {when}");
    }
}

/// What the app's ids stand for: two runs are the same when they are the same under these names.
struct Names(BTreeMap<String, String>);

impl Names {
    /// Those that the app knows now.
    fn of(app: &Sandbox) -> Self {
        let users = app.users().into_iter().map(|user| (user, "userName"));
        let groups = app.groups().into_iter().map(|group| (group, "displayName"));
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        Self(users.chain(groups).map(|(one, name)| (text(&one["id"]), text(&one[name]))).collect())
    }

    /// A text with names for ids.
    fn told(&self, text: String) -> String {
        self.0.iter().fold(text, |text, (id, name)| text.replace(id, name))
    }
}

/// Seven people who were provisioned, one who already had an account, one whom the app refuses.
async fn before(target: Target) -> World {
    let world = World::with(target, 3).await;
    let names = ["Ada", "Bo", "Cleo", "Dan", "Eve", "Finn", "Gia"];
    for (id, name) in (1..).zip(names) {
        world.directory.put(person(&format!("{id:02}"), name, "Clerk"));
    }
    world
        .app
        .seed(vec![json!({ "userName": "BO@tessera.example", "title": "Boss", "active": true })])
        .unwrap();
    world
        .app
        .set_faults(Faults { poisoned_user: Some("gia@tessera.example".to_owned()), ..Faults::default() });
    world
}

/// Some join, one moves, one is renamed, one is switched off, one leaves, one never comes.
fn fortnight(world: &World) {
    world.directory.put(person("08", "Hal", "Clerk"));
    world.directory.put(person("09", "Ida", "Clerk"));
    let mut jo = person("10", "Jo", "Clerk");
    jo.enabled = false;
    world.directory.put(jo);
    world.directory.edit("01", |ada| set(ada, "jobTitle", "Treasurer"));
    world.directory.edit("02", |bo| set(bo, "upn", "bo.whitlock@tessera.example"));
    world.directory.edit("03", |cleo| cleo.enabled = false);
    world.directory.remove("04");
}

async fn outcome(world: &World, report: CycleReport, before: &Names) -> Outcome {
    let mut names = Names::of(&world.app);
    // Who was deleted is named as they were, and who was renamed as they are.
    for (id, name) in &before.0 {
        names.0.entry(id.clone()).or_insert_with(|| name.clone());
    }
    let (store, job) = (&world.store as &dyn Store, &world.definition.job);
    let links = store.links_after(job, None, 100).await.unwrap();
    let mut memberships = Vec::new();
    for group in links.iter().filter(|link| link.object_type == ObjectType::Group) {
        let membership = store.membership(job, &group.source_id).await.unwrap();
        let members = membership.members.values();
        memberships.extend(members.map(|member| names.told(format!("{} {member:?}", group.source_id))));
    }
    let of_link = |link: &Link| {
        let (change_id, linked_at) = (uuid::Uuid::nil(), None);
        names.told(format!("{:?}", Link { change_id, linked_at, ..link.clone() }))
    };
    let escrows = store.escrows(job).await.unwrap();
    let escrows = escrows.iter().map(|entry| format!("{} failed {} times", entry.source_id, entry.attempts));
    let staged = store.staged(job).await.unwrap();
    let staged = staged.iter().map(|row| format!("{:?} {}", row.key(), row.count));
    let pending = store.pending(job).await.unwrap();
    let pending = pending.iter().map(|row| format!("{row:?}"));
    let unsettled = store.unsettled(job).await.unwrap();
    let unsettled = unsettled.iter().map(|group| format!("{group} is to be compared"));
    let records = world.records(By::All).await.into_iter().map(|mut record| {
        record.activity_date_time = jiff::Timestamp::UNIX_EPOCH;
        record.duration_in_milliseconds = 0;
        // A worker that dies before it saved anything leaves no cycle to go on with: the next one is called
        // differently, and so are its changes.
        record.id = uuid::Uuid::nil();
        record.cycle_id.clear();
        record.change_id.clear();
        names.told(serde_json::to_string(&record).unwrap())
    });
    let state = world.state().await;
    Outcome {
        accounts: world.accounts().values().map(|account| names.told(account.to_string())).collect(),
        groups: world.app.memberships(),
        links: links.iter().map(of_link).collect(),
        memberships,
        waiting: sorted(escrows.chain(staged).chain(pending).chain(unsettled)),
        records: sorted(records),
        // Asking again after a kill costs calls; everything else must agree.
        figures: Figures { source_calls: 0, target_calls: 0, ..report.figures },
        removed_today: Removed::ALL.map(|removed| state.removed.within(world.clock.now(), removed)),
        failures: state.days.0.last().map(|day| day.failures.clone()).unwrap_or_default(),
        counts: state.counts,
    }
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts
}

/// Kills at every `step`-th call from `first` on, in a world that `prepare` made; then lets another worker finish.
async fn kill_everywhere<P>(target: Target, first: u64, step: u64, prepare: P)
where
    P: AsyncFn(Target) -> World,
{
    let undisturbed = prepare(target).await;
    let names = Names::of(&undisturbed.app);
    let (report, calls) = undisturbed.cycle_killed_at(None).await;
    let expected = outcome(&undisturbed, report.unwrap(), &names).await;
    assert!(calls > 20, "a cycle of {calls} calls proves little");
    let mut moments = Vec::new();
    for call in (1..=calls).skip(usize::try_from(first).unwrap()).step_by(usize::try_from(step).unwrap()) {
        moments.extend([Moment::Before(call), Moment::After(call)]);
    }
    for moment in moments {
        let world = prepare(target).await;
        let names = Names::of(&world.app);
        let before = world.state().await.last.map(|last| last.cycle);
        let (killed, _) = world.cycle_killed_at(Some(moment)).await;
        let report = match killed {
            // The last call's answer is lost after everything was done: the next cycle finds nothing to do, so it
            // is the job's last report that counts.
            Some(report) => report,
            None => {
                let last = world.state().await.last.filter(|last| Some(last.cycle) != before);
                if let Some(last) = last { last } else { world.cycle().await.unwrap() }
            }
        };
        let actual = outcome(&world, report, &names).await;
        actual.assert_is(&expected, &format!("killed {moment:?} of {calls}"));
        let again = world.cycle().await.unwrap();
        assert_eq!(
            (again.figures.exported(), again.figures.target_calls - again.figures.failed),
            (0, 0),
            "a further cycle after a kill {moment:?} does nothing: {again:?}"
        );
    }
}

/// Whether every call is tried wherever some are enough otherwise: `tests/run --full`.
fn is_full() -> bool {
    std::env::var_os("ROLLCALL_FULL").is_some()
}

async fn initial(target: Target) -> World {
    before(target).await
}

async fn incremental(target: Target) -> World {
    let world = before(target).await;
    world.cycle().await.unwrap();
    fortnight(&world);
    world
}

async fn told_by(manner: Manner, target: Target) -> World {
    let world = incremental(target).await;
    world.directory.set_manner(manner);
    world
}

#[tokio::test]
async fn an_initial_cycle_killed_at_any_third_call_ends_as_if_it_had_not_been() {
    kill_everywhere(ONE_BY_ONE, 0, 3, initial).await;
}

#[tokio::test]
async fn an_initial_cycle_killed_at_the_calls_between_ends_as_if_it_had_not_been() {
    kill_everywhere(ONE_BY_ONE, 1, 3, initial).await;
}

#[tokio::test]
async fn an_initial_cycle_killed_at_the_remaining_calls_ends_as_if_it_had_not_been() {
    kill_everywhere(ONE_BY_ONE, 2, 3, initial).await;
}

#[tokio::test]
async fn an_incremental_cycle_killed_at_any_third_call_ends_as_if_it_had_not_been() {
    kill_everywhere(ONE_BY_ONE, 0, 3, incremental).await;
}

#[tokio::test]
async fn an_incremental_cycle_killed_at_the_calls_between_ends_as_if_it_had_not_been() {
    kill_everywhere(ONE_BY_ONE, 1, 3, incremental).await;
}

#[tokio::test]
async fn an_incremental_cycle_killed_at_the_remaining_calls_ends_as_if_it_had_not_been() {
    kill_everywhere(ONE_BY_ONE, 2, 3, incremental).await;
}

#[tokio::test]
async fn a_cycle_that_works_side_by_side_and_in_bulk_survives_kills_too() {
    let target = Target { concurrency: 4, bulk: true };
    let step = if is_full() { 1 } else { 5 };
    kill_everywhere(target, 0, step, incremental).await;
}

#[tokio::test]
async fn a_cycle_over_a_delta_survives_kills_too() {
    kill_everywhere(ONE_BY_ONE, 0, 2, async |target| told_by(Manner::Changes, target).await).await;
}

#[tokio::test]
async fn a_cycle_that_meets_people_by_id_alone_survives_kills_too() {
    kill_everywhere(ONE_BY_ONE, 0, 2, async |target| told_by(Manner::Presence, target).await).await;
}
