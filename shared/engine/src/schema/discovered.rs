//! What a target says it can hold, beside what the mappings have of it.
//!
//! In: a directory as the mappings make it, and what its target was found to have. Out: the directory with both.
//! Promise: discovery adds. An attribute that the mappings define stays as they define it, so that a schema that is
//! written back as it was read changes nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::document::{AttributeDefinition, DirectoryDefinition, ObjectDefinition};
use super::given::Given;

/// The member of a directory that counts the attributes which discovery had to leave out. The management API has none
/// for it.
pub const LEFT_OUT: &str = "@rollcall.leftOut";

/// What a target was found to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Discovered {
    /// The address of the target that was asked: what one says is not shown of another.
    pub from: String,
    /// Another one with each discovery.
    pub version: String,
    /// When it was asked.
    pub at: Timestamp,
    /// Its types of objects, by the names that schemas give them.
    pub objects: Vec<ObjectDefinition>,
    /// Attributes that it has and that are not among them.
    #[serde(default)]
    pub left_out: usize,
}

impl DirectoryDefinition {
    /// Adds what discovery found.
    pub fn add(&mut self, found: Discovered) {
        let mut objects = taken(&mut self.objects);
        for theirs in found.objects {
            match objects.iter_mut().find(|mine| mine.name == theirs.name) {
                Some(mine) => add(mine, &theirs),
                None => objects.push(theirs),
            }
        }
        self.objects = objects.into();
        self.version = found.version.into();
        self.discovery_date_time = found.at.to_string().into();
        if found.left_out > 0 {
            self.extra.insert(LEFT_OUT.to_owned(), found.left_out.into());
        }
    }
}

/// Adds the attributes that an object lacks, whatever the case of their names.
fn add(mine: &mut ObjectDefinition, theirs: &ObjectDefinition) {
    let name = |one: &AttributeDefinition| one.name.text().unwrap_or_default().to_lowercase();
    let mut attributes = taken(&mut mine.attributes);
    let known: Vec<String> = attributes.iter().map(name).collect();
    let news = theirs.attributes.each().iter().filter(|one| !known.contains(&name(one)));
    attributes.extend(news.cloned());
    attributes.sort_by(|one, other| one.name.text().cmp(&other.name.text()));
    mine.attributes = attributes.into();
}

fn taken<T>(given: &mut Given<Vec<T>>) -> Vec<T> {
    match std::mem::take(given) {
        Given::Value(all) => all,
        Given::Absent | Given::Null => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::export::{definition, object_of};
    use super::super::spelling::AttributeType;
    use super::*;

    fn object(name: &str, attributes: &[(&str, AttributeType)]) -> ObjectDefinition {
        object_of(name, attributes.iter().map(|(name, kind)| definition(name, kind.clone())).collect())
    }

    fn found(objects: Vec<ObjectDefinition>, left_out: usize) -> Discovered {
        let at = "2026-03-02T12:00:00Z".parse().unwrap();
        Discovered { from: String::new(), version: "7".to_owned(), at, objects, left_out }
    }

    fn directory(objects: Vec<ObjectDefinition>) -> DirectoryDefinition {
        DirectoryDefinition { objects: objects.into(), version: Given::Null, ..Default::default() }
    }

    #[test]
    fn what_the_mappings_define_stays_and_what_they_do_not_is_added() {
        use AttributeType::{Boolean, Integer, String};
        let mut all = directory(vec![object("User", &[("active", Boolean), ("zone", String)])]);
        let theirs = object("User", &[("ACTIVE", String), ("floor", Integer)]);
        all.add(found(vec![theirs, object("Group", &[("label", String)])], 3));
        let user = object("User", &[("active", Boolean), ("floor", Integer), ("zone", String)]);
        assert_eq!(all.objects.each(), [user, object("Group", &[("label", String)])]);
        assert_eq!(
            [all.version.text(), all.discovery_date_time.text()],
            [Some("7"), Some("2026-03-02T12:00:00Z")]
        );
        assert_eq!(all.extra[LEFT_OUT], 3);
    }

    #[test]
    fn a_target_that_says_nothing_takes_nothing_away() {
        let mine = vec![object("User", &[("active", AttributeType::Boolean)])];
        let mut all = directory(mine.clone());
        all.add(found(Vec::new(), 0));
        assert_eq!((all.objects.each(), all.extra.len()), (&mine[..], 0));
    }
}
