//! Exit codes that mean something.

use std::process::ExitCode;

use engine::job::CycleReport;

use crate::client::ClientError;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Failed: the message on standard error says why.
    Failed = 1,
    /// Wrong usage, or a file that is refused; nothing was changed.
    Refused = 2,
    /// Done, but single objects failed.
    ObjectsFailed = 3,
    /// Done, but removals wait for a person.
    RemovalsHeld = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error that is the caller's to mend: wrong usage, or a file that is refused.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refusal(pub(crate) String);

/// Something that only a person may decide, where nobody can be asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NeedsApproval(pub(crate) String);

/// The exit code of an error.
pub(crate) fn of(error: &anyhow::Error) -> Exit {
    if error.is::<Refusal>() {
        Exit::Refused
    } else if error.is::<NeedsApproval>() {
        Exit::RemovalsHeld
    } else {
        error.downcast_ref::<ClientError>().map_or(Exit::Failed, ClientError::exit)
    }
}

/// The exit code of a cycle.
pub(crate) fn of_cycle(report: &CycleReport, suspect: bool) -> Exit {
    match (report.figures.held > 0 || suspect, report.figures.failed > 0) {
        (true, _) => Exit::RemovalsHeld,
        (_, true) => Exit::ObjectsFailed,
        _ => Exit::Done,
    }
}
