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

use std::sync::atomic::Ordering;

use engine::model::TargetId;
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
use super::mask::Mask;
use super::target::{ScimTarget, USERS, account, unmapped};

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
        matches!(self.operation, TargetOperation::Create(_))
    }

    fn bulk_id(&self) -> String {
        format!("{}", self.place + 1)
    }

    /// How errors name it.
    fn shown(&self) -> String {
        match self.operation {
            TargetOperation::Create(_) => format!("POST {BULK} (POST {USERS})"),
            TargetOperation::Update(id, _) => format!("POST {BULK} (PATCH {})", account(id)),
            TargetOperation::Delete(id) => format!("POST {BULK} (DELETE {})", account(id)),
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
            stream::iter(singly).buffer_unordered(self.connection.concurrency).collect().await;
        for (place, outcome) in settled {
            settle(&mut outcomes, place, outcome);
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
        let patches = self.patches().await;
        let mut items = Vec::new();
        for (place, operation) in operations.iter().enumerate() {
            match operation {
                // Done already, or done by PUT: neither goes into a bulk.
                TargetOperation::Update(id, changes) if changes.is_empty() => {
                    settle(outcomes, place, Ok(id.clone()));
                }
                TargetOperation::Update(..) if !patches => {}
                _ => match body(place, operation) {
                    Ok(Some(body)) => items.push(Item { place, operation, body }),
                    Ok(None) => {}
                    Err(error) => settle(outcomes, place, Err(unmapped(format!("POST {BULK}"), &error))),
                },
            }
        }
        let bytes = self.offer().await.bulk.map_or(usize::MAX, |bulk| bulk.bytes);
        let mut waiting: Vec<&[Item<'_>]> = vec![&items];
        while let Some(batch) = waiting.pop() {
            if batch.len() < 2 || self.without_bulk.load(Ordering::Relaxed) {
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
                Ok(entries) => file(batch, &entries, outcomes, &mask),
                Err(why) => {
                    let body = answer.body.to_string();
                    let why = format!("a bulk answer was expected, and {why}");
                    let lost = incompatible(request.shown(), answer.status, body.as_bytes(), &why, &mask);
                    self.without_bulk.store(true, Ordering::Relaxed);
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
                self.without_bulk.store(true, Ordering::Relaxed);
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
}

/// Files a bulk answer's entries. One that is missing was not reached, or was lost on the way.
fn file(batch: &[Item<'_>], entries: &[BulkEntry], outcomes: &mut [Option<Outcome>], mask: &Mask) {
    for (position, item) in batch.iter().enumerate() {
        let outcome = match entry(entries, item, (entries.len() == batch.len()).then_some(position)) {
            Some(entry) => judge(item, entry, mask),
            None => item.is_create().then(|| Err(lost(item, "the bulk answer does not mention it"))),
        };
        if let Some(outcome) = outcome {
            settle(outcomes, item.place, outcome);
        }
    }
}

/// One entry's outcome; `None` when the operation is to be tried singly.
fn judge(item: &Item<'_>, entry: &BulkEntry, mask: &Mask) -> Option<Outcome> {
    let about = if item.is_create() { About::Create } else { About::Account };
    if (200..300).contains(&entry.status) {
        return Some(done(item, entry));
    }
    let body = entry.response.to_string();
    let refusal = refused(about, item.shown(), entry.status, body.as_bytes(), mask);
    match (item.operation, refusal.error.kind) {
        (TargetOperation::Delete(id), TargetErrorKind::NotFound) => Some(Ok(id.clone())),
        // Not done, says the target; alone there is a second try for it.
        (_, TargetErrorKind::Throttled | TargetErrorKind::TooLarge) => None,
        (TargetOperation::Update(..) | TargetOperation::Delete(_), TargetErrorKind::ServerError) => None,
        (TargetOperation::Update(..), TargetErrorKind::NotSupported) => None,
        (TargetOperation::Update(..), _) if refusal.asks_for_another_dialect().is_some() => None,
        _ => Some(Err(refusal.error)),
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
    let summary =
        format!("The account may or may not exist: {why}; it will be looked for before the next try");
    failed(TargetErrorKind::Ambiguous, item.shown(), summary).error
}

/// One operation of the request; `None` when there is nothing to say.
fn body(place: usize, operation: &TargetOperation) -> Result<Option<Json>, Unwritable> {
    let bulk_id = format!("{}", place + 1);
    Ok(match operation {
        TargetOperation::Create(attributes) => Some(json!({
            "method": "POST", "bulkId": bulk_id, "path": USERS, "data": write::create_body(attributes)?,
        })),
        TargetOperation::Update(id, changes) => write::patch_body(changes, Lists::ByPath)?
            .map(|data| json!({ "method": "PATCH", "bulkId": bulk_id, "path": account(id), "data": data })),
        TargetOperation::Delete(id) => {
            Some(json!({ "method": "DELETE", "bulkId": bulk_id, "path": account(id) }))
        }
    })
}

/// Without `failOnErrors`: one bad record does not stop the rest.
fn request_body(batch: &[Item<'_>]) -> Json {
    let operations: Vec<&Json> = batch.iter().map(|item| &item.body).collect();
    json!({ "schemas": [BULK_REQUEST], "Operations": operations })
}

/// An item's entry: by `bulkId`, else by the account it was about, else by its place among as many.
fn entry<'e>(entries: &'e [BulkEntry], item: &Item<'_>, position: Option<usize>) -> Option<&'e BulkEntry> {
    let bulk_id = item.bulk_id();
    let by_id = entries.iter().find(|entry| entry.bulk_id.as_deref() == Some(bulk_id.as_str()));
    let by_account = || {
        let (TargetOperation::Update(id, _) | TargetOperation::Delete(id)) = item.operation else {
            return None;
        };
        entries.iter().find(|entry| entry.bulk_id.is_none() && id_at(entry).as_ref() == Some(id))
    };
    let by_place = || entries.get(position?).filter(|entry| entry.bulk_id.is_none());
    by_id.or_else(by_account).or_else(by_place)
}

fn done(item: &Item<'_>, entry: &BulkEntry) -> Outcome {
    match item.operation {
        TargetOperation::Update(id, _) | TargetOperation::Delete(id) => Ok(id.clone()),
        TargetOperation::Create(_) => {
            let id = entry.response.as_object().and_then(read::id).or_else(|| id_at(entry));
            id.ok_or_else(|| {
                let why = "The target created the account and did not say its id; it will be looked for";
                failed(TargetErrorKind::Incompatible, item.shown(), why).error
            })
        }
    }
}

/// The id at the end of a location.
fn id_at(entry: &BulkEntry) -> Option<TargetId> {
    let location = entry.location.as_deref()?;
    let path = location.split(['?', '#']).next()?;
    let last = path.trim_end_matches('/').rsplit('/').next().filter(|last| !last.is_empty())?;
    Some(TargetId::new(decoded(last)))
}

/// Undoes percent-encoding; what is not UTF-8 afterwards is left as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code =
            tail.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
