//! Asking for a file of the log, where it cannot be had at once.
//!
//! ```text
//! POST /forms/exports/{format}   the fields of the search stand in the address
//! ```

use axum::extract::{Path, RawQuery, State};
use axum::http::Method;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use super::Sent;
use crate::Console;
use crate::asking::{Refusal, Wish, step};
use crate::pages::{Trouble, wanted};

/// Begins an export, and leads to the page that tells how far it is.
pub(super) async fn export(
    State(console): State<Console>,
    Path(format): Path<String>,
    RawQuery(query): RawQuery,
    sent: Sent,
) -> Result<Response, Trouble> {
    let begun = begin(&console, &sent, &format, query.as_deref()).await;
    let begun = begun.map_err(Trouble::on(&sent.session, "/logs"))?;
    Ok(Redirect::to(&format!("/exports/{}", step(&begun))).into_response())
}

/// The id of the export that holds these records.
async fn begin(console: &Console, sent: &Sent, format: &str, query: Option<&str>) -> Result<String, Refusal> {
    let (filter, search) = wanted(query, console.clock.now())?;
    let search = Some(search).filter(|search| !search.is_empty());
    let body = json!({ "format": format, "filter": filter, "search": search });
    let wish = Wish::new(Method::POST, "auditLogs/provisioning/exports").json(&body);
    let answered = console.api.send(&sent.session.person, wish).await?;
    let id = answered.told["id"].as_str().map(str::to_owned);
    id.ok_or_else(|| Refusal::unreadable("an export without an id"))
}
