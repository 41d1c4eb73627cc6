//! Who is in a group: read, added, taken out.
//!
//! In: a group and ids of the target. Out: nothing, or why it failed. Promises: nobody else in the group is touched; a
//! group is never emptied by mistake; who is in it already, or out of it already, is no failure; `NotFound` means that
//! the group is gone, never that a member is; what is too much for one request is told as
//! [`TargetErrorKind::TooLarge`], so that the engine halves it.
//!
//! How a change is put:
//! 1. PATCH: `add` to `members`, or a `remove` for each by filter, `members[value eq "…"]`, many in one request;
//! 2. a refused removal: the group is read, and only those who are in it are taken out;
//! 3. where filters in paths are not understood: the group is read and its list replaced, who leaves left out;
//! 4. where PATCH is not offered: the group is read and PUT back with the changed list.
//!
//! The ways 3 and 4 write the whole list, and need to see it. A list that does not come may be empty or hidden: it counts
//! as empty only of a group just made on this connection, or when the target shows members of another one. Meanwhile nothing
//! else on this connection changes the group.

use std::collections::BTreeSet;

use engine::model::{ObjectType, TargetId};
use engine::ports::{TargetError, TargetErrorKind};
use jiff::Timestamp;
use reqwest::Method;

use super::client::Request;
use super::config::MemberRemoval;
use super::convert::write::members::{Movement, patch_body, put_body, whole_body};
use super::convert::{Object, answer, read};
use super::error::{About, Missed, Refusal, failed};
use super::execute::{Terms, gone};
use super::kind::{address, collection};
use super::target::ScimTarget;

const GROUP: ObjectType = ObjectType::Group;

/// 20 groups: enough that one of them has a member, few enough that the answer stays small.
const A_FEW: &str = "startIndex=1&count=20";

/// A change of one group's members.
struct Change<'a> {
    group: &'a TargetId,
    movement: Movement,
    ids: Vec<TargetId>,
}

impl ScimTarget {
    /// Puts members into a group, or takes them out.
    pub(super) async fn move_members(
        &self,
        group: &TargetId,
        movement: Movement,
        ids: &[TargetId],
        terms: &Terms,
    ) -> Result<(), TargetError> {
        let mut known = BTreeSet::new();
        let ids: Vec<TargetId> = ids.iter().filter(|id| known.insert(*id)).cloned().collect();
        let change = Change { group, movement, ids };
        if change.ids.is_empty() {
            return Ok(());
        }
        self.change_members(&change, terms).await.map_err(|refusal| judged(&change, refusal))
    }

    async fn change_members(&self, change: &Change<'_>, terms: &Terms) -> Result<(), Box<Refusal>> {
        if !self.patches(GROUP).await {
            return self.put_members(change, terms).await;
        }
        let is_filtered =
            change.movement == Movement::Out && self.connection.member_removal == MemberRemoval::Filtered;
        if is_filtered && self.learnt.members_as_a_whole.is_on() {
            return self.replace_members(change, terms).await;
        }
        let Err(refusal) = self.patch_members(change, terms).await else { return Ok(()) };
        if is_without_patch(&refusal) {
            tracing::info!(
                "the target does not offer PATCH of groups; they are read and put back from now on"
            );
            self.learnt.without_patch(GROUP).turn_on();
            return self.put_members(change, terms).await;
        }
        if is_too_large(change, &refusal) {
            return Err(refusal);
        }
        match (refusal.error.status, change.movement) {
            (Some(400), Movement::Out) if is_filtered && misses_filters(&refusal) => {
                self.replace_members(change, terms).await?;
                if refusal.said.scim_type.is_some() {
                    self.learnt.members_as_a_whole.turn_on();
                }
                Ok(())
            }
            (Some(400 | 404 | 409 | 410 | 422), Movement::Out) => {
                self.remove_those_there(change, refusal, terms).await
            }
            (Some(404 | 410), Movement::In) => Err(self.unknown_member(change, refusal, terms).await?),
            (Some(409), Movement::In) => self.add_those_missing(change, refusal, terms).await,
            _ => Err(refusal),
        }
    }

