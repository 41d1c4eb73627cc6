//! Writing one account or group: create, change, remove.
//!
//! In: an operation. Out: the account's id, or why it failed. Promises: a create is sent once and never again
//! without asking; a change that the target cannot follow in one spelling is tried in the next (§ below);
//! removing what is gone is a success, and so is clearing what is not there; no error shows what an operation writes
//! in secret.
//!
//! How a change is put, from the cheapest to the most widely understood:
//! 1. PATCH by value path, `emails[type eq "work"].value`;
//! 2. after `noTarget`, when one element is all it can mean: that element added whole;
//! 3. after that too failed, or where value paths are not understood, or something was to be removed that may not be
//!    there: the account is read, its lists are replaced whole, and only what is there is removed;
//! 4. where PATCH is not offered: the account is read and PUT back with the changes.
//!
//! Some targets refuse a change that switches an account on and says more. When such a change was refused for good,
//! it is sent once more in two parts, `active` first. If that helps, all later ones go in two parts; if not, no other
//! is tried that way on this connection.

use engine::model::{AttributeChange, Attributes, ObjectType, TargetId, Value};
use engine::ports::{TargetError, TargetErrorKind, TargetOperation};
use jiff::Timestamp;
use reqwest::Method;

use super::client::Request;
use super::convert::write::members::Movement;
use super::convert::write::{self, Lists, Style, Touched};
use super::convert::{Object, read};
use super::error::{About, Missed, Refusal, failed, incompatible};
use super::kind::{address, collection, noun};
use super::mask::Mask;
use super::path::ScimPath;
use super::target::{ScimTarget, unmapped};

/// What holds for every request of one operation.
pub(super) struct Terms {
    /// By when all must be over.
    pub(super) deadline: Timestamp,
    /// What no error may show.
    pub(super) mask: Mask,
}

/// Whom a change is about.
#[derive(Clone, Copy)]
pub(super) struct Whom<'a> {
    kind: ObjectType,
    id: &'a TargetId,
}

impl Whom<'_> {
    fn address(self) -> String {
        address(self.kind, self.id)
    }
}

impl ScimTarget {
    /// Executes one operation.
    pub(super) async fn execute_one(
        &self,
        operation: &TargetOperation,
        deadline: Timestamp,
    ) -> Result<TargetId, TargetError> {
        let terms = Terms { deadline, mask: self.client.mask().with([operation]) };
        match operation {
            TargetOperation::Create(kind, attributes) => self.create(*kind, attributes, &terms).await,
            TargetOperation::Update(kind, id, changes) => {
                let whom = Whom { kind: *kind, id };
                let outcome = self.update(whom, changes, &terms).await;
                outcome.map(|()| id.clone()).map_err(|refusal| refusal.error)
            }
            TargetOperation::Delete(kind, id) => self.delete(*kind, id, &terms).await,
            TargetOperation::AddMembers(group, members) => {
                self.move_members(group, Movement::In, members, &terms).await.map(|()| group.clone())
            }
            TargetOperation::RemoveMembers(group, members) => {
                self.move_members(group, Movement::Out, members, &terms).await.map(|()| group.clone())
            }
        }
    }

    /// How bodies are written for this target.
    pub(super) fn style(&self, kind: ObjectType) -> Style {
        Style { kind, manager: self.connection.manager_form }
    }

    /// RFC 7644 §3.3.
    async fn create(
        &self,
        kind: ObjectType,
        attributes: &Attributes,
        terms: &Terms,
    ) -> Result<TargetId, TargetError> {
        let request = Request::new(Method::POST, collection(kind), About::create(kind)).masked(&terms.mask);
        let body = write::create_body(self.style(kind), attributes)
            .map_err(|error| unmapped(request.shown(), &error))?;
        let request = request.body(body);
        let answer = self.client.send(&request, terms.deadline).await.map_err(|refusal| refusal.error)?;
        let id = answer.body.as_object().and_then(read::id).ok_or_else(|| {
            let body = answer.body.to_string();
            let why = "a create was answered without an id";
            incompatible(request.shown(), answer.status, body.as_bytes(), why, &terms.mask).error
        })?;
        self.note_made(kind, &id);
        Ok(id)
    }

