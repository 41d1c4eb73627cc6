//! Planning one page: what will be done to whom, written down before anything is.
//!
//! In: objects (or the news that they are gone), links, the target's answers. Out: a [`PagePlan`], which is
//! stored as the page's *intent* before its first export. A replay executes the stored plan, so that a killed
//! page ends as it was meant to, whatever the source says by then.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::choosing::choose;
use super::matching::{Candidates, Matcher};
use super::references::{Forgotten, Roster};
use super::rehearsal::of_object;
use super::{Definition, Run, Session, Stop, doubt, references};
use crate::decide::{Answer, Case, Decision, Operation, Presence, References, decide};
use crate::escrow::{EscrowEntry, Failure, FailureCode};
use crate::fingerprint::Fingerprint;
use crate::guard::{HumanDecision, Removed, StagedKey, StagedRemoval, names_of};
use crate::ids::{IdHash, change_id};
use crate::job::{Checkpoint, Phase};
use crate::mapping::{Mapping, Occasion, is_blank};
use crate::membership::MemberChange;
use crate::model::{
    Attributes, CycleId, Link, ObjectType, SkipReason, SourceId, SourceObject, TargetId, Value,
};
use crate::ports::{FingerprintChange, Kept};

/// Everything one page will do. Serialised, it is the page's intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PagePlan {
    /// Work on single objects, with or without a call to the target.
    pub(super) work: Vec<Planned>,
    /// Removals to stage for the guard.
    pub(super) stage: Vec<Staging>,
    /// Staged removals to take away: executed with this page, or cancelled because the object came back.
    pub(super) unstage: Vec<StagedKey>,
    /// Removals held by the guard, to be told in the log.
    pub(super) held: Vec<Planned>,
    /// Rows that could not be read.
    pub(super) unreadable: Vec<UnreadableRow>,
    /// Who belongs to which group, as the source shows it.
    #[serde(default)]
    pub(super) members: Vec<(SourceId, Vec<SourceId>)>,
    /// What is done about the members of groups in the target.
    #[serde(default)]
    pub(super) rosters: Vec<Roster>,
    /// What is remembered of groups that are deleted, and goes with them.
    #[serde(default)]
    pub(super) forgotten: Vec<Forgotten>,
    /// What the page learnt for the fingerprint snapshot.
    pub(super) fingerprints: Vec<FingerprintChange>,
    /// Accounts that are not as they should be, with what they hold, to be told of: the change, the link as it is to be
    /// kept, and what the account holds.
    #[serde(default)]
    pub(super) reported: Vec<(Uuid, Link, Attributes)>,
    /// Of the groups among them, how somebody changed their members.
    #[serde(default)]
    pub(super) reported_members: Vec<(SourceId, Vec<MemberChange>)>,
    /// Accounts that the drift sweep read.
    #[serde(default)]
    pub(super) swept: u64,
    /// Of those, accounts that somebody had changed.
    #[serde(default)]
    pub(super) drifted: u64,
    /// Objects this page is done with, for the progress.
    pub(super) objects: u64,
    /// Objects read from the source.
    pub(super) imported: u64,
    /// Of those, unchanged.
    pub(super) unchanged: u64,
    /// Where the cycle goes on.
    pub(super) next: Phase,
}

impl PagePlan {
    pub(super) fn new(next: Phase) -> Self {
        Self {
            work: Vec::new(),
            stage: Vec::new(),
            unstage: Vec::new(),
            held: Vec::new(),
            unreadable: Vec::new(),
            members: Vec::new(),
            rosters: Vec::new(),
            forgotten: Vec::new(),
            fingerprints: Vec::new(),
            reported: Vec::new(),
            reported_members: Vec::new(),
            swept: 0,
            drifted: 0,
            objects: 0,
            imported: 0,
            unchanged: 0,
            next,
        }
    }

    /// Whether executing it would write nothing at all.
    pub(super) fn is_quiet(&self) -> bool {
        self.work.is_empty()
            && self.stage.is_empty()
            && self.unstage.is_empty()
            && self.held.is_empty()
            && self.unreadable.is_empty()
            && self.members.is_empty()
            && self.reported.is_empty()
            && self.rosters.is_empty()
            && self.fingerprints.is_empty()
    }
}

/// A removal to stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Staging {
    pub(super) removal: StagedRemoval,
    /// Whether the object was not staged before: it is counted once.
    pub(super) is_new: bool,
}

