//! From an entry to an object. Pure.
//!
//! In: an [`Entry`] and the [`Plan`]. Out: a [`Converted`] object whose references still are names, or a sentence
//! that says what cannot be understood and how to mend it. Values of people appear in no sentence.

use std::collections::BTreeMap;

use engine::model::{Attributes, ObjectType, SourceId, SourceObject, Value};
use engine::ports;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::binary;
use super::plan::{ACCOUNT_CONTROL, CLASS, Kind, MEMBERS, Plan, Switch};
use super::schema::{Definition, Syntax, bare};
use super::time;
use super::wire::Entry;

/// The classes of groups that cannot be without members (RFC 4519).
const NEVER_EMPTY: [&[u8]; 2] = [b"groupOfNames", b"groupOfUniqueNames"];

/// `ADS_UF_ACCOUNTDISABLE`.
const DISABLED: i64 = 2;

/// Another entry, as an attribute names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Reference {
    /// By its anchor already.
    Id(Uuid),
    Dn(String),
    /// By `uid`, as `memberUid` does.
    Name(String),
}

/// An object whose references are still to be resolved, by attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Converted {
    pub(super) object: SourceObject,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) references: BTreeMap<String, Vec<Reference>>,
}

/// The anchor of an entry, or why it has none.
pub(super) fn anchor(entry: &Entry, plan: &Plan) -> Result<Uuid, String> {
    let name = plan.anchor.attribute();
    match entry.values(name) {
        [value] => binary::anchor(plan.anchor, value).ok_or_else(|| {
            format!("its {name} is not what one looks like; choose another source.ldap.anchor")
        }),
        [] => Err(format!(
            "it has no {name} that the bind account may see; give the account read access to {name}"
        )),
        _ => Err(format!("it has several values of {name}; choose another source.ldap.anchor")),
    }
}

/// Understands an entry of `kind` whose anchor is `id`.
pub(super) fn object(entry: &Entry, id: Uuid, kind: &Kind, plan: &Plan) -> Result<Converted, String> {
    let (mut attributes, mut references) = (Attributes::new(), BTreeMap::new());
    for name in &kind.wanted {
        let Some(definition) = plan.definition(name) else { continue };
        let values = found(entry, name, definition);
        if definition.syntax == Syntax::Reference {
            let named = values.iter().map(|value| dn_reference(value)).collect::<Option<Vec<_>>>();
            let named = named.ok_or_else(|| not_text(name))?;
            if !named.is_empty() {
                references.insert(name.clone(), named);
            }
        } else if let Some(value) = value(values, definition.syntax).ok_or_else(|| not_text(name))? {
            attributes.insert(name.clone(), value);
        }
    }
    if kind.object_type == ObjectType::Group
        && let Some(members) = members(entry, plan)?
    {
        references.insert(ports::MEMBERS.into(), members);
    }
    Ok(Converted {
        object: SourceObject {
            id: SourceId::new(id.to_string()),
            object_type: kind.object_type,
            display_name: display_name(entry, plan),
            enabled: kind.object_type == ObjectType::Group || enabled(entry, plan)?,
            soft_deleted: false,
            attributes,
        },
        references,
    })
}

fn not_text(name: &str) -> String {
    format!(
        "a value of '{name}' is not what its syntax says, or no text; mend the value, or do not map the attribute"
    )
}

/// The values of an attribute under any of its names, with the same options. `;binary` is how values travel, no
/// option of theirs.
fn found<'a>(entry: &'a Entry, name: &str, definition: &Definition) -> &'a [Vec<u8>] {
    let options = |name: &str| -> Vec<String> {
        let mut options: Vec<String> =
            name.split(';').skip(1).map(str::to_lowercase).filter(|option| option != "binary").collect();
        options.sort_unstable();
        options
    };
    let wanted = options(name);
    let same = |known: &str| {
        definition.names.iter().any(|name| name.eq_ignore_ascii_case(bare(known))) && options(known) == wanted
    };
    let found = entry.attributes.iter().find(|(known, _)| same(known));
    found.map_or(&[], |(_, values)| values)
}

/// The values of an attribute, when any are there; `None` outside when one is not what its syntax says.
fn value(values: &[Vec<u8>], syntax: Syntax) -> Option<Option<Value>> {
    let values = values.iter().map(|value| single(value, syntax)).collect::<Option<Vec<Option<Value>>>>()?;
    let mut values: Vec<Value> = values.into_iter().flatten().collect();
    Some(if values.len() > 1 { Some(Value::List(values)) } else { values.pop() })
}

