//! Bodies: what is sent to create and to change a user or a group (RFC 7644 §3.3, §3.5).
//!
//! In: values by path, or what changed. Out: JSON. Promises: an attribute without a value is left out, never
//! `null`; Booleans are JSON Booleans; `schemas` names every extension in the body; one element per selector,
//! so that there are never two `work` addresses from one mapping; a secret that lost its text is an error, never an
//! empty value; members of groups are written by [`members`] and by nothing else.
//!
//! | Module | Does |
//! |---|---|
//! | [`mod@operations`] | the operations of a PATCH |
//! | [`members`] | who joins a group and who leaves it |
//! | [`resource`] | the same changes, made in a resource that was read |
//! | [`tidy`] | spells resources as servers take them |

pub(in crate::scim) mod members;
mod operations;
mod resource;
mod tidy;

use std::collections::BTreeMap;

use engine::model::{AttributeChange, Attributes, ObjectType, Value};
use engine::ports::MEMBERS;
use serde_json::{Value as Json, json};

pub(super) use self::resource::selects;
use super::{Object, key, value};
use crate::scim::config::ManagerForm;
use crate::scim::path::{PathError, ScimPath};
use crate::scim::schema;

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What a body is for.
#[derive(Debug, Clone, Copy)]
pub(in crate::scim) struct Style {
    /// A user or a group.
    pub(in crate::scim) kind: ObjectType,
    /// How a user's manager is written.
    pub(in crate::scim) manager: ManagerForm,
}

/// How changes inside lists are put, from what every server should know to what every server does.
#[derive(Debug, Clone, Copy)]
pub(in crate::scim) enum Lists<'a> {
    /// The element by its value path: `emails[type eq "work"].value`. Added whole when it is new.
    ByPath,
    /// The element added whole, for a server that answered `noTarget` because it was missing after all.
    Added,
    /// The list replaced whole, starting from the resource just read, for a server without value paths. What is to
    /// be removed and is not there is left out.
    Whole(&'a Object),
}

/// Why a body cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::scim) enum Unwritable {
    /// An attribute is not named by a path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A secret was stored and read back, which leaves no more than a hash of it.
    #[error(
        "the value for '{0}' is hidden, and its text is no longer at hand; it is made anew from the source and tried again"
    )]
    Hidden(String),
}

/// The body of a create.
///
/// # Errors
/// See [`Unwritable`].
pub(in crate::scim) fn create_body(style: Style, attributes: &Attributes) -> Result<Json, Unwritable> {
    let mut body = Object::new();
    let mut lists: Vec<ScimPath> = Vec::new();
    for (path, value) in attributes {
        let path: ScimPath = path.parse()?;
        if style.leaves_out(&path) {
            continue;
        }
        let Some(value) = written(&path, value)? else { continue };
        resource::put(&mut body, &path, value);
        if path.selector.is_some() {
            lists.push(path);
        }
    }
    for list in &lists {
        resource::inside(&mut body, list, |holder| tidy::mark_primary(holder, &list.attribute));
    }
    tidy::spell_manager(&mut body, style.manager);
    tidy::name_schemas(&mut body, style.kind);
    Ok(Json::Object(body))
}

/// The body of a PATCH; `None` when nothing changed, and nothing must be sent.
///
/// # Errors
/// See [`Unwritable`].
pub(in crate::scim) fn patch_body(
    style: Style,
    changes: &[AttributeChange],
    lists: Lists<'_>,
) -> Result<Option<Json>, Unwritable> {
    let operations = operations::of(&parsed(style, changes)?, lists, style.manager);
    Ok((!operations.is_empty()).then(|| patch(&operations)))
}

fn patch(operations: &[Json]) -> Json {
    json!({ "schemas": [PATCH_OP], "Operations": operations })
}

/// The body of a PUT: the resource just read with the changes made, without what the target keeps itself
/// (RFC 7644 §3.5.1).
///
/// # Errors
/// See [`Unwritable`].
pub(in crate::scim) fn put_body(
    style: Style,
    resource: &Object,
    changes: &[AttributeChange],
) -> Result<Json, Unwritable> {
    Ok(put_back(style, resource::merged(resource, &parsed(style, changes)?)))
}