    /// RFC 7644 §3.5.2.
    async fn patch_members(&self, change: &Change<'_>, terms: &Terms) -> Result<(), Box<Refusal>> {
        let body = patch_body(change.movement, &change.ids, self.connection.member_removal);
        let request = Request::new(Method::PATCH, address(GROUP, change.group), About::Group).body(body);
        let _others = self.groups.beside_others(change.group).await;
        let outcome = self.client.send(&request, terms.deadline).await;
        if !matches!(&outcome, Err(refusal) if is_without_patch(refusal)) {
            self.groups.note_filled(change.group);
        }
        outcome.map(|_| ())
    }

    // ---------------------------------------------------------------------------------- after a refusal

    /// Who is not in the group need not leave it.
    async fn remove_those_there(
        &self,
        change: &Change<'_>,
        refusal: Box<Refusal>,
        terms: &Terms,
    ) -> Result<(), Box<Refusal>> {
        let group = match self.whole_group(change.group, terms.deadline).await {
            Err(gone) if gone.kind == refusal.error.kind => return Err(refusal),
            read => read?,
        };
        let Some(members) = read::members(&group) else {
            // Nobody can say. What the target did not find is not in the group, if it is one and not several.
            let is_missing = refusal.asks_for_another_dialect() == Some(Missed::NoTarget)
                || refusal.error.kind == TargetErrorKind::NotFound;
            return match change.ids.as_slice() {
                [_] if is_missing => Ok(()),
                _ => Err(about_a_member(refusal)),
            };
        };
        self.retry_with(change, |id| members.contains(id), refusal, terms).await
    }

    /// Who is in the group need not join it.
    async fn add_those_missing(
        &self,
        change: &Change<'_>,
        refusal: Box<Refusal>,
        terms: &Terms,
    ) -> Result<(), Box<Refusal>> {
        let group = self.whole_group(change.group, terms.deadline).await?;
        let Some(members) = read::members(&group) else { return Err(refusal) };
        self.retry_with(change, |id| !members.contains(id), refusal, terms).await
    }

    /// Sends the change for those whom it still concerns, unless these are all of them.
    async fn retry_with(
        &self,
        change: &Change<'_>,
        concerns: impl Fn(&TargetId) -> bool,
        refusal: Box<Refusal>,
        terms: &Terms,
    ) -> Result<(), Box<Refusal>> {
        let ids: Vec<TargetId> = change.ids.iter().filter(|id| concerns(id)).cloned().collect();
        if ids.is_empty() {
            return Ok(());
        }
        if ids.len() == change.ids.len() {
            return Err(about_a_member(refusal));
        }
        self.patch_members(&Change { ids, ..*change }, terms).await.map_err(about_a_member)
    }

    /// A 404 while adding: the group is gone, or the target does not know one of the members.
    async fn unknown_member(
        &self,
        change: &Change<'_>,
        refusal: Box<Refusal>,
        terms: &Terms,
    ) -> Result<Box<Refusal>, TargetError> {
        match self.resource(GROUP, change.group, terms.deadline).await? {
            Some(_) => Ok(about_a_member(refusal)),
            None => Ok(refusal),
        }
    }

    // ------------------------------------------------------------------------------- the list as a whole

    /// Step 3 above.
    async fn replace_members(&self, change: &Change<'_>, terms: &Terms) -> Result<(), Box<Refusal>> {
        let _alone = self.groups.alone_with(change.group).await;
        let group = self.whole_group(change.group, terms.deadline).await?;
        let Some(members) = read::members(&group) else {
            return Err(blind(change.group, "understands no filter in the path of a removal").into());
        };
        if change.ids.iter().all(|id| !members.contains(id)) {
            return Ok(());
        }
        let body = whole_body(&group, change.movement, &change.ids);
        let request = Request::new(Method::PATCH, address(GROUP, change.group), About::Group).body(body);
        self.client.send(&request, terms.deadline).await.map(|_| ())
    }

    /// Step 4 above: RFC 7644 §3.5.1.
    async fn put_members(&self, change: &Change<'_>, terms: &Terms) -> Result<(), Box<Refusal>> {
        let _alone = self.groups.alone_with(change.group).await;
        let group = self.group_to_put(change.group, terms).await?;
        let members = read::members(&group).unwrap_or_default();
        let is_done = |id: &TargetId| members.contains(id) == (change.movement == Movement::In);
        if change.ids.iter().all(is_done) {
            return Ok(());
        }
        let body = put_body(self.style(GROUP), &group, change.movement, &change.ids);
        let request = Request::new(Method::PUT, address(GROUP, change.group), About::Group).body(body);
        self.groups.note_filled(change.group);
        self.client.send(&request, terms.deadline).await.map(|_| ())
    }

