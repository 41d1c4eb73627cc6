//! A small world: a directory in memory, the sandbox app over HTTP, the embedded store, and a clock that moves when
//! told to.
//!
//! Stories are told with it: put people in, run cycles, look at what the app holds and what the log says.

mod groups;
mod workers;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;

use connectors::scim::{ScimConfig, ScimSchema, ScimTarget};
use engine::cycle::on_demand::{self, Provisioned};
use engine::cycle::preview::{Consequences, Person, Sight, person as person_of, preview};
use engine::cycle::rehearsal::{self, ApplyError, Plan, rehearse};
use engine::cycle::{CycleError, Definition, Ending, Naming, Ports, Request};
use engine::job::{CycleReport, JobState};
use engine::mapping::{AttributeMapping, Mapping, ObjectMapping};
use engine::model::{JobId, Link, ObjectType, SourceId, SourceObject, Value};
use engine::ports::{Clock, Store, TargetOperation, Unobserved};
use engine::report::ProvisioningRecord;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::embedded::Embedded;
use store::usage::Counter;
use store::{By, DynamoStore, RecordQuery, TableNames, Worker};
use testkit::kill::{Killer, Moment, Mortals};
use testkit::sandbox::{Sandbox, Settings};
use testkit::source::MemorySource;
use testkit::time::{CountedIds, TestClock};

pub(crate) use groups::{direct, group_rules};

/// Everything a story needs.
pub(crate) struct World {
    engine: Embedded,
    pub(crate) store: DynamoStore,
    pub(crate) app: Sandbox,
    pub(crate) directory: MemorySource,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) ids: CountedIds,
    pub(crate) definition: Definition,
    pub(crate) target: Target,
}

/// How the app is spoken to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) concurrency: u32,
    pub(crate) bulk: bool,
}

/// One after the other: every run makes the same calls in the same order.
pub(crate) const ONE_BY_ONE: Target = Target { concurrency: 1, bulk: false };

/// The names, the marks and all.
pub(crate) fn person(id: &str, name: &str, title: &str) -> SourceObject {
    let upn = format!("{}@tessera.example", name.to_lowercase().replace(' ', "."));
    let attributes = [("upn", upn.as_str()), ("displayName", name), ("jobTitle", title), ("number", id)];
    SourceObject {
        id: SourceId::new(id),
        object_type: ObjectType::User,
        display_name: Some(name.to_owned()),
        enabled: true,
        soft_deleted: false,
        attributes: attributes
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::text(value)))
            .collect(),
    }
}

pub(crate) fn set(object: &mut SourceObject, attribute: &str, value: &str) {
    object.attributes.insert(attribute.to_owned(), Value::text(value));
}

pub(crate) fn mapping(actions: serde_json::Value) -> ObjectMapping {
    let direct = |target: &str, source: &str, matching_priority| AttributeMapping {
        target: target.to_owned(),
        source: Some(source.to_owned()),
        matching_priority,
        ..AttributeMapping::default()
    };
    let active = AttributeMapping {
        target: "active".to_owned(),
        expression: Some("Not([IsSoftDeleted])".to_owned()),
        ..AttributeMapping::default()
    };
    ObjectMapping {
        actions: serde_json::from_value(actions).unwrap(),
        attributes: vec![
            direct("userName", "upn", Some(1)),
            direct("externalId", "number", None),
            direct("displayName", "displayName", None),
            direct("title", "jobTitle", None),
            active,
        ],
        ..ObjectMapping::default()
    }
}

impl World {
    /// An app that knows nobody, a directory of nobody, pages of three.
    pub(crate) async fn new() -> Self {
        Self::with(ONE_BY_ONE, 3).await
    }

    pub(crate) async fn with(target: Target, page: usize) -> Self {
        let engine = Embedded::open(None).await.unwrap();
        let names = TableNames::with_prefix("world");
        let client = engine.client();
        store::tables::create(&client, &names).await.unwrap();
        let worker = Worker { owner: "world".to_owned(), boot: None };
        let store = DynamoStore::new(client, names, worker);
        let clock = Arc::new(TestClock::at("2026-03-02T09:00:00Z".parse().unwrap()));
        let job = JobId::new("scim.world");
        let state = JobState::new(now(&clock));
        store.create_job(&job, &state).await.unwrap();
        let naming = Naming {
            tenant_id: "tenant".to_owned(),
            application_id: "app".to_owned(),
            application_name: "Ledgerly".to_owned(),
            source_id: "source".to_owned(),
            source_name: "people".to_owned(),
            target_id: "target".to_owned(),
        };
        let mapping = checked(json!(["create", "update", "delete"]));
        let definition = Definition::new(job, mapping, naming, engine::ids::Key::new([7; 32]));
        Self {
            engine,
            store,
            app: Sandbox::start(Settings::default()).await.unwrap(),
            directory: MemorySource::with_pages_of(page),
            clock,
            ids: CountedIds::default(),
            definition,
            target,
        }
    }

