//! What somebody decides about removals that wait, and about what failed.

use axum::extract::{Path, State};
use axum::http::Method;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Sent, action_path, page, told};
use crate::Console;
use crate::asking::{Refusal, Wish};
use crate::pages::{Notice, Trouble};

/// Held removals: those that are ticked, or all that waited when the page was made.
pub(super) async fn removals(
    State(console): State<Console>,
    Path((application, job)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Trouble> {
    let (decision, notice) = match sent.text("decision") {
        "approve" => ("approve", Notice::Approved),
        "reject" => ("reject", Notice::Rejected),
        _ => ("reconsider", Notice::Reconsidered),
    };
    let path = action_path(&application, &job, &format!("heldRemovals/{decision}"));
    decide(&console, &sent, &application, &path, notice).await
}

/// What is in escrow.
pub(super) async fn escrows(
    State(console): State<Console>,
    Path((application, job)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Trouble> {
    let (decision, notice) = match sent.text("decision") {
        "ignore" => ("ignore", Notice::Ignored),
        _ => ("retry", Notice::Retried),
    };
    let path = action_path(&application, &job, &format!("escrows/{decision}"));
    decide(&console, &sent, &application, &path, notice).await
}

async fn decide(
    console: &Console,
    sent: &Sent,
    application: &str,
    path: &str,
    notice: Notice,
) -> Result<Response, Trouble> {
    let page = page(application, "/waiting");
    let trouble = Trouble::on(&sent.session, &page);
    let Some(body) = named(sent) else {
        return Err(trouble(Refusal::bad("nothing is ticked; tick whom it is about")));
    };
    let wish = Wish::new(Method::POST, path).json(&body);
    let answered = console.api.send(&sent.session.person, wish).await.map_err(trouble)?;
    Ok(told(&sent.session, &answered, page, notice))
}

/// Who is meant, in the API's words; `None` for nobody.
fn named(sent: &Sent) -> Option<Value> {
    let before = sent.text("staged_before");
    if !before.is_empty() {
        return Some(json!({ "all": true, "stagedBefore": before }));
    }
    if sent.text("all") == "true" {
        return Some(json!({ "all": true }));
    }
    let (people, groups): (Vec<&str>, Vec<&str>) = (sent.all("id").collect(), sent.all("group").collect());
    (!people.is_empty() || !groups.is_empty()).then(|| json!({ "sourceIds": people, "groups": groups }))
}