/// A row that could not be read, with the record it will get.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct UnreadableRow {
    pub(super) change_id: Uuid,
    pub(super) id: Option<SourceId>,
    pub(super) place: String,
    pub(super) reason: String,
}

/// What will be done to one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Planned {
    pub(super) change_id: Uuid,
    #[serde(default)]
    pub(super) kind: ObjectType,
    pub(super) source_id: SourceId,
    /// The object; `None` when it is gone from the source.
    pub(super) object: Option<SourceObject>,
    /// What was remembered about it.
    pub(super) prior: Option<Link>,
    /// What its account holds before.
    pub(super) before: Attributes,
    pub(super) operation: Operation,
    pub(super) in_scope: bool,
    /// Whether it has an account and dropped out of scope.
    #[serde(default)]
    pub(super) unmanaged: bool,
    /// The path by which an existing account was matched.
    pub(super) matched_by: Option<String>,
    /// What people call it: the first matching value, else the display name, else the id.
    pub(super) label: String,
    /// Its entry in escrow, when it failed before.
    pub(super) escrow: Option<EscrowEntry>,
    /// The accounts of those it refers to, as far as they have one.
    #[serde(default)]
    pub(super) references: References,
    /// Whom it refers to that has no account yet, by the target path that shall name them.
    #[serde(default)]
    pub(super) pending: BTreeMap<String, SourceId>,
    /// Whether nothing but references are made good.
    #[serde(default)]
    pub(super) reference: bool,
    /// What a person decided about this very removal, or about all of the cycle's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) decision: Option<HumanDecision>,
}

impl Planned {
    /// The key of its removal, when it is staged.
    pub(super) fn staged_key(&self) -> StagedKey {
        StagedKey { source_id: self.source_id.clone(), members: false }
    }

    /// Whether the guard counts it towards the rolling day: a removal that no person approved.
    pub(super) fn counts_towards_the_day(&self) -> bool {
        self.operation.is_removal() && self.decision.is_none()
    }

    /// Whether it is about somebody who is protected, under any name of the account.
    fn is_protected(&self, definition: &Definition) -> bool {
        let mapping = definition.mapping_of(self.kind);
        let names = names_of(self.kind, &self.before, mapping);
        let label = std::iter::once(self.label.as_str());
        definition.protected.covers(&self.source_id, label.chain(names.iter().map(String::as_str)))
    }

    /// Whether nothing is to be done or written down about somebody who is protected: that was told before.
    fn is_spared_as_before(&self) -> bool {
        let scope = |link: &Link| (link.in_scope, link.unmanaged);
        self.operation == Operation::Skip(SkipReason::Protected)
            && self.prior.as_ref().map(scope) == Some((self.in_scope, self.unmanaged))
            && self.escrow.is_none()
            && !self.skip_is_news()
    }

    /// Whether a provisioning record is written although nothing is sent: the reason for skipping changed.
    pub(super) fn skip_is_news(&self) -> bool {
        let before = self.prior.as_ref().and_then(|link| link.skipped);
        match &self.operation {
            // Someone who was provisioned and needs nothing is the normal case, not news.
            Operation::Skip(SkipReason::RedundantExport) => {
                before.is_some_and(|b| b != SkipReason::RedundantExport)
            }
            Operation::Skip(reason) => before != Some(*reason),
            _ => true,
        }
    }
}

/// One object to be planned.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) kind: ObjectType,
    pub(super) id: SourceId,
    /// `None` when it is gone from the source.
    pub(super) object: Option<SourceObject>,
    /// Who belongs to it, when it is a group and the source said so.
    pub(super) members: Option<Vec<SourceId>>,
    pub(super) fingerprint: Option<Fingerprint>,
}

impl Item {
    /// An object of the source, or out of escrow.
    pub(super) fn present(object: SourceObject) -> Self {
        let (kind, id) = (object.object_type, object.id.clone());
        Self { kind, id, object: Some(object), members: None, fingerprint: None }
    }

    /// The news that an object is gone.
    pub(super) fn gone(kind: ObjectType, id: SourceId) -> Self {
        Self { kind, id, object: None, members: None, fingerprint: None }
    }

    /// One or the other.
    pub(super) fn new(kind: ObjectType, id: SourceId, object: Option<SourceObject>) -> Self {
        Self { kind, id, object, members: None, fingerprint: None }
    }

