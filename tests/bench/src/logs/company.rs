//! Applications for the console's pages: the one whose log is measured, and ten thousand that are kept in a folder.
//!
//! Each is as busy as can be: a month of days with failures of several kinds, a last cycle, counts. Every fiftieth needs
//! somebody.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use engine::days::{Day, Days};
use engine::escrow::FailureCode;
use engine::failures::FailureKinds;
use engine::job::{CycleKind, CycleReport, CycleResult, Figures, JobState, QuarantineReason, StatusCode};
use engine::model::{CycleId, JobId};
use engine::ports::Store as _;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use runtime::clock::SystemClock;
use serde_json::json;
use store::embedded::Embedded;
use store::usage::Counter;
use store::{DynamoStore, StoredApplication, TableNames, Worker, tables};
use uuid::Uuid;

use super::invented::Invented;

/// How many there are.
pub(super) const APPLICATIONS: usize = 10_000;
/// To be counted up when they are others.
const VERSION: u32 = 1;
/// Every so many needs somebody.
const IN_NEED: usize = 50;
/// Cycles of the history of the one whose log is measured: as many as a page shows.
const CYCLES: u32 = 50;
/// The id that the log's records have.
pub(super) const LEDGERLY: &str = "0b9c3f2e-7c1d";

/// Many applications, and the engine that holds them.
pub(super) struct Company {
    pub(super) tables: Embedded,
    /// Counted.
    pub(super) store: DynamoStore,
    pub(super) counter: Counter,
}

impl Company {
    /// Opens the folder with them, and makes it if need be.
    pub(super) async fn open(data: &Path, now: Timestamp) -> anyhow::Result<Self> {
        let folder = data.join(format!("applications-{APPLICATIONS}"));
        let (mark, complete) = (format!("version {VERSION}, {now}\n"), folder.join("complete"));
        let made = fs::read_to_string(&complete).is_ok_and(|found| found == mark);
        if !made && folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let tables = Embedded::open(Some(&folder.join("tables.db"))).await?;
        let counter = Counter::default();
        let store = store(&tables, &counter);
        let company = Self { tables, store, counter };
        if !made {
            tables::create(&company.tables.client(), &TableNames::default()).await?;
            company.fill(now).await.context("the applications cannot be made")?;
            fs::write(complete, mark)?;
        }
        Ok(company)
    }

    async fn fill(&self, now: Timestamp) -> anyhow::Result<()> {
        let began = Instant::now();
        self.tables.careless(true)?;
        for number in 0..APPLICATIONS {
            let name = format!("Service {number:05} of the Tessera group");
            let id = Uuid::from_u128(number as u128).to_string();
            make(&self.store, &id, &name, &JobId::new(format!("scim.bench.{id}")), &state(number, now)?)
                .await?;
        }
        self.tables.careless(false)?;
        eprintln!("{APPLICATIONS} applications made in {:.0} s", began.elapsed().as_secs_f64());
        Ok(())
    }
}

fn store(tables: &Embedded, counter: &Counter) -> DynamoStore {
    let worker = Worker { owner: "bench".to_owned(), boot: None };
    DynamoStore::new(counter.watch(&tables.client()), TableNames::default(), worker)
        .with_clock(Arc::new(SystemClock))
}

/// Makes the application of the log's records, with a history, unless it is there.
pub(super) async fn make_ledgerly(store: &DynamoStore, now: Timestamp) -> anyhow::Result<()> {
    if store.application(LEDGERLY).await?.is_some() {
        return Ok(());
    }
    let (job, state) = (Invented::job(), state(1, now)?);
    make(store, LEDGERLY, "Ledgerly", &job, &state).await?;
    let (lease, _) = store.acquire(&job, now, now + SignedDuration::from_mins(1)).await?;
    for number in 0..CYCLES {
        store
            .put_cycle(&lease, &report(number, now - SignedDuration::from_hours(1) * i32::try_from(number)?))
            .await?;
    }
    store.save(&lease, &state, &[], true).await?;
    Ok(())
}

async fn make(
    store: &DynamoStore,
    id: &str,
    name: &str,
    job: &JobId,
    state: &JobState,
) -> anyhow::Result<()> {
    let attributes: Vec<_> = (0..23)
        .map(|number| json!({ "target": format!("attribute{number}"), "source": format!("column{number}") }))
        .collect();
    let application = StoredApplication {
        id: id.to_owned(),
        name: name.to_owned(),
        version: 1,
        document: json!({
            "application": name,
            "source": { "file": { "path": "people.csv", "id": "employeeId" } },
            "target": { "scim": { "url": "https://app.example/scim/v2", "token": "env:APP_TOKEN" } },
            "users": { "attributes": attributes },
            "owners": ["5f1c2a9e-0b64-4f0e-9d0e-6a2f4c7b8d10"],
        }),
        job: job.clone(),
    };
    store.save_application(&application, None).await?;
    store.create_job(job, state).await?;
    Ok(())
}

/// A busy job; every fiftieth is in quarantine, or has somebody in escrow.
fn state(number: usize, now: Timestamp) -> anyhow::Result<JobState> {
    let mut state = JobState { code: StatusCode::Active, ..JobState::new(now) };
    state.initial_completed = Some(now);
    state.days = days(now)?;
    state.failed_hours.add(17, now);
    state.counts.in_scope = 12_345;
    state.counts.groups.in_scope = 67;
    state.last = Some(report(0, now));
    state.last_successful = Some(report(1, now));
    match number % (2 * IN_NEED) {
        0 => {
            let message = "the app answered 401 to GET /Users; renew the token, put it where the application's token \
                           reference points, and start the job";
            let reason = QuarantineReason::EncounteredQuarantineException;
            let _event = state.impose(&JobId::new("bench"), reason, None, message.to_owned(), now);
            state.code = StatusCode::Quarantine;
        }
        IN_NEED => state.counts.escrowed = 3,
        _ => {}
    }
    Ok(state)
}

/// A month of which every day has something of every kind.
fn days(now: Timestamp) -> anyhow::Result<Days> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let codes = [FailureCode::EntryConflict, FailureCode::UnprocessableEntity, FailureCode::Timeout];
    let mut days = Days::default();
    for (before, factor) in (0_i64..30).rev().zip(1_u64..) {
        let mut failures = FailureKinds::default();
        codes.iter().zip([3, 2, 1]).for_each(|(code, number)| failures.count(*code, number));
        days.0.push(Day {
            cycles: 24,
            created: 700 * factor % 1_000,
            updated: 900 * factor % 3_100,
            disabled: 5 * factor,
            deleted: 3 * factor,
            failed: 6,
            failures,
            ..Day::of(today.checked_sub(before.days())?)
        });
    }
    Ok(days)
}

fn report(number: u32, ended: Timestamp) -> CycleReport {
    CycleReport {
        cycle: CycleId(Uuid::from_u128(u128::from(number))),
        kind: CycleKind::Incremental,
        result: CycleResult::EntryLevelErrors,
        error: None,
        began: ended - SignedDuration::from_secs(7) * i32::try_from(number % 9 + 1).unwrap_or(1),
        ended,
        figures: Figures { imported: 12_345, created: 12, updated: 345, failed: 6, ..Figures::default() },
        verdicts: Vec::new(),
        no_inference: None,
    }
}
