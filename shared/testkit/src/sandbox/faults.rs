//! Misbehaviour on request.
//!
//! In: the [`Faults`] that are switched on, and the kind of each request that arrives. Out: what to do to that
//! request instead of answering it well. Promise: the same requests in the same order meet the same faults; at
//! most one fault strikes a request, and faults of [`Faults::next`] go before those that come every so often.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::counters::Kind;

/// Which faults are on. The default is none. "Every n" means the n-th, 2n-th, … request of the kinds in
/// [`Faults::only`], counted from when the faults were set; 0 means never.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Faults {
    /// Answers 429.
    pub throttle: Option<Throttle>,
    /// Answers with an error status.
    pub error_every: Option<ErrorEvery>,
    /// Gives no answer for [`Faults::timeout_millis`], then closes the connection. The request is not carried out.
    pub timeout_every: Option<u64>,
    /// How long a request without an answer hangs, in milliseconds. Default 30,000.
    pub timeout_millis: u64,
    /// Answers 200 with an HTML page where JSON is due. The request is not carried out.
    pub garbage_every: Option<u64>,
    /// Carries a write out, then closes the connection without an answer. Counts writes only.
    pub drop_answers_every: Option<u64>,
    /// Any write that names this `userName`, or that goes to the user of that name, answers 400 `invalidValue`.
    pub poisoned_user: Option<String>,
    /// Everything answers 401, as after the token was revoked.
    pub unauthorized: bool,
    /// Lists of resources answer 404, as when the base URL is wrong.
    pub collection_missing: bool,
    /// Everything answers 200 with an HTML sign-in page, as behind a proxy that lost its session.
    pub html: bool,
    /// The kinds of request that the faults above strike; all when absent. A poisoned user stays poisoned.
    pub only: Option<Vec<Kind>>,
    /// Faults for single requests: each strikes the first request of its kind that comes, and is gone.
    pub next: Vec<Fault>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            throttle: None,
            error_every: None,
            timeout_every: None,
            timeout_millis: 30_000,
            garbage_every: None,
            drop_answers_every: None,
            poisoned_user: None,
            unauthorized: false,
            collection_missing: false,
            html: false,
            only: None,
            next: Vec::new(),
        }
    }
}

/// Answers 429 now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Throttle {
    /// Every how many requests.
    pub every: u64,
    /// The `Retry-After` header, in seconds; none when absent.
    #[serde(default)]
    pub retry_after_seconds: Option<u64>,
}

/// Answers an error now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErrorEvery {
    /// Every how many requests.
    pub every: u64,
    /// The status, such as 500; 400 to 599.
    pub status: u16,
}

/// A fault for a single request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// The kind of request to wait for.
    pub on: Kind,
    /// What happens to it.
    pub does: Does,
}

/// What a fault does to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Does {
    /// 429 without `Retry-After`.
    Throttle,
    /// 429 with `Retry-After`, in seconds.
    RetryAfter(u64),
    /// This status (400 to 599), with a SCIM error body. The request is not carried out.
    Error(u16),
    /// 200 with an HTML page where JSON is due. The request is not carried out.
    Garbage,
    /// The request is carried out, then the connection is closed without an answer.
    DropAnswer,
    /// No answer for [`Faults::timeout_millis`], then the connection is closed. The request is not carried out.
    Timeout,
}

/// The faults that are on, and how far their counting is.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan {
    faults: Faults,
    requests: u64,
    writes: u64,
}

impl FaultPlan {
    /// Counting starts anew with new faults.
    pub(crate) fn new(faults: Faults) -> Self {
        Self { faults, requests: 0, writes: 0 }
    }

