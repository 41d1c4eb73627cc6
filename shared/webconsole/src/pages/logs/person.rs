//! Everything that happened to one person, or one group, in every application: also in those where the id is an account's.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use engine::report::ProvisioningRecord;
use serde::Deserialize;

use super::find::records;
use super::question::quoted;
use super::{everything_of, read, who};
use crate::Console;
use crate::asking::step;
use crate::pages::{Shell, Trouble, Visitor, shown};

/// The fields of the address.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Fields {
    /// On later pages: where this one begins.
    token: String,
}

#[derive(Template)]
#[template(path = "person.html")]
struct Page {
    shell: Shell,
    id: String,
    rows: Vec<ProvisioningRecord>,
    next: Option<String>,
    is_later: bool,
}

/// `GET /people/{id}`.
pub(crate) async fn person(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let Fields { token } = read(query.as_deref()).map_err(Trouble::to(&session))?;
    let text = quoted(&id);
    let conditions = format!("sourceIdentity/id eq {text} or targetIdentity/id eq {text}");
    let found = records(&console, &session, &conditions, "", &token).await;
    let (rows, next) = found.map_err(Trouble::to(&session))?;
    let next = next.map(|token| format!("{}?token={}", everything_of(&id), step(&token)));
    let name = rows.first().map_or(id.as_str(), who);
    let shell = Shell::new(name, &session).within("/logs");
    Ok(shown(StatusCode::OK, &Page { shell, id, rows, next, is_later: !token.is_empty() }))
}

impl Page {
    /// Whoever's account it is, when the id is an account's.
    fn holder(&self) -> Option<&ProvisioningRecord> {
        let first = self.rows.first()?;
        let is_holder = |record: &ProvisioningRecord| record.source_identity.id == self.id;
        (!self.rows.iter().any(is_holder)).then_some(first)
    }

    /// The first page.
    fn address(&self) -> String {
        everything_of(&self.id)
    }
}
