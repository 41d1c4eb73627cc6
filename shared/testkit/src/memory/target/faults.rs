//! What goes wrong, and when.

use std::collections::BTreeMap;

use engine::ports::{TargetError, TargetErrorKind};

use crate::memory::Chance;

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, and the call fails like this.
    Refused(TargetErrorKind),
    /// Everything is done, but the answer is lost.
    AnswerLost,
    /// Some of a call's operations are done, perhaps none and perhaps all, and the answer is lost.
    Cut,
}

/// What goes wrong from now on.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    at: BTreeMap<u64, Fault>,
    often: usize,
    kinds: Vec<Fault>,
    from: u64,
}

impl Faults {
    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// One call fails: 1 is the next one.
    #[must_use]
    pub fn at(call: u64, fault: Fault) -> Self {
        Self::none().and_at(call, fault)
    }

    /// Another call fails, too.
    #[must_use]
    pub fn and_at(mut self, call: u64, fault: Fault) -> Self {
        self.at.insert(call, fault);
        self
    }

    /// So many calls in a thousand fail, each in one of these ways.
    #[must_use]
    pub fn often(in_thousand: usize, kinds: Vec<Fault>) -> Self {
        Self { often: in_thousand, kinds, ..Self::none() }
    }

    pub(super) fn counted_from(mut self, calls: u64) -> Self {
        self.from = calls;
        self
    }

    /// What happens to this call, the `number`-th of all.
    pub(super) fn strike(&self, number: u64, chance: &mut Chance) -> Option<Fault> {
        let scripted = self.at.get(&number.saturating_sub(self.from)).copied();
        scripted.or_else(|| {
            (self.often > 0 && chance.in_thousand(self.often)).then(|| chance.one_of(&self.kinds).copied())?
        })
    }
}

/// An error as a connector tells it.
pub(super) fn error(kind: TargetErrorKind, request: &str, why: &str) -> TargetError {
    TargetError {
        kind,
        summary: format!("{kind:?}: {why}"),
        request: request.to_owned(),
        status: None,
        extract: None,
    }
}
