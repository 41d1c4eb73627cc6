//! Looking at everyone, with what is remembered at hand.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::accounts::{Accounts, Found};
use super::{Consequences, Sight, keep};
use crate::cycle::choosing::{Reserved, assume_free};
use crate::cycle::matching::Candidates;
use crate::cycle::phases::PAGE;
use crate::cycle::plan::{Item, label, once_per_value};
use crate::cycle::{CycleError, Definition, day_of, veil};
use crate::decide::{Answer, Case, Decision, Operation, References, decide};
use crate::escrow::EscrowEntry;
use crate::fingerprint::{Fingerprint, Seen};
use crate::guard::{Removed, StagedRemoval, Verdict, shrunken_because};
use crate::ids::IdHash;
use crate::mapping::Occasion;
use crate::model::{Link, ObjectType, SourceObject};
use crate::ports::{SourcePage, Unreadable};

/// A preview at work.
pub(super) struct Look<'a> {
    sight: &'a Sight<'a>,
    definition: &'a Definition,
    total: Option<u64>,
    /// The fingerprint snapshot, sorted, and who of it was met.
    snapshot: Vec<Fingerprint>,
    seen: Seen,
    /// What waits and was not met yet.
    staged: BTreeMap<IdHash, StagedRemoval>,
    escrows: BTreeMap<IdHash, EscrowEntry>,
    accounts: Accounts<'a>,
    /// Objects that the reading showed so far, of either type.
    met: u64,
    found: Consequences,
}

impl<'a> Look<'a> {
    /// Loads what is remembered of the job as a whole.
    pub(super) async fn begin(
        sight: &'a Sight<'a>,
        definition: &'a Definition,
        total: Option<u64>,
    ) -> Result<Self, CycleError> {
        let mut look = Self {
            sight,
            definition,
            total,
            snapshot: Vec::new(),
            seen: Seen::default(),
            staged: BTreeMap::new(),
            escrows: BTreeMap::new(),
            accounts: Accounts::new(sight, definition),
            met: 0,
            found: Consequences::default(),
        };
        if let Some(job) = sight.job {
            look.snapshot = sight.store.snapshot(&definition.job).await?;
            if job.counts.staged > 0 {
                let staged = sight.store.staged(&definition.job).await?;
                let people = staged.into_iter().filter(|row| row.removed == Removed::Users);
                look.staged = people.map(|row| (IdHash::of(&row.source_id), row)).collect();
            }
            if job.counts.escrowed > 0 {
                let escrows = sight.store.escrows(&definition.job).await?;
                let people = escrows.into_iter().filter(|row| row.object_type == ObjectType::User);
                look.escrows = people.map(|row| (IdHash::of(&row.source_id), row)).collect();
            }
            look.found.cycle_under_way = job.checkpoint.is_some();
        }
        Ok(look)
    }

    /// Objects looked at so far, for the progress.
    pub(super) fn done(&self) -> u64 {
        self.found.read + self.found.unreadable
    }

    /// Looks at one page of the reading.
    pub(super) async fn page(&mut self, mut page: SourcePage) -> Result<(), CycleError> {
        if !page.present.is_empty() {
            let shown = self.sight.source.get(&page.present).await.map_err(CycleError::Source)?;
            page.objects.extend(shown);
        }
        for row in &page.unreadable {
            self.unreadable(row);
        }
        // Groups are not looked at; but that they are there counts.
        self.met += page.objects.len() as u64;
        for group in page.objects.extract_if(.., |object| object.object_type == ObjectType::Group) {
            self.mark(&IdHash::of(&group.id));
        }
        for object in &mut page.objects {
            self.definition.mapping.veil(object, &self.definition.key);
        }
        self.found.read += page.objects.len() as u64;
        let items: Vec<Item> =
            page.objects.into_iter().filter(|object| self.is_news(object)).map(Item::present).collect();
        let left = self.total.unwrap_or(0).saturating_sub(self.done()) + items.len() as u64;
        let is_first = self.sight.job.is_none_or(|job| job.initial_completed.is_none());
        let expected = if is_first { left } else { items.len() as u64 };
        self.decide(items, expected).await
    }

