//! The company: who is in its directory, and what happens to them between two cycles.
//!
//! In: chance. Out: the objects as the source shows them, changed event by event, each told in words. Promise: what
//! happens can be lived up to. Nobody is given a sign-in name that its last holder will never give back, and no two
//! people swap theirs: a target with unique names has no way to follow that.

use std::collections::{BTreeMap, BTreeSet};

use engine::model::{Attributes, ObjectType, SourceId, SourceObject, Value};
use engine::ports::MEMBERS;
use testkit::memory::Chance;
use testkit::source::MemorySource;

use crate::model::Model;

/// Whoever works there is out of scope.
pub(crate) const OUT_OF_SCOPE: &str = "Contractors";

const DEPARTMENTS: [&str; 4] = ["Sales", "Engineering", "Treasury", OUT_OF_SCOPE];
const TITLES: [&str; 5] = ["Clerk", "Engineer", "Planner", "Trainer", "Boss"];

/// One person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) sign_in: String,
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) department: &'static str,
    pub(crate) manager: Option<String>,
    pub(crate) enabled: bool,
}

impl Person {
    /// Whether the scoping filter admits them.
    pub(crate) fn is_admitted(&self) -> bool {
        self.department != OUT_OF_SCOPE
    }

    fn object(&self, id: &str) -> SourceObject {
        let mut attributes = Attributes::from([
            ("upn".to_owned(), Value::text(&self.sign_in)),
            ("displayName".to_owned(), Value::text(&self.name)),
            ("department".to_owned(), Value::text(self.department)),
        ]);
        let optional = [("jobTitle", &self.title), ("manager", &self.manager)];
        attributes.extend(
            optional
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), Value::text(value.as_ref()?)))),
        );
        object(id, ObjectType::User, &self.name, self.enabled, attributes)
    }
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// People and groups, by id; also some that are not there.
    pub(crate) members: BTreeSet<String>,
}

impl Group {
    fn object(&self, id: &str) -> SourceObject {
        let members = self.members.iter().map(Value::text).collect();
        let attributes = Attributes::from([
            ("displayName".to_owned(), Value::text(&self.name)),
            (MEMBERS.to_owned(), Value::List(members)),
        ]);
        object(id, ObjectType::Group, &self.name, true, attributes)
    }
}

fn object(id: &str, kind: ObjectType, name: &str, enabled: bool, attributes: Attributes) -> SourceObject {
    SourceObject {
        id: SourceId::new(id),
        object_type: kind,
        display_name: Some(name.to_owned()),
        enabled,
        soft_deleted: false,
        attributes,
    }
}

/// Which things happen in a world.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Features {
    pub(crate) groups: bool,
    pub(crate) managers: bool,
}

/// The directory.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    pub(crate) people: BTreeMap<String, Person>,
    pub(crate) groups: BTreeMap<String, Group>,
    /// Who left, as they were.
    alumni: BTreeMap<String, Person>,
    /// Who took another sign-in name, or left, since the last cycle that came to rest.
    restless: BTreeSet<String>,
    issued: usize,
    features: Features,
}

impl Directory {
    /// A company of so many people, in no group.
    pub(crate) fn of(people: usize, groups: usize, features: Features, chance: &mut Chance) -> Self {
        let mut directory = Self {
            people: BTreeMap::new(),
            groups: BTreeMap::new(),
            alumni: BTreeMap::new(),
            restless: BTreeSet::new(),
            issued: 0,
            features,
        };
        for _ in 0..people {
            let sign_in = directory.fresh_name();
            directory.add_person(sign_in, chance);
        }
        for _ in 0..if features.groups { groups } else { 0 } {
            directory.add_group(chance);
        }
        directory
    }

    /// Everything as the source shows it.
    pub(crate) fn show(&self, source: &MemorySource) {
        for (id, person) in &self.people {
            source.put(person.object(id));
        }
        for (id, group) in &self.groups {
            source.put(group.object(id));
        }
    }

    /// The target has followed: every name that was given up is free.
    pub(crate) fn came_to_rest(&mut self) {
        self.restless.clear();
    }

    fn number(&mut self) -> usize {
        self.issued += 1;
        self.issued
    }

