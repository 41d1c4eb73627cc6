//! The audit: what leaves an entry, and what stands in it.

use api::Caller;
use api::frame::RequestId;
use connectors::application::differences::differences;
use serde_json::Value;
use store::{AuditChange, AuditEntry, StoredApplication};

use super::Settings;

/// Who asks, and with which request.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    pub(super) caller: Caller,
    pub(super) request: String,
}

impl Asker {
    pub(super) fn new(caller: Caller, request: &RequestId) -> Self {
        Self { caller, request: request.0.clone() }
    }
}

/// What was done.
#[derive(Debug, Clone, Default)]
pub(super) struct Deed<'a> {
    /// `Update application`.
    pub(super) activity: &'a str,
    /// Field by field.
    pub(super) changes: Vec<AuditChange>,
    /// Whether it was done; `None` when it goes on.
    pub(super) succeeded: Option<bool>,
    /// Why not.
    pub(super) reason: Option<String>,
}

/// How a document changed, field by field. Documents hold references to secrets, never secrets.
pub(super) fn changes(before: &Value, after: &Value) -> Vec<AuditChange> {
    let found = differences(before, after).into_iter();
    found.map(|one| AuditChange { field: one.field, old: one.old, new: one.new }).collect()
}

/// Something that was said with a request.
pub(super) fn said(field: &str, value: impl Into<Value>) -> AuditChange {
    AuditChange { field: field.to_owned(), old: None, new: Some(value.into()) }
}

impl Settings {
    /// Leaves an entry. What was done is done, also when the entry cannot be written: then the function's log has it.
    pub(super) async fn note(&self, asker: &Asker, stored: Option<&StoredApplication>, deed: Deed<'_>) {
        let entry = AuditEntry {
            id: runtime::clock::new_id(),
            at: self.clock.now(),
            by_id: asker.caller.id.clone(),
            by: asker.caller.name.clone(),
            activity: deed.activity.to_owned(),
            application: stored.map(|stored| stored.id.clone()),
            application_name: stored.map(|stored| stored.name.clone()),
            succeeded: deed.succeeded,
            reason: deed.reason,
            changes: deed.changes,
            request: asker.request.clone(),
        };
        if let Err(error) = self.store.audit(&entry).await {
            tracing::error!(
                activity = entry.activity,
                application.id = entry.application,
                by.id = entry.by_id,
                "an entry of the audit could not be written: {error:#}"
            );
        }
    }
}
