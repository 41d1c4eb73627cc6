//! References last: managers and members whose accounts exist by now.

use crate::cycle::{Run, Session, Stop, references};
use crate::job::Phase;

/// Makes good what can be made good by now: one step of it at a time.
pub(super) async fn references(run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
    if !references::step(run, session).await? {
        session.checkpoint.phase = Phase::Removals;
    }
    Ok(())
}
