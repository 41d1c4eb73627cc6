//! What a scenario plays in: files of people and groups, the app, the tables, one job.
//!
//! In: how large, and how slow the app. Out: a [`World`] in which slices run, each in a process of its own; app and
//! tables stay in this one. What they were asked is counted by them, or on the way to them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use engine::job::{CycleReport, CycleResult, JobState};
use engine::model::{JobId, TargetId};
use serde::Serialize;
use serde_json::Value;
use store::embedded::Embedded;
use store::usage::Counter;
use store::{By, DynamoStore, RecordQuery, TableNames, Worker, tables};
use tempfile::TempDir;
use testkit::sandbox::{Counters, RateLimit, Sandbox, Settings};

use super::groups::Groups;
use crate::measure::{self, Dynamo};
use crate::memory;
use crate::people::People;
use crate::work::Document;
use crate::worker::{Assignment, Done};

/// How long the app holds back each answer, unless a scenario says otherwise.
pub(super) const LATENCY: Duration = Duration::from_millis(20);

/// Accounts per page of a listing: what most apps cap it at.
const PAGE: u32 = 100;

/// What a world is made of.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) people: u64,
    pub(super) groups: Option<Groups>,
    pub(super) latency: Duration,
    pub(super) rate: Option<RateLimit>,
    /// Whether operations travel in bulk requests.
    pub(super) bulk: bool,
    /// Whether the tables are in a file rather than in memory.
    pub(super) disk: bool,
}

impl Plan {
    /// So many people and no groups, an app at [`LATENCY`] without a limit, tables in memory.
    pub(super) fn of(people: u64) -> Self {
        Self { people, groups: None, latency: LATENCY, rate: None, bulk: false, disk: false }
    }
}

/// The world.
pub(super) struct World {
    pub(super) sandbox: Sandbox,
    pub(super) store: DynamoStore,
    pub(super) people: People,
    plan: Plan,
    tables: Embedded,
    folder: TempDir,
}

/// What one cycle cost, all slices together.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cycle {
    pub(super) report: CycleReport,
    /// What arrived at the app.
    pub(super) target: Counters,
    pub(super) slices: Vec<Done>,
    /// Processor time of app and tables.
    pub(super) processor_seconds_beside: Option<f64>,
}