    fn fresh_name(&mut self) -> String {
        format!("person{}@tessera.example", self.number())
    }

    fn add_person(&mut self, sign_in: String, chance: &mut Chance) -> String {
        let number = self.number();
        // Ids are no order of joining: neither of their hashes nor of the pages.
        let id = format!("P{:02}-{number}", chance.below(100));
        let person = Person {
            sign_in,
            name: format!("Person {number}"),
            title: chance
                .one_of(&TITLES)
                .filter(|_| chance.in_thousand(900))
                .map(|title| (*title).to_owned()),
            department: DEPARTMENTS[chance.below(DEPARTMENTS.len())],
            manager: self.somebody_or_nobody(chance),
            enabled: chance.in_thousand(900),
        };
        self.people.insert(id.clone(), person);
        id
    }

    fn add_group(&mut self, chance: &mut Chance) -> String {
        let number = self.number();
        let id = format!("G{:02}-{number}", chance.below(100));
        let members = self.people.keys().filter(|_| chance.in_thousand(250)).cloned().collect();
        let mut group = Group { name: format!("Group {number}"), members };
        if chance.in_thousand(300) {
            group.members.extend(pick(self.groups.keys(), chance));
        }
        self.groups.insert(id.clone(), group);
        id
    }

    /// An anchor for a manager: somebody who is there, somebody who is not, or none.
    fn somebody_or_nobody(&self, chance: &mut Chance) -> Option<String> {
        if !self.features.managers || chance.in_thousand(300) {
            return None;
        }
        if chance.in_thousand(100) {
            return pick(self.alumni.keys(), chance);
        }
        pick(self.people.keys(), chance)
    }

    /// A sign-in name for somebody: usually a new one, at times one that somebody else gave up.
    fn name_for(&mut self, model: &Model, chance: &mut Chance) -> String {
        let taken: BTreeSet<&String> = self.people.values().map(|person| &person.sign_in).collect();
        let given_up: Vec<String> = model
            .given_up_by(self)
            .into_iter()
            .chain(self.alumni.values().map(|person| person.sign_in.clone()))
            .filter(|name| !taken.contains(name) && !model.keeps(name, self))
            .collect();
        match chance.one_of(&given_up) {
            Some(name) if chance.in_thousand(500) => name.clone(),
            _ => self.fresh_name(),
        }
    }

    /// Something happens, in the source too; what, in words. `gentle` leaves out what would be judged differently
    /// depending on which of two cycles sees it first.
    pub(crate) fn event(
        &mut self,
        model: &Model,
        source: &MemorySource,
        gentle: bool,
        chance: &mut Chance,
    ) -> Option<String> {
        let of_groups = self.features.groups && chance.in_thousand(350);
        if of_groups {
            return self.group_event(source, gentle, chance);
        }
        let id = pick(self.people.keys(), chance)?;
        if gentle && !self.people.get(&id)?.is_admitted() {
            return None;
        }
        match chance.below(if gentle { 4 } else { 10 }) {
            0 => Some(self.joins(model, source, chance)),
            1 | 2 => {
                let title = chance.one_of(&TITLES).filter(|_| chance.in_thousand(850)).copied();
                self.edit(&id, source, |person| person.title = title.map(str::to_owned));
                Some(format!("{id} is now {}", title.unwrap_or("without a title")))
            }
            3 => {
                let manager = self.somebody_or_nobody(chance);
                self.edit(&id, source, |person| person.manager.clone_from(&manager));
                Some(format!("{id} reports to {manager:?}"))
            }
            4 | 5 => {
                let department = DEPARTMENTS[chance.below(DEPARTMENTS.len())];
                self.edit(&id, source, |person| person.department = department);
                Some(format!("{id} works in {department}"))
            }
            6 => {
                if !self.restless.insert(id.clone()) {
                    return None;
                }
                let sign_in = self.name_for(model, chance);
                self.edit(&id, source, |person| person.sign_in.clone_from(&sign_in));
                Some(format!("{id} signs in as {sign_in}"))
            }
            7 => {
                let enabled = !self.people.get(&id)?.enabled;
                self.edit(&id, source, |person| person.enabled = enabled);
                Some(format!("{id} is switched {}", if enabled { "on" } else { "off" }))
            }
            8 => Some(self.leaves(&id, source)),
            _ => self.returns(model, source, chance),
        }
    }

