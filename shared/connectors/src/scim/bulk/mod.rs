//! Several operations in one request (RFC 7644 §3.7).
//!
//! In: a batch of operations. Out: one result each, in the same order.
//!
//! # Guarantees
//! * A create that may have happened is never repeated: it is answered with `Ambiguous`, and the engine asks.
//! * Everything else that the bulk request did not settle is executed singly, with all of [`super::execute`]'s
//!   second tries.
//! * No error shows what any operation of the batch writes in secret.
//! * A target that turns out not to take bulk requests is remembered and not asked again.

mod entry;

use engine::model::{ObjectType, TargetId};
use engine::ports::{Target, TargetError, TargetErrorKind, TargetOperation};
use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value as Json, json};

use super::client::Request;
use super::convert::answer::{self, BulkEntry};
use super::convert::read;
use super::convert::write::{self, Lists, Unwritable};
use super::error::{About, Refusal, failed, incompatible, refused};
use super::execute::reactivation;
use super::kind::{address, collection, noun};
use super::mask::Mask;
use super::target::{ScimTarget, unmapped};

const BULK: &str = "/Bulk";

const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

type Outcome = Result<TargetId, TargetError>;

/// One operation on its way.
struct Item<'a> {
    /// Its place in the batch, which is its `bulkId` too.
    place: usize,
    operation: &'a TargetOperation,
    body: Json,
}

impl Item<'_> {
    fn is_create(&self) -> bool {
        matches!(self.operation, TargetOperation::Create(..))
    }

    fn bulk_id(&self) -> String {
        format!("{}", self.place + 1)
    }

    fn kind(&self) -> ObjectType {
        match self.operation {
            TargetOperation::Create(kind, _)
            | TargetOperation::Update(kind, ..)
            | TargetOperation::Delete(kind, _) => *kind,
            TargetOperation::AddMembers(..) | TargetOperation::RemoveMembers(..) => ObjectType::Group,
        }
    }

    /// How errors name it.
    fn shown(&self) -> String {
        match self.operation {
            TargetOperation::Create(kind, _) => format!("POST {BULK} (POST {})", collection(*kind)),
            TargetOperation::Update(kind, id, _) => format!("POST {BULK} (PATCH {})", address(*kind, id)),
            TargetOperation::Delete(kind, id) => format!("POST {BULK} (DELETE {})", address(*kind, id)),
            TargetOperation::AddMembers(id, _) | TargetOperation::RemoveMembers(id, _) => {
                format!("POST {BULK} (PATCH {})", address(ObjectType::Group, id))
            }
        }
    }
}

