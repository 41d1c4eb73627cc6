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
use super::matching::Candidates;
use super::{Run, Session, Stop};
use crate::decide::{Answer, Case, Decision, Operation, Presence, decide};
use crate::escrow::{EscrowEntry, Failure, FailureCode};
use crate::fingerprint::Fingerprint;
use crate::guard::StagedRemoval;
use crate::ids::{IdHash, change_id};
use crate::job::Phase;
use crate::mapping::{Mapping, Occasion, is_blank};
use crate::model::{Attributes, Link, SkipReason, SourceId, SourceObject, Value};
use crate::ports::FingerprintChange;

/// Everything one page will do. Serialised, it is the page's intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PagePlan {
    /// Work on single objects, with or without a call to the target.
    pub(super) work: Vec<Planned>,
    /// Removals to stage for the guard.
    pub(super) stage: Vec<Staging>,
    /// Staged removals to take away: executed with this page, or cancelled because the object came back.
    pub(super) unstage: Vec<SourceId>,
    /// Removals held by the guard, to be told in the log.
    pub(super) held: Vec<Planned>,
    /// Rows that could not be read.
    pub(super) unreadable: Vec<UnreadableRow>,
    /// What the page learnt for the fingerprint snapshot.
    pub(super) fingerprints: Vec<FingerprintChange>,
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
            fingerprints: Vec::new(),
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
}

impl Planned {
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
    pub(super) id: SourceId,
    /// `None` when it is gone from the source.
    pub(super) object: Option<SourceObject>,
    pub(super) fingerprint: Option<Fingerprint>,
}

impl Item {
    /// The case to decide.
    pub(super) fn case<'a>(
        &'a self,
        link: Option<&'a Link>,
        answer: Option<&'a Answer>,
        occasion: Occasion,
    ) -> Case<'a> {
        let presence = self.object.as_ref().map_or(Presence::Gone, Presence::Here);
        Case { presence, link, answer, chosen: None, occasion }
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
}

/// What the slice holds in memory about objects that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) staged: BTreeMap<IdHash, StagedRemoval>,
    pub(super) escrows: BTreeMap<IdHash, EscrowEntry>,
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
    let Session { matcher, waiting, checkpoint, .. } = session;
    let mapping = &run.definition.mapping;
    let hashes: Vec<IdHash> = items.iter().map(|item| IdHash::of(&item.id)).collect();
    let links = run.ports.store.links(&run.definition.job, &hashes).await?;
    let first: Vec<Decision> = items
        .iter()
        .zip(&hashes)
        .map(|(item, hash)| {
            let occasion = run.occasion(change_id(checkpoint.cycle, &item.id, pass as u8));
            decide(&item.case(links.get(hash), None, occasion), mapping)
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
    for ((item, hash), decision) in items.into_iter().zip(hashes).zip(first) {
        let link = links.get(&hash);
        let answer = answers.remove(&item.id);
        let change_id = change_id(checkpoint.cycle, &item.id, pass as u8);
        let decision = match &answer {
            Some(Ok(answer)) => {
                let case = item.case(link, Some(answer), run.occasion(change_id));
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
        let planned = Planned {
            change_id,
            label: label(&item, link, &decision, mapping),
            source_id: item.id,
            object: item.object,
            prior: link.cloned(),
            before: decision.before,
            operation: decision.operation,
            in_scope: decision.in_scope,
            unmanaged: decision.unmanaged,
            matched_by,
            escrow: waiting.escrows.get(&hash).cloned(),
        };
        place(planned, hash, item.fingerprint, waiting, pass, run.ports.clock.now(), plan);
    }
    Ok(())
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
    let staged = waiting.staged.get(&hash);
    plan.fingerprints.extend(fingerprint.map(FingerprintChange::Seen));
    if planned.operation.is_removal() && pass != Pass::Removal {
        plan.stage.push(Staging {
            removal: StagedRemoval {
                source_id: planned.source_id,
                object: planned.object,
                staged_at: staged.map_or(now, |staged| staged.staged_at),
                held_record: staged.and_then(|staged| staged.held_record),
            },
            is_new: staged.is_none(),
        });
        return;
    }
    if staged.is_some() {
        plan.unstage.push(planned.source_id.clone());
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