    fn joins(&mut self, model: &Model, source: &MemorySource, chance: &mut Chance) -> String {
        let waiting: Vec<String> = model.strangers().filter(|name| !self.holds(name)).cloned().collect();
        let sign_in = match chance.one_of(&waiting) {
            Some(name) if chance.in_thousand(400) => name.clone(),
            _ => self.name_for(model, chance),
        };
        let id = self.add_person(sign_in, chance);
        self.restless.insert(id.clone());
        let person = &self.people[&id];
        source.put(person.object(&id));
        format!("{id} joins: {person:?}")
    }

    fn holds(&self, sign_in: &str) -> bool {
        self.people.values().any(|person| person.sign_in == sign_in)
    }

    fn leaves(&mut self, id: &str, source: &MemorySource) -> String {
        if let Some(person) = self.people.remove(id) {
            self.alumni.insert(id.to_owned(), person);
        }
        self.restless.insert(id.to_owned());
        source.remove(id);
        format!("{id} leaves")
    }

    fn returns(&mut self, model: &Model, source: &MemorySource, chance: &mut Chance) -> Option<String> {
        let id = pick(self.alumni.keys(), chance)?;
        if !self.restless.insert(id.clone()) {
            return None;
        }
        let mut person = self.alumni.remove(&id)?;
        if self.holds(&person.sign_in) || model.keeps_from(&person.sign_in, &id, self) {
            person.sign_in = self.fresh_name();
        }
        source.put(person.object(&id));
        let told = format!("{id} returns: {person:?}");
        self.people.insert(id, person);
        Some(told)
    }

    fn edit(&mut self, id: &str, source: &MemorySource, edit: impl FnOnce(&mut Person)) {
        if let Some(person) = self.people.get_mut(id) {
            edit(person);
            source.put(person.object(id));
        }
    }

    fn group_event(&mut self, source: &MemorySource, gentle: bool, chance: &mut Chance) -> Option<String> {
        let id = pick(self.groups.keys(), chance)?;
        match chance.below(if gentle { 7 } else { 10 }) {
            0 => {
                let name = format!("Group {}", self.number());
                self.edit_group(&id, source, |group| group.name.clone_from(&name));
                Some(format!("{id} is now called {name}"))
            }
            1..=3 => {
                let member = self.a_member(chance)?;
                self.edit_group(&id, source, |group| {
                    group.members.insert(member.clone());
                });
                Some(format!("{member} joins {id}"))
            }
            4..=6 => {
                let member = pick(self.groups.get(&id)?.members.iter(), chance)?;
                self.edit_group(&id, source, |group| {
                    group.members.remove(&member);
                });
                Some(format!("{member} leaves {id}"))
            }
            7 => {
                self.edit_group(&id, source, |group| group.members.clear());
                Some(format!("everybody leaves {id}"))
            }
            8 => {
                let id = self.add_group(chance);
                source.put(self.groups[&id].object(&id));
                Some(format!("{id} is founded with {:?}", self.groups[&id].members))
            }
            _ => {
                self.groups.remove(&id);
                source.remove(&id);
                Some(format!("{id} is dissolved"))
            }
        }
    }

    /// Somebody for a group: a person, a group, somebody who left.
    fn a_member(&self, chance: &mut Chance) -> Option<String> {
        match chance.below(10) {
            0 => pick(self.groups.keys(), chance),
            1 => pick(self.alumni.keys(), chance),
            _ => pick(self.people.keys(), chance),
        }
    }

    fn edit_group(&mut self, id: &str, source: &MemorySource, edit: impl FnOnce(&mut Group)) {
        if let Some(group) = self.groups.get_mut(id) {
            edit(group);
            source.put(group.object(id));
        }
    }
}

fn pick<'a>(choices: impl ExactSizeIterator<Item = &'a String>, chance: &mut Chance) -> Option<String> {
    let turn = chance.below(choices.len());
    let mut choices = choices;
    choices.nth(turn).cloned()
}
