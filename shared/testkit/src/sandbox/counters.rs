//! What arrived, and what became of it.
//!
//! In: one note per request. Out: a snapshot of [`Counters`]. Promise: every SCIM request is in `total` and in the
//! figure of its kind exactly once, refused ones too; the sandbox's own pages under `/_sandbox` are in none.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::Method;
use serde::{Deserialize, Serialize};

/// Requests since the start or the last reset. Kinds count requests that arrived; `unauthorized`, `throttled`
/// and `failed` say how many of them were refused, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Counters {
    /// Every SCIM request, whatever became of it.
    pub total: u64,
    /// Lists without a filter.
    pub list: u64,
    /// Lists with a filter.
    pub query: u64,
    /// Reads of one resource by its id.
    pub read: u64,
    /// POSTs of a resource.
    pub create: u64,
    /// PUTs.
    pub replace: u64,
    /// PATCHes.
    pub patch: u64,
    /// DELETEs.
    pub delete: u64,
    /// POSTs to `/Bulk`.
    pub bulk: u64,
    /// Operations that those POSTs carried out; they are in no other figure.
    pub bulk_operations: u64,
    /// POSTs to `/.search`.
    pub search: u64,
    /// Reads of `ServiceProviderConfig`, `Schemas` and `ResourceTypes`.
    pub discovery: u64,
    /// Requests answered 401.
    pub unauthorized: u64,
    /// Requests answered 429, by the rate limit or by a fault.
    pub throttled: u64,
    /// Requests, or operations of a bulk request, that a fault other than 401 and 429 spoiled.
    pub failed: u64,
    /// The most requests that were under way at the same time.
    pub peak_concurrent: u64,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A list without a filter.
    List,
    /// A list with a filter.
    Query,
    /// One resource by its id.
    Read,
    /// POST of a resource.
    Create,
    /// PUT of a resource.
    Replace,
    /// PATCH of a resource.
    Patch,
    /// DELETE of a resource.
    Delete,
    /// POST to `/Bulk`.
    Bulk,
    /// POST to `/.search`.
    Search,
    /// `ServiceProviderConfig`, `Schemas` or `ResourceTypes`.
    Discovery,
}

impl Kind {
    /// What a request to a path below the base URL asks for. None when nothing is served there.
    pub(crate) fn of(method: &Method, path: &str, query: Option<&str>) -> Option<Self> {
        let mut segments = path.trim_matches('/').split('/');
        let (first, second) = (segments.next()?, segments.next());
        match (first, second, method.as_str()) {
            ("ServiceProviderConfig" | "Schemas" | "ResourceTypes", _, _) => Some(Self::Discovery),
            ("Bulk", None, "POST") => Some(Self::Bulk),
            (".search", None, "POST") | ("Users" | "Groups", Some(".search"), "POST") => Some(Self::Search),
            ("Users" | "Groups", None, "GET") if has_filter(query) => Some(Self::Query),
            ("Users" | "Groups", None, "GET") => Some(Self::List),
            ("Users" | "Groups", None, "POST") => Some(Self::Create),
            ("Users" | "Groups", Some(_), "GET") => Some(Self::Read),
            ("Users" | "Groups", Some(_), "PUT") => Some(Self::Replace),
            ("Users" | "Groups", Some(_), "PATCH") => Some(Self::Patch),
            ("Users" | "Groups", Some(_), "DELETE") => Some(Self::Delete),
            _ => None,
        }
    }

    /// Whether it changes anything.
    pub(crate) fn is_write(self) -> bool {
        matches!(self, Self::Create | Self::Replace | Self::Patch | Self::Delete | Self::Bulk)
    }
}

fn has_filter(query: Option<&str>) -> bool {
    query.is_some_and(|query| query.split('&').any(|pair| pair.starts_with("filter=")))
}

/// The counters in the making.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    counters: Counters,
    under_way: u64,
}

impl Tally {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The figures now.
    pub(crate) fn snapshot(&self) -> Counters {
        self.state().counters.clone()
    }

    /// Starts again at zero. Requests under way stay under way.
    pub(crate) fn reset(&self) {
        let mut state = self.state();
        state.counters = Counters { peak_concurrent: state.under_way, ..Counters::default() };
    }

    /// Notes a request that arrived; it is under way until the result is dropped.
    pub(crate) fn arrived(&self, kind: Option<Kind>) -> UnderWay<'_> {
        let mut state = self.state();
        state.under_way += 1;
        let under_way = state.under_way;
        let counters = &mut state.counters;
        counters.total += 1;
        counters.peak_concurrent = counters.peak_concurrent.max(under_way);
        if let Some(kind) = kind {
            *counters.figure(kind) += 1;
        }
        UnderWay(self)
    }

    /// Notes what became of requests.
    pub(crate) fn note(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut self.state().counters);
    }
}

impl Counters {
    fn figure(&mut self, kind: Kind) -> &mut u64 {
        match kind {
            Kind::List => &mut self.list,
            Kind::Query => &mut self.query,
            Kind::Read => &mut self.read,
            Kind::Create => &mut self.create,
            Kind::Replace => &mut self.replace,
            Kind::Patch => &mut self.patch,
            Kind::Delete => &mut self.delete,
            Kind::Bulk => &mut self.bulk,
            Kind::Search => &mut self.search,
            Kind::Discovery => &mut self.discovery,
        }
    }
}

/// A request that has not been answered yet.
#[derive(Debug)]
pub(crate) struct UnderWay<'a>(&'a Tally);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.under_way = state.under_way.saturating_sub(1);
    }
}
