//! Hiding what passes through `Redact`, and having it again where it is needed.
//!
//! In: objects and plans. Out: the same, with hidden values where they are stored, and with their texts where they are
//! about to be sent. Only the source knows the texts: what was stored is read from it again.

use std::collections::BTreeMap;

use super::plan::PagePlan;
use super::{Definition, Run, Stop};
use crate::decide::Operation;
use crate::model::{ObjectType, SourceId, SourceObject, TargetObject, Value};
use crate::ports::{Source, SourceError};

impl Run<'_> {
    /// Hides what the mapping hides, in objects that were just read.
    pub(super) fn veil(&self, objects: &mut [SourceObject]) {
        for object in objects {
            self.definition.mapping_of(object.object_type).veil(object, &self.definition.key);
        }
    }

    /// Reads stored objects with hidden values again, see [`reread`].
    pub(super) async fn reread<'o>(
        &self,
        objects: impl Iterator<Item = &'o mut SourceObject>,
    ) -> Result<(), Stop> {
        reread(self.ports.source, self.definition, objects).await.map_err(Stop::Source)
    }

    /// Hides what accounts show of values that the mapping hides.
    pub(super) fn veil_accounts(
        &self,
        kind: ObjectType,
        mut accounts: Vec<TargetObject>,
    ) -> Vec<TargetObject> {
        let mapping = self.definition.mapping_of(kind);
        for account in &mut accounts {
            mapping.veil_account(&mut account.attributes, None, &self.definition.key);
        }
        accounts
    }
}

/// Reads those of the objects again that were stored with hidden values. Whom the source no longer shows stays as it
/// is, and fails alone when it is mapped.
pub(super) async fn reread<'o>(
    source: &dyn Source,
    definition: &Definition,
    objects: impl Iterator<Item = &'o mut SourceObject>,
) -> Result<(), SourceError> {
    let mut hidden: BTreeMap<SourceId, &mut SourceObject> =
        objects.filter(|object| object.is_hidden()).map(|object| (object.id.clone(), object)).collect();
    if hidden.is_empty() {
        return Ok(());
    }
    let ids: Vec<SourceId> = hidden.keys().cloned().collect();
    for mut object in source.get(&ids).await? {
        definition.mapping_of(object.object_type).veil(&mut object, &definition.key);
        if let Some(stored) = hidden.get_mut(&object.id) {
            **stored = object;
        }
    }
    Ok(())
}

/// Gives the hidden values of a stored plan their texts again, by evaluating the same changes once more.
pub(super) async fn lift(run: &Run<'_>, plan: &mut PagePlan) -> Result<(), Stop> {
    let mut affected: Vec<_> = plan.work.iter_mut().filter(|planned| is_hidden(&planned.operation)).collect();
    run.reread(affected.iter_mut().filter_map(|planned| planned.object.as_mut())).await?;
    for planned in affected {
        let Some(object) = &planned.object else { continue };
        let occasion = run.occasion(planned.change_id);
        // What fails here keeps its hidden value, and the connector refuses to send that.
        let mapping = run.definition.mapping_of(planned.kind);
        if let Ok(mapped) = mapping.evaluate(object, !planned.in_scope, &occasion) {
            values(&mut planned.operation, |path, value| mapping.unveil(&mapped, path, value));
        }
    }
    Ok(())
}

fn is_hidden(operation: &Operation) -> bool {
    match operation {
        Operation::Create(attributes) => attributes.values().any(Value::is_hidden),
        Operation::Update(_, changes) | Operation::Disable(_, changes) => {
            changes.iter().filter_map(|change| change.new.as_ref()).any(Value::is_hidden)
        }
        _ => false,
    }
}

fn values(operation: &mut Operation, mut each: impl FnMut(&str, &mut Value)) {
    match operation {
        Operation::Create(attributes) => attributes.iter_mut().for_each(|(path, value)| each(path, value)),
        Operation::Update(_, changes) | Operation::Disable(_, changes) => {
            for change in changes {
                if let Some(value) = &mut change.new {
                    each(&change.path, value);
                }
            }
        }
        _ => {}
    }
}
