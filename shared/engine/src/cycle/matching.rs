//! Matching: which account of the target belongs to whom, for as few calls as it can be had.
//!
//! In: the matching values of objects without an account. Out: an [`Answer`] each. Listing the target costs one
//! call a page; asking costs one call a person. The listing is taken when it is the cheaper of the two, and at
//! most one page of it is read to find out.

use std::collections::{BTreeSet, HashMap, HashSet};

use futures::{StreamExt, TryStreamExt, stream};

use super::plan::folded;
use super::{Run, Stop};
use crate::decide::Answer;
use crate::escrow::Failure;
use crate::ids::digest16;
use crate::mapping::Mapping;
use crate::model::{Attributes, Cursor, ObjectType, SourceId, TargetId, TargetObject, Value};
use crate::pack;
use crate::ports::ClaimOutcome;

/// The matching values of one object, in order of priority.
#[derive(Debug, Clone)]
pub(super) struct Candidates {
    pub(super) id: SourceId,
    pub(super) values: Vec<(String, Value)>,
}

/// Finds accounts, or groups, by a listing held for the slice or by asking.
#[derive(Debug)]
pub(super) struct Matcher {
    kind: ObjectType,
    strategy: Strategy,
    /// Whether an account that matches is claimed at once.
    claims: bool,
    /// Whether the target can be asked for one account.
    asks: bool,
}

#[derive(Debug, Default)]
enum Strategy {
    /// Not decided yet.
    #[default]
    Open,
    /// The whole target, read once.
    Listing(Listing),
    /// One query a person.
    Asking,
}

/// Every account, found by matching value.
#[derive(Debug, Default)]
pub(super) struct Listing {
    objects: Vec<TargetObject>,
    by_value: HashMap<(String, String), Vec<usize>>,
    /// Digests of the matching values of accounts that were made since. There may be a million of them; the few whose
    /// values somebody else has too are asked for.
    made: HashSet<u64>,
}

/// A listing as it is kept between slices.
type Kept = (Vec<TargetObject>, HashSet<u64>);

impl Listing {
    /// Remembers that there is an account with these values, and no more of it.
    fn note(&mut self, attributes: &Attributes, mapping: &Mapping) {
        let values = mapping.asked_for().filter_map(|path| Some(digest(path, attributes.get(path)?)));
        self.made.extend(values);
    }

    /// Whether an account with this value was made since the target was listed.
    fn has_made(&self, path: &str, value: &Value) -> bool {
        self.made.contains(&digest(path, value))
    }

    pub(super) fn add(&mut self, object: TargetObject, mapping: &Mapping) {
        let position = self.objects.len();
        for path in mapping.asked_for() {
            if let Some(value) = object.attributes.get(path) {
                self.by_value.entry((path.to_owned(), folded(value))).or_default().push(position);
            }
        }
        self.objects.push(object);
    }

    pub(super) fn find(&self, path: &str, value: &Value) -> Vec<TargetObject> {
        let key = (path.to_owned(), folded(value));
        let positions = self.by_value.get(&key).map(Vec::as_slice).unwrap_or_default();
        positions.iter().filter_map(|position| self.objects.get(*position).cloned()).collect()
    }
}

/// The same in every process. Two values of the same digest cost a question more.
fn digest(path: &str, value: &Value) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = digest16(&[path.as_bytes(), folded(value).as_bytes()]);
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// Accounts of a listing that is kept between slices: a hundred thousand take some ten megabytes when packed. A larger
/// one is read again, which takes less than a hundredth of the slice.
const LARGEST_KEPT: usize = 100_000;

/// Digests that are kept beside them: a million take ten megabytes.
const MOST_MADE: usize = 1_000_000;

/// What one page of a listing usually holds; decides only whether reading the first page is worth a call.
pub(super) const USUAL_PAGE: u64 = 100;

impl Matcher {
    /// A matcher that always asks, and claims what it finds: for plans that are being executed, where a listing made
    /// before may be out of date.
    pub(super) fn asking(kind: ObjectType) -> Self {
        Self { kind, strategy: Strategy::Asking, claims: true, asks: true }
    }

