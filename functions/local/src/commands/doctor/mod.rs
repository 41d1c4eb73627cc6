//! `rollcall doctor`: whether all is there that a service needs, check by check, each with its cure.
//!
//! In: a service, by its API. Out: findings. Promised: nothing is changed but what the functions try to see whether they may.

mod token;

use comfy_table::Table;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use runtime::checkup::{Finding, Verdict};
use serde::Deserialize;
use serde_json::Value;

use self::token::Claims;
use crate::cli::Cli;
use crate::client::{Client, ClientError, Known, Where};
use crate::exit::Exit;
use crate::output;

/// Clocks that are further apart refuse each other's tokens: most services allow a minute.
const CLOCKS: SignedDuration = SignedDuration::from_secs(60);

/// The schedule has a turn every minute, and an app under load keeps its queue for some.
const LATE: SignedDuration = SignedDuration::from_mins(5);

/// Applications whose mail is looked at, a request each.
const MAILBOXES: usize = 50;

pub(crate) async fn run(cli: &Cli) -> anyhow::Result<Exit> {
    let client = Client::open(cli).await?;
    let found = examine(&client).await;
    if cli.json {
        output::json(&found)?;
    } else {
        output::line(table(&found))?;
    }
    let works = found.iter().all(|finding| finding.verdict != Verdict::Problem);
    Ok(if works { Exit::Done } else { Exit::Failed })
}

async fn examine(client: &Client) -> Vec<Finding> {
    let asked = client.get_with_clock("/servicePrincipals?$top=1").await;
    let claims = client.token().await.as_ref().and_then(Claims::of);
    let mut found = vec![of_service(client, asked.as_ref().err(), claims.as_ref())];
    if let Some(claims) = claims {
        found.push(claims.issuer(client.now()).await);
    }
    if let Ok((_, Some(there))) = asked {
        found.push(of_clock(client.now(), there));
    }
    if asked.is_err_and(|error| !matches!(error, ClientError::Refused(StatusCode::FORBIDDEN, _))) {
        return found;
    }
    found.push(match client.get("/auditLogs/provisioning?$top=1").await {
        Ok(_) => Finding::good("log", "the provisioning log can be read"),
        Err(error) => Finding::problem("log", error.to_string()),
    });
    found.extend(of_functions(client).await);
    match client.applications().await {
        Ok(all) => {
            found.extend(of_jobs(&all, client.now()));
            found.extend(of_mail(client, &all).await);
        }
        Err(error) => found.push(Finding::problem("applications", error.to_string())),
    }
    found
}

/// What those who do the work find out about themselves.
async fn of_functions(client: &Client) -> Vec<Finding> {
    match client.change(Method::POST, "/checkups", None).await {
        Ok(mut told) => Vec::deserialize(told["value"].take()).unwrap_or_else(|error| {
            vec![Finding::problem("functions", ClientError::unreadable("a check", &error).to_string())]
        }),
        Err(ClientError::Refused(StatusCode::FORBIDDEN, _)) => vec![Finding::warning(
            "functions",
            "whether they may do what they need is only told to who may change applications",
        )],
        Err(error) => vec![Finding::problem("functions", error.to_string())],
    }
}

fn of_service(client: &Client, error: Option<&ClientError>, claims: Option<&Claims>) -> Finding {
    let place = match client.place() {
        Where::Here => "the data folder".to_owned(),
        Where::There(address) => address.to_string(),
    };
    match error {
        None => Finding::good("service", format!("{place} answers, and takes the token")),
        Some(error @ ClientError::Refused(StatusCode::UNAUTHORIZED, _)) => {
            let words = claims.map(|claims| format!(" ({})", claims.words(client.now())));
            Finding::problem("token", format!("{error}{}", words.unwrap_or_default()))
        }
        Some(error @ ClientError::Refused(StatusCode::FORBIDDEN, _)) => {
            Finding::problem("permissions", error.to_string())
        }
        Some(error) => Finding::problem("service", error.to_string()),
    }
}

fn of_clock(here: Timestamp, there: Timestamp) -> Finding {
    let apart = here.duration_since(there);
    if apart.abs() <= CLOCKS {
        return Finding::good("clock", "this machine's clock and the service's agree");
    }
    let which = if apart.is_positive() { "ahead of" } else { "behind" };
    let words = format!(
        "this machine's clock is {} s {which} the service's, so tokens count too early or too late; set it by a time server",
        apart.abs().as_secs()
    );
    Finding::warning("clock", words)
}

/// What is looked at of a job, out of Graph's `synchronizationJob`.
#[derive(Debug, Deserialize)]
struct Job {
    schedule: Schedule,
    status: Status,
}

#[derive(Debug, Deserialize)]
struct Schedule {
    state: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    code: String,
    running: bool,
    next_due: Timestamp,
    quarantine: Option<Quarantine>,
}

#[derive(Debug, Deserialize)]
struct Quarantine {
    message: String,
}

