//! `POST …/jobs/{job}/bulkUpload`: people from a script, or out of an HR system's export.
//!
//! In: a SCIM bulk request (RFC 7644 §3.7). Out: 202: it is staged, and the next cycle reads it. Promised: one that is not
//! understood as a whole changes nothing.

use api::frame::RequestId;
use api::{ApiError, Caller, find};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use connectors::application::SourceConfig;
use connectors::inbound::{MOST_BYTES, intake};
use runtime::ask::Ask;
use serde_json::json;
use store::UploadError;

use super::Settings;
use super::audit::{Asker, Deed, said};

/// `POST …/jobs/{job}/bulkUpload`.
pub(super) async fn stage(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job)): Path<(String, String)>,
    given: Bytes,
) -> Result<Response, ApiError> {
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let source = serde_json::from_value(stored.document["source"].clone());
    let Ok(SourceConfig::Inbound(config)) = source else {
        return Err(ApiError::conflict(format!(
            "application '{}' reads its people elsewhere; write source: {{ inbound: {{}} }} into its document",
            stored.name
        )));
    };
    if given.len() > MOST_BYTES {
        return Err(ApiError::too_large(MOST_BYTES as u64));
    }
    let upload = intake(&given).map_err(|error| ApiError::bad_request(error.to_string()))?;
    let (id, now) = (runtime::clock::new_id(), settings.clock.now());
    let staged =
        settings.store.stage_upload(&stored.job, id, &upload.people, now, config.uploads_per_day).await;
    let staged = staged.map_err(|error| match error {
        UploadError::TooMany { again, .. } => {
            ApiError::too_many_requests(again.duration_since(now).unsigned_abs()).saying(error.to_string())
        }
        UploadError::Store(error) => error.into(),
    })?;
    let asker = Asker::new(caller, &request);
    let changes = vec![said("upload", staged.id.to_string()), said("people", staged.count)];
    let deed = Deed { activity: "Upload people", changes, succeeded: Some(true), reason: None };
    settings.note(&asker, Some(&stored), deed).await;
    settings.tell(&asker, &stored, Ask::Due).await;
    let told = json!({ "id": staged.id, "people": staged.count });
    Ok((StatusCode::ACCEPTED, Json(told)).into_response())
}