    /// The case to decide.
    pub(super) fn case<'a>(
        &'a self,
        link: Option<&'a Link>,
        answer: Option<&'a Answer>,
        references: &'a References,
        occasion: Occasion,
    ) -> Case<'a> {
        let presence = self.object.as_ref().map_or(Presence::Gone, Presence::Here);
        Case { presence, link, answer, chosen: None, references, occasion }
    }
}

/// Which pass over an object this is, within its cycle: part of its change id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// A page of the source, or the search for leavers.
    Page = 0,
    /// A removal after the guard.
    Removal = 1,
    /// A retry out of escrow.
    Retry = 2,
    /// Something found by the drift sweep.
    Drift = 8,
    /// What a person asked for now.
    OnDemand = 9,
    /// A reference to somebody who got an account.
    Reference = 10,
    /// A reference to somebody who got another account.
    Moved = 11,
    /// Members put into a group.
    Joining = 12,
    /// Members taken out of a group.
    Leaving = 13,
    /// Members whose leaving is held.
    HeldLeaving = 14,
}

/// The id of a change that a pass makes. An object may be met more than once in a cycle, when its reading begins again or
/// a person asks for it: each page gives changes of its own. A page that is planned again after a kill has its number.
fn change_of(checkpoint: &Checkpoint, pass: Pass, object: &SourceId) -> Uuid {
    let change = change_id(checkpoint.cycle, object, pass as u8);
    if checkpoint.page == 0 { change } else { Uuid::new_v5(&change, &checkpoint.page.to_be_bytes()) }
}

/// What the slice holds in memory about objects that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) staged: BTreeMap<StagedKey, StagedRemoval>,
    pub(super) escrows: BTreeMap<IdHash, EscrowEntry>,
}

impl Waiting {
    /// Whether a removal of the object itself is staged.
    pub(super) fn waits(&self, id: &SourceId) -> bool {
        self.staged.contains_key(&StagedKey { source_id: id.clone(), members: false })
    }
}

/// Plans the items of one page into `plan`. `expected` is how many objects may still need matching in all.
pub(super) async fn plan_items(
    run: &Run<'_>,
    session: &mut Session,
    pass: Pass,
    mut items: Vec<Item>,
    expected: u64,
    plan: &mut PagePlan,
) -> Result<(), Stop> {
    run.reread(items.iter_mut().filter_map(|item| item.object.as_mut())).await?;
    let (users, groups): (Vec<Item>, Vec<Item>) =
        items.into_iter().partition(|item| item.kind == ObjectType::User);
    for (kind, items) in [(ObjectType::User, users), (ObjectType::Group, groups)] {
        if !items.is_empty() {
            plan_kind(run, session, (kind, pass), items, expected, plan).await?;
        }
    }
    Ok(())
}