/// A resource on its way back to where it was read.
fn put_back(style: Style, mut body: Object) -> Json {
    let meta = key(&body, "meta");
    body.remove(&meta);
    tidy::spell_manager(&mut body, style.manager);
    tidy::name_schemas(&mut body, style.kind);
    Json::Object(body)
}

/// What another spelling of the same changes can help with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scim) struct Touched {
    /// Elements of lists.
    pub(in crate::scim) elements: usize,
    /// Values to be removed, in lists or outside.
    pub(in crate::scim) removals: usize,
}

/// Counts what changes touch.
///
/// # Errors
/// See [`Unwritable`].
pub(in crate::scim) fn touched(style: Style, changes: &[AttributeChange]) -> Result<Touched, Unwritable> {
    let changes = parsed(style, changes)?;
    Ok(Touched {
        elements: elements(&changes).len(),
        removals: changes.iter().filter(|change| change.new.is_none()).count(),
    })
}

impl Style {
    /// Whether a value has no place in a body. A list of members would be the group's whole list: who else is in it
    /// would be thrown out.
    fn leaves_out(self, path: &ScimPath) -> bool {
        self.kind == ObjectType::Group && path.is_core(MEMBERS)
    }
}

// ----------------------------------------------------------------------------------------------------- changes

/// A change whose path is understood and whose value is JSON.
struct Change<'a> {
    path: ScimPath,
    old: Option<&'a Value>,
    /// `None` clears it.
    new: Option<Json>,
    /// Whether `new` joins what is there.
    adds: bool,
}

impl Change<'_> {
    /// Whether it removes the one part without which its element says nothing.
    fn removes_main(&self) -> bool {
        let sub = self.path.sub.as_deref();
        self.new.is_none() && sub.is_none_or(|sub| sub.eq_ignore_ascii_case("value"))
    }
}

fn parsed(style: Style, changes: &[AttributeChange]) -> Result<Vec<Change<'_>>, Unwritable> {
    let mut parsed = Vec::with_capacity(changes.len());
    for change in changes {
        let path: ScimPath = change.path.parse()?;
        if style.leaves_out(&path) {
            continue;
        }
        let new = match &change.new {
            Some(value) => written(&path, value)?,
            None => None,
        };
        // Nothing to add is nothing to do, and not a removal.
        if new.is_some() || !change.adds {
            parsed.push(Change { path, old: change.old.as_ref(), new, adds: change.adds });
        }
    }
    Ok(parsed)
}

/// The JSON of a value; `None` of an empty list, which is no value (RFC 7643 §2.5).
fn written(path: &ScimPath, value: &Value) -> Result<Option<Json>, Unwritable> {
    let value = value::written(path, value).ok_or_else(|| Unwritable::Hidden(path.to_string()))?;
    let is_empty = value.as_array().is_some_and(Vec::is_empty);
    Ok((!is_empty).then_some(value))
}

/// Whether it is the manager's id, which stands for the manager: they are an object (RFC 7643 §4.3), written and
/// removed as one.
fn is_id_of_manager(path: &ScimPath) -> bool {
    schema::is_manager(path) && path.sub.as_deref().is_none_or(|sub| sub.eq_ignore_ascii_case("value"))
}

/// The changes of one element of a list.
type Element<'c, 'a> = Vec<&'c Change<'a>>;

/// Changes of lists, gathered by the element they are in.
fn elements<'c, 'a>(changes: &'c [Change<'a>]) -> Vec<Element<'c, 'a>> {
    let mut elements: BTreeMap<ScimPath, Element<'c, 'a>> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.path.selector.is_some()) {
        elements.entry(change.path.element_path()).or_default().push(change);
    }
    elements.into_values().collect()
}

/// Whether an element's changes end the element. Without its `value` an e-mail address or a role is a shell that says
/// of which type nothing is: real apps refuse it, show it as an empty line, or count it. So the element goes, and what
/// else was said of it. Only where another part of it is given a value by the same mapping it stays, for that part.
/// An address has no such part: whoever clears its city keeps its street.
fn ends(element: &[&Change<'_>]) -> bool {
    element.iter().any(|change| change.removes_main()) && element.iter().all(|change| change.new.is_none())
}
