//! Mail about trouble: whether it arrives.

use api::frame::RequestId;
use api::{ApiError, Caller, find};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use runtime::ask::Ask;

use super::Settings;
use super::asking::Request;
use super::audit::Asker;

/// `POST …/notification/test`: a mail to all recipients. `notifier` sends it, and says why when it cannot.
pub(super) async fn test(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let stored = find::application(&settings.store, &caller, &id).await?;
    let wish =
        Request { stored: Some(&stored), ask: Ask::TestMail, activity: "Send test mail", said: Vec::new() };
    Ok(settings.ask(&Asker::new(caller, &request), &headers, wish).await?.told())
}