    pub(crate) fn set_actions(&mut self, actions: serde_json::Value) {
        self.definition.mapping = checked(actions);
    }

    fn scim(&self) -> ScimTarget {
        let bulk = if self.target.bulk { "auto" } else { "never" };
        let config: ScimConfig = serde_json::from_value(json!({
            "url": self.app.base_url(),
            "token": "env:UNUSED",
            "bulk": bulk,
            "concurrency": self.target.concurrency,
            "timeout": 2,
        }))
        .unwrap();
        ScimTarget::connect(&config, self.app.token().to_owned().into(), self.clock.clone()).unwrap()
    }

    /// One slice of a cycle.
    pub(crate) async fn slice(&self, request: &Request) -> Result<Ending, CycleError> {
        self.slice_by(self.clock.as_ref(), request).await
    }

    pub(crate) async fn slice_by(&self, clock: &dyn Clock, request: &Request) -> Result<Ending, CycleError> {
        let target = self.scim();
        // On the heap: a test's thread has a small stack, and its futures lie in each other.
        let ports = Ports { clock, ..self.ports(&target) };
        Box::pin(engine::cycle::run(&ports, &self.definition, request)).await
    }

    /// A whole cycle, forty minutes after the last.
    pub(crate) async fn cycle(&self) -> Result<CycleReport, CycleError> {
        self.cycle_as(&Request::default()).await
    }

    pub(crate) async fn cycle_as(&self, request: &Request) -> Result<CycleReport, CycleError> {
        self.clock.advance(SignedDuration::from_mins(40));
        match self.slice(request).await? {
            Ending::Completed(report) => Ok(*report),
            other => panic!("no deadline was given, and nobody paused: {other:?}"),
        }
    }

    /// A cycle whose worker may be killed; `None` when it was. Its calls are counted either way.
    pub(crate) async fn cycle_killed_at(&self, moment: Option<Moment>) -> (Option<CycleReport>, u64) {
        self.clock.advance(SignedDuration::from_mins(40));
        let killer = Killer::at(moment);
        let target = self.scim();
        let request = Request::default();
        let mortal = Mortals::of(self.ports(&target), &killer);
        let ports = mortal.ports();
        let report = tokio::select! {
            biased;
            ending = Box::pin(engine::cycle::run(&ports, &self.definition, &request)) => match ending.unwrap() {
                Ending::Completed(report) => Some(*report),
                Ending::Continues | Ending::Paused => None,
            },
            () = killer.died() => None,
        };
        (report, killer.calls())
    }

    /// Objects provisioned now, ten minutes after the last cycle.
    pub(crate) async fn provision(&self, ids: &[&str]) -> Result<Provisioned, CycleError> {
        self.clock.advance(SignedDuration::from_mins(10));
        let target = self.scim();
        let ids: Vec<SourceId> = ids.iter().map(|id| SourceId::new(*id)).collect();
        let request = Request { asked_by: Some("ada".to_owned()), ..Request::default() };
        on_demand::provision(&self.ports(&target), &self.definition, &request, &ids).await
    }

    /// The plan of the next cycle.
    pub(crate) async fn plan(&self) -> Plan {
        let (target, state) = (self.scim(), self.state().await);
        rehearse(&self.ports(&target), &self.definition, &state, uuid::Uuid::from_u128(77)).await.unwrap()
    }

    /// A plan, executed.
    pub(crate) async fn apply_plan(&self, plan: &Plan) -> Result<Ending, ApplyError> {
        self.clock.advance(SignedDuration::from_mins(5));
        let (target, state) = (self.scim(), self.state().await);
        rehearsal::apply(&self.ports(&target), &self.definition, &state, &Request::default(), plan).await
    }

    /// Somebody changes the app itself.
    pub(crate) async fn meddle(&self, operation: TargetOperation) {
        let answers = engine::ports::Target::execute(&self.scim(), &[operation]).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }

