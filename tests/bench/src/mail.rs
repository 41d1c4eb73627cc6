//! The `notifier` function from the start of its process to the end of its first turn, and of its second.
//!
//! The binary beside this program runs as Lambda would run it; what it does when is seen from outside ([`crate::lambda`]). There is one
//! application, with nothing to tell, so the turn reads and no mail service is asked.
//!
//! # Caveats
//! What Lambda does before the process (a sandbox, the archive) is not in it, and AWS is further away than loopback,
//! and spoken to by TLS.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use engine::job::JobState;
use engine::model::JobId;
use serde_json::{Value, json};
use store::embedded::Embedded;
use store::{DynamoStore, StoredApplication, TableNames, Worker};
use testkit::lambda::Told;

use crate::cli::MailOptions;
use crate::lambda::{Moments, Seen, Surroundings, packed_size};
use crate::logs::median;
use crate::memory::{megabytes, peak_of};

/// The longest a start may take, on a machine that builds something meanwhile.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest a start may take, to the end of its first turn, in milliseconds.
const START: f64 = 50.0;

/// The largest binary, packed.
const SIZE: u64 = 10_000_000;

/// One start, in milliseconds: to the first connection, to the first request, to its answer; and of the second request; and the
/// most memory, in megabytes.
type Started = [f64; 5];

/// Starts it several times.
pub(crate) async fn run(options: &MailOptions) -> anyhow::Result<bool> {
    let tables = tables().await?;
    let mut starts = Vec::new();
    for number in 1..=options.runs {
        starts.push(start(&tables).await.with_context(|| format!("start {number}"))?);
    }
    let middle = |read: fn(&Started) -> f64| median(&starts.iter().map(read).collect::<Vec<_>>());
    let total = middle(|[process, ready, answer, ..]| process + ready + answer);
    let size = packed_size("notifier")?;
    if options.json {
        let report = json!({
            "measuredAt": runtime::clock::now(), "starts": starts, "medianTotal": total, "packedBytes": size,
        });
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!(
            "`notifier` from process start to the end of its first turn: {total:.1} ms (median of {} starts)",
            starts.len()
        );
        println!("  process, AWS configuration      {:7.1} ms", middle(|start| start[0] + start[1]));
        println!("  first connection, first turn    {:7.1} ms", middle(|start| start[2]));
        println!("  another turn                    {:7.1} ms", middle(|start| start[3]));
        println!("  most memory                     {:7.1} MB", middle(|start| start[4]));
        println!("  binary, packed                  {:7.1} MB", megabytes(size));
        println!("Bounds: {START} ms to the end of the first turn, {} MB packed.", megabytes(SIZE));
    }
    tables.close().await;
    Ok(total <= START && size <= SIZE)
}

/// Tables with one application that is well.
async fn tables() -> anyhow::Result<Embedded> {
    let engine = Embedded::open(None).await?;
    let names = TableNames::with_prefix(store::tables::DEFAULT_PREFIX);
    store::tables::create(&engine.client(), &names).await?;
    let store = DynamoStore::new(engine.client(), names, Worker { owner: "bench".to_owned(), boot: None });
    let job = JobId::new("scim.bench");
    store.create_job(&job, &JobState::new(runtime::clock::now())).await?;
    let document = json!({ "notification": { "to": ["it-ops@tessera.example"] } });
    let (id, name) = ("bench".to_owned(), "Bench".to_owned());
    store.save_application(&StoredApplication { id, name, version: 1, document, job }, None).await?;
    Ok(engine)
}

/// A turn of the schedule.
fn turn() -> Value {
    json!({
        "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "000000000000", "time": "2026-03-02T09:00:00Z", "region": "local",
        "resources": [], "detail": {},
    })
}

async fn start(tables: &Embedded) -> anyhow::Result<Started> {
    let mut surroundings = Surroundings::start(tables.endpoint(), vec![turn(), turn()]).await?;
    let mut command = surroundings.command("notifier")?;
    command.env("ROLLCALL_EVENT_BUS", "bus").env("ROLLCALL_MAIL_FROM", "rollcall@tessera.example");
    let began = Instant::now();
    let mut process = command.spawn().context("the function cannot be started")?;
    let seen = tokio::time::timeout(PATIENCE, watched(&mut surroundings.moments)).await;
    let memory = peak_of(process.id());
    process.kill()?;
    process.wait()?;
    let [asked, connected, answered, again, end] = seen.context("the function says nothing")??;
    let milliseconds = |from: Instant, to: Instant| to.duration_since(from).as_secs_f64() * 1_000.0;
    Ok([
        milliseconds(began, asked),
        milliseconds(asked, connected),
        milliseconds(connected, answered),
        milliseconds(again, end),
        memory.map_or(f64::NAN, megabytes),
    ])
}

/// The moments of the first request, the first connection, the first answer, the second request and its answer.
async fn watched(moments: &mut Moments) -> anyhow::Result<[Instant; 5]> {
    let mut found = Vec::new();
    while let Some((at, seen)) = moments.recv().await {
        if let Seen::Told(Told::Failed(why)) = seen {
            bail!("the function failed: {}", String::from_utf8_lossy(&why));
        }
        found.push(at);
        if let Ok(all) = <[Instant; 5]>::try_from(found.as_slice()) {
            return Ok(all);
        }
    }
    bail!("the surroundings of the function ended")
}
