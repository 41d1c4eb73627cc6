//! What another document would do: what changes in it, and the consequences for people, before anything is saved.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use connectors::application::differences::Difference;
use engine::cycle::preview::Consequences;
use serde::Deserialize;
use serde_json::Value;

use super::super::operation::{Outcome, outcome};
use super::super::subject::Subject;
use super::super::{Shell, Trouble, Visitor, shown};
use super::{file, tag};
use crate::Console;
use crate::times::count;

/// What `sync` found.
#[derive(Deserialize)]
struct Found {
    version: u32,
    differences: Vec<Difference>,
    notices: Vec<String>,
    consequences: Option<Consequences>,
    document: Value,
}

/// What happens to how many people, and some of their names.
struct Hit {
    what: &'static str,
    number: u64,
    names: Vec<String>,
}

#[derive(Template)]
#[template(path = "draft.html")]
struct Page {
    shell: Shell,
    subject: Subject,
    operation: String,
    found: Outcome<Found>,
}

/// `GET /applications/{application}/drafts/{operation}`.
pub(in super::super) async fn draft(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Path((application, operation)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let subject = Subject::read(&console, &session, &application, "/configuration").await;
    let subject = subject.map_err(Trouble::to(&session))?;
    let found = outcome(&console, &session, &subject.id, "preview", &operation).await;
    let found: Outcome<Found> = found.map_err(Trouble::to(&session))?;
    let shell = Shell::new(format!("What would change · {}", subject.name), &session);
    Ok(shown(StatusCode::OK, &Page { shell, subject, operation, found }))
}

impl Page {
    fn is_under_way(&self) -> bool {
        matches!(self.found, Outcome::Running)
    }

    fn hits(&self, found: &Consequences) -> Vec<Hit> {
        hits(found)
    }

    fn verdict(&self, found: &Consequences) -> (&'static str, String) {
        verdict(found)
    }

    fn text(&self, value: Option<&Value>) -> String {
        text(value)
    }
}

impl Found {
    fn file(&self) -> String {
        file(&self.document)
    }

    fn tag(&self) -> String {
        tag(self.version)
    }

    /// What the button says: nobody presses it without having read how many it hits.
    fn saving(&self) -> String {
        match self.consequences.as_ref().map_or(0, Consequences::removals) {
            0 => "Save".to_owned(),
            1 => "Save, although 1 person loses the account".to_owned(),
            many => format!("Save, although {} people lose their account", count(&many)),
        }
    }
}

/// Everything that happens to somebody, the graver first.
fn hits(found: &Consequences) -> Vec<Hit> {
    let samples = &found.samples;
    let kinds = [
        ("accounts deleted", found.deleted, &samples.deleted),
        ("accounts switched off", found.switched_off, &samples.switched_off),
        ("accounts created", found.joining, &samples.joining),
        ("accounts taken over", found.matched, &samples.matched),
        ("accounts updated", found.rewritten, &samples.rewritten),
        ("people fail", found.failed.values().sum(), &samples.failed),
        ("rows cannot be read", found.unreadable, &samples.unreadable),
    ];
    let hit = |(what, number, names): (_, _, &Vec<String>)| Hit { what, number, names: names.clone() };
    kinds.into_iter().filter(|(_, number, _)| *number > 0).map(hit).collect()
}

/// What becomes of removals, in a sentence, and its style.
fn verdict(found: &Consequences) -> (&'static str, String) {
    match (&found.held, found.removals()) {
        (Some(reason), _) => {
            ("warn", format!("The removals would wait until a person approves them: {reason}."))
        }
        (None, 0) if found.is_quiet() => ("good", "Nothing would be sent to the app.".to_owned()),
        (None, 0) => ("good", "Nobody would lose an account.".to_owned()),
        (None, removals) => (
            "bad",
            format!(
                "In the next cycle {} would lose the account, or the use of it, without anybody being asked again.",
                if removals == 1 { "1 person".to_owned() } else { format!("{} people", count(&removals)) }
            ),
        ),
    }
}

/// A value as it stands in the file.
fn text(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => file(other).trim_end().to_owned(),
    }
}
