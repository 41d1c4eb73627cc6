//! A dry run: the cycle itself, with a target that changes nothing and a store that remembers nothing.
//!
//! In: a job as it is, its source and its target. Out: a [`Plan`]: every operation with old and new values, what the
//! guard would say, and for a job that has provisioned nobody yet, whose accounts match. [`apply`] executes a plan: the
//! cycle runs again, and what it decides differently from the plan is refused, object by object.
//!
//! # Guarantees
//! * What is planned is what a cycle decides: there is no second way to decide it. The plan's cycle id is the one under
//!   which it is applied, so that values which are drawn are drawn alike.
//! * Planning writes nothing, to neither system; it reads both as a cycle would.
//! * Applying writes nothing that the plan does not hold. What has moved since waits in escrow for the next cycle, which
//!   decides it anew. The guard judges removals as in any cycle.

mod footprint;
mod store;
mod target;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::footprint::Footprints;
pub(super) use self::footprint::{of_members, of_object};
use self::store::Overlay;
use self::target::Untouched;
use super::{CycleError, Definition, Ending, Ports, Request, Watch, mapping_version, run_watched};
use crate::escrow::FailureCode;
use crate::job::{CycleReport, JobState};
use crate::model::{CycleId, JobId, ObjectType, SourceId, TargetId};
use crate::pack;
use crate::ports::{Ids, Kept};
use crate::report::{Action, ModifiedProperty, Outcome, ProvisioningRecord};

/// What one cycle would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Its id.
    pub id: Uuid,
    /// The job.
    pub job: JobId,
    /// The cycle as which it would be applied.
    pub cycle: CycleId,
    /// When it was made.
    pub made_at: Timestamp,
    /// The mapping it was made under.
    pub mapping_version: String,
    /// What the cycle would report: counts, what the guard would say, why nobody is taken as gone.
    pub report: CycleReport,
    /// Every operation, in the order of execution, with those that would fail, wait or be skipped for a new reason.
    pub steps: Vec<PlannedStep>,
    /// Whose accounts match, when the job has provisioned nobody yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<MatchReport>,
    /// What was decided about whom, as digests.
    pub footprints: Footprints,
}

/// One operation of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStep {
    /// What it is about.
    pub object_type: String,
    /// Its anchor in the source.
    pub source_id: SourceId,
    /// What people call it.
    pub display_name: String,
    /// What would be done.
    pub action: Action,
    /// The account; absent when it would be created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_id: Option<TargetId>,
    /// How it would end: success when something would be sent.
    pub status: Outcome,
    /// Old and new values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ModifiedProperty>,
    /// Why it would fail, wait or be skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Whose accounts a new job finds in its target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchReport {
    /// People and groups whose account is there.
    pub matched: u64,
    /// Those who would get one.
    pub would_create: u64,
    /// Those of whom a person must decide: several accounts match, or one that is another's. Names.
    pub ambiguous: Vec<String>,
    /// Accounts and groups of the target that nobody in the source matches. Such accounts are never touched. `None` when
    /// the target cannot be listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_in_target: Option<u64>,
}

/// Finds out what the next cycle of a job would do, to whom.
///
/// # Errors
/// [`CycleError`] when source, target or store cannot be read; then nothing is known.
pub async fn rehearse(
    ports: &Ports<'_>,
    definition: &Definition,
    state: &JobState,
    id: Uuid,
) -> Result<Plan, CycleError> {
    let made_at = ports.clock.now();
    // A cycle that was cut is planned as one that begins: what it did is remembered, what it left shows again.
    let state = JobState { checkpoint: None, ..state.clone() };
    let is_new = state.counts.ever_linked + state.counts.groups.ever_linked == 0;
    let overlay = Overlay::new(ports.store, state);
    let untouched = Untouched::new(ports.target);
    let cycle = ports.ids.cycle_id();
    let dry = Ports { target: &untouched, store: &overlay, ids: &Fixed(cycle), ..*ports };
    let watch = Watch::rehearsing();
    let mut ending = run_watched(&dry, definition, &Request::default(), &watch).await?;
    // Without a deadline, and with nobody who could pause it, it ends with the first slice.
    let report = loop {
        match ending {
            Ending::Completed(report) => break *report,
            Ending::Continues | Ending::Paused => {
                ending = run_watched(&dry, definition, &Request::default(), &watch).await?;
            }
        }
    };
    let records = overlay.records();
    let matching =
        if is_new { Some(match_report(ports, definition, &overlay, &records).await?) } else { None };
    Ok(Plan {
        id,
        job: definition.job.clone(),
        cycle,
        made_at,
        mapping_version: mapping_version(definition),
        report,
        steps: records.into_iter().map(step).collect(),
        matching,
        footprints: watch.footprints(),
    })
}

impl Plan {
    /// The plan as it is kept in the store.
    ///
    /// # Errors
    /// When it cannot be written, which no plan is known to do.
    pub fn packed(&self) -> std::io::Result<Vec<u8>> {
        pack::quickly_deflated(&serde_json::to_vec(self)?)
    }

