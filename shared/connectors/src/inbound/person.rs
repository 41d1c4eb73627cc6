//! From an uploaded SCIM user to an object of the source.
//!
//! In: `data` of an operation. Out: a [`SourceObject`] whose attributes have the names under which mappings ask for
//! them. Pure.
//!
//! | Uploaded | Attribute |
//! |---|---|
//! | `"userName": "kim"` | `userName` |
//! | `"name": {"givenName": "Kim"}` | `name.givenName` |
//! | `"emails": [{"type": "work", "primary": true, "value": "k@x"}]` | `emails[type eq "work"].value`, `emails[primary eq true].value`, and `emails`: the list |
//! | `"urn:…:enterprise:2.0:User": {"department": "Ops"}` | `urn:…:enterprise:2.0:User:department` |
//! | … `{"manager": {"value": "E2"}}` | `urn:…:enterprise:2.0:User:manager` and `….manager.value` |
//!
//! # Guarantees
//! An attribute that RFC 7643 does not know in its own schemas is refused with the nearest one it knows: a mapping
//! would miss it silently. `id`, `meta` and `groups` are the service's to fill and are passed over. A password is
//! refused, so that none is stored.

use engine::mapping::TargetSchema as _;
use engine::model::{Attributes, ObjectType, SourceId, SourceObject, Value};
use serde_json::{Map, Value as Json};

use super::intake::{Findings, lists, shown};
use crate::scim::ScimSchema;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

/// The longest name of an attribute, with its extension: twice what the longest known ones have.
const LONGEST_NAME: usize = 200;

/// The largest person, as stored before packing: fifty of them fit into one transaction of 4 MB. A photograph does not,
/// and its address does.
const LARGEST: usize = 64 * 1024;

/// What the service fills (RFC 7643 §3.1, §4.1.2), and what is read elsewhere.
const PASSED_OVER: [&str; 4] = ["schemas", "id", "meta", "groups"];

/// Understands one user. `None` when something is wrong with it, which is among `findings`.
pub(super) fn read(
    data: &Map<String, Json>,
    id: Option<&SourceId>,
    place: &str,
    findings: &mut Findings,
) -> Option<SourceObject> {
    if !lists(data, USER) {
        findings.add(format!("{place}.schemas"), format!("must list {USER}; add it"));
    }
    let enabled = data.get("active").and_then(flag);
    if enabled.is_none() {
        // Left out it would switch somebody off who works here, or somebody on who left.
        findings.add(
            format!("{place}.active"),
            "must be true or false: whether the person's account is switched on",
        );
    }
    let mut reader = Reader { place, findings, attributes: Attributes::new() };
    for (name, value) in data {
        match name.as_str() {
            name if PASSED_OVER.contains(&name) => {}
            "active" => {}
            "password" => reader.wrong(name, "is not taken: passwords are nobody's to pass on; leave it out"),
            urn if urn.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")) => {
                reader.extension(urn, value);
            }
            name => reader.attribute(None, name, value),
        }
    }
    let mut attributes = reader.attributes;
    attributes.insert("active".to_owned(), Value::Boolean(enabled?));
    let text = |name: &str| match attributes.get(name) {
        Some(Value::Text(text)) if !text.trim().is_empty() => Some(text.clone()),
        _ => None,
    };
    let object = SourceObject {
        id: id?.clone(),
        object_type: ObjectType::User,
        display_name: text("displayName").or_else(|| text("name.formatted")),
        enabled: enabled?,
        soft_deleted: false,
        attributes,
    };
    if serde_json::to_vec(&object).map_or(usize::MAX, |bytes| bytes.len()) > LARGEST {
        let problem =
            format!("is too large; a person has at most {LARGEST} bytes, leave out what no app needs");
        findings.add(place, problem);
        return None;
    }
    Some(object)
}

