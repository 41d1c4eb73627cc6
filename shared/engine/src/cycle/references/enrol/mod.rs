//! Carrying out rosters: calls to the target, and what their answers mean for single members.
//!
//! In: who is put into a group, or taken out. Out: who was, after the membership that tells of it was written.
//!
//! The calls of one group go one after the other: a target that reads a group, changes it and writes it back loses one of
//! two changes made at the same time. Groups go side by side, as many as the target is good for.
//!
//! Whoever was in a call without an answer may be in the group or not: they count as put in, and a note says that the group
//! is to be read before anything else is done about it.
//!
//! Putting in and taking out can be repeated. A replay asks the target who is in the group, and puts nobody in twice.

mod call;
mod told;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use self::call::call;
use super::roster::{Purpose, Roster};
use crate::cycle::log::Log;
use crate::cycle::record::MembershipTold;
use crate::cycle::{Run, Stop};
use crate::escrow::{EscrowEntry, Failure, FailureCode};
use crate::ids::IdHash;
use crate::membership::{MemberChange, Membership};
use crate::model::{ObjectType, SourceId, TargetId};
use crate::ports::TargetErrorKind;

/// What became of a roster.
#[derive(Debug)]
pub(in crate::cycle) struct Enrolled {
    /// How many were put in, or taken out.
    pub(super) members: usize,
    /// Of how many nobody knows whether they were.
    pub(super) uncertain: usize,
    /// How many memberships are given now, where that cannot be told from the rest: on a replay, what was written down
    /// before the kill may be more than what was done since.
    pub(super) given: Option<u64>,
    /// Why it failed, when it did.
    pub(super) failed: Option<FailureCode>,
    /// Whether the group turned out to be gone from the target.
    pub(super) is_gone: bool,
    /// The group's entry in escrow from now on.
    pub(super) entry: Option<EscrowEntry>,
}

/// A roster with what the target answered, before it is written down.
struct Answered<'r> {
    roster: &'r Roster,
    done: Vec<(SourceId, TargetId)>,
    uncertain: usize,
    failure: Option<Failure>,
    /// How many more members failed than the one that the failure tells of.
    others: usize,
    is_gone: bool,
    /// Whether it is carried out again, and nobody can tell what was done before the kill.
    is_blind: bool,
    began: Timestamp,
    finished: Timestamp,
}

/// Carries out a page's rosters; the answers come in their order, with the number of records written.
pub(in crate::cycle) async fn enrol(
    run: &Run<'_>,
    log: &Log<'_>,
    rosters: &[Roster],
    replay: bool,
) -> Result<(Vec<Enrolled>, u64), Stop> {
    if rosters.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let calls = rosters.iter().map(|roster| roster.members.len()).sum::<usize>();
    let batch = if calls > 1 { run.ports.target.batch_size().await.max(1) } else { 1 };
    let answered: Vec<Answered<'_>> = stream::iter(rosters)
        .map(|roster| carry_out(run, roster, batch, replay))
        .buffered(run.ports.target.habits().concurrency.max(1))
        .try_collect()
        .await?;
    // Before anybody's failure is told: a target that answered nobody has failed as a whole.
    run.nobody_answered()?;
    let mut enrolled = Vec::with_capacity(rosters.len());
    for answered in &answered {
        enrolled.push(settle(run, answered, replay).await?);
    }
    let is_held = |answered: &&Answered<'_>| answered.roster.purpose == Purpose::Held;
    let (held, told): (Vec<_>, Vec<_>) =
        answered.iter().filter(|answered| answered.is_news()).partition(is_held);
    let told: Vec<MembershipTold> = told.into_iter().filter_map(Answered::told).collect();
    let held: Vec<MembershipTold> = held.into_iter().filter_map(Answered::told).collect();
    Ok((enrolled, log.members(&told, false).await? + log.members(&held, true).await?))
}

