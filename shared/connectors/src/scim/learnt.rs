//! What a connection finds out about its target while it works.
//!
//! In: answers. Out: which way of asking works here. Promises: what the service offers is asked for once; what was
//! refused as such is not tried again on this connection.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use engine::model::ObjectType;
use engine::ports::TargetErrorKind;
use reqwest::Method;
use tokio::sync::OnceCell;

use super::client::Request;
use super::convert::answer::{self, Offer};
use super::error::About;
use super::target::ScimTarget;

/// 3 times: a server that fails on this one address for good must not be asked along with every change.
const VAIN_DISCOVERIES: u32 = 3;

/// What is known so far. Everything but the offer is only ever switched on.
#[derive(Default)]
pub(super) struct Learnt {
    offer: OnceCell<Offer>,
    /// How often nobody said what the target offers.
    vain_discoveries: AtomicU32,
    /// PATCH of users was answered with 405 or 501.
    users_without_patch: Switch,
    /// PATCH of groups was: some offer it for users alone.
    groups_without_patch: Switch,
    /// `/Bulk` was answered with 404, 405 or 501, or refused what it was sent.
    pub(super) without_bulk: Switch,
    /// Whoever is switched on is switched on alone: together with other changes it was refused.
    pub(super) active_first: Switch,
    /// Switching on alone was tried, and did not help.
    pub(super) active_first_in_vain: Switch,
    /// `members[value eq "…"]` is not understood: the list is replaced.
    pub(super) members_as_a_whole: Switch,
    /// Some group was seen with members, or with an empty list of them.
    pub(super) shows_members: Switch,
}

/// Something that is found out once.
#[derive(Debug, Default)]
pub(super) struct Switch(AtomicBool);

impl Switch {
    pub(super) fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn turn_on(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Learnt {
    /// That this kind cannot be patched.
    pub(super) fn without_patch(&self, kind: ObjectType) -> &Switch {
        match kind {
            ObjectType::User => &self.users_without_patch,
            ObjectType::Group => &self.groups_without_patch,
        }
    }

    /// The offer, where it was asked for already.
    pub(super) fn offer(&self) -> Option<&Offer> {
        self.offer.get()
    }

    fn is_worth_asking_again(&self, kind: TargetErrorKind) -> bool {
        matches!(
            kind,
            TargetErrorKind::Unreachable
                | TargetErrorKind::Throttled
                | TargetErrorKind::ServerError
                | TargetErrorKind::Credentials
        ) && self.vain_discoveries.fetch_add(1, Ordering::Relaxed) + 1 < VAIN_DISCOVERIES
    }
}

impl ScimTarget {
    /// What the target offers, asked for once. Servers without `ServiceProviderConfig` are common; only when
    /// nobody answered is it asked for again, a few times.
    pub(super) async fn offer(&self) -> Offer {
        let ask = || async {
            let request = Request::new(Method::GET, "/ServiceProviderConfig", About::Discovery);
            match self.client.discover(&request, self.deadline()).await {
                Ok(answer) => Ok(answer::offer(&answer.body)),
                Err(refusal) if self.learnt.is_worth_asking_again(refusal.error.kind) => Err(()),
                Err(_) => Ok(Offer::default()),
            }
        };
        self.learnt.offer.get_or_try_init(ask).await.copied().unwrap_or_default()
    }

    /// Whether PATCH is understood, as far as is known.
    pub(super) async fn patches(&self, kind: ObjectType) -> bool {
        !self.learnt.without_patch(kind).is_on() && self.offer().await.patch
    }
}
