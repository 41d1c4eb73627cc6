//! A directory, an app and a store in memory, and cycles between them.

use std::collections::{BTreeMap, BTreeSet};

use engine::cycle::{CycleError, Definition, Ending, GroupRules, Naming, Nested, Ports, Request};
use engine::ids::Key;
use engine::job::{CycleReport, Figures, JobState};
use engine::mapping::{
    AttributeDefinition, AttributeMapping, Mapping, ObjectMapping, TargetSchema, ValueType,
};
use engine::model::{JobId, ObjectType, SourceId, SourceObject, TargetId, Value};
use engine::ports::{Ids, Unobserved};
use jiff::{SignedDuration, Timestamp};
use testkit::kill::{Killer, Moment, Mortals};
use testkit::memory::{Account, MemoryStore, MemoryTarget, TargetSettings};
use testkit::source::MemorySource;
use testkit::time::{CountedIds, TestClock};

/// An app with people, groups, managers and members.
struct Schema;

impl TargetSchema for Schema {
    fn attribute(&self, path: &str) -> Result<AttributeDefinition, String> {
        Ok(AttributeDefinition {
            value_type: if path == "active" { ValueType::Boolean } else { ValueType::Text },
            writable: true,
            matchable: true,
            multivalued: path == "members",
            write_only: false,
            custom: false,
            refers: matches!(path, "manager" | "members"),
        })
    }

    fn required(&self) -> &[&str] {
        &[]
    }

    fn enabled_attribute(&self) -> Option<&str> {
        Some("active")
    }
}

/// The same of groups, which nothing switches off.
struct GroupSchema;

impl TargetSchema for GroupSchema {
    fn attribute(&self, path: &str) -> Result<AttributeDefinition, String> {
        Schema.attribute(path)
    }

    fn required(&self) -> &[&str] {
        &[]
    }

    fn enabled_attribute(&self) -> Option<&str> {
        None
    }
}

pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) target: MemoryTarget,
    pub(crate) directory: MemorySource,
    pub(crate) clock: TestClock,
    pub(crate) definition: Definition,
    cycles: u64,
}

fn attribute(target: &str, source: &str, matching_priority: Option<u32>) -> AttributeMapping {
    AttributeMapping {
        target: target.to_owned(),
        source: Some(source.to_owned()),
        matching_priority,
        ..AttributeMapping::default()
    }
}

fn checked(attributes: Vec<AttributeMapping>, schema: &dyn TargetSchema) -> Mapping {
    Mapping::check(&ObjectMapping { attributes, ..ObjectMapping::default() }, schema).unwrap()
}

