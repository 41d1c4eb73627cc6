//! Writing the provisioning log while a page is executed.
//!
//! In: what was done to objects. Out: their records, and the names they are found by. Keys are derived and content is
//! true, so records may be written as soon as their objects are done: a replay writes the same ones again.

use super::execute::Done;
use super::plan::{PagePlan, Planned};
use super::record::{MembershipTold, ReferenceTold, Writer};
use super::{Run, Stop, commit};
use crate::decide::Operation;
use crate::job::Checkpoint;
use crate::ports::Identity;
use crate::report::ProvisioningRecord;

/// The log of one page.
pub(super) struct Log<'a> {
    run: &'a Run<'a>,
    writer: Writer<'a>,
}

impl<'a> Log<'a> {
    pub(super) fn new(run: &'a Run<'a>, checkpoint: &Checkpoint) -> Self {
        Self {
            run,
            writer: Writer::new(run.definition, checkpoint).asked_by(run.request.asked_by.as_deref()),
        }
    }

    /// Writes the records of finished objects; how many there were to tell of.
    pub(super) async fn done(&self, done: &[Done]) -> Result<u64, Stop> {
        let records = done.iter().filter_map(|done| self.record(done)).collect();
        self.append(records, done.iter().map(|done| &done.planned)).await
    }

    /// Writes the records of what a page did not do: removals that are held, rows that could not be read.
    pub(super) async fn rest(&self, plan: &PagePlan) -> Result<u64, Stop> {
        let now = self.run.ports.clock.now();
        let mut records: Vec<ProvisioningRecord> =
            plan.held.iter().map(|planned| self.writer.held(planned, now)).collect();
        for (change, link, actual) in &plan.reported {
            let (writer, run) = (&self.writer, self.run);
            let of_group = plan.reported_members.iter().find(|(group, _)| *group == link.source_id);
            let members = of_group.map_or(&[][..], |(_, members)| members);
            records.push(writer.drifted(*change, link, (actual, members), now));
            run.desk.put_link(link).await?;
        }
        records.extend(plan.unreadable.iter().map(|row| self.writer.unreadable(row, now)));
        self.append(records, &plan.held).await
    }

    /// Writes what became of the members of groups.
    pub(super) async fn members(&self, told: &[MembershipTold], held: bool) -> Result<u64, Stop> {
        let record = |told| if held { self.writer.held_members(told) } else { self.writer.members(told) };
        self.append(told.iter().map(record).collect(), []).await
    }

    fn record(&self, done: &Done) -> Option<ProvisioningRecord> {
        reference(done).map(|told| self.writer.reference(&told)).or_else(|| self.writer.done(done))
    }

    async fn append(
        &self,
        records: Vec<ProvisioningRecord>,
        people: impl IntoIterator<Item = &Planned>,
    ) -> Result<u64, Stop> {
        if records.is_empty() {
            return Ok(0);
        }
        let names: Vec<Identity> = people.into_iter().flat_map(new_names).collect();
        self.run.ports.store.append_records(&self.run.definition.job, &records, &names).await?;
        let count = records.len() as u64;
        self.run.watch.tell(records);
        Ok(count)
    }
}

/// What is told of a reference that was made good, or failed; `None` when the object turned out to need more than that.
fn reference(done: &Done) -> Option<ReferenceTold> {
    let planned = &done.planned;
    let Operation::Update(target, changes) = &planned.operation else { return None };
    planned.reference.then(|| ReferenceTold {
        change_id: planned.change_id,
        source_id: planned.source_id.clone(),
        label: planned.label.clone(),
        display_name: commit::display_name(planned),
        target: target.clone(),
        changes: changes.clone(),
        failure: done.outcome.as_ref().err().cloned(),
        finished: done.finished,
        milliseconds: done.milliseconds,
    })
}

/// The names under which a person is found, as far as they are not indexed yet.
fn new_names(planned: &Planned) -> Vec<Identity> {
    let identity = |name: String| Identity { source_id: planned.source_id.clone(), name };
    let known = planned.prior.as_ref().and_then(|link| link.display_name.as_deref());
    let display = commit::display_name(planned).filter(|name| Some(name.as_str()) != known).map(identity);
    let label_is_known = planned
        .prior
        .as_ref()
        .is_some_and(|link| link.shadow.values().any(|value| value.to_string() == planned.label));
    let label = (!label_is_known).then(|| identity(planned.label.clone()));
    display.into_iter().chain(label).collect()
}