    pub(super) fn note_made(&self, kind: ObjectType, id: &TargetId) {
        if kind == ObjectType::Group {
            self.groups.note_made(id);
        }
    }

    /// RFC 7644 §3.6. What is gone already is what was wanted.
    async fn delete(&self, kind: ObjectType, id: &TargetId, terms: &Terms) -> Result<TargetId, TargetError> {
        let request = Request::new(Method::DELETE, address(kind, id), About::one(kind));
        match self.client.send(&request, terms.deadline).await {
            Ok(_) => Ok(id.clone()),
            Err(refusal) if refusal.error.kind == TargetErrorKind::NotFound => Ok(id.clone()),
            Err(refusal) => Err(refusal.error),
        }
    }

    /// Changes, in two parts where the target wants `active` alone.
    async fn update(
        &self,
        whom: Whom<'_>,
        changes: &[AttributeChange],
        terms: &Terms,
    ) -> Result<(), Box<Refusal>> {
        let Some((active, others)) = reactivation(whom.kind, changes) else {
            return self.change(whom, changes, terms).await;
        };
        if self.learnt.active_first.is_on() {
            self.change(whom, &active, terms).await?;
            return self.change(whom, &others, terms).await;
        }
        match self.change(whom, changes, terms).await {
            Err(refusal) if self.may_want_active_first(&refusal) => {
                self.update_active_first(whom, &active, &others, refusal, terms).await
            }
            outcome => outcome,
        }
    }

    /// Whether a refusal may be about switching on and changing in one request, and it is not known yet whether it is.
    pub(super) fn may_want_active_first(&self, refusal: &Refusal) -> bool {
        matches!(refusal.error.status, Some(400 | 409 | 422))
            && refusal.said.scim_type.as_deref() != Some("uniqueness")
            && !self.learnt.active_first_in_vain.is_on()
    }

    async fn update_active_first(
        &self,
        whom: Whom<'_>,
        active: &[AttributeChange],
        others: &[AttributeChange],
        refusal: Box<Refusal>,
        terms: &Terms,
    ) -> Result<(), Box<Refusal>> {
        if self.change(whom, active, terms).await.is_err() {
            self.learnt.active_first_in_vain.turn_on();
            return Err(refusal);
        }
        let outcome = self.change(whom, others, terms).await;
        match outcome {
            Ok(()) => {
                tracing::info!(
                    "the target wants accounts switched on before anything else about them changes"
                );
                self.learnt.active_first.turn_on();
            }
            Err(_) => self.learnt.active_first_in_vain.turn_on(),
        }
        outcome
    }

    /// The steps 1 to 4 above.
    async fn change(
        &self,
        whom: Whom<'_>,
        changes: &[AttributeChange],
        terms: &Terms,
    ) -> Result<(), Box<Refusal>> {
        if changes.is_empty() {
            return Ok(());
        }
        if !self.patches(whom.kind).await {
            return self.put(whom, changes, terms).await;
        }
        let Err(refusal) = self.patch(whom, changes, Lists::ByPath, terms).await else { return Ok(()) };
        if refusal.error.kind == TargetErrorKind::NotSupported {
            tracing::info!("the target does not offer PATCH; resources are read and put back from now on");
            self.learnt.without_patch(whom.kind).turn_on();
            return self.put(whom, changes, terms).await;
        }
        self.change_otherwise(whom, changes, refusal, terms).await
    }

