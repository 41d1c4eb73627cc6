//! Writing one account: create, change, remove.
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

use std::sync::atomic::Ordering;

use engine::model::{AttributeChange, Attributes, TargetId};
use engine::ports::{TargetError, TargetErrorKind, TargetOperation};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::Value as Json;

use super::client::Request;
use super::convert::write::{self, Lists, Touched};
use super::convert::{Object, read};
use super::error::{About, Missed, Refusal, failed, incompatible};
use super::mask::Mask;
use super::target::{ScimTarget, USERS, account, unmapped};

/// What holds for every request of one operation.
pub(super) struct Terms {
    /// By when all must be over.
    deadline: Timestamp,
    /// What no error may show.
    mask: Mask,
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
            TargetOperation::Create(attributes) => self.create(attributes, &terms).await,
            TargetOperation::Update(id, changes) => self.update(id, changes, &terms).await,
            TargetOperation::Delete(id) => self.delete(id, &terms).await,
        }
    }

    /// RFC 7644 §3.3.
    async fn create(&self, attributes: &Attributes, terms: &Terms) -> Result<TargetId, TargetError> {
        let request = Request::new(Method::POST, USERS, About::Create).masked(&terms.mask);
        let body = write::create_body(attributes).map_err(|error| unmapped(request.shown(), &error))?;
        let request = request.body(body);
        let answer = self.client.send(&request, terms.deadline).await.map_err(|refusal| refusal.error)?;
        answer.body.as_object().and_then(read::id).ok_or_else(|| {
            let body = answer.body.to_string();
            let why = "a create was answered without an id";
            incompatible(request.shown(), answer.status, body.as_bytes(), why, &terms.mask).error
        })
    }

    /// RFC 7644 §3.6. An account that is gone already is what was wanted.
    async fn delete(&self, id: &TargetId, terms: &Terms) -> Result<TargetId, TargetError> {
        let request = Request::new(Method::DELETE, account(id), About::Account);
        match self.client.send(&request, terms.deadline).await {
            Ok(_) => Ok(id.clone()),
            Err(refusal) if refusal.error.kind == TargetErrorKind::NotFound => Ok(id.clone()),
            Err(refusal) => Err(refusal.error),
        }
    }

    async fn update(
        &self,
        id: &TargetId,
        changes: &[AttributeChange],
        terms: &Terms,
    ) -> Result<TargetId, TargetError> {
        if changes.is_empty() {
            return Ok(id.clone());
        }
        if !self.patches().await {
            return self.put(id, changes, terms).await;
        }
        let refusal = match self.patch(id, changes, Lists::ByPath, terms).await? {
            Ok(()) => return Ok(id.clone()),
            Err(refusal) => refusal,
        };
        if refusal.error.kind == TargetErrorKind::NotSupported {
            tracing::info!("the target does not offer PATCH; accounts are read and put back from now on");
            self.without_patch.store(true, Ordering::Relaxed);
            return self.put(id, changes, terms).await;
        }
        self.update_otherwise(id, changes, refusal, terms).await
    }

    /// Whether PATCH is understood, as far as is known.
    pub(super) async fn patches(&self) -> bool {
        !self.without_patch.load(Ordering::Relaxed) && self.offer().await.patch
    }

    /// The steps 2 and 3 above, for changes inside lists and for removals.
    async fn update_otherwise(
        &self,
        id: &TargetId,
        changes: &[AttributeChange],
        refusal: Box<Refusal>,
        terms: &Terms,
    ) -> Result<TargetId, TargetError> {
        let request = format!("PATCH {}", account(id));
        let touched = write::touched(changes).map_err(|error| unmapped(&request, &error))?;
        match (refusal.asks_for_another_dialect(), touched) {
            (None, _) | (_, Touched { elements: 0, removals: 0 }) => return Err(refusal.error),
            (Some(Missed::NoValuePath), Touched { elements: 0, .. }) => return Err(refusal.error),
            (Some(Missed::NoTarget), Touched { elements: 1, removals: 0 }) => {
                match self.patch(id, changes, Lists::Added, terms).await? {
                    Ok(()) => return Ok(id.clone()),
                    Err(again) if again.asks_for_another_dialect().is_none() => return Err(again.error),
                    Err(_) => {}
                }
            }
            _ => {}
        }
        let resource = self.read_again(id, terms).await?;
        match self.patch(id, changes, Lists::Whole(&resource), terms).await? {
            Ok(()) => Ok(id.clone()),
            Err(last) => Err(last.error),
        }
    }

    /// RFC 7644 §3.5.2. The outer error is final; the inner one may be answered with another spelling.
    async fn patch(
        &self,
        id: &TargetId,
        changes: &[AttributeChange],
        lists: Lists<'_>,
        terms: &Terms,
    ) -> Result<Result<(), Box<Refusal>>, TargetError> {
        let request = Request::new(Method::PATCH, account(id), About::Account).masked(&terms.mask);
        let body = write::patch_body(changes, lists).map_err(|error| unmapped(request.shown(), &error))?;
        let Some(body) = body else { return Ok(Ok(())) };
        Ok(self.client.send(&request.body(body), terms.deadline).await.map(|_| ()))
    }

    /// RFC 7644 §3.5.1.
    async fn put(
        &self,
        id: &TargetId,
        changes: &[AttributeChange],
        terms: &Terms,
    ) -> Result<TargetId, TargetError> {
        let resource = self.read_again(id, terms).await?;
        let request = Request::new(Method::PUT, account(id), About::Account).masked(&terms.mask);
        let body: Json =
            write::put_body(&resource, changes).map_err(|error| unmapped(request.shown(), &error))?;
        let request = request.body(body);
        self.client.send(&request, terms.deadline).await.map(|_| id.clone()).map_err(|refusal| refusal.error)
    }

    async fn read_again(&self, id: &TargetId, terms: &Terms) -> Result<Object, TargetError> {
        self.resource(id, terms.deadline).await?.ok_or_else(|| {
            let gone = "The account is gone from the target; it will be matched or created again";
            failed(TargetErrorKind::NotFound, format!("GET {}", account(id)), gone).error
        })
    }
}