async fn carry_out<'r>(
    run: &Run<'_>,
    roster: &'r Roster,
    batch: usize,
    replay: bool,
) -> Result<Answered<'r>, Stop> {
    let began = run.ports.clock.now();
    let mut answered = Answered {
        roster,
        done: Vec::new(),
        uncertain: 0,
        failure: roster.failure.clone(),
        others: 0,
        is_gone: roster.failure.as_ref().is_some_and(|failure| failure.code == FailureCode::InvalidAnchor),
        is_blind: false,
        began,
        finished: began,
    };
    if roster.purpose == Purpose::Held {
        return Ok(answered);
    }
    let mut left = roster.members.clone();
    if replay {
        recall(run, &mut answered, &mut left).await?;
    }
    let is_done = |change: &&MemberChange| answered.done.iter().any(|(member, _)| member == change.member());
    let notes: Vec<MemberChange> = roster.notes.iter().filter(|change| !is_done(change)).cloned().collect();
    write(run, &roster.group, &notes).await?;
    if let (Some(target), None) = (&roster.target, &answered.failure) {
        call(run, target, left, batch, &mut answered).await?;
    }
    answered.finished = run.ports.clock.now();
    Ok(answered)
}

/// On a replay: who was taken out is noted, and who was put in is found in the group; what is noted of them may have been
/// a call without an answer, and is taken back where the group shows that it was not carried out.
async fn recall(
    run: &Run<'_>,
    answered: &mut Answered<'_>,
    left: &mut Vec<(SourceId, TargetId)>,
) -> Result<(), Stop> {
    let roster = answered.roster;
    let Some(target) = &roster.target else { return Ok(()) };
    let hash = IdHash::of(&roster.group);
    let links = run.ports.store.links(&run.definition.job, &[hash]).await?;
    if links.get(&hash).and_then(|link| link.target_id.as_ref()) != Some(target) {
        // The group was found to be gone before the kill, and its link with it.
        answered.failure = Some(gone());
        answered.is_gone = true;
        return Ok(());
    }
    let membership = run.ports.store.membership(&run.definition.job, &roster.group).await?;
    if roster.purpose == Purpose::Leaving {
        take_done(answered, left, |member, account| !is_given(&membership, member, account));
        return Ok(());
    }
    if left.is_empty() || answered.failure.is_some() {
        return Ok(());
    }
    run.before_call().await?;
    match run.ports.target.members(target).await {
        Ok(shown) => {
            run.target_is_well();
            answered.is_blind = shown.is_none();
            let shown = shown.unwrap_or_default();
            take_done(answered, left, |_, account| shown.contains(account));
            let is_wrong = |(member, account): &&(SourceId, TargetId)| {
                !answered.is_blind && is_given(&membership, member, account)
            };
            let wrong = left.iter().filter(is_wrong).map(|(member, _)| MemberChange::Taken(member.clone()));
            let known = changes(roster.purpose, &answered.done).into_iter().chain(wrong);
            write(run, &roster.group, &known.collect::<Vec<_>>()).await
        }
        Err(error) if error.kind == TargetErrorKind::NotFound => {
            run.judged(error)?;
            answered.is_gone = true;
            answered.failure = Some(gone());
            Ok(())
        }
        // Putting in once more who may be in does no harm.
        Err(error) => {
            answered.is_blind = true;
            run.judged(error).map(drop)
        }
    }
}

fn take_done(
    answered: &mut Answered<'_>,
    left: &mut Vec<(SourceId, TargetId)>,
    is_done: impl Fn(&SourceId, &TargetId) -> bool,
) {
    let (done, rest) =
        std::mem::take(left).into_iter().partition(|(member, account)| is_done(member, account));
    answered.done.extend::<Vec<_>>(done);
    *left = rest;
}

/// Whether the membership says that somebody was put in as this account.
fn is_given(membership: &Membership, member: &SourceId, account: &TargetId) -> bool {
    let known = membership.members.get(&IdHash::of(member));
    known.and_then(|member| member.given.as_ref()) == Some(account)
}