    /// A matcher that lists or asks, whichever takes fewer calls.
    pub(super) fn new(kind: ObjectType) -> Self {
        Self { kind, strategy: Strategy::default(), claims: false, asks: false }
    }

    /// A matcher that goes on with a listing that a former slice kept.
    pub(super) fn unpack(kind: ObjectType, bytes: &[u8], mapping: &Mapping) -> Option<Self> {
        let kept: Kept = serde_json::from_slice(&pack::inflated(bytes).ok()?).ok()?;
        let (objects, made) = kept;
        let mut listing = Listing { made, ..Listing::default() };
        objects.into_iter().for_each(|object| listing.add(object, mapping));
        Some(Self { kind, strategy: Strategy::Listing(listing), claims: false, asks: false })
    }

    /// Its listing, to be kept for the next slice; `None` when there is none, or listing again is cheaper than keeping.
    pub(super) fn packed(&self) -> Option<Vec<u8>> {
        let Strategy::Listing(Listing { objects, made, .. }) = &self.strategy else { return None };
        let is_large = objects.len() > LARGEST_KEPT || made.len() > MOST_MADE;
        if is_large || (objects.is_empty() && made.is_empty()) {
            return None;
        }
        pack::quickly_deflated(&serde_json::to_vec(&(objects, made)).ok()?).ok()
    }

    /// What it finds.
    pub(super) fn kind(&self) -> ObjectType {
        self.kind
    }

    /// Answers for every candidate. `expected` is how many objects of this cycle may need matching in all.
    /// A failed question fails that object only, unless the target as a whole is unwell.
    pub(super) async fn answers(
        &mut self,
        run: &Run<'_>,
        candidates: &[Candidates],
        expected: u64,
    ) -> Result<HashMap<SourceId, Result<Answer, Failure>>, Stop> {
        if candidates.is_empty() {
            return Ok(HashMap::new());
        }
        self.asks = run.ports.target.habits().can_find;
        if matches!(self.strategy, Strategy::Open) {
            self.strategy = choose(run, self.kind, expected.max(candidates.len() as u64)).await?;
        }
        let concurrency = run.ports.target.habits().concurrency;
        stream::iter(candidates)
            .map(async |candidate| Ok((candidate.id.clone(), self.answer(run, candidate).await?)))
            .buffer_unordered(concurrency)
            .try_collect()
            .await
    }

    /// Answers for one candidate: the first matching attribute that yields an account decides.
    pub(super) async fn answer(
        &self,
        run: &Run<'_>,
        candidate: &Candidates,
    ) -> Result<Result<Answer, Failure>, Stop> {
        for (path, value) in &candidate.values {
            let found = match self.find(run, path, value).await? {
                Ok(found) => found,
                Err(failure) => return Ok(Err(failure)),
            };
            match found.len() {
                0 => {}
                1 => return self.owned(run, path, found, &candidate.id).await.map(Ok),
                several => return Ok(Ok(Answer::Several(path.clone(), several))),
            }
        }
        Ok(Ok(Answer::Nobody))
    }

    /// One account matches: it is theirs, unless it is somebody else's. While a page is planned nobody's claim is
    /// written: should the worker be killed before the plan is stored, nothing may be left of it.
    async fn owned(
        &self,
        run: &Run<'_>,
        path: &str,
        mut found: Vec<TargetObject>,
        source: &SourceId,
    ) -> Result<Answer, Stop> {
        let Some(account) = found.pop() else { return Ok(Answer::Nobody) };
        let owner = if self.claims {
            match run.desk.claim(self.kind, &account.id, source).await? {
                ClaimOutcome::Granted => None,
                ClaimOutcome::HeldBy(owner) => Some(owner),
            }
        } else {
            let ids = std::slice::from_ref(&account.id);
            let owners = run.ports.store.owners(&run.definition.job, self.kind, ids).await?;
            owners.get(&account.id).filter(|owner| *owner != source).cloned()
        };
        Ok(match owner {
            None => Answer::One(path.to_owned(), account),
            Some(owner) => Answer::Taken(account.id, owner),
        })
    }