    /// The steps 2 and 3 above, for changes inside lists and for removals.
    async fn change_otherwise(
        &self,
        whom: Whom<'_>,
        changes: &[AttributeChange],
        refusal: Box<Refusal>,
        terms: &Terms,
    ) -> Result<(), Box<Refusal>> {
        let request = format!("PATCH {}", whom.address());
        let touched =
            write::touched(self.style(whom.kind), changes).map_err(|error| unmapped(&request, &error))?;
        match (refusal.asks_for_another_dialect(), touched) {
            (None, _) | (_, Touched { elements: 0, removals: 0 }) => return Err(refusal),
            (Some(Missed::NoValuePath), Touched { elements: 0, .. }) => return Err(refusal),
            (Some(Missed::NoTarget), Touched { elements: 1, removals: 0 }) => {
                match self.patch(whom, changes, Lists::Added, terms).await {
                    Ok(()) => return Ok(()),
                    Err(again) if again.asks_for_another_dialect().is_none() => return Err(again),
                    Err(_) => {}
                }
            }
            _ => {}
        }
        let resource = self.read_again(whom, terms).await?;
        self.patch(whom, changes, Lists::Whole(&resource), terms).await
    }

    /// RFC 7644 §3.5.2.
    async fn patch(
        &self,
        whom: Whom<'_>,
        changes: &[AttributeChange],
        lists: Lists<'_>,
        terms: &Terms,
    ) -> Result<(), Box<Refusal>> {
        let request = Request::new(Method::PATCH, whom.address(), About::one(whom.kind)).masked(&terms.mask);
        let body = write::patch_body(self.style(whom.kind), changes, lists)
            .map_err(|error| unmapped(request.shown(), &error))?;
        let Some(body) = body else { return Ok(()) };
        self.client.send(&request.body(body), terms.deadline).await.map(|_| ())
    }

    /// RFC 7644 §3.5.1.
    async fn put(
        &self,
        whom: Whom<'_>,
        changes: &[AttributeChange],
        terms: &Terms,
    ) -> Result<(), Box<Refusal>> {
        let _alone;
        let resource = match whom.kind {
            ObjectType::User => self.read_again(whom, terms).await?,
            ObjectType::Group => {
                _alone = self.groups.alone_with(whom.id).await;
                self.group_to_put(whom.id, terms).await?
            }
        };
        let request = Request::new(Method::PUT, whom.address(), About::one(whom.kind)).masked(&terms.mask);
        let body = write::put_body(self.style(whom.kind), &resource, changes)
            .map_err(|error| unmapped(request.shown(), &error))?;
        self.client.send(&request.body(body), terms.deadline).await.map(|_| ())
    }

    async fn read_again(&self, whom: Whom<'_>, terms: &Terms) -> Result<Object, TargetError> {
        let resource = self.resource(whom.kind, whom.id, terms.deadline).await?;
        resource.ok_or_else(|| gone(whom.kind, whom.id))
    }
}

/// An account or group that was there a moment ago.
pub(super) fn gone(kind: ObjectType, id: &TargetId) -> TargetError {
    let gone = format!("The {} is gone from the target; it will be matched or created again", noun(kind));
    failed(TargetErrorKind::NotFound, format!("GET {}", address(kind, id)), gone).error
}

/// The change that switches an account on, and the others beside it; `None` when there are not both.
pub(super) fn reactivation(
    kind: ObjectType,
    changes: &[AttributeChange],
) -> Option<(Vec<AttributeChange>, Vec<AttributeChange>)> {
    let switches_on = |change: &AttributeChange| {
        let path: Result<ScimPath, _> = change.path.parse();
        let is_active = path.is_ok_and(|path| path.is_core("active"));
        let is_on = change.new.as_ref().is_some_and(|new| match new {
            Value::Boolean(flag) => *flag,
            Value::Text(text) => text.eq_ignore_ascii_case("true"),
            _ => false,
        });
        is_active && is_on
    };
    let (active, others): (Vec<_>, Vec<_>) = changes.iter().cloned().partition(switches_on);
    (kind == ObjectType::User && !active.is_empty() && !others.is_empty()).then_some((active, others))
}
