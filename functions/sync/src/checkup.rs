//! Whether sync may do, and reaches, what a cycle needs beside the two systems; those are proven by `validateCredentials`.
//!
//! In: nothing but the context. Out: findings. Promised: what is tried leaves next to nothing behind: an event that no rule of the
//! stack hears, a line's stream in the log group, a file of a few bytes that is removed with the other exports.

use std::collections::BTreeMap;

use engine::ports::StoreError;
use runtime::checkup::Finding;
use tokio::join;

use crate::context::Context;
use crate::cycle::document;

/// Secrets that are looked at: a hundred are read within a few seconds, and a person waits.
const SECRETS: usize = 100;

/// Tries what can be tried without harm.
pub(crate) async fn look(context: &Context) -> Result<Vec<Finding>, StoreError> {
    let (events, records, exports, secrets) = join!(
        context.bus.try_out(),
        context.records.try_out(),
        context.exports.try_out(),
        of_secrets(context)
    );
    let may = "see what sync's role may, and deploy the stack again";
    let mut found = vec![
        told("events", "sync tells what happens", events.map_err(|error| format!("{error:#}; {may}"))),
        told(
            "records",
            "records of the log are told as lines, too",
            records.map_err(|error| {
                format!("{error}; they are among sync's own log lines until that is mended: {may}")
            }),
        ),
        told(
            "exports",
            "files of the log can be written",
            exports.map_err(|error| format!("{error}; {may}")),
        ),
    ];
    found.extend(secrets?);
    Ok(found)
}

fn told(check: &str, words: &str, outcome: Result<(), String>) -> Finding {
    match outcome {
        Ok(()) => Finding::good(check, words),
        Err(problem) => Finding::problem(check, problem),
    }
}

/// Whether what the documents refer to is there, and can be read.
async fn of_secrets(context: &Context) -> Result<Vec<Finding>, StoreError> {
    let mut wanted: BTreeMap<String, String> = BTreeMap::new();
    for named in context.store.applications().await? {
        // One that is gone meanwhile, or not configured yet, refers to nothing.
        let Some(stored) = context.store.application(&named.id).await? else { continue };
        let Ok(checked) = document(&stored) else { continue };
        let application = &checked.application;
        for reference in application.source.secret().into_iter().chain([application.target.secret()]) {
            wanted.entry(reference.to_owned()).or_insert_with(|| stored.name.clone());
        }
        if wanted.len() >= SECRETS {
            break;
        }
    }
    // What was changed a moment ago counts.
    let secrets = context.secrets.afresh();
    let known = wanted.len();
    let mut problems = Vec::new();
    for (reference, name) in wanted {
        if let Err(problem) = secrets.resolve(&reference).await {
            problems.push(Finding::problem("secrets", format!("{name}: {problem}")));
        }
    }
    Ok(match (problems.is_empty(), known) {
        (true, 0) => Vec::new(),
        (true, known) => {
            vec![Finding::good("secrets", format!("sync can read the secrets of applications ({known})"))]
        }
        (false, _) => problems,
    })
}
