//! What both ways of Active Directory share: naming contexts, what their change counters do not tell, and searches
//! over a whole context.
//!
//! Changes are looked for in the whole naming context and without the document's filter: who was moved away or no
//! longer matches would not be found otherwise.

use std::collections::BTreeSet;

use ldap3::Scope;
use ldap3::controls::RawControl;

use super::super::client::Ask;
use super::super::dn;
use super::super::plan::Plan;
use super::super::reader::Reader;
use super::super::verdict::Place;
use super::super::wire::{self, Entry};

/// Shows deleted objects.
const SHOW_DELETED: &str = "1.2.840.113556.1.4.417";

/// Keeps references to other naming contexts out of the answer.
const DOMAIN_SCOPE: &str = "1.2.840.113556.1.4.1339";

/// Attributes that a domain controller computes from links of other objects: when those change, the counter of the
/// object that shows them does not move. OpenLDAP keeps `memberOf` in the same way, and moves no time stamp.
pub(super) const COMPUTED: [&str; 4] =
    ["memberof", "directreports", "managedobjects", "msds-memberoftransitive"];

/// What those are computed from.
pub(super) const LINKS: [&str; 3] = ["manager", "managedBy", "member"];

/// The naming contexts that the selections lie in, each once.
pub(super) fn contexts(reader: &Reader) -> Vec<String> {
    let root = &reader.server.root;
    let known: Vec<&str> =
        root.values("namingContexts").iter().filter_map(|name| std::str::from_utf8(name).ok()).collect();
    let mut contexts = BTreeSet::new();
    for kind in &reader.plan.kinds {
        // The longest is the innermost: a schema lies within the configuration, which lies within the domain.
        let inside = known.iter().filter(|context| dn::is_within(&kind.base, context));
        let context = inside.max_by_key(|context| context.len()).copied();
        contexts.insert(context.or(root.text("defaultNamingContext")).unwrap_or(&kind.base).to_owned());
    }
    contexts.into_iter().collect()
}

/// A search of a whole naming context for `filter`.
pub(super) fn search(reader: &Reader, context: &str, filter: String, attributes: &[&str]) -> Ask {
    Ask {
        place: Place::Server,
        base: context.to_owned(),
        scope: Scope::Subtree,
        filter,
        attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        controls: scope_controls(reader),
    }
}

/// The controls of a search of a whole naming context.
pub(super) fn scope_controls(reader: &Reader) -> Vec<RawControl> {
    let scope = reader.server.offers(DOMAIN_SCOPE).then(|| wire::control(DOMAIN_SCOPE, false, None));
    scope.into_iter().collect()
}

/// The control that shows deleted objects. Critical: without it nobody would count as deleted.
pub(super) fn show_deleted() -> RawControl {
    wire::control(SHOW_DELETED, true, None)
}

/// Whether some filter asks for what is computed: then nobody is told who comes into it and who falls out.
pub(super) fn filters_computed(plan: &Plan) -> bool {
    let computed = |name: &String| COMPUTED.contains(&name.as_str());
    plan.kinds.iter().any(|kind| filter_attributes(&kind.filter).iter().any(computed))
}

/// The attributes that a filter compares, in lower case. Parentheses inside values are escaped, so every one that
/// opens is followed by an operator, another filter or a name.
pub(in super::super) fn filter_attributes(filter: &str) -> BTreeSet<String> {
    let name = |part: &str| {
        let end = part.find(|letter: char| !letter.is_ascii_alphanumeric() && !"-.".contains(letter));
        part[..end.unwrap_or(part.len())].to_ascii_lowercase()
    };
    filter.split('(').map(str::trim_start).map(name).filter(|name| !name.is_empty()).collect()
}

/// Whether an entry is one that others lie below: when it moves, they move without a change of their own.
pub(super) fn holds_others(entry: &Entry) -> bool {
    let class = |value: &Vec<u8>| {
        value.eq_ignore_ascii_case(b"organizationalUnit") || value.eq_ignore_ascii_case(b"container")
    };
    entry.values("objectClass").iter().any(class)
}
