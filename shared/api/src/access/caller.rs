//! Who asks, out of what their token says of them.

use jiff::Timestamp;
use serde_json::{Map, Value};
use store::StoredApplication;

/// Who asks, once it is known that they may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Their id with whoever issued the token.
    pub id: String,
    /// What they are called, in the audit.
    pub name: String,
    /// Whether only applications they own are there for them.
    pub owner_only: bool,
}

impl Caller {
    /// Whether an application is there for them.
    #[must_use]
    pub fn sees(&self, application: &StoredApplication) -> bool {
        let owners = application.document["owners"].as_array();
        !self.owner_only || owners.is_some_and(|owners| owners.iter().any(|owner| owner == &self.id))
    }
}

/// Where an id is, the most telling first: Entra's object id, which is the same in every token of a person or a program;
/// everybody else's subject; the client, where a program asks for itself and has no other name.
///
/// The client of a token that a person signed in for is not the person: it counts only in the absence of both others.
const IDS: [&str; 3] = ["oid", "sub", "client_id"];

/// Where a name is that people recognise: Entra's and Keycloak's, older Entra's, anybody's, Amazon Cognito's, a program's.
const NAMES: [&str; 6] = ["preferred_username", "upn", "unique_name", "email", "username", "app_displayname"];

/// The claims of a token that was checked.
#[derive(Debug, Clone)]
pub(super) struct Claims(pub(super) Map<String, Value>);

impl Claims {
    /// Whose token it is: their id and their name.
    pub(super) fn who(&self) -> Option<(&str, &str)> {
        let first = |names: &[&str]| names.iter().find_map(|name| self.text(name));
        let id = first(&IDS)?;
        Some((id, first(&NAMES).unwrap_or(id)))
    }

    /// When the token ends.
    pub(super) fn ends(&self) -> Option<Timestamp> {
        // The cast saturates, and what lies beyond all times is none.
        Timestamp::from_second(self.0.get("exp")?.as_f64()? as i64).ok()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.trim().is_empty())
    }

    /// The words of a claim that holds scopes: a text with blanks between them, or a list.
    pub(super) fn scopes(&self, name: &str) -> impl Iterator<Item = &str> {
        self.list(name).flat_map(str::split_whitespace)
    }

    /// The entries of a claim that holds roles, whose names may have blanks in them. Keycloak's lie deeper:
    /// `realm_access.roles`.
    pub(super) fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        let mut steps = name.split('.');
        let first = steps.next().and_then(|step| self.0.get(step));
        let claim = self.0.get(name).or_else(|| steps.try_fold(first?, |within, step| within.get(step)));
        let one = claim.filter(|claim| claim.is_string());
        one.into_iter().chain(claim.and_then(Value::as_array).into_iter().flatten()).filter_map(Value::as_str)
    }
}
