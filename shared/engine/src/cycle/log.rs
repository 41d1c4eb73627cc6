//! Writing the provisioning log while a page is executed.
//!
//! In: what was done to objects. Out: their records, and the names they are found by. Keys are derived and content is
//! true, so records may be written as soon as their objects are done: a replay writes the same ones again.

use super::execute::Done;
use super::plan::{PagePlan, Planned};
use super::record::Writer;
use super::{Run, Stop, commit};
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
        Self { run, writer: Writer::new(run.definition, checkpoint) }
    }

    /// Writes the records of finished objects; how many there were to tell of.
    pub(super) async fn done(&self, done: &[Done]) -> Result<u64, Stop> {
        let records = done.iter().filter_map(|done| self.writer.done(done)).collect();
        self.append(records, done.iter().map(|done| &done.planned)).await
    }

    /// Writes the records of what a page did not do: removals that are held, rows that could not be read.
    pub(super) async fn rest(&self, plan: &PagePlan) -> Result<u64, Stop> {
        let now = self.run.ports.clock.now();
        let mut records: Vec<ProvisioningRecord> =
            plan.held.iter().map(|planned| self.writer.held(planned, now)).collect();
        records.extend(plan.unreadable.iter().map(|row| self.writer.unreadable(row, now)));
        self.append(records, &plan.held).await
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
        Ok(records.len() as u64)
    }
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