async fn plan_kind(
    run: &Run<'_>,
    session: &mut Session,
    (kind, pass): (ObjectType, Pass),
    mut items: Vec<Item>,
    expected: u64,
    plan: &mut PagePlan,
) -> Result<(), Stop> {
    let Session { matchers, listed, waiting, checkpoint, .. } = session;
    let matcher = matcher_of(run, matchers, listed, checkpoint.cycle, kind).await?;
    let mapping = run.definition.mapping_of(kind);
    for item in &mut items {
        plan.members.extend(item.members.take().map(|members| (item.id.clone(), members)));
    }
    let references = references::resolve(run, &items).await?;
    let hashes: Vec<IdHash> = items.iter().map(|item| IdHash::of(&item.id)).collect();
    let links = run.ports.store.links(&run.definition.job, &hashes).await?;
    let cleared = doubt::cleared(run, waiting, &links).await?;
    let known =
        |hash: &IdHash| cleared.get(hash).and_then(|read| read.as_ref().ok()).or_else(|| links.get(hash));
    let first: Vec<Decision> = items
        .iter()
        .zip(&hashes)
        .map(|(item, hash)| {
            let occasion = run.occasion(change_of(checkpoint, pass, &item.id));
            let decision = decide(&item.case(known(hash), None, &references, occasion), mapping);
            match cleared.get(hash) {
                Some(Err(failure)) => Decision { operation: Operation::Fail(failure.clone()), ..decision },
                _ => decision,
            }
        })
        .collect();
    let asked: Vec<Candidates> = first
        .iter()
        .zip(&items)
        .filter_map(|(decision, item)| match &decision.operation {
            Operation::Ask(values) => Some(Candidates { id: item.id.clone(), values: values.clone() }),
            _ => None,
        })
        .collect();
    let mut answers = matcher.answers(run, &asked, expected).await?;
    // Questions that a dead target did not answer must not become anybody's failure.
    run.nobody_answered()?;
    let mut created = HashMap::new();
    let mut taken: HashMap<TargetId, SourceId> = HashMap::new();
    for ((item, hash), decision) in items.into_iter().zip(hashes).zip(first) {
        let link = known(&hash);
        let answer = answers.remove(&item.id).map(|answer| answer.map(|one| once(one, &item.id, &mut taken)));
        let change_id = change_of(checkpoint, pass, &item.id);
        let decision = match &answer {
            Some(Ok(answer)) => {
                let case = item.case(link, Some(answer), &references, run.occasion(change_id));
                choose(run, matcher, &case, decide(&case, mapping), &created).await?
            }
            Some(Err(failure)) => Decision { operation: Operation::Fail(failure.clone()), ..decision },
            None => decision,
        };
        let decision = once_per_value(decision, &item, mapping, &mut created);
        let matched_by = match answer {
            Some(Ok(Answer::One(path, _))) => Some(path),
            _ => None,
        };
        let own = item.object.as_ref().map(|object| mapping.references(object)).unwrap_or_default();
        let known =
            |(_, anchor): (String, SourceId)| Some((anchor.clone(), references.get(&anchor)?.clone()));
        let planned = Planned {
            change_id,
            kind,
            references: own.into_iter().filter_map(known).collect(),
            label: label(&item, link, &decision, mapping),
            pending: decision.pending,
            source_id: item.id,
            object: item.object,
            prior: links.get(&hash).cloned(),
            before: decision.before,
            operation: decision.operation,
            in_scope: decision.in_scope,
            unmanaged: decision.unmanaged,
            matched_by,
            escrow: waiting.escrows.get(&hash).cloned(),
            reference: false,
            decision: None,
        };
        let planned = as_agreed(run, spare(planned, run.definition));
        place(planned, hash, item.fingerprint, waiting, pass, run.ports.clock.now(), plan);
    }
    Ok(())
}

/// Two people of one page whom the same account matches cannot both have it: the first one has.
fn once(answer: Answer, source: &SourceId, taken: &mut HashMap<TargetId, SourceId>) -> Answer {
    let Answer::One(_, account) = &answer else { return answer };
    match taken.get(&account.id) {
        Some(owner) => Answer::Taken(account.id.clone(), owner.clone()),
        None => {
            taken.insert(account.id.clone(), source.clone());
            answer
        }
    }
}

/// Nothing is executed that the plan, where there is one, does not hold.
fn as_agreed(run: &Run<'_>, planned: Planned) -> Planned {
    let footprint = || of_object(&planned, run.definition.mapping_of(planned.kind));
    if !planned.operation.is_export() || run.watch.agrees(&planned.source_id, footprint) {
        return planned;
    }
    Planned { operation: Operation::Fail(plan_outdated()), ..planned }
}

/// Why something that a cycle would do is not done.
pub(super) fn plan_outdated() -> Failure {
    Failure::new(
        FailureCode::PlanOutdated,
        "something has changed since the plan was made, so this was not done; the next cycle decides it anew",
    )
}

/// What finds accounts of this type in this slice; with the listing that the slice before kept.
async fn matcher_of<'s>(
    run: &Run<'_>,
    matchers: &'s mut BTreeMap<ObjectType, Matcher>,
    listed: &mut Vec<ObjectType>,
    cycle: CycleId,
    kind: ObjectType,
) -> Result<&'s mut Matcher, Stop> {
    if let Some(position) = listed.iter().position(|listed| *listed == kind) {
        listed.swap_remove(position);
        let kept = run.ports.store.kept(&run.definition.job, Kept::Listing(cycle, kind)).await?;
        let mapping = run.definition.mapping_of(kind);
        if let Some(matcher) = kept.and_then(|bytes| Matcher::unpack(kind, &bytes, mapping)) {
            matchers.insert(kind, matcher);
        }
    }
    Ok(matchers.entry(kind).or_insert_with(|| Matcher::new(kind)))
}