    /// The faults that are on; `next` holds those that have not struck yet.
    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// How long a request without an answer hangs.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.faults.timeout_millis)
    }

    /// Whether the faults that last strike a kind of request.
    pub(crate) fn concerns(&self, kind: Option<Kind>) -> bool {
        match (&self.faults.only, kind) {
            (None, _) => true,
            (Some(only), Some(kind)) => only.contains(&kind),
            (Some(_), None) => false,
        }
    }

    /// What happens to the request that arrives now, if anything. Counts it.
    pub(crate) fn strike(&mut self, kind: Option<Kind>) -> Option<Does> {
        let struck = self.take_next(kind);
        if !self.concerns(kind) {
            return struck;
        }
        self.requests += 1;
        if struck.is_some() {
            return struck;
        }
        self.recurring().or_else(|| self.dropped_answer(kind))
    }

    fn take_next(&mut self, kind: Option<Kind>) -> Option<Does> {
        let position = self.faults.next.iter().position(|fault| Some(fault.on) == kind)?;
        Some(self.faults.next.remove(position).does)
    }

    fn recurring(&self) -> Option<Does> {
        let due = |every: u64| is_due(self.requests, every);
        let faults = &self.faults;
        if let Some(throttle) = faults.throttle.filter(|throttle| due(throttle.every)) {
            return Some(throttle.retry_after_seconds.map_or(Does::Throttle, Does::RetryAfter));
        }
        if let Some(error) = faults.error_every.filter(|error| due(error.every)) {
            return Some(Does::Error(error.status));
        }
        let timeout = faults.timeout_every.filter(|every| due(*every)).map(|_| Does::Timeout);
        timeout.or_else(|| faults.garbage_every.filter(|every| due(*every)).map(|_| Does::Garbage))
    }

    fn dropped_answer(&mut self, kind: Option<Kind>) -> Option<Does> {
        self.writes += u64::from(kind.is_some_and(Kind::is_write));
        let write = kind.is_some_and(Kind::is_write);
        let every = self.faults.drop_answers_every.filter(|every| write && is_due(self.writes, *every));
        every.map(|_| Does::DropAnswer)
    }
}

fn is_due(count: u64, every: u64) -> bool {
    every > 0 && count.is_multiple_of(every)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(faults: Faults, kinds: &[Kind]) -> Vec<Option<Does>> {
        let mut plan = FaultPlan::new(faults);
        kinds.iter().map(|kind| plan.strike(Some(*kind))).collect()
    }

    #[test]
    fn a_throttle_strikes_every_nth_request_of_its_kinds() {
        let faults = Faults {
            throttle: Some(Throttle { every: 2, retry_after_seconds: Some(7) }),
            only: Some(vec![Kind::Create]),
            ..Faults::default()
        };
        let kinds = [Kind::Create, Kind::List, Kind::List, Kind::Create, Kind::Create];
        assert_eq!(struck(faults, &kinds), [None, None, None, Some(Does::RetryAfter(7)), None]);
    }

    #[test]
    fn queued_faults_strike_the_first_request_of_their_kind_once_and_in_order() {
        let next = vec![
            Fault { on: Kind::Patch, does: Does::Error(503) },
            Fault { on: Kind::Create, does: Does::Garbage },
            Fault { on: Kind::Patch, does: Does::Timeout },
        ];
        let kinds = [Kind::Create, Kind::Patch, Kind::Patch, Kind::Patch, Kind::Create];
        let expected = [Some(Does::Garbage), Some(Does::Error(503)), Some(Does::Timeout), None, None];
        assert_eq!(struck(Faults { next, ..Faults::default() }, &kinds), expected);
    }

    #[test]
    fn answers_are_dropped_for_writes_only() {
        let faults = Faults { drop_answers_every: Some(2), ..Faults::default() };
        let kinds = [Kind::Create, Kind::Read, Kind::Read, Kind::Delete];
        assert_eq!(struck(faults, &kinds), [None, None, None, Some(Does::DropAnswer)]);
    }

    #[test]
    fn every_zero_means_never() {
        let faults = Faults { timeout_every: Some(0), garbage_every: Some(0), ..Faults::default() };
        assert_eq!(struck(faults, &[Kind::List, Kind::List]), [None, None]);
    }
}