    /// A plan that was kept.
    ///
    /// # Errors
    /// When the bytes are none of a plan.
    pub fn unpack(bytes: &[u8]) -> std::io::Result<Self> {
        Ok(serde_json::from_slice(&pack::inflated(bytes)?)?)
    }
}

/// What a cycle that executes a plan must agree with, when another worker goes on with it. Of a plan that is there no
/// longer nothing is executed any more.
pub(super) async fn resumed(
    ports: &Ports<'_>,
    definition: &Definition,
    plan: Uuid,
) -> Result<Watch, CycleError> {
    let kept = ports.store.kept(&definition.job, Kept::Plan(plan)).await?;
    let footprints = kept.and_then(|bytes| Plan::unpack(&bytes).ok()).map(|plan| plan.footprints);
    Ok(Watch::agreed(plan, footprints.unwrap_or_default()))
}

/// Why a plan is not applied at all. `Display` is one sentence with the cure.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The mapping is another one.
    #[error("the mapping was changed after the plan was made; make a new plan")]
    MappingChanged,
    /// A cycle was cut and waits to go on.
    #[error("a cycle is under way; let it end, then make a new plan")]
    CycleUnderWay,
    /// The cycle stopped.
    #[error(transparent)]
    Cycle(#[from] CycleError),
}

/// Executes a plan, and nothing but it.
///
/// # Errors
/// [`ApplyError`]; what was executed before a cycle stopped stays, and its checkpoint goes on as any other cycle.
pub async fn apply(
    ports: &Ports<'_>,
    definition: &Definition,
    state: &JobState,
    request: &Request,
    plan: &Plan,
) -> Result<Ending, ApplyError> {
    if plan.mapping_version != mapping_version(definition) {
        return Err(ApplyError::MappingChanged);
    }
    // A plan whose application was cut goes on; another cycle's checkpoint does not become it.
    if state.checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.cycle != plan.cycle) {
        return Err(ApplyError::CycleUnderWay);
    }
    let ports = Ports { ids: &Fixed(plan.cycle), ..*ports };
    Ok(run_watched(&ports, definition, request, &Watch::agreed(plan.id, plan.footprints.clone())).await?)
}

/// The id under which a plan is applied.
struct Fixed(CycleId);

impl Ids for Fixed {
    fn cycle_id(&self) -> CycleId {
        self.0
    }
}

fn step(record: ProvisioningRecord) -> PlannedStep {
    let target = record.target_identity.id;
    let reason = record.provisioning_status_info.error_information.map(|error| error.reason).or_else(|| {
        let last = record.provisioning_steps.last()?;
        (last.status == Outcome::Skipped).then(|| last.description.clone())
    });
    PlannedStep {
        object_type: record.source_identity.identity_type,
        source_id: SourceId::new(record.source_identity.id),
        display_name: record.source_identity.display_name,
        action: record.provisioning_action,
        target_id: (!target.is_empty() && !Untouched::is_invented(&target)).then(|| TargetId::new(target)),
        status: record.provisioning_status_info.status,
        changes: record.modified_properties,
        reason,
    }
}

async fn match_report(
    ports: &Ports<'_>,
    definition: &Definition,
    overlay: &Overlay<'_>,
    records: &[ProvisioningRecord],
) -> Result<MatchReport, CycleError> {
    let mut report = MatchReport::default();
    for record in records {
        let status = &record.provisioning_status_info;
        let code = status.error_information.as_ref().map(|error| error.error_code.as_str());
        let ambiguous = [FailureCode::DuplicateTargetEntries, FailureCode::DuplicateSourceEntries];
        if ambiguous.iter().any(|ambiguous| code == Some(&ambiguous.to_string())) {
            report.ambiguous.push(record.source_identity.display_name.clone());
        } else if status.status != Outcome::Failure && record.provisioning_action == Action::Create {
            report.would_create += 1;
        }
    }
    let kinds = [ObjectType::User, ObjectType::Group].into_iter().filter(|kind| definition.manages(*kind));
    let mut alone = ports.target.habits().can_list.then_some(0);
    for kind in kinds {
        let listed = if alone.is_some() { listed(ports, definition, kind).await? } else { BTreeSet::new() };
        let claimed = listed.iter().filter(|id| overlay.is_claimed(kind, id)).count() as u64;
        alone = alone.map(|alone| alone + listed.len() as u64 - claimed);
    }
    report.matched = overlay.claimed_accounts();
    report.only_in_target = alone;
    Ok(report)
}

/// Every account of the target.
async fn listed(
    ports: &Ports<'_>,
    definition: &Definition,
    kind: ObjectType,
) -> Result<BTreeSet<TargetId>, CycleError> {
    let paths = definition.mapping_of(kind).matching().to_vec();
    let (mut known, mut cursor) = (BTreeSet::new(), None);
    loop {
        let page = ports.target.list(kind, &paths, cursor.as_ref()).await.map_err(CycleError::Target)?;
        known.extend(page.objects.into_iter().map(|object| object.id));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(known),
        }
    }
}