/// Who is protected is not removed.
fn spare(planned: Planned, definition: &Definition) -> Planned {
    if planned.operation.is_removal() && planned.is_protected(definition) {
        return Planned { operation: Operation::Skip(SkipReason::Protected), ..planned };
    }
    planned
}

/// Puts planned work where it belongs: executed with the page, or staged for the guard.
fn place(
    planned: Planned,
    hash: IdHash,
    fingerprint: Option<Fingerprint>,
    waiting: &Waiting,
    pass: Pass,
    now: Timestamp,
    plan: &mut PagePlan,
) {
    let staged = waiting.staged.get(&planned.staged_key());
    // Who is spared is met again in every complete reading, so that the end of the protection takes effect.
    let is_spared = planned.operation == Operation::Skip(SkipReason::Protected);
    plan.fingerprints.extend(fingerprint.filter(|_| !is_spared).map(FingerprintChange::Seen));
    if planned.operation.is_removal() && pass != Pass::Removal {
        let removal = staging(planned, staged, now);
        // One that waits already, as it is, has nothing to be written down.
        if staged != Some(&removal) {
            plan.stage.push(Staging { removal, is_new: staged.is_none() });
        }
        return;
    }
    if staged.is_none() && planned.is_spared_as_before() {
        return;
    }
    if staged.is_some() {
        plan.unstage.push(planned.staged_key());
    }
    let gone_for_good = matches!(planned.operation, Operation::Forget | Operation::Delete(_))
        || matches!(
            planned.operation,
            Operation::Skip(SkipReason::DeleteSwitchedOff | SkipReason::NotInScope)
        );
    if planned.object.is_none() && gone_for_good {
        plan.fingerprints.push(FingerprintChange::Gone(hash));
    }
    plan.work.push(planned);
}

/// The row of a removal. What was decided and told about it before stays: it is the same removal.
fn staging(planned: Planned, staged: Option<&StagedRemoval>, now: Timestamp) -> StagedRemoval {
    StagedRemoval {
        removed: Removed::of(planned.kind),
        count: 1,
        decision: staged.and_then(|staged| staged.decision.clone()),
        label: planned.label,
        source_id: planned.source_id,
        object: planned.object,
        staged_at: staged.map_or(now, |staged| staged.staged_at),
        held_record: staged.and_then(|staged| staged.held_record),
        rejection_told: staged.and_then(|staged| staged.rejection_told),
    }
}

/// Two people of one page with the same matching value cannot both be created: the second one fails, before a
/// target that does not mind duplicates gets two accounts.
pub(super) fn once_per_value(
    decision: Decision,
    item: &Item,
    mapping: &Mapping,
    created: &mut HashMap<(String, String), SourceId>,
) -> Decision {
    let Operation::Create(attributes) = &decision.operation else { return decision };
    for path in mapping.asked_for() {
        let Some(value) = attributes.get(path).filter(|value| !is_blank(value)) else { continue };
        let key = (path.to_owned(), folded(value));
        if let Some(owner) = created.get(&key) {
            let failure = Failure::new(
                FailureCode::DuplicateSourceEntries,
                format!(
                    "{path} '{value}' is also the value of the source object {owner}, which is created first"
                ),
            );
            return Decision { operation: Operation::Fail(failure), ..decision };
        }
        created.insert(key, item.id.clone());
    }
    decision
}

/// How matching values are compared: targets compare names without regard to case (RFC 7643 §4.1.1).
pub(super) fn folded(value: &Value) -> String {
    value.to_string().to_lowercase()
}

pub(super) fn label(item: &Item, link: Option<&Link>, decision: &Decision, mapping: &Mapping) -> String {
    let wanted = match &decision.operation {
        Operation::Create(attributes) => Some(attributes),
        _ => None,
    };
    let known = link.map(|link| &link.shadow);
    let first_match = mapping.matching().iter().find_map(|path| {
        wanted
            .and_then(|attributes| attributes.get(path))
            .or_else(|| known?.get(path))
            .map(ToString::to_string)
    });
    let name = || item.object.as_ref().and_then(|object| object.display_name.clone());
    let remembered = || link.and_then(|link| link.display_name.clone());
    first_match.or_else(name).or_else(remembered).unwrap_or_else(|| item.id.to_string())
}
