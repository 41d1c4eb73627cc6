//! References: managers and members are named in the target by their accounts there, which may not exist yet.
//!
//! In: what objects refer to ([`resolve()`]), what pages learnt of it ([`remember()`]). Out: managers named as soon as they
//! have an account, and groups of the target with exactly those members that the source shows, as far as they have one.
//!
//! ```text
//! pages ──remember──▶ who waits for whom · who belongs to which group · groups to compare (unsettled)
//!                                             │
//! the phase, a step at a time (step):         ▼
//!   who got an account? ─▶ managers: one update each · members: their groups are to be compared
//!   whose account is another one? ─▶ their groups, and those who refer to them
//!   groups to compare ─▶ add (now) · leaving (staged for the guard, then remove_members) · waiting (remembered)
//! ```
//!
//! # Guarantees
//! * Only who was put into a group by this job is ever taken out, and never before the guard judged how many leave.
//! * Everything that calls the target is a page with an intent ([`Roster`] for members): killed anywhere, the next slice
//!   ends it with the same members, records and figures. Counts come from the intent, and from what of it was done.
//! * A member that the target refuses is found and left out; the rest goes in.
//! * When nobody got an account and no group changed, nothing is asked of anybody.

mod check;
mod compare;
mod enrol;
mod leaving;
mod managers;
mod members;
mod nested;
mod remember;
mod resolve;
mod roster;
mod search;
mod work;

pub(super) use compare::meddled;
pub(super) use enrol::enrol;
pub(super) use leaving::{hold_members, remove_members};
pub(super) use nested::LEVELS;
pub(super) use remember::{doubt_members, foresee, remember};
pub(super) use resolve::resolve;
pub(super) use roster::{Forgotten, Roster, count};
pub(super) use work::Work;

use super::{Run, Session, Stop};

/// Objects looked up at once: five requests to the table.
const BATCH: usize = 500;

/// Requests to the store under way at once, where each is about one group. Sixteen keep a page of groups under a second.
const READING: usize = 16;

/// Does the next step; `false` when nothing is left.
pub(super) async fn step(run: &Run<'_>, session: &mut Session) -> Result<bool, Stop> {
    work::begin(run, session).await?;
    let more = check::step(run, session).await?
        || managers::step(run, session).await?
        || search::step(run, session).await?
        || members::step(run, session).await?;
    if !more {
        session.references = Work::default();
    }
    Ok(more)
}
