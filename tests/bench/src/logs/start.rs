//! The `query` function from the start of its process to its first answer, and what it spends the time on.
//!
//! The binary beside this program runs as Lambda would run it; what it does when is seen from outside ([`crate::lambda`]). An
//! OpenID Connect issuer on loopback signs its caller's token.
//!
//! # Caveats
//! What Lambda does before the process (a sandbox, the archive) is not in it, and AWS is further away than loopback,
//! and spoken to by TLS.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde::Serialize;
use serde_json::{Value, json};
use testkit::issuer::{Issuer, SigningKey};
use testkit::lambda::Told;

use super::seed::Log;
use super::tally::median;
use crate::cli::LogsOptions;
use crate::lambda::{Moments, Seen, Surroundings, packed_size};
use crate::memory::{megabytes, peak_of};

const PATH: &str = "/v1.0/auditLogs/provisioning";

/// The longest a step may take, on a machine that builds something meanwhile.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest a start may take, to its first answer, in milliseconds.
const START: f64 = 50.0;

/// The most memory, in megabytes: a small function holds 128, and leaves room for what it works on.
const MEMORY: f64 = 40.0;

/// The largest binary, packed.
const SIZE: u64 = 10_000_000;

/// One start, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    /// To the first connection: the process itself, its environment, AWS's configuration.
    process_and_config: f64,
    /// The first connection to the tables and the read of the key that signs next links, to the first request.
    connection_and_key: f64,
    /// From the first request to its answer: the issuer's keys, the token, the first page of the log.
    first_answer: f64,
    /// The same request again.
    second_answer: f64,
    /// The most memory it held, after which it idles.
    megabytes: f64,
}

impl Started {
    fn total(&self) -> f64 {
        self.process_and_config + self.connection_and_key + self.first_answer
    }
}

/// Starts it several times over a log.
pub(super) async fn run(options: &LogsOptions, records: u64) -> anyhow::Result<bool> {
    let log = Log::open(&options.data, records).await?;
    let key = SigningKey::new("RS256", "one")?;
    let issuer = Issuer::start(&[&key]).await?;
    let claims = json!({
        "iss": issuer.url(), "aud": "rollcall", "sub": "bench", "exp": i64::MAX, "scp": "ProvisioningLog.Read.All",
    });
    let token = key.token(&claims)?;
    let mut starts = Vec::new();
    for number in 1..=options.runs {
        starts.push(start(&log, issuer.url(), &token).await.with_context(|| format!("start {number}"))?);
    }
    let middle = |read: fn(&Started) -> f64| median(&starts.iter().map(read).collect::<Vec<_>>());
    let total = middle(Started::total);
    let memory = middle(|start| start.megabytes);
    let size = packed_size("query")?;
    if options.json {
        let report = json!({ "measuredAt": runtime::clock::now(), "records": records, "starts": starts, "medianTotal": total, "packedBytes": size });
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!(
            "`query` from process start to first answer: {total:.1} ms (median of {} starts)",
            starts.len()
        );
        println!("  process, AWS configuration      {:7.1} ms", middle(|start| start.process_and_config));
        println!("  first connection, key read      {:7.1} ms", middle(|start| start.connection_and_key));
        println!("  issuer's keys, token, first page {:6.1} ms", middle(|start| start.first_answer));
        println!("  the same page, asked for again  {:7.1} ms", middle(|start| start.second_answer));
        println!("  most memory                     {memory:7.1} MB");
        println!("  binary, packed                  {:7.1} MB", megabytes(size));
        println!("Bounds: {START} ms to the first answer, {MEMORY} MB, {} MB packed.", megabytes(SIZE));
    }
    log.tables.close().await;
    Ok(total <= START && memory <= MEMORY && size <= SIZE)
}

async fn start(log: &Log, issuer: &str, token: &str) -> anyhow::Result<Started> {
    let requests = vec![request(token), request(token)];
    let mut surroundings = Surroundings::start(log.tables.endpoint(), requests).await?;
    let mut command = surroundings.command("query")?;
    command
        .env("ROLLCALL_EXPORT_BUCKET", "exports")
        .env("ROLLCALL_LOG_RETENTION_DAYS", "3650")
        .env("ROLLCALL_TOKEN_ISSUER", issuer)
        .env("ROLLCALL_TOKEN_AUDIENCE", "rollcall");
    let began = Instant::now();
    let mut process = command.spawn().context("the function cannot be started")?;
    let seen = tokio::time::timeout(PATIENCE, watched(&mut surroundings.moments)).await;
    let memory = peak_of(process.id());
    process.kill()?;
    process.wait()?;
    let [connected, first, answered, second, again] = seen.context("the function says nothing")??;
    let milliseconds = |from: Instant, to: Instant| to.duration_since(from).as_secs_f64() * 1_000.0;
    Ok(Started {
        process_and_config: milliseconds(began, connected),
        connection_and_key: milliseconds(connected, first),
        first_answer: milliseconds(first, answered),
        second_answer: milliseconds(second, again),
        megabytes: memory.map_or(f64::NAN, megabytes),
    })
}

/// The moments of the first connection, and of both requests and answers.
async fn watched(moments: &mut Moments) -> anyhow::Result<[Instant; 5]> {
    let mut found = Vec::new();
    while let Some((at, seen)) = moments.recv().await {
        match seen {
            Seen::Connected | Seen::Told(Told::Ready) => {}
            Seen::Told(Told::Answered(body)) => check(&serde_json::from_slice(&body)?)?,
            Seen::Told(Told::Failed(why)) => bail!("the function failed: {}", String::from_utf8_lossy(&why)),
        }
        found.push(at);
        if let Ok(all) = <[Instant; 5]>::try_from(found.as_slice()) {
            return Ok(all);
        }
    }
    bail!("the surroundings of the function ended")
}

/// Whether an answer is a whole page.
fn check(answer: &Value) -> anyhow::Result<()> {
    let body = answer["body"].as_str().unwrap_or_default();
    ensure!(answer["statusCode"] == 200, "the function answered {}: {body}", answer["statusCode"]);
    let page: Value = serde_json::from_str(body)?;
    let records = page["value"].as_array().map_or(0, Vec::len);
    ensure!(records == 100, "the first page has {records} records");
    Ok(())
}

/// A request as API Gateway's HTTP API passes it on (payload format 2.0).
fn request(token: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "GET /v1.0/{proxy+}",
        "rawPath": PATH,
        "rawQueryString": "",
        "headers": {
            "host": "api.example.com",
            "x-forwarded-proto": "https",
            "authorization": format!("Bearer {token}"),
        },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "api",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": {
                "method": "GET", "path": PATH, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "bench",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "GET /v1.0/{proxy+}",
            "stage": "$default",
            "time": "02/Mar/2026:09:00:00 +0000",
            "timeEpoch": 1_772_442_000_000_u64,
        },
        "isBase64Encoded": false,
    })
}
