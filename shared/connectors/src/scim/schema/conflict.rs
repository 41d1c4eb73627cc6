//! Paths that write the same values: one mapping must not have both.
//!
//! In: two paths. Out: why they get into each other's way, and what to do; nothing when they do not, or when one of
//! them is no path. Pure.

use super::is_manager;
use crate::scim::path::ScimPath;

/// Why two paths cannot both be written.
pub(super) fn between(path: &str, other: &str) -> Option<String> {
    let [one, two] = [path, other].map(|text| text.parse().ok().map(spelled_out));
    let (one, two) = (one?, two?);
    if !one.attribute_path().eq_ignore_ascii_case(&two.attribute_path()) {
        return None;
    }
    if one.to_string().eq_ignore_ascii_case(&two.to_string()) {
        return (path != other).then(|| {
            format!("'{path}' and '{other}' are the same value, spelled in two ways; remove one of them")
        });
    }
    match (one.is_bare(), two.is_bare()) {
        (true, false) => Some(inside(path, other)),
        (false, true) => Some(inside(other, path)),
        _ => None,
    }
}

fn inside(whole: &str, part: &str) -> String {
    format!("'{whole}' is written as a whole, which would overwrite '{part}'; remove one of them")
}

/// The manager without a part is meant by the id.
fn spelled_out(mut path: ScimPath) -> ScimPath {
    if is_manager(&path) && path.sub.is_none() {
        path.sub = Some("value".to_owned());
    }
    path
}
