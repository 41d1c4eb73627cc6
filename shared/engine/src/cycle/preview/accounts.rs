//! Which account is whose, asked without claiming any.
//!
//! In: people without an account. Out: an answer each, as the cycle's matching would give it. The target is listed
//! when that takes fewer calls than a query for each; who owns an account is read from the claims, and kept in
//! memory for those that people of this reading would take.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use futures::{StreamExt, TryStreamExt, stream};

use super::Sight;
use crate::cycle::matching::{Candidates, Listing, USUAL_PAGE};
use crate::cycle::plan::folded;
use crate::cycle::{CycleError, Definition};
use crate::decide::Answer;
use crate::escrow::{Consequence, Failure, is_targets_fault, judge};
use crate::ids::digest16;
use crate::model::{ObjectType, SourceId, TargetId, TargetObject, Value};
use crate::ports::Target;

/// What became of the question for one person's account.
pub(super) enum Found {
    /// The target's answer.
    Answer(Answer),
    /// The target did not like the question.
    Failed(Failure),
}

/// The accounts that match one person: where in the order of priorities, and which.
type Matches = Result<Option<(usize, Vec<TargetObject>)>, Failure>;

/// The target's accounts, as far as they were asked for.
pub(super) struct Accounts<'a> {
    sight: &'a Sight<'a>,
    definition: &'a Definition,
    way: Way,
    /// Accounts that people of this reading would take over.
    taken: HashMap<TargetId, SourceId>,
    /// Matching values of accounts that would be created: whoever comes later with one of them clashes. Digests, so
    /// that a hundred thousand of them take some megabytes.
    created: HashSet<[u8; 16]>,
}

enum Way {
    Open,
    Listing(Listing),
    Asking,
}

impl<'a> Accounts<'a> {
    pub(super) fn new(sight: &'a Sight<'a>, definition: &'a Definition) -> Self {
        Self { sight, definition, way: Way::Open, taken: HashMap::new(), created: HashSet::new() }
    }

    /// Answers for every candidate. `expected` is how many may still need matching in all.
    pub(super) async fn answers(
        &mut self,
        candidates: &[Candidates],
        expected: u64,
    ) -> Result<HashMap<SourceId, Found>, CycleError> {
        let matches = self.matches(candidates, expected).await?;
        let owners = self.owners(&matches).await?;
        let answers = candidates.iter().zip(matches);
        Ok(answers.map(|(one, matches)| (one.id.clone(), self.answer(one, matches, &owners))).collect())
    }

    /// Remembers the matching values of accounts that would be created.
    pub(super) fn learn(&mut self, values: impl Iterator<Item = (String, String)>) {
        self.created.extend(values.map(|(path, value)| digest(&path, &value)));
    }

    async fn matches(
        &mut self,
        candidates: &[Candidates],
        expected: u64,
    ) -> Result<Vec<Matches>, CycleError> {
        let Some(target) = self.sight.target.filter(|_| !candidates.is_empty()) else {
            return Ok(candidates.iter().map(|_| Ok(None)).collect());
        };
        if matches!(self.way, Way::Open) {
            self.way = self.choose(target, expected.max(candidates.len() as u64)).await?;
        }
        let Way::Listing(listing) = &self.way else {
            let paths = self.definition.mapping.target_paths();
            return stream::iter(candidates)
                .map(|candidate| ask(target, candidate, &paths))
                .buffered(target.habits().concurrency)
                .try_collect()
                .await;
        };
        let in_listing = |candidate: &Candidates| {
            let found = candidate.values.iter().map(|(path, value)| listing.find(path, value));
            Ok(found.enumerate().find(|(_, found)| !found.is_empty()))
        };
        Ok(candidates.iter().map(in_listing).collect())
    }