impl World {
    /// An empty app, empty tables, and the files.
    pub(super) async fn build(plan: Plan) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("a temporary folder cannot be made")?;
        let settings = Settings {
            latency: plan.latency,
            page_cap: PAGE as usize,
            rate: plan.rate,
            ..Settings::default()
        };
        let sandbox = Sandbox::start(settings).await.context("the sandbox app cannot be started")?;
        let file = plan.disk.then(|| folder.path().join("tables.db"));
        let tables = Embedded::open(file.as_deref()).await?;
        let (client, names) = (tables.client(), TableNames::default());
        tables::create(&client, &names).await?;
        let worker = Worker { owner: "bench".to_owned(), boot: None };
        let store = DynamoStore::new(client, names, worker);
        store.create_job(&job(), &JobState::new(runtime::clock::now())).await?;
        let people = People { count: plan.people, promoted: 0, backwards: false };
        let world = Self { sandbox, store, people, plan, tables, folder };
        world.write_people()?;
        if let Some(groups) = &world.plan.groups {
            groups.write(&world.folder.path().join("groups.csv"), world.plan.people)?;
        }
        Ok(world)
    }

    /// Writes the file of people anew.
    pub(super) fn write_people(&self) -> anyhow::Result<()> {
        Ok(self.people.write(&self.csv())?)
    }

    /// The store as this process uses it, counted.
    pub(super) fn counted(&self, counter: &Counter) -> DynamoStore {
        let worker = Worker { owner: "bench".to_owned(), boot: None };
        DynamoStore::new(counter.watch(&self.tables.client()), TableNames::default(), worker)
    }

    /// Where private copies may be kept.
    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    fn csv(&self) -> PathBuf {
        self.folder.path().join("people.csv")
    }

    /// The application's document.
    pub(super) fn yaml(&self) -> String {
        let document = Document {
            csv: &self.csv(),
            url: &self.sandbox.base_url(),
            bulk: self.plan.bulk,
            page: PAGE,
            groups: self.plan.groups.is_some(),
        };
        document.yaml()
    }

    /// One slice, in a process of its own.
    pub(super) async fn slice(&self, seconds: Option<u32>) -> anyhow::Result<Done> {
        let assignment = Assignment {
            yaml: self.yaml(),
            job: job(),
            folder: self.folder.path().to_owned(),
            tables: self.tables.endpoint().to_owned(),
            token: self.sandbox.token().to_owned(),
            seconds,
        };
        assignment.run().await
    }

    /// A whole cycle in one slice, counted from zero.
    pub(super) async fn cycle(&self) -> anyhow::Result<Cycle> {
        self.cycle_in_slices(None).await
    }

    /// A whole cycle in as many slices as it takes, counted from zero.
    pub(super) async fn cycle_in_slices(&self, seconds: Option<u32>) -> anyhow::Result<Cycle> {
        self.sandbox.reset_counters();
        let before = memory::processor_seconds();
        let mut slices = Vec::new();
        loop {
            let done = self.slice(seconds).await?;
            let report = done.report.clone();
            slices.push(done);
            let Some(report) = report else { continue };
            anyhow::ensure!(
                report.result == CycleResult::Succeeded,
                "{} objects failed; the figures mean nothing",
                report.figures.failed
            );
            let beside = memory::processor_seconds().zip(before).map(|(after, before)| after - before);
            let target = self.sandbox.counters();
            return Ok(Cycle { report, target, slices, processor_seconds_beside: beside });
        }
    }

    /// What the cycles so far left behind, without what differs between any two runs: ids and times.
    pub(super) async fn left_behind(&self) -> anyhow::Result<LeftBehind> {
        let mut accounts = BTreeMap::new();
        let mut names = BTreeMap::new();
        for mut user in self.sandbox.users() {
            let name = user["userName"].as_str().unwrap_or_default().to_owned();
            if let Value::Object(members) = &mut user {
                members.remove("meta");
                if let Some(Value::String(id)) = members.remove("id") {
                    names.insert(TargetId::new(id), name.clone());
                }
            }
            accounts.insert(name, user.to_string());
        }
        let mut links = BTreeMap::new();
        for link in self.store.all_links(&job()).await? {
            let mut value = serde_json::to_value(&link)?;
            if let Value::Object(members) = &mut value {
                members.remove("changeId");
                members.remove("linkedAt");
                let account = link.target_id.as_ref().and_then(|id| names.get(id));
                members.insert("targetId".to_owned(), account.cloned().into());
            }
            links.insert(link.source_id.to_string(), value.to_string());
        }
        Ok(LeftBehind { accounts, links, records: self.records().await? })
    }

    /// How many provisioning records there are.
    async fn records(&self) -> anyhow::Result<u64> {
        let mut query = RecordQuery {
            job: Some(job()),
            by: By::All,
            since: None,
            until: None,
            oldest_first: false,
            page_size: 1_000,
            token: None,
        };
        let mut count = 0;
        loop {
            let page = self.store.records(&query).await?;
            count += page.records.len() as u64;
            query.token = page.token;
            if query.token.is_none() {
                return Ok(count);
            }
        }
    }
}

/// What a run left behind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LeftBehind {
    /// Accounts, whole, by user name.
    pub(super) accounts: BTreeMap<String, String>,
    /// Links, with their accounts' user names, by the anchor in the source.
    pub(super) links: BTreeMap<String, String>,
    /// Provisioning records in the table.
    pub(super) records: u64,
}

impl Cycle {
    /// Calls that arrived at the app, discovery left out.
    pub(super) fn target_calls(&self) -> u64 {
        measure::calls(&self.target)
    }

    /// Seconds of work, the start of processes left out.
    pub(super) fn seconds(&self) -> f64 {
        self.slices.iter().map(|slice| slice.seconds).sum()
    }

    /// Processor time of the syncing processes; no number when one did not tell.
    pub(super) fn processor_seconds(&self) -> f64 {
        self.slices.iter().map(|slice| slice.processor_seconds.unwrap_or(f64::NAN)).sum()
    }

    /// Requests to DynamoDB.
    pub(super) fn requests(&self) -> u64 {
        self.slices.iter().map(|slice| slice.dynamodb.total_requests).sum()
    }

    /// The most bytes a syncing process held at once; unknown when one did not tell.
    pub(super) fn peak(&self) -> Option<u64> {
        let peaks: Option<Vec<u64>> = self.slices.iter().map(|slice| slice.peak_memory_bytes).collect();
        peaks.and_then(|peaks| peaks.into_iter().max())
    }
}

impl Dynamo {
    /// Requests that read, and requests that write.
    pub(super) fn reads_and_writes(&self) -> (u64, u64) {
        let reads = |operation: &str| {
            ["GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"].contains(&operation)
        };
        let count = |wanted: bool| {
            self.requests.iter().filter(|(name, _)| reads(name) == wanted).map(|(_, count)| count).sum()
        };
        (count(true), count(false))
    }
}

/// The job of a world.
pub(super) fn job() -> JobId {
    JobId::new("bench")
}
