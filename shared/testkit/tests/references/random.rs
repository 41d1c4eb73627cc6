//! Random worlds: people, managers and groups come, go and change, calls fail, workers die. In the end the app shows
//! exactly what the directory does.

use std::collections::{BTreeMap, BTreeSet};

use engine::cycle::{Nested, Request};
use engine::model::ObjectType;
use engine::ports::TargetErrorKind;
use jiff::SignedDuration;
use testkit::kill::Moment;
use testkit::memory::{Chance, Fault, Faults, TargetSettings};

use crate::world::{World, settings};

const PEOPLE: usize = 9;
const GROUPS: usize = 4;

/// Worlds of one run: some seconds.
const SEEDS: u64 = 300;

/// What the directory shows: whose manager is who, and who is in which group.
#[derive(Debug, Default)]
struct Model {
    people: BTreeMap<String, Option<String>>,
    groups: BTreeMap<String, BTreeSet<String>>,
}

fn person(number: usize) -> String {
    format!("p{number}")
}

fn group(number: usize) -> String {
    format!("g{number}")
}

impl Model {
    /// Something happens in the directory.
    fn change(&mut self, chance: &mut Chance, world: &World) {
        let somebody = person(chance.below(PEOPLE));
        let some_group = group(chance.below(GROUPS));
        match chance.below(8) {
            0 if self.people.remove(&somebody).is_some() => world.directory.remove(&somebody),
            1 if chance.in_thousand(300) && self.groups.remove(&some_group).is_some() => {
                world.directory.remove(&format!("z-{some_group}"));
            }
            0..=3 => {
                let manager = chance.in_thousand(700).then(|| person(chance.below(PEOPLE)));
                world.person(&somebody, manager.as_deref());
                self.people.insert(somebody, manager);
            }
            _ => {
                let mut members: BTreeSet<String> =
                    (0..PEOPLE).filter(|_| chance.in_thousand(400)).map(person).collect();
                members.extend(
                    (0..GROUPS)
                        .filter(|_| chance.in_thousand(200))
                        .map(|inner| format!("z-{}", group(inner))),
                );
                let listed: Vec<&str> = members.iter().map(String::as_str).collect();
                world.group(&some_group, &listed.join(" "));
                self.groups.insert(some_group, members);
            }
        }
    }

    /// Whether somebody, or a group, has an account and is gone from the directory.
    fn somebody_is_to_be_deleted(&self, world: &World) -> bool {
        let known = |name: &str| self.people.contains_key(name) || self.groups.contains_key(name);
        let accounts = [ObjectType::User, ObjectType::Group].map(|kind| world.target.accounts(kind));
        accounts.into_iter().flatten().any(|(_, account)| {
            let name = account.attributes.get("userName").or_else(|| account.attributes.get("displayName"));
            name.is_some_and(|name| !known(&name.to_string()))
        })
    }

    /// Who shall be in a group of the app.
    fn members(&self, name: &str, nested: Nested) -> String {
        let mut reached = BTreeSet::from([name.to_owned()]);
        let inner = |members: &BTreeSet<String>| -> Vec<String> {
            members.iter().filter_map(|member| member.strip_prefix("z-")).map(str::to_owned).collect()
        };
        // Each turn reaches one level more, and there are as many as groups at the most.
        for _ in 0..if nested == Nested::Expand { GROUPS } else { 0 } {
            let groups = reached.iter().filter_map(|group| self.groups.get(group));
            let more: Vec<String> = groups.flat_map(inner).collect();
            reached.extend(more);
        }
        let all = reached.iter().filter_map(|group| self.groups.get(group)).flatten();
        let people = all.filter(|member| self.people.contains_key(*member)).cloned();
        let mut members: BTreeSet<String> = people.collect();
        if nested == Nested::Member {
            let groups = self.groups.get(name).map(inner).unwrap_or_default();
            members
                .extend(groups.into_iter().filter(|inner| inner != name && self.groups.contains_key(inner)));
        }
        members.into_iter().collect::<Vec<_>>().join(" ")
    }
}

async fn live(seed: u64) {
    let mut chance = Chance::of(seed);
    let nested = *chance.one_of(&[Nested::Skip, Nested::Member, Nested::Expand]).unwrap();
    let settings = TargetSettings {
        members_per_call: chance.between(1, 4),
        concurrency: chance.between(1, 3),
        batch: chance.between(1, 3),
        hides_members: chance.in_thousand(200),
        ..settings()
    };
    let mut world = World::with(settings).nesting(nested);
    let mut model = Model::default();
    for _ in 0..chance.between(2, 5) {
        for _ in 0..chance.between(1, 8) {
            model.change(&mut chance, &world);
        }
        if chance.in_thousand(400) {
            let mut kinds = vec![
                Fault::Refused(TargetErrorKind::ServerError),
                Fault::Refused(TargetErrorKind::InvalidValue),
            ];
            // An account whose deletion was not answered is believed to be there until somebody reads it: that is the
            // affair of the drift sweep.
            if !model.somebody_is_to_be_deleted(&world) {
                kinds.extend([Fault::AnswerLost, Fault::Cut]);
            }
            world.target.set_faults(Faults::often(150, kinds));
        }
        let killed = chance.in_thousand(600).then(|| Moment::After(1 + chance.below(60) as u64));
        let _ = world.slice(killed, &Request::default()).await;
    }
    world.target.set_faults(Faults::none());
    // Permanent failures are tried again within six hours; what got an account then is named in the same cycle.
    for _ in 0..3 {
        world.clock.advance(SignedDuration::from_hours(30));
        world.directory.touch();
        world.cycle().await;
    }
    for (name, manager) in &model.people {
        let expected = manager.as_ref().filter(|manager| model.people.contains_key(*manager));
        if let Some(expected) = expected {
            assert_eq!(world.manager(name).as_ref(), Some(expected), "manager of {name}, seed {seed}");
        }
    }
    for name in model.groups.keys() {
        assert_eq!(world.members(name), model.members(name, nested), "{name}, {nested:?}, seed {seed}");
    }
    world.is_at_rest().await;
}

#[tokio::test]
async fn whatever_happens_the_app_shows_who_belongs_where_in_the_end() {
    for seed in 0..SEEDS {
        live(seed).await;
    }
}