    /// As the cycle chooses: a listing unless queries are fewer, at most one page of it read to find out.
    async fn choose(&self, target: &dyn Target, expected: u64) -> Result<Way, CycleError> {
        let habits = target.habits();
        let linked = self.sight.job.map_or(0, |job| job.counts.linked);
        if !habits.can_list || (habits.can_find && linked / USUAL_PAGE + 1 >= expected) {
            return Ok(Way::Asking);
        }
        let mapping = &self.definition.mapping;
        let paths = mapping.target_paths();
        let (mut listing, mut known, mut cursor) = (Listing::default(), BTreeSet::new(), None);
        loop {
            let page =
                target.list(ObjectType::User, &paths, cursor.as_ref()).await.map_err(CycleError::Target)?;
            let size = page.objects.len().max(1) as u64;
            for object in page.objects {
                if known.insert(object.id.clone()) {
                    listing.add(object, mapping);
                }
            }
            let Some(next) = page.next else { return Ok(Way::Listing(listing)) };
            let left = page.total.map_or(0, |total| total.saturating_sub(known.len() as u64).div_ceil(size));
            if habits.can_find && left > expected {
                return Ok(Way::Asking);
            }
            cursor = Some(next);
        }
    }

    async fn owners(&self, matches: &[Matches]) -> Result<BTreeMap<TargetId, SourceId>, CycleError> {
        let one = |matches: &Matches| match matches {
            Ok(Some((_, found))) if found.len() == 1 => Some(found[0].id.clone()),
            _ => None,
        };
        let accounts: Vec<TargetId> = matches.iter().filter_map(one).collect();
        if self.sight.job.is_none() || accounts.is_empty() {
            return Ok(BTreeMap::new());
        }
        Ok(self.sight.store.owners(&self.definition.job, ObjectType::User, &accounts).await?)
    }

    /// The answer for one candidate, after all that come before.
    fn answer(
        &mut self,
        candidate: &Candidates,
        matches: Matches,
        owners: &BTreeMap<TargetId, SourceId>,
    ) -> Found {
        let (position, mut found) = match matches {
            Ok(found) => found.unwrap_or((candidate.values.len(), Vec::new())),
            Err(failure) => return Found::Failed(failure),
        };
        let of_another =
            |(path, value): &&(String, Value)| self.created.contains(&digest(path, &folded(value)));
        if let Some((_, value)) = candidate.values.iter().take(position).find(of_another) {
            // The account has no id yet, and its owner was forgotten; the value tells which it is.
            let account = TargetId::new(format!("for '{value}'"));
            return Found::Answer(Answer::Taken(account, SourceId::new("that comes before")));
        }
        let path = candidate.values.get(position).map(|(path, _)| path.clone()).unwrap_or_default();
        Found::Answer(match (found.len(), found.pop()) {
            (1, Some(account)) => self.claim(candidate, path, account, owners),
            (0, _) | (_, None) => Answer::Nobody,
            (several, _) => Answer::Several(path, several),
        })
    }

    fn claim(
        &mut self,
        candidate: &Candidates,
        path: String,
        mut account: TargetObject,
        owners: &BTreeMap<TargetId, SourceId>,
    ) -> Answer {
        let owner = owners.get(&account.id).or_else(|| self.taken.get(&account.id));
        if let Some(owner) = owner.filter(|owner| **owner != candidate.id) {
            return Answer::Taken(account.id, owner.clone());
        }
        let Definition { mapping, key, .. } = self.definition;
        mapping.veil_account(&mut account.attributes, None, key);
        self.taken.insert(account.id.clone(), candidate.id.clone());
        Answer::One(path, account)
    }
}

fn digest(path: &str, folded: &str) -> [u8; 16] {
    digest16(&[path.as_bytes(), folded.as_bytes()])
}

async fn ask(target: &dyn Target, candidate: &Candidates, paths: &[String]) -> Result<Matches, CycleError> {
    for (position, (path, value)) in candidate.values.iter().enumerate() {
        match target.find(ObjectType::User, path, value, paths).await {
            Ok(found) if found.is_empty() => {}
            Ok(found) => return Ok(Ok(Some((position, found)))),
            Err(error) if is_targets_fault(error.kind) || judge(error.kind, 0) == Consequence::StopCycle => {
                return Err(CycleError::Target(error));
            }
            Err(error) => return Ok(Err(Failure::from(&error))),
        }
    }
    Ok(Ok(None))
}
