//! Who is assigned to an application, one at a time: Graph's `appRoleAssignedTo`.
//!
//! In: a document, and a person or a group. Out: the document with them in its scope, or without them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::Problem;

/// Somebody who is assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    is_group: bool,
    id: String,
}

/// Longer ids than these no source has.
const LONGEST: usize = 1_024;

impl Assigned {
    /// A person by their id in the source (`User`), or a group as people's groups are spelled (`Group`).
    ///
    /// # Errors
    /// An empty or overlong id, another type.
    pub fn new(id: &str, kind: &str) -> Result<Self, Problem> {
        let wrong = |place: &str, problem: String| Problem { place: place.to_owned(), problem };
        let is_group = match kind.to_ascii_lowercase().as_str() {
            "user" => false,
            "group" => true,
            _ => return Err(wrong("principalType", format!("'{kind}' is neither User nor Group"))),
        };
        match id.trim() {
            id if (1..=LONGEST).contains(&id.len()) => Ok(Self { is_group, id: id.to_owned() }),
            _ => Err(wrong("principalId", format!("has 1 to {LONGEST} bytes; ids are those of the source"))),
        }
    }

    /// Whom an assignment's id assigns; `None` when it is none.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
        let (kind, id) = text.split_once(' ')?;
        Self::new(id, kind).ok()
    }

    fn kind(&self) -> &'static str {
        if self.is_group { "Group" } else { "User" }
    }

    fn list(&self) -> &'static str {
        if self.is_group { "groups" } else { "users" }
    }

    /// Whether a document assigns them.
    #[must_use]
    pub fn is_in(&self, document: &Value) -> bool {
        let list = document["users"]["scope"]["assigned"][self.list()].as_array();
        list.is_some_and(|list| list.iter().any(|id| id == &self.id))
    }

    /// Graph's `appRoleAssignment`.
    #[must_use]
    pub fn shown(&self, application: &str, name: &str) -> Value {
        json!({
            "id": URL_SAFE_NO_PAD.encode(format!("{} {}", self.kind(), self.id)),
            "appRoleId": "00000000-0000-0000-0000-000000000000",
            "principalId": self.id,
            "principalType": self.kind(),
            "resourceId": application,
            "resourceDisplayName": name,
        })
    }
}

/// Everybody whom a document assigns, one by one.
#[must_use]
pub fn of(document: &Value) -> Vec<Assigned> {
    let assigned = &document["users"]["scope"]["assigned"];
    let ids = |list: &str| {
        let list = assigned[list].as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let users = ids("users").into_iter().map(|id| Assigned { is_group: false, id });
    users.chain(ids("groups").into_iter().map(|id| Assigned { is_group: true, id })).collect()
}

/// The document with somebody assigned, or not any more. The last who goes leaves nobody assigned, not everybody.
#[must_use]
pub fn change(document: &Value, who: &Assigned, assigned: bool) -> Value {
    let mut document = document.clone();
    let mut at = &mut document;
    for name in ["users", "scope", "assigned"] {
        if !at[name].is_object() {
            at[name] = json!({});
        }
        at = &mut at[name];
    }
    let list = &mut at[who.list()];
    let mut ids: Vec<Value> = list.as_array().cloned().unwrap_or_default();
    ids.retain(|id| id != &who.id);
    if assigned {
        ids.push(json!(who.id));
    }
    *list = json!(ids);
    if let (true, Some(fields)) = (ids.is_empty(), at.as_object_mut()) {
        fields.remove(who.list());
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> Assigned {
        Assigned::new(id, "User").unwrap()
    }

    #[test]
    fn assigning_twice_is_assigning_once_and_the_last_who_goes_leaves_nobody() {
        let everybody = json!({ "users": { "scope": {} } });
        let one = change(&change(&everybody, &user("7"), true), &user("7"), true);
        assert_eq!(one["users"]["scope"]["assigned"], json!({ "users": ["7"] }));
        assert!(user("7").is_in(&one) && !user("8").is_in(&one));
        assert_eq!(of(&one), [user("7")]);
        let nobody = change(&one, &user("7"), false);
        assert_eq!(nobody["users"]["scope"]["assigned"], json!({}));
    }

    #[test]
    fn an_assignments_id_says_whom_it_assigns() {
        for (id, kind) in [("7", "user"), ("cn=a b,dc=x", "Group")] {
            let assigned = Assigned::new(id, kind).unwrap();
            let shown = assigned.shown("app", "Ledgerly");
            assert_eq!(Assigned::of_id(shown["id"].as_str().unwrap()), Some(assigned));
        }
        for foreign in ["", "%", "AAAA", "VXNlcg"] {
            assert_eq!(Assigned::of_id(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn who_cannot_be_assigned_is_refused_with_the_field() {
        let long = "x".repeat(LONGEST + 1);
        for (id, kind, place) in
            [("", "User", "principalId"), (&long, "User", "principalId"), ("7", "Device", "principalType")]
        {
            assert_eq!(Assigned::new(id, kind).unwrap_err().place, place);
        }
    }
}
