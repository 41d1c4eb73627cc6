//! The template agrees with the code: what is deployed is what the functions were written for.
//!
//! CloudFormation's tags (`!Sub`, `!GetAtt`) are read as their plain values: `!Ref Bus` is the text `Bus`, `!If` a list.

mod alarms;
mod environment;
mod events;
mod insights;
mod parameters;
mod permissions;
mod queries;
mod routes;
mod storage;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Folders in `functions/`, and what the template calls them.
const FUNCTIONS: [(&str, &str); 4] = [
    ("sync", "SyncFunction"),
    ("query", "QueryFunction"),
    ("control", "ControlFunction"),
    ("notifier", "NotifierFunction"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

pub(crate) fn template() -> Value {
    serde_saphyr::from_str(&fs::read_to_string(root().join("template.yaml")).unwrap()).unwrap()
}

fn properties<'a>(template: &'a Value, resource: &str) -> &'a Value {
    let properties = &template["Resources"][resource]["Properties"];
    assert!(properties.is_object(), "the template has no {resource}");
    properties
}

/// The resources of a type, with their logical ids.
fn of_type<'a>(template: &'a Value, name: &str) -> Vec<(&'a str, &'a Value)> {
    let resources = template["Resources"].as_object().unwrap().iter();
    resources
        .filter(|(_, resource)| resource["Type"] == name)
        .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}