/// Whether jobs begin when they are due, and which need somebody.
fn of_jobs(all: &[Known], now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    let (mut late, mut active) = (Vec::new(), 0);
    for known in all {
        let job = match Job::deserialize(&known.job) {
            Ok(job) => job,
            Err(error) => {
                found.push(Finding::problem(
                    "applications",
                    ClientError::unreadable("a job", &error).to_string(),
                ));
                continue;
            }
        };
        if let Some(quarantine) = &job.status.quarantine {
            let words =
                format!("{} is in quarantine: {}; see rollcall status", known.name, quarantine.message);
            found.push(Finding::warning("applications", words));
        } else if job.schedule.state != "Active" {
            let words = format!("{} does not run ({}); rollcall start", known.name, job.status.code);
            found.push(Finding::warning("applications", words));
        }
        active += usize::from(job.schedule.state == "Active");
        let waited = now.duration_since(job.status.next_due);
        if job.schedule.state == "Active" && !job.status.running && waited > LATE {
            late.push((waited, &known.name));
        }
    }
    found.push(match late.iter().max() {
        None if active == 0 => Finding::warning("schedule", "no job runs yet; rollcall apply, then start"),
        None => Finding::good("schedule", "every job that is due has begun"),
        Some((waited, name)) => {
            let words = format!(
                "{} of {active} jobs are due and have not begun, {name} for {} minutes: on AWS look at the schedule of sync, its log and its dead letters; elsewhere see that rollcall serve runs",
                late.len(),
                waited.as_mins()
            );
            Finding::problem("schedule", words)
        }
    });
    found
}

/// Whether somebody is told about trouble, and mail reaches them.
async fn of_mail(client: &Client, all: &[Known]) -> Vec<Finding> {
    let (mut found, mut untold) = (Vec::new(), Vec::new());
    for known in all.iter().take(MAILBOXES) {
        match client.get(&format!("{}/synchronization/notification", known.path())).await {
            Ok(told) if is_told(&told) => found.extend(of_mailbox(&known.name, &told)),
            Ok(_) => untold.push(known.name.as_str()),
            Err(error) => found.push(Finding::warning("mail", format!("{}: {error}", known.name))),
        }
    }
    if !untold.is_empty() {
        let words = format!(
            "nobody is told when something is wrong with {}; name them in notification.to, and try it with rollcall mail --test",
            untold.join(", ")
        );
        found.push(Finding::warning("mail", words));
    } else if found.is_empty() && !all.is_empty() {
        found.push(Finding::good("mail", "somebody is told about trouble, and no mail came back"));
    }
    found
}

fn is_told(told: &Value) -> bool {
    let named = told["recipients"].as_array().is_some_and(|recipients| !recipients.is_empty());
    told["enabled"] == true && (named || !told["webhook"].is_null())
}

fn of_mailbox(name: &str, told: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    for recipient in told["recipients"].as_array().into_iter().flatten() {
        if let (Some(address), Some(problem)) = (recipient["address"].as_str(), recipient["problem"].as_str())
        {
            let why = recipient["reason"].as_str().unwrap_or("no reason was given");
            let words = format!(
                "{name}: mail to {address} {problem} ({why}); name somebody else, or mend the mailbox"
            );
            found.push(Finding::warning("mail", words));
        }
    }
    if let Some(problem) = told["webhook"]["problem"].as_str() {
        found.push(Finding::warning("mail", format!("{name}: the webhook was not told: {problem}")));
    }
    if told["lastMailConfirmed"] == false {
        let words =
            format!("{name}: nobody knows whether the last mail was sent; see that SES's events arrive");
        found.push(Finding::warning("mail", words));
    }
    found
}

fn table(found: &[Finding]) -> Table {
    let mut table = output::table(&["check", "verdict", "what, and what to do"]);
    for finding in found {
        let verdict = match finding.verdict {
            Verdict::Good => "good",
            Verdict::Warning => "look",
            Verdict::Problem => "BROKEN",
        };
        table.add_row([&finding.check, verdict, &finding.words]);
    }
    table
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn noon() -> Timestamp {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn clocks_may_be_a_minute_apart() {
        for (seconds, verdict) in [
            (0, Verdict::Good),
            (60, Verdict::Good),
            (-60, Verdict::Good),
            (61, Verdict::Warning),
            (-3_600, Verdict::Warning),
        ] {
            let there = noon() - SignedDuration::from_secs(seconds);
            assert_eq!(of_clock(noon(), there).verdict, verdict, "{seconds}");
        }
        assert!(of_clock(noon(), noon() + CLOCKS * 2).words.contains("120 s behind"));
    }

    #[test]
    fn mail_that_does_not_arrive_is_told_with_its_reason() {
        let told = json!({
            "enabled": true,
            "recipients": [
                { "address": "a@x.example", "problem": null },
                { "address": "b@x.example", "problem": "bounced", "reason": "550 user unknown" },
            ],
            "lastMailConfirmed": false,
            "webhook": { "problem": "alerts.example answered with 503" },
        });
        assert!(is_told(&told));
        let words: Vec<String> =
            of_mailbox("Ledgerly", &told).into_iter().map(|finding| finding.words).collect();
        assert_eq!(words.len(), 3);
        for (words, expected) in
            words.iter().zip(["b@x.example bounced (550 user unknown)", "503", "the last mail"])
        {
            assert!(words.contains(expected), "{words}");
        }
        for silent in
            [json!({ "enabled": true, "recipients": [] }), json!({ "enabled": false, "recipients": [{}] })]
        {
            assert!(!is_told(&silent), "{silent}");
        }
    }
}
