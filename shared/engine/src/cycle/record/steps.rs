//! The steps of an object's way through a cycle.

use std::collections::BTreeMap;

use super::Writer;
use super::parts::{counterpart, flat, imported, line, skip_step, step, texts, truth, unresolved_step};
use crate::cycle::plan::Planned;
use crate::decide::Operation;
use crate::escrow::Failure;
use crate::guard::HumanDecision;
use crate::job::CycleKind;
use crate::mapping::{AttributeTrace, Occasion};
use crate::model::{ObjectType, SkipReason};
use crate::report::{Outcome, Step, StepType};

/// At most so many traces go into a record.
const TRACES: usize = 12;

impl Writer<'_> {
    pub(super) fn steps(&self, planned: &Planned, failure: Option<&Failure>) -> Vec<Step> {
        let mut steps = vec![self.import(planned)];
        steps.extend(self.scoping(planned));
        // Neither of them was compared with anything.
        if let Operation::Skip(reason @ (SkipReason::MatchingValueMissing | SkipReason::NotInScope)) =
            planned.operation
        {
            steps.push(skip_step(reason));
            return steps;
        }
        steps.push(self.processing(planned, failure));
        steps.extend(self.unresolved(planned));
        steps.extend(self.export(planned, failure));
        steps
    }

    pub(super) fn import(&self, planned: &Planned) -> Step {
        let source = &self.definition.naming.source_name;
        let (name, arrival) = match (&planned.object, &planned.prior, self.kind) {
            (None, ..) => ("EntryImportDelete", "is gone from"),
            (Some(_), _, CycleKind::Initial) => ("EntryImport", "was read from"),
            (Some(_), None, CycleKind::Incremental) => ("EntryImportAdd", "arrived as an addition from"),
            (Some(_), Some(_), CycleKind::Incremental) => ("EntryImportUpdate", "arrived as a change from"),
        };
        let details = match &planned.object {
            Some(object) => imported(object),
            None => texts([("objectId", planned.source_id.to_string())]),
        };
        let description = format!("{} '{}' {arrival} {source}", planned.kind, planned.label);
        Step { details, ..step(name, StepType::Import, Outcome::Success, description, []) }
    }

    /// The step that says which account is theirs and what shall happen to it.
    pub(super) fn processing(&self, planned: &Planned, failure: Option<&Failure>) -> Step {
        let target = &self.definition.naming.application_name;
        let refused = matches!(planned.operation, Operation::Fail(_));
        if let (true, Some(failure)) = (refused, failure) {
            let name = if planned.prior.is_some() {
                "EntrySynchronizationUpdate"
            } else {
                "EntrySynchronizationAdd"
            };
            let mut refused = step(name, StepType::Matching, Outcome::Failure, failure.reason.clone(), []);
            refused.details = self.failed_traces(planned);
            return refused;
        }
        if let Some(path) = &planned.matched_by {
            let found = match planned.kind {
                ObjectType::User => format!("An account of '{}'", planned.label),
                ObjectType::Group => format!("A group '{}'", planned.label),
            };
            let description = format!("{found} in {target} matches by {path}");
            let mut found = step("EntryImport", StepType::Matching, Outcome::Success, description, []);
            found.details = flat(&planned.before);
            return found;
        }
        let (name, stage) = match &planned.operation {
            Operation::Create(_) => ("EntrySynchronizationAdd", StepType::Matching),
            Operation::Delete(_) => ("EntrySynchronizationDelete", StepType::Processing),
            _ => ("EntrySynchronizationUpdate", StepType::Processing),
        };
        let mut decided = step(name, stage, Outcome::Success, self.intended(planned), []);
        decided.details = self.traces(planned);
        decided
    }

    fn intended(&self, planned: &Planned) -> String {
        let target = &self.definition.naming.application_name;
        let (label, counterpart) = (&planned.label, counterpart(planned.kind));
        match &planned.operation {
            Operation::Create(_) => {
                format!("No {counterpart} in {target} matches '{label}'; it will be created")
            }
            Operation::Delete(_) if planned.object.is_none() => {
                format!("'{label}' is gone from the source; its {counterpart} in {target} will be deleted")
            }
            Operation::Delete(_) => format!(
                "'{label}' {}; its {counterpart} in {target} cannot be switched off and will be deleted",
                departure(planned)
            ),
            Operation::Disable(..) => {
                format!("'{label}' {}; the {counterpart} will be switched off", departure(planned))
            }
            _ => format!("'{label}' was compared with what {target} is known to hold"),
        }
    }

    /// Whether the object is switched on, assigned and admitted, clause by clause.
    pub(super) fn scoping(&self, planned: &Planned) -> Option<Step> {
        let object = planned.object.as_ref()?;
        let (_, scope) = self.definition.mapping_of(planned.kind).scope().explain(object);
        let mut scoping = step(
            "EntrySynchronizationScoping",
            StepType::Scoping,
            Outcome::Success,
            format!("{} checked for being active, against assignment and each scoping filter", planned.kind),
            [("Active in the source system", truth(object.enabled && !object.soft_deleted))],
        );
        scoping.details.extend(scope.details());
        Some(scoping)
    }

    /// How the expressions gave the values that are written, and whose accounts they name.
    fn traces(&self, planned: &Planned) -> BTreeMap<String, String> {
        let paths: Vec<&str> = match &planned.operation {
            Operation::Create(attributes) => attributes.keys().map(String::as_str).collect(),
            Operation::Update(_, changes) | Operation::Disable(_, changes) => {
                changes.iter().map(|change| change.path.as_str()).collect()
            }
            _ => Vec::new(),
        };
        let Some(object) = planned.object.as_ref().filter(|_| !paths.is_empty()) else {
            return BTreeMap::new();
        };
        let occasion = self.occasion(planned);
        let mapping = self.definition.mapping_of(planned.kind);
        let traced = paths.into_iter().filter_map(|path| {
            let told = mapping.explain_target(path, object, !planned.in_scope, &occasion)?;
            Some((path.to_owned(), traced(&told, planned)?))
        });
        traced.take(TRACES).collect()
    }

    /// What went wrong in the expressions of an object that could not be mapped.
    fn failed_traces(&self, planned: &Planned) -> BTreeMap<String, String> {
        let Some(object) = &planned.object else { return BTreeMap::new() };
        let explained = self.definition.mapping_of(planned.kind).explain(object, &self.occasion(planned));
        let failed = explained.attributes.into_iter().filter(|attribute| attribute.failed);
        failed
            .filter_map(|attribute| Some((attribute.target, line(&attribute.trace?))))
            .take(TRACES)
            .collect()
    }

    fn occasion(&self, planned: &Planned) -> Occasion {
        Occasion { now: self.began, change: planned.change_id, key: self.definition.key }
    }

    /// Whom the object refers to that has no account.
    fn unresolved(&self, planned: &Planned) -> Option<Step> {
        let target = &self.definition.naming.application_name;
        let paths: Vec<&str> = planned.pending.keys().map(String::as_str).collect();
        let tells = |named: &str| {
            format!(
                "'{}' refers to {named} ({}), without an account in {target} so far; it is left as it is until there is one",
                planned.label,
                paths.join(", ")
            )
        };
        (!paths.is_empty()).then(|| unresolved_step(planned.pending.values(), tells))
    }

    fn export(&self, planned: &Planned, failure: Option<&Failure>) -> Option<Step> {
        let target = &self.definition.naming.application_name;
        let (name, done, tried) = match &planned.operation {
            Operation::Create(_) => ("EntryExportAdd", "created", "Creating"),
            Operation::Update(..) => ("EntryExportUpdate", "updated", "Updating"),
            Operation::Disable(..) => ("EntryExportUpdate", "switched off", "Switching off"),
            Operation::Delete(_) => ("EntryExportDelete", "deleted", "Deleting"),
            Operation::Skip(reason) => return Some(skipped(*reason, planned)),
            Operation::Adopt(_) => return Some(skip_step(SkipReason::RedundantExport)),
            Operation::Ask(_) | Operation::Choose(_) | Operation::Fail(_) | Operation::Forget => return None,
        };
        let (kind, label) = (planned.kind, &planned.label);
        let (status, description) = match failure {
            None => (Outcome::Success, format!("{kind} '{label}' was {done} in {target}")),
            Some(_) => (
                Outcome::Failure,
                format!("{tried} {} '{label}' in {target} failed", kind.to_string().to_lowercase()),
            ),
        };
        let label = [("ReportableIdentifier", label.clone())];
        let mut export = step(name, StepType::Export, status, description, label);
        if let Some(approval) = &planned.decision {
            let who = [("ApprovedBy", approval.by.clone()), ("ApprovedAt", approval.at.to_string())];
            export.details.extend(texts(who));
        }
        Some(export)
    }
}

/// Why nothing was sent; of a rejected removal also who rejected it, and when.
fn skipped(reason: SkipReason, planned: &Planned) -> Step {
    let mut skipped = skip_step(reason);
    if let (SkipReason::RemovalRejected, Some(HumanDecision { by, at, .. })) = (reason, &planned.decision) {
        let at = at.strftime("%Y-%m-%d %H:%M UTC");
        skipped.description =
            format!("{by} rejected this removal on {at}; it is decided anew when the object changes");
    }
    skipped
}

/// Why somebody who is still in the source loses the account.
fn departure(planned: &Planned) -> &'static str {
    if planned.unmanaged { "is no longer in scope" } else { "is no longer active in the source" }
}

/// What one value was made from.
fn traced(told: &AttributeTrace, planned: &Planned) -> Option<String> {
    match (&told.refers_to, &told.trace) {
        (Some(anchor), _) => {
            let own = || planned.prior.as_ref()?.target_id.as_ref().filter(|_| *anchor == planned.source_id);
            let account = planned.references.get(anchor).or_else(own)?;
            Some(format!("{} refers to {anchor}, whose account is {account}", told.source))
        }
        (None, trace) => trace.as_ref().map(line),
    }
}
