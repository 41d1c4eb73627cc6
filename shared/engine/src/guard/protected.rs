//! Who is never removed, whatever the source says: accounts for emergencies, of services, of whoever runs the app.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mapping::Mapping;
use crate::model::{Attributes, Link, ObjectType, SourceId, elements};

/// Patterns at the most. A list that is longer describes a group of people, which a scoping filter does better.
const PATTERNS: usize = 500;

/// Characters of a pattern at the most: the longest mail address has 254.
const LENGTH: usize = 256;

/// Accounts and groups that are never switched off nor deleted, and whose memberships are not taken away. Each entry is
/// an id in the source as it stands there, or a sign-in name, mail address or group name in any case; of a name `*` may
/// stand for its beginning or its end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Protected(pub Vec<String>);

impl Protected {
    /// Whether nobody is protected.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with the list, as a sentence that names the entry and the cure.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        if self.0.len() > PATTERNS {
            return Some(format!(
                "{} entries are too many; list at most {PATTERNS}, and leave groups of people to the scope",
                self.0.len()
            ));
        }
        self.0.iter().find_map(|pattern| problem_of(pattern))
    }

    /// Whether an object is protected: by its id in the source, or by one of the names under which its account is known.
    #[must_use]
    pub fn covers<'a>(&self, source: &SourceId, names: impl IntoIterator<Item = &'a str>) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let names: Vec<String> = names.into_iter().map(str::to_lowercase).collect();
        self.0.iter().any(|pattern| {
            pattern == source.as_str() || {
                let pattern = pattern.to_lowercase();
                names.iter().any(|name| Pattern::of(&pattern).is_met_by(name))
            }
        })
    }

    /// Whether the account of a link is protected.
    #[must_use]
    pub fn covers_link(&self, link: &Link, mapping: &Mapping) -> bool {
        let names = names_of(link.object_type, &link.shadow, mapping);
        let display = link.display_name.as_ref().filter(|_| link.object_type == ObjectType::Group);
        self.covers(&link.source_id, names.iter().chain(display).map(String::as_str))
    }
}

/// The names under which an account with these values is known: what it is matched by, its sign-in name and mail
/// addresses; of a group its display name. The display name of a person is nobody's own.
#[must_use]
pub(crate) fn names_of(kind: ObjectType, account: &Attributes, mapping: &Mapping) -> Vec<String> {
    let is_name = |path: &str| {
        mapping.matching().iter().any(|matching| matching == path)
            || match kind {
                ObjectType::User => path == "userName" || path.starts_with("emails"),
                ObjectType::Group => path == "displayName",
            }
    };
    let named = account.iter().filter(|(path, _)| is_name(path));
    named.flat_map(|(_, value)| elements(value)).map(ToString::to_string).collect()
}

fn problem_of(pattern: &str) -> Option<String> {
    let inner = Pattern::of(pattern).text;
    if pattern.trim().is_empty() {
        Some("an entry is empty; write an id or a name, or take the entry out".to_owned())
    } else if inner.trim().is_empty() {
        Some(format!("'{pattern}' would protect everyone; write some letters of the names beside the *"))
    } else if inner.contains('*') {
        Some(format!("'{pattern}' has a * in its middle; it may stand at the beginning and at the end"))
    } else if pattern.chars().count() > LENGTH {
        Some(format!("an entry has more than {LENGTH} characters; write an id or a name"))
    } else {
        None
    }
}

/// A name, whose beginning or end may be anything.
#[derive(Clone, Copy)]
struct Pattern<'p> {
    any_beginning: bool,
    text: &'p str,
    any_end: bool,
}

impl<'p> Pattern<'p> {
    fn of(pattern: &'p str) -> Self {
        let rest = pattern.strip_prefix('*');
        let (any_beginning, rest) = (rest.is_some(), rest.unwrap_or(pattern));
        let text = rest.strip_suffix('*');
        Self { any_beginning, text: text.unwrap_or(rest), any_end: text.is_some() }
    }

    fn is_met_by(self, name: &str) -> bool {
        // An entry that says nothing would protect everyone; it is refused where documents are checked.
        !self.text.trim().is_empty()
            && match (self.any_beginning, self.any_end) {
                (false, false) => name == self.text,
                (false, true) => name.starts_with(self.text),
                (true, false) => name.ends_with(self.text),
                (true, true) => name.contains(self.text),
            }
    }
}