fn changes(purpose: Purpose, members: &[(SourceId, TargetId)]) -> Vec<MemberChange> {
    let change = |(member, account): &(SourceId, TargetId)| match purpose {
        Purpose::Joining => MemberChange::Given(member.clone(), account.clone()),
        Purpose::Leaving | Purpose::Held => MemberChange::Taken(member.clone()),
    };
    members.iter().map(change).collect()
}

async fn write(run: &Run<'_>, group: &SourceId, changes: &[MemberChange]) -> Result<(), Stop> {
    if changes.is_empty() {
        return Ok(());
    }
    Ok(run.ports.store.change_membership(&run.desk.lease().await?, group, changes).await?)
}

/// Why nothing can be done for a group that is gone.
pub(super) fn gone() -> Failure {
    Failure::new(
        FailureCode::InvalidAnchor,
        "the group is gone from the target; it will be matched or created again in the next cycle",
    )
}

/// Writes down what became of a group as a whole: its entry in escrow, that it is gone, that it is settled.
async fn settle(run: &Run<'_>, answered: &Answered<'_>, replay: bool) -> Result<Enrolled, Stop> {
    let Answered { roster, is_gone, finished, .. } = answered;
    let lease = run.desk.lease().await?;
    if let (true, Some(target)) = (*is_gone, &roster.target) {
        let membership = run.ports.store.membership(&run.definition.job, &roster.group).await?;
        let taken: Vec<MemberChange> =
            membership.given().map(|(member, _)| MemberChange::Taken(member.clone())).collect();
        write(run, &roster.group, &taken).await?;
        run.desk.unlink(ObjectType::Group, &roster.group, Some(target)).await?;
    }
    let failure = answered.failure();
    let failed = failure.as_ref().map(|failure| failure.code);
    let entry = escrow(roster, failure, *is_gone, *finished, run.began);
    match &entry {
        Some(entry) if roster.escrow.as_ref() != Some(entry) => {
            run.ports.store.put_escrow(&lease, entry).await?;
        }
        // On a replay, what failed before the kill may have left an entry that the plan does not know of.
        None if replay || roster.escrow.is_some() => {
            run.ports.store.delete_escrow(&lease, &roster.group).await?;
        }
        _ => {}
    }
    if roster.purpose == Purpose::Joining && (roster.is_last || *is_gone) {
        run.ports.store.settle(&lease, &roster.group).await?;
    }
    let given = match replay && roster.purpose != Purpose::Held {
        true => {
            Some(run.ports.store.membership(&run.definition.job, &roster.group).await?.given().count() as u64)
        }
        false => None,
    };
    Ok(Enrolled {
        members: answered.done.len(),
        given,
        uncertain: answered.uncertain,
        failed,
        is_gone: *is_gone,
        entry,
    })
}

/// The group's entry in escrow from now on.
fn escrow(
    roster: &Roster,
    failure: Option<Failure>,
    is_gone: bool,
    now: Timestamp,
    began: Timestamp,
) -> Option<EscrowEntry> {
    let before = roster.escrow.clone();
    let failed_in_this_cycle = before.as_ref().is_some_and(|entry| entry.last_failed >= began);
    let Some(failure) = failure else {
        let is_over = roster.is_last && roster.purpose == Purpose::Joining && !failed_in_this_cycle;
        return before.filter(|entry| !(entry.reference && is_over));
    };
    if before.as_ref().is_some_and(|entry| !entry.reference) && !is_gone {
        // The group itself failed, and is tried again with its members.
        return before;
    }
    if let Some(before) = before.as_ref().filter(|_| failed_in_this_cycle && !is_gone) {
        // Another part of the group failed before: it is one attempt.
        return Some(before.clone());
    }
    let entry = EscrowEntry {
        source_id: roster.group.clone(),
        object: roster.object.clone(),
        failure,
        attempts: 1,
        first_failed: now,
        last_failed: now,
        next_attempt: None,
        change_id: roster.change_id,
        object_type: ObjectType::Group,
        reference: !is_gone,
        doubtful: false,
        ignored: None,
    };
    Some(entry.after(before.as_ref()))
}
