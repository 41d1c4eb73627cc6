//! `rollcall start`, `pause`, `restart`, `delete`: what a person does to a job as a whole.

use std::io::{BufRead, IsTerminal, Write};

use engine::reset::ResetScope;
use reqwest::Method;
use serde_json::json;

use crate::cli::Cli;
use crate::client::Client;
use crate::exit::{Exit, NeedsApproval};
use crate::output;

/// Who asks, as the log and the audit call them.
pub(crate) fn person() -> String {
    std::env::var("USER").unwrap_or_else(|_| "command line".into())
}

pub(crate) async fn start(cli: &Cli, job: &str) -> anyhow::Result<Exit> {
    let client = Client::open(cli).await?;
    let known = client.application(job).await?;
    client.change(Method::POST, &known.at_job("/start"), None).await?;
    done(cli, &known.name, "started", "is started; its next cycle is due at once")
}

pub(crate) async fn pause(cli: &Cli, job: &str) -> anyhow::Result<Exit> {
    let client = Client::open(cli).await?;
    let known = client.application(job).await?;
    client.change(Method::POST, &known.at_job("/pause"), None).await?;
    let now = client.get(&known.at_job("")).await?;
    if now["status"]["running"] == true {
        let sentence = "is at a cycle, which stops after its page; rollcall start goes on";
        return done(cli, &known.name, "pausing", sentence);
    }
    done(cli, &known.name, "paused", "is paused; rollcall start goes on")
}

pub(crate) async fn restart(cli: &Cli, job: &str, scope: &ResetScope) -> anyhow::Result<Exit> {
    let client = Client::open(cli).await?;
    let known = client.application(job).await?;
    // A set of Graph's flags, which Graph writes side by side.
    let flags: Vec<String> = serde_json::from_value(json!(scope))?;
    let criteria = json!({ "criteria": { "resetScope": flags.join(",") } });
    client.change(Method::POST, &known.at_job("/restart"), Some(&criteria)).await?;
    done(cli, &known.name, "restarted", "is restarted; its next cycle is due at once")
}

pub(crate) async fn delete(cli: &Cli, job: &str, yes: bool) -> anyhow::Result<Exit> {
    let client = Client::open(cli).await?;
    let known = client.application(job).await?;
    if !yes && !confirmed(cli, &known.name)? {
        return Ok(Exit::Refused);
    }
    client.change(Method::DELETE, &known.path(), None).await?;
    done(cli, &known.name, "deleted", "is deleted; its accounts in the app are as they were, its log stays")
}

fn confirmed(cli: &Cli, name: &str) -> anyhow::Result<bool> {
    if cli.json || !std::io::stdin().is_terminal() {
        return Err(NeedsApproval(format!(
            "{name} would forget which account belongs to whom; --yes deletes it without asking"
        ))
        .into());
    }
    let mut answer = String::new();
    eprint!("Forget {name}, and which account belongs to whom? [y/N] ");
    std::io::stderr().flush()?;
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

fn done(cli: &Cli, application: &str, outcome: &str, sentence: &str) -> anyhow::Result<Exit> {
    if cli.json {
        output::json(&json!({ "application": application, "outcome": outcome }))?;
    } else {
        output::line(format_args!("{application} {sentence}"))?;
    }
    Ok(Exit::Done)
}
