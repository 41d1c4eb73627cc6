//! What to write instead of an attribute that does not exist.
//!
//! In: a path with an unknown name. Out: a sentence with the nearest known paths, or how an attribute of the
//! app's own is written. Pure.

use super::ENTERPRISE;
use super::table::{CORE_ATTRIBUTES, ENTERPRISE_ATTRIBUTES, Mutability, Shape};
use crate::scim::path::{CORE_USER, ScimPath};

/// The sentence.
pub(super) fn unknown(path: &ScimPath) -> String {
    let near = nearest(path.sub.as_deref().unwrap_or(&path.attribute), &path.attribute);
    let schema = path.extension.as_deref().unwrap_or(CORE_USER);
    let known = near.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(" or ");
    let hint = if near.is_empty() {
        format!(
            "an attribute of the app's own is written with its extension: urn:ietf:params:scim:schemas:extension:<Name>:2.0:User:{}",
            path.attribute
        )
    } else {
        format!("did you mean {known}?")
    };
    format!("there is no attribute '{}' in {schema}; {hint}", path.attribute)
}

/// At most this many suggestions: more is a list to read, not a hint.
const SUGGESTIONS: usize = 3;

/// Every path of the tables whose last name is close to one of the words, closest first.
fn nearest(word: &str, other: &str) -> Vec<String> {
    let mut found: Vec<(usize, String)> = every_path()
        .into_iter()
        .filter_map(|(last, path)| {
            let distance = distance(word, last).min(distance(other, last));
            (distance <= last.len() / 3).then_some((distance, path))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).take(SUGGESTIONS).collect()
}

/// The writable paths of both schemas, each with the name that people remember it by.
fn every_path() -> Vec<(&'static str, String)> {
    let core = CORE_ATTRIBUTES.iter().map(|attribute| (String::new(), attribute));
    let enterprise = ENTERPRISE_ATTRIBUTES.iter().map(|attribute| (format!("{ENTERPRISE}:"), attribute));
    let mut paths = Vec::new();
    let every = core.chain(enterprise).filter(|(_, attribute)| attribute.mutability != Mutability::ReadOnly);
    for (schema, attribute) in every {
        let name = attribute.name;
        match &attribute.shape {
            Shape::Simple(_) => paths.push((name, format!("{schema}{name}"))),
            Shape::Complex(_) if name == "manager" => paths.push((name, format!("{schema}{name}"))),
            Shape::Complex(subs) => {
                paths.extend(subs.iter().map(|sub| (sub.name, format!("{schema}{name}.{}", sub.name))));
            }
            Shape::Many(subs, example) => {
                let last = subs.first().map_or("value", |sub| sub.name);
                paths.push((name, format!("{schema}{name}[type eq \"{example}\"].{last}")));
            }
        }
    }
    paths
}

/// How many letters must be changed, added, removed or swapped with their neighbour, case aside.
fn distance(left: &str, right: &str) -> usize {
    strsim::damerau_levenshtein(&left.to_lowercase(), &right.to_lowercase())
}
