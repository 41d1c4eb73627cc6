//! Expressions: tried for an object that somebody makes up.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::subject::Subject;
use super::{Shell, Trouble, Visitor, shown};
use crate::Console;
use crate::session::Session;

/// What is tried.
#[derive(Default)]
pub(crate) struct Attempt {
    pub(crate) expression: String,
    /// Attributes, one a line: `givenName = Nadia`.
    pub(crate) values: String,
}

/// What came of it.
pub(crate) struct Tried {
    /// What is wrong with it.
    problem: Option<String>,
    /// How it was understood.
    parsed: Option<String>,
    /// What it yields; `None` when that cannot be said.
    values: Option<Vec<String>>,
}

#[derive(Template)]
#[template(path = "expression.html")]
pub(crate) struct Page {
    shell: Shell,
    subject: Subject,
    attempt: Attempt,
    tried: Option<Tried>,
}

/// `GET /applications/{application}/expression`.
pub(super) async fn ask(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Path(application): Path<String>,
) -> Result<Response, Trouble> {
    let subject = Subject::read(&console, &session, &application, "/expression").await;
    let subject = subject.map_err(Trouble::to(&session))?;
    let shell = Shell::new(format!("Expressions · {}", subject.name), &session);
    Ok(shown(StatusCode::OK, &Page { shell, subject, attempt: Attempt::default(), tried: None }))
}

/// The page with what came of an attempt.
pub(crate) fn with(session: &Session, id: String, job: String, attempt: Attempt, tried: Tried) -> Page {
    let subject = Subject::named(id, job, "/expression");
    Page { shell: Shell::new("Expressions", session), subject, attempt, tried: Some(tried) }
}

impl Attempt {
    /// The attributes with their values. A line without `=` is an attribute without a value.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.values.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(|line| {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            (name.trim(), value.trim())
        })
    }
}

impl Tried {
    /// Out of Graph's `parseExpressionResponse`.
    pub(crate) fn read(told: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let values = told["evaluationResult"].as_array().filter(|_| told["evaluationSucceeded"] == true);
        Self {
            problem: text(&told["error"]["message"]),
            parsed: text(&told["parsedExpression"]["expression"]),
            values: values.map(|values| values.iter().filter_map(text).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_written_one_attribute_a_line() {
        let values = " givenName = Nadia \r\n\r\nmail=a=b@x.example\nmanager";
        let attempt = Attempt { values: values.to_owned(), ..Attempt::default() };
        let pairs: Vec<_> = attempt.pairs().collect();
        assert_eq!(pairs, [("givenName", "Nadia"), ("mail", "a=b@x.example"), ("manager", "")]);
    }
}
