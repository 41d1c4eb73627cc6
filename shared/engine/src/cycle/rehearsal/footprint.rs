//! What was decided about whom, as digests: a plan and its application are compared by them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::cycle::plan::Planned;
use crate::decide::Operation;
use crate::ids::digest16;
use crate::mapping::Mapping;
use crate::model::{Attributes, SourceId, Value};

/// Digests of what a plan does, by object.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Footprints(BTreeMap<SourceId, BTreeSet<String>>);

impl Footprints {
    /// Adds what is done to an object.
    pub(in crate::cycle) fn add(&mut self, source: &SourceId, footprint: String) {
        self.0.entry(source.clone()).or_default().insert(footprint);
    }

    /// Whether the plan does this to the object.
    pub(in crate::cycle) fn has(&self, source: &SourceId, footprint: &str) -> bool {
        self.0.get(source).is_some_and(|known| known.contains(footprint))
    }
}

/// What is done to one object. Whom it refers to counts by anchor: an account that the plan creates has no id yet.
pub(in crate::cycle) fn of_object(planned: &Planned, mapping: &Mapping) -> String {
    let anchors: BTreeMap<String, SourceId> =
        planned.object.iter().flat_map(|object| mapping.references(object)).collect();
    let plain = |attributes: &Attributes| -> Vec<(String, String)> {
        let own = attributes.iter().filter(|(path, _)| !anchors.contains_key(*path));
        own.map(|(path, value)| (path.clone(), written(value))).collect()
    };
    let (action, values) = match &planned.operation {
        Operation::Create(attributes) => ("create".to_owned(), plain(attributes)),
        Operation::Update(id, changes) | Operation::Disable(id, changes) => {
            let own = changes.iter().filter(|change| !anchors.contains_key(&change.path));
            let values =
                own.map(|change| (change.path.clone(), change.new.as_ref().map(written).unwrap_or_default()));
            (format!("change {id}"), values.collect())
        }
        Operation::Delete(id) => (format!("delete {id}"), Vec::new()),
        _ => ("nothing".to_owned(), Vec::new()),
    };
    hex(&serde_json::to_vec(&(planned.kind, action, values, anchors)).unwrap_or_default())
}

/// What becomes of a group's members: who joins, and who leaves.
pub(in crate::cycle) fn of_members(joining: &[SourceId], leaving: &[SourceId]) -> String {
    let sorted = |ids: &[SourceId]| ids.iter().cloned().collect::<BTreeSet<_>>();
    hex(&serde_json::to_vec(&("members", sorted(joining), sorted(leaving))).unwrap_or_default())
}

/// A value as it is stored: a secret is its keyed hash.
fn written(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    digest16(&[bytes]).iter().map(|byte| format!("{byte:02x}")).collect()
}