pub(crate) fn settings() -> TargetSettings {
    TargetSettings {
        references: BTreeSet::from(["manager".to_owned()]),
        members_per_call: 3,
        ..TargetSettings::default()
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(settings())
    }

    pub(crate) fn with(settings: TargetSettings) -> Self {
        let job = JobId::new("scim.t.a");
        let now: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        let naming = Naming {
            tenant_id: "t".into(),
            application_id: "a".into(),
            application_name: "Ledgerly".into(),
            source_id: "s".into(),
            source_name: "people".into(),
            target_id: "g".into(),
        };
        let active = AttributeMapping {
            target: "active".into(),
            expression: Some("Not([IsSoftDeleted])".into()),
            ..AttributeMapping::default()
        };
        let users =
            vec![attribute("userName", "upn", Some(1)), attribute("manager", "manager", None), active];
        let groups = vec![attribute("displayName", "name", Some(1)), attribute("members", "members", None)];
        let mut definition = Definition::new(job.clone(), checked(users, &Schema), naming, Key::new([7; 32]));
        definition.groups = Some(GroupRules { mapping: checked(groups, &GroupSchema), nested: Nested::Skip });
        definition.thresholds.maximum = 50;
        definition.thresholds.percent = 100.0;
        Self {
            store: MemoryStore::with_job(&job, JobState::new(now)),
            target: MemoryTarget::new(settings, 1),
            directory: MemorySource::with_pages_of(4),
            clock: TestClock::at(now),
            definition,
            cycles: 0,
        }
    }

    pub(crate) fn nesting(mut self, nested: Nested) -> Self {
        if let Some(groups) = &mut self.definition.groups {
            groups.nested = nested;
        }
        self
    }

    /// The same app, store and time, to go another way from here.
    pub(crate) fn fork(&self, directory: MemorySource) -> Self {
        Self {
            store: self.store.clone(),
            target: self.target.clone(),
            directory,
            clock: TestClock::at(engine::ports::Clock::now(&self.clock)),
            definition: self.definition.clone(),
            cycles: self.cycles,
        }
    }

    pub(crate) fn person(&self, id: &str, manager: Option<&str>) {
        let mut attributes = BTreeMap::from([("upn".to_owned(), Value::text(id))]);
        attributes.extend(manager.map(|manager| ("manager".to_owned(), Value::text(manager))));
        self.put(id, ObjectType::User, attributes);
    }

    pub(crate) fn people(&self, ids: &str) {
        ids.split_whitespace().for_each(|id| self.person(id, None));
    }

    /// A group and its members; its id is its name with a `z-` before it, so that it comes after all people.
    pub(crate) fn group(&self, name: &str, members: &str) {
        let members = members.split_whitespace().map(Value::text).collect();
        let attributes = BTreeMap::from([
            ("name".to_owned(), Value::text(name)),
            ("members".to_owned(), Value::List(members)),
        ]);
        self.put(&format!("z-{name}"), ObjectType::Group, attributes);
    }

    fn put(&self, id: &str, object_type: ObjectType, attributes: BTreeMap<String, Value>) {
        self.directory.put(SourceObject {
            id: SourceId::new(id),
            object_type,
            display_name: Some(id.to_owned()),
            enabled: true,
            soft_deleted: false,
            attributes,
        });
    }

    pub(crate) async fn cycle(&mut self) -> Figures {
        self.cycle_as(&Request::default()).await.figures
    }

    pub(crate) async fn cycle_as(&mut self, request: &Request) -> CycleReport {
        self.try_cycle(request).await.unwrap()
    }

    pub(crate) async fn try_cycle(&mut self, request: &Request) -> Result<CycleReport, CycleError> {
        match self.slice(None, request).await.0 {
            Some(Ok(Ending::Completed(report))) => Ok(*report),
            Some(Err(error)) => Err(error),
            other => panic!("the cycle did not end: {other:?}"),
        }
    }

    /// One slice, whose worker may be killed; `None` when it was. With the number of outside calls.
    pub(crate) async fn slice(
        &mut self,
        moment: Option<Moment>,
        request: &Request,
    ) -> (Option<Result<Ending, CycleError>>, u64) {
        let fresh = self.state().checkpoint.is_none();
        if fresh {
            self.cycles += 1;
        }
        self.clock.advance(SignedDuration::from_mins(40));
        let ids = CountedIds::default();
        for _ in 1..self.cycles {
            ids.cycle_id();
        }
        let killer = Killer::at(moment);
        let ports = Ports {
            source: &self.directory,
            target: &self.target,
            store: &self.store,
            clock: &self.clock,
            ids: &ids,
            observer: &Unobserved,
        };
        let mortal = Mortals::of(ports, &killer);
        let ports = mortal.ports();
        let ending = tokio::select! {
            biased;
            ending = engine::cycle::run(&ports, &self.definition, request) => Some(ending),
            () = killer.died() => None,
        };
        (ending, killer.calls())
    }

    pub(crate) fn state(&self) -> JobState {
        self.store.state(&self.definition.job).unwrap()
    }

    pub(crate) fn account(&self, person: &str) -> TargetId {
        let named = |account: &Account| account.attributes.get("userName") == Some(&Value::text(person));
        let accounts = self.target.accounts(ObjectType::User);
        accounts
            .into_iter()
            .find(|(_, account)| named(account))
            .unwrap_or_else(|| panic!("{person} has no account"))
            .0
    }

    pub(crate) fn group_id(&self, name: &str) -> TargetId {
        let named = |account: &Account| account.attributes.get("displayName") == Some(&Value::text(name));
        let groups = self.target.accounts(ObjectType::Group);
        groups
            .into_iter()
            .find(|(_, group)| named(group))
            .unwrap_or_else(|| panic!("there is no group {name}"))
            .0
    }

    /// Who is in a group of the app, by name.
    pub(crate) fn members(&self, name: &str) -> String {
        let names: BTreeMap<TargetId, String> = [ObjectType::User, ObjectType::Group]
            .into_iter()
            .flat_map(|kind| self.target.accounts(kind))
            .map(|(id, account)| {
                let name =
                    account.attributes.get("userName").or_else(|| account.attributes.get("displayName"));
                (id, name.map(ToString::to_string).unwrap_or_default())
            })
            .collect();
        let group = &self.target.accounts(ObjectType::Group)[&self.group_id(name)];
        let mut members: Vec<String> =
            group.members.iter().map(|id| names.get(id).cloned().unwrap_or_else(|| id.to_string())).collect();
        members.sort();
        members.join(" ")
    }

    /// Whose manager is whom in the app.
    pub(crate) fn manager(&self, person: &str) -> Option<String> {
        let accounts = self.target.accounts(ObjectType::User);
        let manager = accounts[&self.account(person)].attributes.get("manager")?;
        accounts.get(&TargetId::new(manager.to_string()))?.attributes.get("userName").map(ToString::to_string)
    }

    /// Calls to the app since the journal was opened, and opens it again.
    pub(crate) fn journal(&self) -> Vec<String> {
        let journal = self.target.take_journal();
        self.target.keep_journal();
        journal
    }

    /// Checks that what is counted is what is stored, and that another cycle does nothing at all.
    pub(crate) async fn is_at_rest(&mut self) {
        let job = self.definition.job.clone();
        let given: usize =
            self.store.memberships(&job).values().map(|membership| membership.given().count()).sum();
        let state = self.state();
        assert_eq!(state.counts.groups.memberships, given as u64, "memberships given");
        assert_eq!(state.counts.pending, self.store.all_pending(&job).len() as u64, "pending references");
        assert_eq!(state.counts.escrowed, self.store.all_escrows(&job).len() as u64, "escrows");
        let (records, calls) = (self.store.record_count(&job), engine::ports::Target::calls(&self.target));
        let before = (self.target.accounts(ObjectType::User), self.target.accounts(ObjectType::Group));
        self.directory.touch();
        let figures = self.cycle().await;
        assert_eq!(engine::ports::Target::calls(&self.target), calls, "calls of a quiet cycle: {figures:?}");
        assert_eq!(self.store.record_count(&job), records, "records of a quiet cycle");
        assert_eq!((self.target.accounts(ObjectType::User), self.target.accounts(ObjectType::Group)), before);
    }
}

/// An approval of everything.
pub(crate) fn approved() -> Request {
    Request { approved_by: Some("ada".into()), ..Request::default() }
}
