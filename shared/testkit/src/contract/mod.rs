//! What every [`Store`] promises, as sentences: run against DynamoDB, and against whatever stands in for it.
//!
//! In: a way to make a store with one job in it that nobody holds. Out: tests, one for each sentence.
//!
//! ```text
//! struct Mine { … }
//! impl testkit::contract::Subject for Mine { … }
//! async fn mine() -> Mine { … }
//! testkit::store_contract!(mine);     // needs no more than the port
//! impl testkit::contract::People for Mine { … }
//! testkit::people_contract!(mine);    // what people do beside a running cycle
//! ```

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use async_trait::async_trait;
use engine::guard::{HumanDecision, StagedKey};
use engine::model::{JobId, SourceId};
use engine::ports::{Lease, Orders, Store};
use jiff::{SignedDuration, Timestamp};

pub mod fences;
pub mod groups;
pub mod links;
pub mod memberships;
pub mod people;
pub mod references;
pub mod samples;
pub mod staged;
pub mod things;

/// A store to be looked at, with one job in it.
pub trait Subject: Send + Sync {
    /// The store.
    fn store(&self) -> &dyn Store;

    /// The job.
    fn job(&self) -> JobId;
}

/// What people do beside a running cycle, without its lease.
#[async_trait]
pub trait People: Subject {
    /// Decides about staged removals; how many of them are staged.
    async fn decide(&self, removals: &[StagedKey], decision: Option<&HumanDecision>) -> usize;

    /// Has an escrow tried again now; whether it was there.
    async fn retry(&self, source: &SourceId, now: Timestamp) -> bool;

    /// Has an escrow ignored, or no longer; whether it was there.
    async fn ignore(&self, source: &SourceId, decision: Option<&HumanDecision>) -> bool;

    /// Asks for a pause, or takes that back.
    async fn pause(&self, pause: bool);

    /// Asks for objects to be provisioned now; whether the order was taken.
    async fn order(&self, objects: &[SourceId]) -> bool;

    /// Takes orders away that were taken over.
    async fn clear(&self, taken: &Orders);
}

/// The moment all of it happens at.
#[must_use]
pub fn noon() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// Minutes after [`noon`].
#[must_use]
pub fn after(minutes: i64) -> Timestamp {
    noon().checked_add(SignedDuration::from_mins(minutes)).unwrap()
}

/// The lease of the worker of this number, from 0, which the next worker takes over ten minutes later.
pub async fn lease(subject: &impl Subject, worker: i64) -> Lease {
    let (now, until) = (after(10 * worker), after(10 * worker + 10));
    subject.store().acquire(&subject.job(), now, until).await.unwrap().0
}

/// Makes a test of each promise of [`Store`]; `$make` is an async function without arguments that gives a
/// [`Subject`].
#[macro_export]
macro_rules! store_contract {
    ($make:path) => {
        $crate::contract_tests!($make;
            fences::an_overtaken_worker_is_refused,
            groups::an_account_and_a_group_of_one_id_are_claimed_apart,
            groups::unsettled_groups_are_noted_once_and_crossed_out,
            links::links_come_in_the_order_of_their_hashes_a_page_at_a_time,
            links::pages_of_links_go_on_behind_a_link_that_is_gone,
            memberships::a_membership_follows_its_changes,
            memberships::any_changes_lead_where_the_model_leads,
            memberships::a_large_group_is_filled_and_emptied,
            memberships::a_forgotten_membership_is_empty_and_can_begin_again,
            references::pending_references_are_noted_once_and_forgotten_one_by_one,
            references::many_pending_references_come_back_whole,
            staged::a_group_and_its_members_are_staged_side_by_side,
            staged::a_removal_staged_again_replaces_its_row,
            things::bytes_of_any_length_are_kept_under_their_name,
            things::what_is_dropped_is_gone_and_nothing_else,
            things::an_escrow_put_again_replaces_the_one_before,
        );
    };
}

/// Makes a test of each promise about people; `$make` gives a [`People`].
#[macro_export]
macro_rules! people_contract {
    ($make:path) => {
        $crate::contract_tests!($make;
            people::a_decision_stays_with_a_removal_that_is_staged_again,
            people::a_decision_about_what_is_not_staged_is_told,
            people::an_ignored_escrow_stays_ignored_until_its_object_changes,
            people::an_escrow_is_tried_again_when_a_person_says_so,
            people::orders_are_told_with_every_save_until_they_are_cleared,
            people::a_hundred_orders_may_wait_and_no_more,
        );
    };
}

/// Not for use outside this module.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests {
    ($make:path; $($module:ident :: $name:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                $crate::contract::$module::$name(&$make().await).await;
            }
        )+
    };
}
