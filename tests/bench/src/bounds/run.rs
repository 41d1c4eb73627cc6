//! The scenarios.

use std::time::Duration;

use anyhow::{Context, bail};
use engine::cycle::Ending;
use engine::model::{Attributes, ObjectType, SourceId, SourceObject, Value};
use engine::ports::Unobserved;
use secrecy::SecretString;
use serde_json::json;
use store::usage::Counter;
use testkit::sandbox::RateLimit;
use testkit::source::{Manner, MemorySource};

use super::Scenario;
use super::facts::{Fact, Outcome, Unit, number};
use super::groups::Groups;
use super::world::{Cycle, Plan, World, job};
use crate::limit::Limit;
use crate::measure::Dynamo;
use crate::work::{self, Work};

/// What a syncing process may hold in a cycle that has nothing to do.
const QUIET_MEGABYTES: f64 = 150.0;
/// What it may hold at all, however many people there are.
const MEGABYTES: f64 = 256.0;
/// Calls of a listing and repetitions, beside those that grow with the people.
const SLACK: u64 = 10;
/// People on a page of the target's listing.
const PAGE: u64 = 100;
/// Members that one call adds.
const MEMBERS: u64 = 100;
/// Operations a bulk request carries at least, on average.
const BATCH: u64 = 50;
/// People whom one request to DynamoDB covers at least, when all are read and none changed.
const PEOPLE_PER_REQUEST: u64 = 500;

/// Measures one; `people` replaces its own number of people.
pub(super) async fn scenario(scenario: Scenario, people: Option<u64>) -> anyhow::Result<Outcome> {
    let few = people.unwrap_or(10_000);
    let many = people.unwrap_or(100_000);
    match scenario {
        Scenario::Initial => initial(few).await,
        Scenario::Bulk => bulk(few).await,
        Scenario::Groups => groups(few).await,
        Scenario::Quiet => quiet(many).await,
        Scenario::Delta => delta(many).await,
        Scenario::Bucket => bucket().await,
        Scenario::Slices => slices(many).await,
        Scenario::Million => million(people.unwrap_or(1_000_000)).await,
    }
}

async fn initial(people: u64) -> anyhow::Result<Outcome> {
    let memory = World::build(Plan::of(people)).await?.cycle().await?;
    let disk = World::build(Plan { disk: true, ..Plan::of(people) }).await?.cycle().await?;
    let mut facts = vec![
        Fact::count("target calls", memory.target_calls()).at_most(people + people / PAGE + SLACK),
        Fact::count("DynamoDB requests", memory.requests()),
    ];
    facts.extend(first_cycle_time(&memory, people));
    facts.push(Fact::seconds("time, tables in a file", disk.seconds()));
    facts.push(Fact::count("target calls, tables in a file", disk.target_calls()));
    Ok(Outcome {
        scenario: Scenario::Initial,
        what: format!("{people} new users; each answer takes 20 ms; tables in memory, then in a file"),
        facts,
        details: json!({ "memory": memory, "disk": disk }),
    })
}

/// 15 s for 10,000 people and an app at 20 ms, to which one call after the other would take 200 s. The processor's time
/// beside it tells whether the machine had other things to do.
fn first_cycle_time(cycle: &Cycle, people: u64) -> [Fact; 3] {
    let time = Fact::seconds("time", cycle.seconds());
    let beside = cycle.processor_seconds_beside.unwrap_or(f64::NAN);
    [
        if people == 10_000 { time.within(Limit::AtMost(15.0)) } else { time },
        Fact::seconds("processor time of the syncing process", cycle.processor_seconds()),
        Fact::seconds("processor time of app and tables", beside),
    ]
}