/// True or false, also as the text that spreadsheets make of it.
fn flag(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(flag) => Some(*flag),
        Json::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Json::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// One value; numbers with a fraction as the text they were written as.
fn scalar(value: &Json) -> Option<Value> {
    match value {
        Json::Bool(flag) => Some(Value::Boolean(*flag)),
        Json::Number(number) => {
            Some(number.as_i64().map_or_else(|| Value::text(number.to_string()), Value::Integer))
        }
        Json::String(text) => Some(Value::text(text)),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// What an attribute is named by in a mapping: its extension, then itself.
fn path_of(urn: Option<&str>, name: &str) -> String {
    urn.map_or_else(|| name.to_owned(), |urn| format!("{urn}:{name}"))
}

/// Reads the attributes of one user.
struct Reader<'a> {
    place: &'a str,
    findings: &'a mut Findings,
    attributes: Attributes,
}

impl Reader<'_> {
    fn wrong(&mut self, name: &str, problem: impl Into<String>) {
        self.findings.add(format!("{}.{}", self.place, shown(name)), problem);
    }

    fn extension(&mut self, urn: &str, value: &Json) {
        match value {
            Json::Null => {}
            Json::Object(_) if urn.eq_ignore_ascii_case(USER) => {
                self.wrong(urn, "is the schema of users itself; write its attributes beside externalId");
            }
            Json::Object(attributes) => {
                for (name, value) in attributes {
                    self.attribute(Some(urn), name, value);
                }
            }
            _ => self.wrong(urn, "is an extension and must be an object of attributes"),
        }
    }

    fn attribute(&mut self, urn: Option<&str>, name: &str, value: &Json) {
        if self.findings.is_full() || !self.is_name(urn, name) {
            return;
        }
        let path = path_of(urn, name);
        match value {
            Json::Null => {}
            Json::Object(parts) => self.parts(urn, &path, parts),
            Json::Array(elements) => self.elements(urn, &path, elements),
            one => {
                if self.is_known(urn, &path, Some(false)) {
                    let value = self.part(&path, one);
                    self.attributes.extend(value.map(|value| (path, value)));
                }
            }
        }
    }

    /// One value with parts. Where one of them is `value`, the attribute itself stands for it.
    fn parts(&mut self, urn: Option<&str>, path: &str, parts: &Map<String, Json>) {
        for (name, value) in parts {
            let part = format!("{path}.{name}");
            if value.is_null() || !self.is_name(None, name) || !self.is_known(urn, &part, None) {
                continue;
            }
            let Some(value) = self.part(&part, value) else { continue };
            if name == "value" {
                self.attributes.insert(path.to_owned(), value.clone());
            }
            self.attributes.insert(part, value);
        }
    }

    /// A list: as a whole, and each part of each element by the element's type. Of two elements of one type the
    /// primary one counts, or else the first.
    fn elements(&mut self, urn: Option<&str>, path: &str, elements: &[Json]) {
        if !self.is_known(urn, path, Some(true)) {
            return;
        }
        let mut list = Vec::new();
        let mut complex = Vec::new();
        for element in elements.iter().filter(|element| !element.is_null()) {
            if self.findings.is_full() {
                return;
            }
            let Json::Object(parts) = element else {
                list.extend(self.part(path, element));
                continue;
            };
            let parts = self.element(urn, path, parts);
            if !parts.is_empty() {
                list.push(Value::Complex(parts.clone()));
                complex.push(parts);
            }
        }
        complex.sort_by_key(|parts| !is_primary(parts));
        for parts in &complex {
            self.selected(path, parts);
        }
        if !list.is_empty() {
            self.attributes.insert(path.to_owned(), Value::List(list));
        }
    }

    fn element(&mut self, urn: Option<&str>, path: &str, parts: &Map<String, Json>) -> Attributes {
        let mut read = Attributes::new();
        for (name, value) in parts.iter().filter(|(_, value)| !value.is_null()) {
            // What selects an element is not asked for of the element itself.
            let asked = format!("{path}[type eq \"any\"].{name}");
            let known = name == "type" || !is_schemas_own(urn) || self.is_known(urn, &asked, None);
            if !self.is_name(None, name) || !known {
                continue;
            }
            if name == "redacted" {
                // Stored, it would be taken for a value that was hidden.
                self.wrong(path, "has a part 'redacted', which is a reserved word here; name it otherwise");
                continue;
            }
            let value =
                if name == "primary" { flag(value).map(Value::Boolean) } else { self.part(path, value) };
            read.extend(value.map(|value| (name.clone(), value)));
        }
        read
    }

    /// The parts of an element, by what selects it. Types differ in case at will (RFC 7643 §2.4): written in lower case.
    fn selected(&mut self, path: &str, parts: &Attributes) {
        let kind = parts.get("type").map(|kind| Json::from(kind.to_string().to_lowercase()).to_string());
        let by_type = kind.map(|kind| format!("{path}[type eq {kind}]"));
        let by_primary = is_primary(parts).then(|| format!("{path}[primary eq true]"));
        for selector in by_type.into_iter().chain(by_primary) {
            if selector.len() > LONGEST_NAME {
                self.wrong(
                    path,
                    format!("has a type that is too long; with it the name has at most {LONGEST_NAME} bytes"),
                );
                continue;
            }
            for (name, value) in parts.iter().filter(|(name, _)| !matches!(name.as_str(), "type" | "primary"))
            {
                self.attributes.entry(format!("{selector}.{name}")).or_insert_with(|| value.clone());
            }
        }
    }

    fn part(&mut self, path: &str, value: &Json) -> Option<Value> {
        let read = scalar(value);
        if read.is_none() {
            self.wrong(path, "is nested too deeply; SCIM has lists of objects, and in them single values");
        }
        if path.starts_with(MANAGER) && value.as_str().is_some_and(|text| text.starts_with("bulkId:")) {
            self.wrong(path, "names an operation; write the externalId of the manager instead");
        }
        read
    }

    /// Whether a name can be one (RFC 7643 §2.1), with its extension.
    fn is_name(&mut self, urn: Option<&str>, name: &str) -> bool {
        let sound = name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let length = name.len() + urn.map_or(0, str::len);
        if length > LONGEST_NAME {
            self.wrong(
                urn.unwrap_or(name),
                format!("has a name of more than {LONGEST_NAME} bytes; shorten it"),
            );
        } else if !sound && name != "$ref" {
            let problem =
                "is no attribute's name, which has letters, digits, '-' and '_'; write parts as objects";
            self.wrong(&path_of(urn, name), problem);
        } else {
            return true;
        }
        false
    }

    /// Whether the schema knows the path, and whether its values are a list, where that is asked. Attributes of the
    /// company's own extensions are what the upload makes of them.
    fn is_known(&mut self, urn: Option<&str>, path: &str, as_list: Option<bool>) -> bool {
        if !is_schemas_own(urn) {
            return true;
        }
        let problem = match (ScimSchema.attribute(path), as_list) {
            (Err(problem), _) => problem,
            (Ok(known), Some(true)) if !known.multivalued => {
                "takes one value and not a list; write it bare".into()
            }
            (Ok(known), Some(false)) if known.multivalued => "takes a list; write [{\"value\": …}]".into(),
            _ => return true,
        };
        self.wrong(path, problem);
        false
    }
}

/// Whether a schema of RFC 7643 says what there is.
fn is_schemas_own(urn: Option<&str>) -> bool {
    urn.is_none_or(|urn| urn.eq_ignore_ascii_case(ENTERPRISE))
}

fn is_primary(parts: &Attributes) -> bool {
    parts.get("primary") == Some(&Value::Boolean(true))
}
