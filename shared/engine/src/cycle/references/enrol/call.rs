//! The calls of one group: members a piece at a time, and the search for those that the target refuses.

use super::{Answered, changes, gone, write};
use crate::cycle::references::roster::Purpose;
use crate::cycle::{Run, Stop};
use crate::escrow::{Failure, FailureCode, is_targets_fault};
use crate::model::{ObjectType, SourceId, TargetId};
use crate::ports::{TargetError, TargetErrorKind, TargetOperation};

/// How many refused calls of one roster are looked into by halving. With a hundred members a call, eight bad ones are
/// found with some fifty; a target that refuses more than that refuses everybody.
const REFUSALS: usize = 64;

/// Calls the target for these members, a piece a call. A piece that is refused is halved until the bad one is alone.
pub(super) async fn call(
    run: &Run<'_>,
    target: &TargetId,
    members: Vec<(SourceId, TargetId)>,
    batch: usize,
    answered: &mut Answered<'_>,
) -> Result<(), Stop> {
    let roster = answered.roster;
    let per_call = run.ports.target.habits().members_per_call.max(1);
    let mut pieces: Vec<&[(SourceId, TargetId)]> = members.chunks(per_call).rev().collect();
    let mut refusals = 0;
    while !pieces.is_empty() {
        let now: Vec<&[(SourceId, TargetId)]> = (0..batch).map_while(|_| pieces.pop()).collect();
        let operations: Vec<TargetOperation> =
            now.iter().map(|piece| operation(roster.purpose, target, piece)).collect();
        run.before_call().await?;
        let mut answers = run.ports.target.execute(&operations).await.into_iter();
        let mut done = Vec::new();
        let mut refused = Vec::new();
        for piece in now {
            match answers.next() {
                Some(Ok(_)) => {
                    run.target_is_well();
                    done.extend_from_slice(piece);
                }
                Some(Err(error)) => refused.push((piece, Some(error))),
                None => refused.push((piece, None)),
            }
        }
        write(run, &roster.group, &changes(roster.purpose, &done)).await?;
        answered.done.append(&mut done);
        for (piece, error) in refused.into_iter().rev() {
            refusals += 1;
            match verdict(run, target, piece, error, refusals).await? {
                Verdict::Halve => {
                    let (first, second) = piece.split_at(piece.len() / 2);
                    pieces.push(second);
                    pieces.push(first);
                }
                Verdict::Bad(failure) => {
                    answered.fail(piece, failure);
                    if answered.is_blind {
                        write(run, &roster.group, &changes(Purpose::Leaving, piece)).await?;
                    }
                }
                Verdict::Hopeless(failure, is_answered) => {
                    answered.fail(piece, failure);
                    let open = open(piece, &pieces, is_answered, answered.is_blind);
                    pieces.clear();
                    answered.uncertain += open.len();
                    if roster.purpose == Purpose::Joining {
                        write(run, &roster.group, &changes(roster.purpose, &open)).await?;
                    }
                }
                Verdict::Gone => {
                    answered.failure = Some(gone());
                    answered.is_gone = true;
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// Of whom nobody knows whether the target did what it was asked: of those in a call without an answer, and of all that are
/// left when what was done before a kill could not be seen.
fn open(
    piece: &[(SourceId, TargetId)],
    left: &[&[(SourceId, TargetId)]],
    is_answered: bool,
    is_blind: bool,
) -> Vec<(SourceId, TargetId)> {
    match (is_blind, is_answered) {
        (true, _) => left.iter().rev().fold(piece.to_vec(), |open, piece| [&open, *piece].concat()),
        (false, false) => piece.to_vec(),
        (false, true) => Vec::new(),
    }
}

fn operation(purpose: Purpose, group: &TargetId, members: &[(SourceId, TargetId)]) -> TargetOperation {
    let accounts = members.iter().map(|(_, account)| account.clone()).collect();
    match purpose {
        Purpose::Joining => TargetOperation::AddMembers(group.clone(), accounts),
        Purpose::Leaving | Purpose::Held => TargetOperation::RemoveMembers(group.clone(), accounts),
    }
}

/// What a refused call means.
enum Verdict {
    /// One of several members is bad, or they are too many.
    Halve,
    /// This member is bad.
    Bad(Failure),
    /// It is not about the members: the rest would fail as well. And whether the target answered that nothing was done.
    Hopeless(Failure, bool),
    /// The group is gone.
    Gone,
}

async fn verdict(
    run: &Run<'_>,
    group: &TargetId,
    piece: &[(SourceId, TargetId)],
    error: Option<TargetError>,
    refusals: usize,
) -> Result<Verdict, Stop> {
    let Some(error) = error else {
        let why = "the target gave no answer for this operation";
        return Ok(Verdict::Hopeless(Failure::new(FailureCode::Timeout, why), false));
    };
    let kind = error.kind;
    let failure = run.judged(error)?;
    let is_of_members = matches!(
        kind,
        TargetErrorKind::InvalidValue
            | TargetErrorKind::NotFound
            | TargetErrorKind::TooLarge
            | TargetErrorKind::Conflict
    );
    if !is_of_members || refusals > REFUSALS {
        let is_answered = !is_targets_fault(kind) || kind == TargetErrorKind::Throttled;
        return Ok(Verdict::Hopeless(failure, is_answered));
    }
    if kind == TargetErrorKind::NotFound {
        run.before_call().await?;
        match run.ports.target.get(ObjectType::Group, group, &[]).await {
            Ok(None) => return Ok(Verdict::Gone),
            Ok(Some(_)) => run.target_is_well(),
            Err(error) => return run.judged(error).map(|failure| Verdict::Hopeless(failure, true)),
        }
    }
    Ok(if piece.len() > 1 { Verdict::Halve } else { Verdict::Bad(failure) })
}