async fn bulk(people: u64) -> anyhow::Result<Outcome> {
    let cycle = World::build(Plan { bulk: true, ..Plan::of(people) }).await?.cycle().await?;
    let mut facts = vec![
        Fact::count("target calls", cycle.target_calls()).at_most(people / BATCH + people / PAGE + SLACK),
    ];
    facts.extend(first_cycle_time(&cycle, people));
    Ok(Outcome {
        scenario: Scenario::Bulk,
        what: format!("{people} new users in bulk requests; each answer takes 20 ms"),
        facts,
        details: json!(cycle),
    })
}

async fn groups(people: u64) -> anyhow::Result<Outcome> {
    // As many in all as the scenario's name says, fewer where there are fewer people to be members.
    let groups = Groups { groups: 200, memberships: people * 3 };
    let world = World::build(Plan { groups: Some(groups), ..Plan::of(people) }).await?;
    let cycle = world.cycle().await?;
    let members: usize = world.sandbox.memberships().values().map(std::collections::BTreeSet::len).sum();
    let most = people + groups.groups + groups.calls(MEMBERS) + people / PAGE + SLACK;
    Ok(Outcome {
        scenario: Scenario::Groups,
        what: format!(
            "{people} new users in {} groups with {} members, the largest {}",
            groups.groups,
            groups.memberships,
            groups.sizes().first().copied().unwrap_or_default()
        ),
        facts: vec![
            Fact::count("target calls", cycle.target_calls()).at_most(most),
            Fact::count("members in the app", members as u64).exactly(groups.memberships),
            Fact::seconds("time", cycle.seconds()),
        ],
        details: json!(cycle),
    })
}

async fn quiet(people: u64) -> anyhow::Result<Outcome> {
    let mut world = World::build(prepared(people)).await?;
    let first = world.cycle().await.context("the first cycle")?;
    world.people.backwards = true;
    world.write_people()?;
    let cycle = world.cycle().await?;
    Ok(Outcome {
        scenario: Scenario::Quiet,
        what: format!("{people} users; every row written anew with the same values, the last one first"),
        facts: vec![
            Fact::count("target calls", cycle.target_calls()).exactly(0),
            Fact::count("log records", cycle.report.figures.log_records).exactly(0),
            Fact::count("people compared", cycle.report.figures.unchanged).exactly(people),
            Fact::count("DynamoDB requests", cycle.requests()).at_most(people / PEOPLE_PER_REQUEST),
            Fact::seconds("time", cycle.seconds()).within(Limit::AtMost(10.0)),
            Fact::memory("memory of the syncing process", cycle.peak())
                .within(Limit::AtMost(QUIET_MEGABYTES)),
        ],
        details: json!({ "first": first, "quiet": cycle }),
    })
}

/// A world whose first cycle is not measured, and goes the quickest way.
fn prepared(people: u64) -> Plan {
    Plan { bulk: true, latency: Duration::ZERO, ..Plan::of(people) }
}

/// Runs in this process: no source of changes can be had without a directory server, and memory has no bound here.
async fn delta(people: u64) -> anyhow::Result<Outcome> {
    let world = World::build(prepared(people)).await?;
    let source = MemorySource::with_pages_of(1_000);
    source.set_manner(Manner::Changes);
    (0..people).for_each(|number| source.put(person(number)));
    over(&world, &source).await.context("the first cycle")?;

    source.put(person(people / 2));
    world.sandbox.reset_counters();
    let rewritten = over(&world, &source).await?;
    let untouched = over(&world, &source).await?;
    let calls = crate::measure::calls(&world.sandbox.counters());
    let ((reads, writes), (least_reads, least_writes)) =
        (rewritten.reads_and_writes(), untouched.reads_and_writes());
    Ok(Outcome {
        scenario: Scenario::Delta,
        what: format!("{people} users; the source shows one, whose values are the same"),
        facts: vec![
            Fact::count("target calls", calls).exactly(0),
            Fact::count("reads of the store", reads).at_most(3),
            Fact::count("writes of the store", writes).at_most(3),
            Fact::count("reads, when the source shows nobody", least_reads).at_most(3),
            Fact::count("writes, when the source shows nobody", least_writes).at_most(3),
        ],
        details: json!({ "rewritten": rewritten, "untouched": untouched }),
    })
}