    fn ports<'a>(&'a self, target: &'a ScimTarget) -> Ports<'a> {
        Ports {
            source: &self.directory,
            target,
            store: &self.store,
            clock: self.clock.as_ref(),
            ids: &self.ids,
            observer: &Unobserved,
        }
    }

    /// What the next cycle would do.
    pub(crate) async fn preview(&self) -> Result<Consequences, CycleError> {
        self.preview_with(&self.store).await
    }

    pub(crate) async fn preview_with(&self, store: &dyn Store) -> Result<Consequences, CycleError> {
        let (target, state) = (self.scim(), self.state().await);
        let sight = Sight {
            source: &self.directory,
            target: Some(&target),
            store,
            job: Some(&state),
            now: self.clock.now(),
            progress: &|_, _| {},
        };
        preview(&sight, &self.definition).await
    }

    /// One person, as the next cycle sees them.
    pub(crate) async fn explain(&self, id: &str) -> Option<Person> {
        let (target, state) = (self.scim(), self.state().await);
        let sight = Sight {
            source: &self.directory,
            target: Some(&target),
            store: &self.store,
            job: Some(&state),
            now: self.clock.now(),
            progress: &|_, _| {},
        };
        person_of(&sight, &self.definition, &SourceId::new(id)).await.unwrap()
    }

    /// The same store, with its requests counted.
    pub(crate) fn counted_store(&self) -> (DynamoStore, Counter) {
        let counter = Counter::default();
        let client = counter.watch(&self.engine.client());
        let worker = Worker { owner: "counted".to_owned(), boot: None };
        (DynamoStore::new(client, TableNames::with_prefix("world"), worker), counter)
    }

    /// Everything that lies in the tables, as text; what was deflated is inflated.
    pub(crate) async fn everything_stored(&self) -> String {
        let names = TableNames::with_prefix("world");
        let mut text = String::new();
        for table in [names.state, names.logs] {
            let items = self.engine.client().scan().table_name(table).into_paginator().items().send();
            for item in items.collect::<Result<Vec<_>, _>>().await.unwrap() {
                text.push_str(&format!("{item:?}\n"));
                for bytes in item.values().filter_map(|value| value.as_b().ok()) {
                    let mut inflated = Vec::new();
                    let _ = flate2::read::DeflateDecoder::new(bytes.as_ref()).read_to_end(&mut inflated);
                    text.push_str(&String::from_utf8_lossy(&inflated));
                }
            }
        }
        text
    }

    pub(crate) async fn state(&self) -> JobState {
        self.store.job(&self.definition.job).await.unwrap().state
    }

    /// What the app holds: by sign-in name, without what the app itself made up.
    pub(crate) fn accounts(&self) -> BTreeMap<String, serde_json::Value> {
        let without_own = |mut user: serde_json::Value| {
            let name = user["userName"].as_str().unwrap().to_owned();
            let members = user.as_object_mut().unwrap();
            members.remove("id");
            members.remove("meta");
            (name, user)
        };
        self.app.users().into_iter().map(without_own).collect()
    }

    pub(crate) fn account(&self, name: &str) -> serde_json::Value {
        self.app.user_by_name(&format!("{name}@tessera.example")).unwrap_or_default()
    }

    pub(crate) async fn link(&self, id: &str) -> Option<Link> {
        let hash = engine::ids::IdHash::of(&SourceId::new(id));
        self.store.links(&self.definition.job, &[hash]).await.unwrap().remove(&hash)
    }

    /// The log, oldest first.
    pub(crate) async fn records(&self, by: By) -> Vec<ProvisioningRecord> {
        let query = RecordQuery {
            job: Some(self.definition.job.clone()),
            by,
            since: None,
            until: None,
            oldest_first: false,
            page_size: 1_000,
            token: None,
        };
        let mut records = self.store.records(&query).await.unwrap().records;
        records.reverse();
        records
    }
}

fn checked(actions: serde_json::Value) -> Mapping {
    Mapping::check(&mapping(actions), &ScimSchema).unwrap()
}

fn now(clock: &TestClock) -> Timestamp {
    engine::ports::Clock::now(clock)
}

/// An approval, by Ada.
pub(crate) fn approved() -> Request {
    Request { approved_by: Some("ada".to_owned()), ..Request::default() }
}
