//! `PUT …/synchronization/secrets`: credentials and settings, which Graph keeps in one list.

use std::fmt;

use api::answer::tagged;
use api::frame::RequestId;
use api::{ApiError, Caller, find};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use connectors::application::settings;
use secrecy::ExposeSecret;
use serde::Deserialize;
use utoipa::ToSchema;

use super::audit::{Asker, Deed, said};
use super::{Settings, body};

/// Graph's `synchronizationSecretKeyStringValuePair`.
#[derive(Deserialize, ToSchema)]
pub(super) struct Pair {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: Option<String>,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [REDACTED]", self.key)
    }
}

/// Graph's own table says `credentials`, its samples say `value`: both are read.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Secrets {
    #[serde(alias = "credentials")]
    value: Vec<Pair>,
}

/// `PUT …/synchronization/secrets`. What is not named stays, and so does a credential that is sent as `"*"`.
pub(super) async fn change(
    State(api): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path(id): Path<String>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    let stored = find::application(&api.store, &caller, &id).await?;
    let Secrets { value } = body::read(&given)?;
    body::matches(&headers, stored.version)?;
    let pairs: Vec<_> = value.into_iter().map(|pair| (pair.key, pair.value)).collect();
    let settings::Changed { mut document, credentials } = settings::change(&stored.document, &pairs)
        .map_err(|problem| ApiError::bad_request(problem.to_string()))?;
    if let Some(empty) = credentials.iter().find(|one| one.secret.expose_secret().trim().is_empty()) {
        let cure = "is empty; send the credential, or \"*\" to keep it";
        return Err(ApiError::bad_request(format!("{}: {cure}", empty.key)));
    }
    super::schema::sound_where_whole(&document, &stored.document)?;
    for credential in &credentials {
        let reference =
            api.vault.put(&stored.id, credential.key, &credential.secret).await.map_err(|error| {
                tracing::error!(application.id = stored.id, "{error}");
                ApiError::unavailable(
                    "the credential could not be put away; nothing else was changed, try again",
                )
            })?;
        settings::refer(&mut document, credential, &reference);
    }
    let asker = Asker::new(caller, &request);
    let saved = api.saved(&asker, &stored, document, "Update settings").await?;
    if !credentials.is_empty() {
        // Which, and never what.
        let changes = credentials.iter().map(|credential| said(credential.key, settings::MASK)).collect();
        let deed = Deed { activity: "Update credentials", changes, succeeded: Some(true), reason: None };
        api.note(&asker, Some(&saved), deed).await;
    }
    Ok(tagged(StatusCode::NO_CONTENT.into_response(), saved.version))
}