    fn unreadable(&mut self, row: &Unreadable) {
        self.found.unreadable += 1;
        keep(&mut self.found.samples.unreadable, &format!("{}: {}", row.place, row.reason));
        self.found.no_inference.get_or_insert_with(|| {
            format!("{} cannot be read ({}); until it can, nobody is taken as gone", row.place, row.reason)
        });
    }

    /// Whether an object differs from what was processed last, or waits for the guard: as a cycle sees it.
    fn is_news(&mut self, object: &SourceObject) -> bool {
        let generation = self.sight.job.map_or(0, |job| job.generation);
        let day = day_of(self.sight.now);
        let fingerprint = Fingerprint::of(object, &self.definition.mapping, day, generation);
        let known = self.mark(&fingerprint.id);
        let same = known.is_some_and(|position| self.snapshot[position] == fingerprint);
        let staged = self.staged.remove(&fingerprint.id).is_some();
        if !same || staged {
            self.escrows.remove(&fingerprint.id);
            return true;
        }
        let admitted = self.definition.mapping.scope().admits(object).unwrap_or_default();
        self.found.in_scope += u64::from(admitted && object.enabled && !object.soft_deleted);
        if !self.escrows.contains_key(&fingerprint.id) {
            self.found.unchanged += 1;
        }
        false
    }

    /// Notes that an object was met; where it stands in the snapshot.
    fn mark(&mut self, id: &IdHash) -> Option<usize> {
        let known = self.snapshot.binary_search_by_key(id, |known| known.id).ok();
        if let Some(position) = known {
            self.seen.mark(position);
        }
        known
    }

    /// Looks at those whom a complete reading did not show.
    pub(super) async fn leavers(&mut self) -> Result<(), CycleError> {
        let before = self.sight.job.map_or(0, |job| job.last_total);
        if let Some(reason) = shrunken_because(before, self.met) {
            self.found.no_inference.get_or_insert(reason);
        }
        let missing: Vec<IdHash> = (self.snapshot.iter().enumerate())
            .filter(|(position, _)| !self.seen.has(*position))
            .map(|(_, known)| known.id)
            .collect();
        let inferred = self.found.no_inference.is_none();
        for hashes in missing.chunks(PAGE) {
            // Who may be gone is not tried out of escrow either, until it is seen again.
            for hash in hashes {
                self.found.waiting += u64::from(self.escrows.remove(hash).is_some() && !inferred);
            }
            if inferred {
                let links = self.links(hashes).await?;
                hashes.iter().for_each(|hash| drop(self.staged.remove(hash)));
                let gone = |link: &Link| Item::gone(link.object_type, link.source_id.clone());
                let people = links.values().filter(|link| link.object_type == ObjectType::User);
                self.decide(people.map(gone).collect(), 0).await?;
            }
        }
        Ok(())
    }

    /// Looks at what waits and was not met: removals that were held, and what is due in escrow.
    pub(super) async fn waiting(&mut self) -> Result<(), CycleError> {
        let staged = std::mem::take(&mut self.staged).into_values();
        let mut items: Vec<Item> =
            staged.map(|row| Item::new(ObjectType::User, row.source_id, row.object)).collect();
        for entry in std::mem::take(&mut self.escrows).into_values() {
            if entry.next_attempt.is_some_and(|at| at <= self.sight.now) {
                items.push(Item::new(entry.object_type, entry.source_id, entry.object));
            } else {
                self.found.waiting += 1;
            }
        }
        // Whoever was met is in scope or not, and was counted.
        let in_scope = self.found.in_scope;
        while !items.is_empty() {
            let rest = items.split_off(items.len().min(PAGE));
            let expected = items.len() as u64;
            self.decide(std::mem::replace(&mut items, rest), expected).await?;
        }
        self.found.in_scope = in_scope;
        Ok(())
    }

