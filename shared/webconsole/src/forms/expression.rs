//! An expression is tried. Nothing changes: the page with the answer is what is sent back.

use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::{Sent, action_path, page};
use crate::Console;
use crate::asking::Wish;
use crate::pages::expression::{Attempt, Tried, with};
use crate::pages::{Trouble, shown};

/// Tries it for an object somebody made up.
pub(super) async fn attempt(
    State(console): State<Console>,
    Path((application, job)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Trouble> {
    let page = page(&application, "/expression");
    let attempt =
        Attempt { expression: sent.text("expression").to_owned(), values: sent.text("values").to_owned() };
    let properties: Vec<_> = attempt
        .pairs()
        .map(|(key, value)| json!({ "key": key, "value": Some(value).filter(|value| !value.is_empty()) }))
        .collect();
    let body = json!({ "expression": attempt.expression, "testInputObject": { "properties": properties } });
    let path = action_path(&application, &job, "schema/parseExpression");
    let wish = Wish::new(Method::POST, &path).json(&body);
    let answered =
        console.api.send(&sent.session.person, wish).await.map_err(Trouble::on(&sent.session, &page))?;
    let tried = Tried::read(&answered.told);
    Ok(shown(StatusCode::OK, &with(&sent.session, application, job, attempt, tried)))
}
