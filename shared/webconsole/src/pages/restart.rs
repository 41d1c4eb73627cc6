//! Beginning again, in two steps: what is forgotten is chosen where its consequences are told.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::subject::Subject;
use super::{Shell, Trouble, Visitor, shown};
use crate::Console;

/// A part of Graph's `resetScope` for the form: its name, whether it is usual, what it means.
struct Choice {
    scope: &'static str,
    usual: bool,
    name: &'static str,
    meaning: &'static str,
}

/// What can be forgotten. `Full` is all of the first four.
const CHOICES: [Choice; 5] = [
    Choice {
        scope: "Watermark",
        usual: true,
        name: "Where the source was left",
        meaning: "Everyone in the source is looked at again: an initial cycle, which takes longer than others.",
    },
    Choice {
        scope: "Escrows",
        usual: true,
        name: "What failed and waits",
        meaning: "Nobody waits for a next attempt any more; whoever still fails begins to wait anew.",
    },
    Choice {
        scope: "QuarantineState",
        usual: true,
        name: "The quarantine",
        meaning: "The job counts as healthy until it fails again.",
    },
    Choice {
        scope: "ConnectorDataStore",
        usual: false,
        name: "Who has which account",
        meaning: "Accounts are found again by the matching attributes. Whoever does not match any more gets a new account.",
    },
    Choice {
        scope: "ForceDeletes",
        usual: false,
        name: "The guard against many removals, once",
        meaning: "Removals that wait are carried out in the next cycle, however many they are.",
    },
];

#[derive(Template)]
#[template(path = "restart.html")]
struct Page {
    shell: Shell,
    subject: Subject,
    choices: [Choice; 5],
}

/// `GET /applications/{application}/restart`.
pub(super) async fn choose(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Path(application): Path<String>,
) -> Result<Response, Trouble> {
    let subject = Subject::read(&console, &session, &application, "/restart").await;
    let subject = subject.map_err(Trouble::to(&session))?;
    let shell = Shell::new(format!("Restart · {}", subject.name), &session);
    Ok(shown(StatusCode::OK, &Page { shell, subject, choices: CHOICES }))
}