fn single(value: &[u8], syntax: Syntax) -> Option<Option<Value>> {
    let text = || std::str::from_utf8(value).ok();
    Some(match syntax {
        Syntax::Text | Syntax::Reference => {
            text().map(|text| (!text.is_empty()).then(|| Value::text(text)))?
        }
        Syntax::Boolean => match text()? {
            "TRUE" => Some(Value::Boolean(true)),
            "FALSE" => Some(Value::Boolean(false)),
            _ => return None,
        },
        Syntax::Time => Some(Value::text(time::generalized(text()?)?.to_string())),
        Syntax::FileTime => time::file_time(text()?)?.map(|at| Value::text(at.to_string())),
        Syntax::Guid => Some(Value::text(binary::guid(value)?.to_string())),
        Syntax::Sid => Some(Value::text(binary::sid(value)?)),
    })
}

/// A DN, without the unique id that `uniqueMember` may carry (`…#'0101'B`). With Active Directory's extended DNs
/// the GUID stands in front: `<GUID=…>;<SID=…>;CN=…`.
fn dn_reference(value: &[u8]) -> Option<Reference> {
    let text = std::str::from_utf8(value).ok()?;
    if let Some((guid, _)) = text.strip_prefix("<GUID=").and_then(|rest| rest.split_once('>')) {
        return Uuid::try_parse(guid).ok().map(Reference::Id);
    }
    let dn = match text.rsplit_once("#'") {
        Some((dn, bits)) if bits.ends_with("'B") => dn,
        _ => text,
    };
    Some(Reference::Dn(dn.to_owned()))
}

/// The members of a group; `None` when they are not shown: a group that must have some has none to be seen.
fn members(entry: &Entry, plan: &Plan) -> Result<Option<Vec<Reference>>, String> {
    let mut members = Vec::new();
    for name in MEMBERS {
        let Some(definition) = plan.definition(name) else { continue };
        for value in found(entry, name, definition) {
            let reference = if definition.syntax == Syntax::Reference {
                dn_reference(value)
            } else {
                std::str::from_utf8(value).ok().map(|name| Reference::Name(name.to_owned()))
            };
            members.push(reference.ok_or_else(|| not_text(name))?);
        }
    }
    let known = MEMBERS.iter().any(|name| plan.definition(name).is_some());
    let never_empty = entry
        .values(CLASS)
        .iter()
        .any(|class| NEVER_EMPTY.iter().any(|other| class.eq_ignore_ascii_case(other)));
    let shown = !members.is_empty() || known && !never_empty;
    Ok(shown.then_some(members))
}

fn display_name(entry: &Entry, plan: &Plan) -> Option<String> {
    ["displayName", "cn"].iter().find_map(|name| {
        let value = found(entry, name, plan.definition(name)?).first()?;
        std::str::from_utf8(value).ok().filter(|text| !text.is_empty()).map(str::to_owned)
    })
}

fn enabled(entry: &Entry, plan: &Plan) -> Result<bool, String> {
    let texts = |name: &str| -> Vec<String> {
        let values = plan.definition(name).map_or(&[][..], |definition| found(entry, name, definition));
        values.iter().map(|value| String::from_utf8_lossy(value).trim().to_lowercase()).collect()
    };
    let any = |name: &str, listed: &[String]| {
        let values = texts(name);
        listed.iter().any(|listed| values.contains(&listed.trim().to_lowercase()))
    };
    match &plan.switch {
        Switch::Always => Ok(true),
        Switch::AccountControl => {
            let flags = texts(ACCOUNT_CONTROL).first().and_then(|text| text.parse::<i64>().ok());
            flags.map(|flags| flags & DISABLED == 0).ok_or_else(|| untold(ACCOUNT_CONTROL))
        }
        Switch::Says(name) => {
            let value = texts(name).into_iter().next();
            value.as_deref().and_then(says).ok_or_else(|| untold(name))
        }
        Switch::Is(name, values) => Ok(any(name, values)),
        Switch::IsNot(name, values) => Ok(!any(name, values)),
        Switch::Absent(name) => Ok(texts(name).is_empty()),
    }
}

/// The words that a file's column of that kind may hold, too.
fn says(text: &str) -> Option<bool> {
    match text {
        "true" | "1" | "yes" | "y" | "active" | "enabled" => Some(true),
        "false" | "0" | "no" | "n" | "inactive" | "disabled" => Some(false),
        _ => None,
    }
}

fn untold(name: &str) -> String {
    format!(
        "'{name}' is missing or says neither true nor false, so nobody can tell whether the account is switched on; give the bind account read access to it, or correct source.ldap.enabled"
    )
}