    /// What the guard would say, and all that was found.
    pub(super) fn end(mut self) -> Consequences {
        let linked = self.sight.job.map_or(0, |job| job.counts.linked);
        let verdict = Verdict {
            removed: Removed::Users,
            removals: self.found.removals(),
            today: 0,
            managed: linked + self.found.joining + self.found.matched,
            thresholds: self.definition.thresholds,
            approved_by: None,
            at: self.sight.now,
        };
        self.found.held = (verdict.removals > 0).then(|| verdict.held_because()).flatten();
        self.found
    }

    async fn links(&self, hashes: &[IdHash]) -> Result<BTreeMap<IdHash, Link>, CycleError> {
        match self.sight.job {
            Some(_) => Ok(self.sight.store.links(&self.definition.job, hashes).await?),
            None => Ok(BTreeMap::new()),
        }
    }

    /// Decides about items as the plan of a page does, and counts what comes of it.
    async fn decide(&mut self, mut items: Vec<Item>, expected: u64) -> Result<(), CycleError> {
        let mapping = &self.definition.mapping;
        let objects = items.iter_mut().filter_map(|item| item.object.as_mut());
        veil::reread(self.sight.source, self.definition, objects).await.map_err(CycleError::Source)?;
        let hashes: Vec<IdHash> = items.iter().map(|item| IdHash::of(&item.id)).collect();
        let links = self.links(&hashes).await?;
        let first: Vec<Decision> = (items.iter().zip(&hashes))
            .map(|(item, hash)| self.decided(item, links.get(hash), None, &Reserved::new()))
            .collect();
        let asked: Vec<Candidates> = (first.iter().zip(&items))
            .filter_map(|(decision, item)| match &decision.operation {
                Operation::Ask(values) => Some(Candidates { id: item.id.clone(), values: values.clone() }),
                _ => None,
            })
            .collect();
        let mut answers = self.accounts.answers(&asked, expected).await?;
        let mut created = Reserved::new();
        for ((item, hash), decision) in items.into_iter().zip(hashes).zip(first) {
            let link = links.get(&hash);
            let answer = answers.remove(&item.id);
            let decision = match &answer {
                Some(Found::Answer(answer)) => self.decided(&item, link, Some(answer), &created),
                Some(Found::Failed(failure)) => {
                    Decision { operation: Operation::Fail(failure.clone()), ..decision }
                }
                None => decision,
            };
            let decision = once_per_value(decision, &item, mapping, &mut created);
            let matched = matches!(answer, Some(Found::Answer(Answer::One(..))));
            self.count(&item, link, &decision, matched);
        }
        self.accounts.learn(created.into_keys());
        Ok(())
    }

    /// One decision, as far as it can be made without asking whether a value is free.
    fn decided(
        &self,
        item: &Item,
        link: Option<&Link>,
        answer: Option<&Answer>,
        reserved: &Reserved,
    ) -> Decision {
        let occasion = Occasion { now: self.sight.now, change: Uuid::nil(), key: self.definition.key };
        let case = item.case(link, answer, &NO_REFERENCES, occasion);
        let decision = decide(&case, &self.definition.mapping);
        let Operation::Choose(questions) = &decision.operation else { return decision };
        let chosen = assume_free(questions, reserved);
        decide(&Case { chosen: Some(&chosen), ..case }, &self.definition.mapping)
    }

    fn count(&mut self, item: &Item, link: Option<&Link>, decision: &Decision, matched: bool) {
        let was_in_scope = link.is_some_and(|link| link.in_scope);
        self.found.in_scope += u64::from(decision.in_scope);
        self.found.into_scope += u64::from(decision.in_scope && !was_in_scope);
        self.found.out_of_scope += u64::from(was_in_scope && !decision.in_scope);
        let name = item.object.as_ref().and_then(|object| object.display_name.clone());
        let name = name.or_else(|| link.and_then(|link| link.display_name.clone()));
        let name = name.unwrap_or_else(|| label(item, link, decision, &self.definition.mapping));
        self.found.count(&decision.operation, matched, &name);
    }
}

/// Who refers to whom is not looked at: it changes no count.
static NO_REFERENCES: References = References::new();