    /// A group to be written back as a whole.
    ///
    /// # Errors
    /// When it cannot be told who is in it: writing it back would throw them out.
    pub(super) async fn group_to_put(&self, id: &TargetId, terms: &Terms) -> Result<Object, TargetError> {
        let group = self.whole_group(id, terms.deadline).await?;
        let is_known = read::members(&group).is_some()
            || self.groups.is_new(id)
            || self.shows_members(terms.deadline).await?;
        if is_known { Ok(group) } else { Err(blind(id, "offers no PATCH")) }
    }

    /// Whether the target was ever seen to show members, or does when asked for a few groups.
    async fn shows_members(&self, deadline: Timestamp) -> Result<bool, TargetError> {
        if !self.learnt.shows_members.is_on() {
            let request = Request::new(Method::GET, collection(GROUP), About::Groups).query(A_FEW.into());
            let answer = self.client.send(&request, deadline).await.map_err(|refusal| refusal.error)?;
            let list = answer::list(&answer.body).unwrap_or_default();
            if list.resources.iter().any(|group| read::members(group).is_some()) {
                self.learnt.shows_members.turn_on();
            }
        }
        Ok(self.learnt.shows_members.is_on())
    }

    /// A group with its members, as far as the target shows them.
    pub(super) async fn whole_group(
        &self,
        id: &TargetId,
        deadline: Timestamp,
    ) -> Result<Object, TargetError> {
        let request = Request::new(Method::GET, address(GROUP, id), About::Group);
        let group = self.single(&request, GROUP, deadline).await?.ok_or_else(|| gone(GROUP, id))?;
        if read::members(&group).is_some() {
            self.learnt.shows_members.turn_on();
        }
        Ok(group)
    }
}

fn is_without_patch(refusal: &Refusal) -> bool {
    matches!(refusal.error.status, Some(405 | 501))
}

/// Whether a removal by filter was refused for its spelling.
fn misses_filters(refusal: &Refusal) -> bool {
    refusal.asks_for_another_dialect() == Some(Missed::NoValuePath)
        || refusal.said.scim_type.as_deref() == Some("invalidFilter")
}

/// A refusal that concerns a member and not the group.
fn about_a_member(mut refusal: Box<Refusal>) -> Box<Refusal> {
    if refusal.error.kind == TargetErrorKind::NotFound {
        refusal.error.kind = TargetErrorKind::InvalidValue;
        refusal.error.summary =
            "The target does not know a member; it will be put in once its account is there".to_owned();
    }
    refusal
}

/// What the engine is told. A request that is refused for its size is one to be halved.
fn judged(change: &Change<'_>, refusal: Box<Refusal>) -> TargetError {
    let is_too_large = is_too_large(change, &refusal);
    let mut error = refusal.error;
    if is_too_large {
        error.kind = TargetErrorKind::TooLarge;
        error.summary = format!(
            "The target does not take {} members in one request; set membersPerCall to what the app documents",
            change.ids.len()
        );
    }
    error
}

/// One member is never too many: what is said to be too large then is something else.
fn is_too_large(change: &Change<'_>, refusal: &Refusal) -> bool {
    let is_said = refusal.error.kind == TargetErrorKind::TooLarge
        || matches!(refusal.error.status, Some(400 | 422)) && speaks_of_size(refusal);
    is_said && change.ids.len() > 1
}

fn speaks_of_size(refusal: &Refusal) -> bool {
    let detail = refusal.said.detail.as_deref().unwrap_or_default().to_lowercase();
    let words = ["too many", "too large", "at most", "more than", "maximum", "exceed", "limit", "batch size"];
    refusal.said.scim_type.as_deref() == Some("tooMany") || words.iter().any(|word| detail.contains(word))
}

/// Nobody shows who is in the group, and the list would have to be written as a whole.
fn blind(group: &TargetId, why: &str) -> TargetError {
    let summary = format!(
        "The target {why} and does not show who is in the group, so that a change would throw others out; ask the app's maker for PATCH of groups with filters, or remove members from the mapping"
    );
    failed(TargetErrorKind::NotSupported, format!("GET {}", address(GROUP, group)), summary).error
}