impl ScimTarget {
    /// Executes a batch: in bulk where that is possible, the rest singly, as many at once as is configured.
    pub(super) async fn execute_all(
        &self,
        operations: &[TargetOperation],
        deadline: Timestamp,
    ) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> = operations.iter().map(|_| None).collect();
        if self.batches().await {
            self.execute_bulk(operations, &mut outcomes, deadline).await;
        }
        let mut singly = Vec::new();
        for (place, operation) in operations.iter().enumerate() {
            if outcomes.get(place).is_some_and(Option::is_none) {
                singly.push(self.execute_at(place, operation, deadline));
            }
        }
        let settled: Vec<(usize, Outcome)> =
            stream::iter(singly).buffer_unordered(self.client.width()).collect().await;
        for (place, outcome) in settled {
            settle(&mut outcomes, place, outcome);
        }
        for (operation, outcome) in operations.iter().zip(&outcomes) {
            if let (TargetOperation::Create(kind, _), Some(Ok(id))) = (operation, outcome) {
                self.note_made(*kind, id);
            }
        }
        outcomes.into_iter().flatten().collect()
    }

    async fn execute_at(
        &self,
        place: usize,
        operation: &TargetOperation,
        deadline: Timestamp,
    ) -> (usize, Outcome) {
        (place, self.execute_one(operation, deadline).await)
    }

    async fn batches(&self) -> bool {
        self.batch_size().await > 1
    }

    /// Sends the batch, cut in halves for as long as the target finds it too large. What it leaves without an
    /// outcome is to be executed singly.
    async fn execute_bulk(
        &self,
        operations: &[TargetOperation],
        outcomes: &mut [Option<Outcome>],
        deadline: Timestamp,
    ) {
        let (users, groups) = (self.patches(ObjectType::User).await, self.patches(ObjectType::Group).await);
        let patches = |kind| if kind == ObjectType::Group { groups } else { users };
        let mut items = Vec::new();
        for (place, operation) in operations.iter().enumerate() {
            match operation {
                // Done already, done by PUT, or done in two parts: none goes into a bulk.
                TargetOperation::Update(_, id, changes) if changes.is_empty() => {
                    settle(outcomes, place, Ok(id.clone()));
                }
                TargetOperation::Update(kind, ..) if !patches(*kind) => {}
                TargetOperation::Update(kind, _, changes)
                    if self.learnt.active_first.is_on() && reactivation(*kind, changes).is_some() => {}
                _ => match self.bulk_operation(place, operation) {
                    Ok(Some(body)) => items.push(Item { place, operation, body }),
                    Ok(None) => {}
                    Err(error) => settle(outcomes, place, Err(unmapped(format!("POST {BULK}"), &error))),
                },
            }
        }
        let bytes = self.offer().await.bulk.map_or(usize::MAX, |bulk| bulk.bytes);
        let mut waiting: Vec<&[Item<'_>]> = vec![&items];
        while let Some(batch) = waiting.pop() {
            if batch.len() < 2 || self.learnt.without_bulk.is_on() {
                continue;
            }
            let body = request_body(batch);
            let is_too_large =
                body.to_string().len() > bytes || !self.send_bulk(batch, body, outcomes, deadline).await;
            if is_too_large {
                let (first, second) = batch.split_at(batch.len() / 2);
                waiting.extend([second, first]);
            }
        }
    }

    /// Sends one bulk request and files what it settled; false when it was too large.
    async fn send_bulk(
        &self,
        batch: &[Item<'_>],
        body: Json,
        outcomes: &mut [Option<Outcome>],
        deadline: Timestamp,
    ) -> bool {
        let mask = self.client.mask().with(batch.iter().map(|item| item.operation));
        let request = Request::new(Method::POST, BULK, About::Bulk).body(body).masked(&mask);
        match self.client.send(&request, deadline).await {
            Ok(answer) => match answer::bulk(&answer.body) {
                Ok(entries) => self.file(batch, &entries, outcomes, &mask),
                Err(why) => {
                    let body = answer.body.to_string();
                    let why = format!("a bulk answer was expected, and {why}");
                    let lost = incompatible(request.shown(), answer.status, body.as_bytes(), &why, &mask);
                    self.learnt.without_bulk.turn_on();
                    lose(batch, &lost.error, outcomes);
                }
            },
            Err(refusal) if refusal.error.kind == TargetErrorKind::TooLarge => return false,
            Err(refusal) => self.file_refusal(batch, &refusal, outcomes),
        }
        true
    }

    /// The whole request was refused.
    fn file_refusal(&self, batch: &[Item<'_>], refusal: &Refusal, outcomes: &mut [Option<Outcome>]) {
        match refusal.error.kind {
            // Not offered, or not understood: nothing happened, and all of it is done singly.
            TargetErrorKind::NotSupported
            | TargetErrorKind::InvalidValue
            | TargetErrorKind::InsufficientRights => {
                tracing::info!("the target does not take bulk requests; operations go singly from now on");
                self.learnt.without_bulk.turn_on();
            }
            TargetErrorKind::Ambiguous | TargetErrorKind::Incompatible => {
                lose(batch, &refusal.error, outcomes);
            }
            _ => {
                for item in batch {
                    settle(outcomes, item.place, Err(refusal.error.clone()));
                }
            }
        }
    }

    /// Files a bulk answer's entries. One that is missing was not reached, or was lost on the way.
    fn file(&self, batch: &[Item<'_>], entries: &[BulkEntry], outcomes: &mut [Option<Outcome>], mask: &Mask) {
        for (position, item) in batch.iter().enumerate() {
            let outcome = match entry::of(item, entries, (entries.len() == batch.len()).then_some(position)) {
                Some(entry) => self.judge(item, entry, mask),
                None => item.is_create().then(|| Err(lost(item, "the bulk answer does not mention it"))),
            };
            if let Some(outcome) = outcome {
                settle(outcomes, item.place, outcome);
            }
        }
    }

    /// One entry's outcome; `None` when the operation is to be tried singly.
    fn judge(&self, item: &Item<'_>, entry: &BulkEntry, mask: &Mask) -> Option<Outcome> {
        let about = if item.is_create() { About::create(item.kind()) } else { About::one(item.kind()) };
        if (200..300).contains(&entry.status) {
            return Some(done(item, entry));
        }
        let body = entry.response.to_string();
        let refusal = refused(about, item.shown(), entry.status, body.as_bytes(), mask);
        match (item.operation, refusal.error.kind) {
            (TargetOperation::Delete(_, id), TargetErrorKind::NotFound) => Some(Ok(id.clone())),
            // Not done, says the target; alone there is a second try for it.
            (_, TargetErrorKind::Throttled | TargetErrorKind::TooLarge) => None,
            (TargetOperation::Update(..) | TargetOperation::Delete(..), TargetErrorKind::ServerError) => None,
            (TargetOperation::Update(..), TargetErrorKind::NotSupported) => None,
            (TargetOperation::Update(..), _) if refusal.asks_for_another_dialect().is_some() => None,
            (TargetOperation::Update(kind, _, changes), _)
                if self.may_want_active_first(&refusal) && reactivation(*kind, changes).is_some() =>
            {
                None
            }
            _ => Some(Err(refusal.error)),
        }
    }

    /// One operation of the request; `None` when there is nothing to say, or it goes singly.
    fn bulk_operation(&self, place: usize, operation: &TargetOperation) -> Result<Option<Json>, Unwritable> {
        let bulk_id = format!("{}", place + 1);
        Ok(match operation {
            TargetOperation::Create(kind, attributes) => Some(json!({
                "method": "POST", "bulkId": bulk_id, "path": collection(*kind),
                "data": write::create_body(self.style(*kind), attributes)?,
            })),
            TargetOperation::Update(kind, id, changes) => {
                let data = write::patch_body(self.style(*kind), changes, Lists::ByPath)?;
                data.map(|data| {
                    json!({ "method": "PATCH", "bulkId": bulk_id, "path": address(*kind, id), "data": data })
                })
            }
            TargetOperation::Delete(kind, id) => {
                Some(json!({ "method": "DELETE", "bulkId": bulk_id, "path": address(*kind, id) }))
            }
            TargetOperation::AddMembers(..) | TargetOperation::RemoveMembers(..) => None,
        })
    }
}

fn settle(outcomes: &mut [Option<Outcome>], place: usize, outcome: Outcome) {
    if let Some(slot) = outcomes.get_mut(place) {
        *slot = Some(outcome);
    }
}

/// The answer to the whole batch was lost: creates may have happened, everything else may be repeated.
fn lose(batch: &[Item<'_>], error: &TargetError, outcomes: &mut [Option<Outcome>]) {
    for item in batch.iter().filter(|item| item.is_create()) {
        let lost = TargetError { kind: TargetErrorKind::Ambiguous, request: item.shown(), ..error.clone() };
        settle(outcomes, item.place, Err(lost));
    }
}

fn lost(item: &Item<'_>, why: &str) -> TargetError {
    let summary = format!(
        "The {} may or may not exist: {why}; it will be looked for before the next try",
        noun(item.kind())
    );
    failed(TargetErrorKind::Ambiguous, item.shown(), summary).error
}

/// Without `failOnErrors`: one bad record does not stop the rest.
fn request_body(batch: &[Item<'_>]) -> Json {
    let operations: Vec<&Json> = batch.iter().map(|item| &item.body).collect();
    json!({ "schemas": [BULK_REQUEST], "Operations": operations })
}

fn done(item: &Item<'_>, entry: &BulkEntry) -> Outcome {
    match item.operation {
        TargetOperation::Update(_, id, _)
        | TargetOperation::Delete(_, id)
        | TargetOperation::AddMembers(id, _)
        | TargetOperation::RemoveMembers(id, _) => Ok(id.clone()),
        TargetOperation::Create(..) => {
            let id = entry.response.as_object().and_then(read::id).or_else(|| entry::id_at(entry));
            id.ok_or_else(|| {
                let what = noun(item.kind());
                let why =
                    format!("The target created the {what} and did not say its id; it will be looked for");
                failed(TargetErrorKind::Incompatible, item.shown(), why).error
            })
        }
    }
}