    /// The accounts that hold `value` at `path`, one of the paths that match or must be unique.
    pub(super) async fn find(
        &self,
        run: &Run<'_>,
        path: &str,
        value: &Value,
    ) -> Result<Result<Vec<TargetObject>, Failure>, Stop> {
        match &self.strategy {
            Strategy::Listing(listing) if !listing.has_made(path, value) => Ok(Ok(listing.find(path, value))),
            _ => ask(run, self.kind, path, value).await,
        }
    }

    /// Whether some account holds `value` at `path`.
    pub(super) async fn is_taken(
        &self,
        run: &Run<'_>,
        path: &str,
        value: &Value,
    ) -> Result<Result<bool, Failure>, Stop> {
        match &self.strategy {
            Strategy::Listing(listing) if listing.has_made(path, value) => Ok(Ok(true)),
            _ => Ok(self.find(run, path, value).await?.map(|found| !found.is_empty())),
        }
    }

    /// Takes a new account into the listing, so that later people of the same name are noticed.
    pub(super) fn learn(&mut self, id: &TargetId, attributes: &Attributes, mapping: &Mapping) {
        let Strategy::Listing(listing) = &mut self.strategy else { return };
        if self.asks {
            listing.note(attributes, mapping);
        } else {
            listing.add(TargetObject { id: id.clone(), attributes: attributes.clone() }, mapping);
        }
    }
}

async fn choose(run: &Run<'_>, kind: ObjectType, expected: u64) -> Result<Strategy, Stop> {
    let habits = run.ports.target.habits();
    if !habits.can_list {
        return Ok(Strategy::Asking);
    }
    let known_pages = run.linked(kind) / USUAL_PAGE + 1;
    if habits.can_find && known_pages >= expected {
        return Ok(Strategy::Asking);
    }
    list(run, kind, habits.can_find.then_some(expected)).await
}

/// Reads the listing, unless more than `worth` calls would be needed.
async fn list(run: &Run<'_>, kind: ObjectType, worth: Option<u64>) -> Result<Strategy, Stop> {
    let mapping = run.definition.mapping_of(kind);
    let paths = mapping.target_paths();
    let mut listing = Listing::default();
    let mut known = BTreeSet::new();
    let mut cursor: Option<Cursor> = None;
    let mut calls = 0;
    loop {
        run.before_call().await?;
        let page = run.ports.target.list(kind, &paths, cursor.as_ref()).await.map_err(Stop::Target)?;
        run.target_is_well();
        calls += 1;
        let page_size = page.objects.len() as u64;
        for object in run.veil_accounts(kind, page.objects) {
            if known.insert(object.id.clone()) {
                listing.add(object, mapping);
            }
        }
        let Some(next) = page.next else { return Ok(Strategy::Listing(listing)) };
        let left =
            page.total.map(|total| total.saturating_sub(known.len() as u64).div_ceil(page_size.max(1)));
        if worth.is_some_and(|worth| left.unwrap_or(calls) > worth) {
            return Ok(Strategy::Asking);
        }
        cursor = Some(next);
    }
}

/// The answer of a target that cannot be asked: out of a listing made in this slice, after whatever a killed one did.
async fn relisted(
    run: &Run<'_>,
    kind: ObjectType,
    path: &str,
    value: &Value,
) -> Result<Vec<TargetObject>, Stop> {
    let mut relisted = run.relisted.lock().await;
    if let Some(listing) = relisted.get(&kind) {
        return Ok(listing.find(path, value));
    }
    let Strategy::Listing(listing) = list(run, kind, None).await? else { return Ok(Vec::new()) };
    let found = listing.find(path, value);
    relisted.insert(kind, listing);
    Ok(found)
}

async fn ask(
    run: &Run<'_>,
    kind: ObjectType,
    path: &str,
    value: &Value,
) -> Result<Result<Vec<TargetObject>, Failure>, Stop> {
    let habits = run.ports.target.habits();
    if !habits.can_find && habits.can_list {
        return Ok(Ok(relisted(run, kind, path, value).await?));
    }
    run.before_call().await?;
    let paths = run.definition.mapping_of(kind).target_paths();
    match run.ports.target.find(kind, path, value, &paths).await {
        Ok(found) => {
            run.target_is_well();
            Ok(Ok(run.veil_accounts(kind, found)))
        }
        Err(error) => run.judged(error).map(Err),
    }
}