/// A cycle over a source in this process; what it asked of the tables.
async fn over(world: &World, source: &MemorySource) -> anyhow::Result<Dynamo> {
    let counter = Counter::default();
    let work = Work {
        checked: &work::checked(&world.yaml())?,
        job: job(),
        folder: world.folder(),
        token: SecretString::from(world.sandbox.token()),
        store: &world.counted(&counter),
        observer: &Unobserved,
        deadline: None,
    };
    match work.run_over(source).await? {
        Ending::Completed(_) => Ok(Dynamo::from(counter.take())),
        Ending::Continues | Ending::Paused => bail!("the cycle stopped without a deadline"),
    }
}

fn person(number: u64) -> SourceObject {
    let attributes = [
        ("employeeId", format!("E{number:07}")),
        ("mail", format!("person.{number}@tessera.example")),
        ("displayName", format!("Person {number}")),
        ("givenName", "Person".to_owned()),
        ("surname", number.to_string()),
        ("department", "Treasury".to_owned()),
        ("jobTitle", "Analyst".to_owned()),
    ];
    let attributes: Attributes =
        attributes.into_iter().map(|(name, value)| (name.to_owned(), Value::text(value))).collect();
    SourceObject {
        id: SourceId::new(format!("E{number:07}")),
        object_type: ObjectType::User,
        display_name: Some(format!("Person {number}")),
        enabled: true,
        soft_deleted: false,
        attributes,
    }
}

/// Calls a second that the app of the bucket takes.
const RATE: f64 = 25.0;
/// How long the limit is learnt, and how long it is measured after.
const WARM_UP: Duration = Duration::from_secs(10);
const MEASURED: Duration = Duration::from_secs(60);

async fn bucket() -> anyhow::Result<Outcome> {
    // More people than the app takes until the end.
    let plan = Plan { rate: Some(RateLimit { per_second: RATE, burst: 25 }), ..Plan::of(3_000) };
    let world = World::build(plan).await?;
    let slice = world.slice(Some(75));
    let counting = async {
        while world.sandbox.counters().total == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(WARM_UP).await;
        let (before, began) = (world.sandbox.counters(), std::time::Instant::now());
        tokio::time::sleep(MEASURED).await;
        (before, world.sandbox.counters(), began.elapsed().as_secs_f64())
    };
    let (done, (before, after, seconds)) = tokio::join!(slice, counting);
    let (sent, refused) = (after.total - before.total, after.throttled - before.throttled);
    let taken = number(sent - refused) / seconds;
    Ok(Outcome {
        scenario: Scenario::Bucket,
        what: "an app that takes 25 calls a second, 25 at once, and refuses the others; \
               60 seconds after the first 10"
            .to_owned(),
        facts: vec![
            Fact::of("share of the limit that is used", taken / RATE * 100.0, Unit::Percent)
                .within(Limit::AtLeast(90.0)),
            Fact::of("calls refused", number(refused) / number(sent.max(1)) * 100.0, Unit::Percent)
                .within(Limit::AtMost(1.0)),
            Fact::of("calls taken", taken, Unit::PerSecond),
            Fact::count("calls refused in the first 10 s", before.throttled),
        ],
        details: json!({ "before": before, "after": after, "slice": done? }),
    })
}

/// How long a slice works before it hands over.
const SLICE: u32 = 20;

async fn slices(people: u64) -> anyhow::Result<Outcome> {
    let (uncut, expected) = {
        let world = World::build(Plan::of(people)).await?;
        (world.cycle().await?, world.left_behind().await?)
    };
    let world = World::build(Plan::of(people)).await?;
    let cut = world.cycle_in_slices(Some(SLICE)).await?;
    let found = world.left_behind().await?;
    let longest = cut.slices.iter().map(|slice| slice.seconds).fold(0.0, f64::max);
    Ok(Outcome {
        scenario: Scenario::Slices,
        what: format!("{people} new users in slices of {SLICE} s, each answer takes 20 ms"),
        facts: vec![
            Fact::count("slices", cut.slices.len() as u64).within(Limit::AtLeast(2.0)),
            Fact::count("accounts", expected.accounts.len() as u64).exactly(people),
            Fact::count("accounts that differ", differing(&expected.accounts, &found.accounts)).exactly(0),
            Fact::count("links that differ", differing(&expected.links, &found.links)).exactly(0),
            Fact::count("log records", found.records).exactly(expected.records),
            Fact::count("figures that differ", differing_figures(&uncut, &cut)?).exactly(0),
            Fact::count("target calls", cut.target_calls()).at_most(uncut.target_calls()),
            Fact::seconds("time, cut", cut.seconds()),
            Fact::seconds("time, uncut", uncut.seconds()),
            Fact::seconds("longest slice", longest),
            Fact::memory("memory of the syncing process, cut", cut.peak()),
            Fact::memory("memory of the syncing process, uncut", uncut.peak()),
        ],
        details: json!({ "uncut": uncut, "cut": cut }),
    })
}

/// Entries that are not the same in both, or in one of them only.
fn differing(
    one: &std::collections::BTreeMap<String, String>,
    other: &std::collections::BTreeMap<String, String>,
) -> u64 {
    let differ = one.iter().filter(|(key, value)| other.get(*key) != Some(value)).count();
    let new = other.keys().filter(|key| !one.contains_key(*key)).count();
    (differ + new) as u64
}

/// Figures that are not the same, but for the calls to the source, which each slice opens again, and time.
fn differing_figures(one: &Cycle, other: &Cycle) -> anyhow::Result<u64> {
    let figures = |cycle: &Cycle| -> anyhow::Result<serde_json::Value> {
        let mut figures = serde_json::to_value(cycle.report.figures)?;
        if let Some(figures) = figures.as_object_mut() {
            figures.remove("sourceCalls");
            figures.remove("throttledMilliseconds");
        }
        Ok(figures)
    };
    let (one, other) = (figures(one)?, figures(other)?);
    let (one, other) = (one.as_object().context("no figures")?, other.as_object().context("no figures")?);
    Ok(one.iter().filter(|(name, value)| other.get(*name) != Some(value)).count() as u64)
}

async fn million(people: u64) -> anyhow::Result<Outcome> {
    let world = World::build(Plan::of(people)).await?;
    let first = world.cycle().await?;
    let quiet = world.cycle().await.context("the cycle after")?;
    let rate = number(people) / first.seconds().max(f64::MIN_POSITIVE);
    Ok(Outcome {
        scenario: Scenario::Million,
        what: format!(
            "{people} new users, each answer takes 20 ms; the engine in a process of its own, \
             app and tables in memory in another one"
        ),
        facts: vec![
            Fact::memory("memory of the syncing process", first.peak()).within(Limit::AtMost(MEGABYTES)),
            Fact::seconds("time", first.seconds()),
            Fact::of("users", rate, Unit::PerSecond),
            Fact::count("target calls", first.target_calls()).at_most(people + people / PAGE + SLACK),
            Fact::count("DynamoDB requests", first.requests()),
            Fact::count("log records", first.report.figures.log_records).exactly(people),
            Fact::memory("memory of a cycle without changes", quiet.peak()).within(Limit::AtMost(MEGABYTES)),
            Fact::seconds("time of a cycle without changes", quiet.seconds()),
        ],
        details: json!({ "first": first, "quiet": quiet }),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_is_in_one_map_only_or_not_the_same_differs() {
        let map = |entries: &[(&str, &str)]| -> BTreeMap<String, String> {
            entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let one = map(&[("a", "1"), ("b", "2"), ("c", "3")]);
        assert_eq!(differing(&one, &one), 0);
        assert_eq!(differing(&one, &map(&[("a", "1"), ("b", "9"), ("d", "4")])), 3);
    }
}
