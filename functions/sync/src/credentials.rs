//! Whether both systems take their credentials: those that are saved, or others that somebody tries.
//!
//! In: an application, and the credentials to try by Graph's keys. Out: nothing, or which side refused, and what it said.
//! Nothing is saved, and nothing is written to either system.

use std::collections::BTreeMap;

use connectors::application::settings;
use engine::model::SourceId;
use engine::ports::{SourceError, TargetError, TargetErrorKind};
use runtime::ask::{Credential, Refusal};
use secrecy::{ExposeSecret, SecretString};
use store::StoredApplication;

use crate::ask::{of_slice, refused};
use crate::context::Context;
use crate::cycle::{Given, connect_with};

/// An id that nobody has: looking for it proves that the source can be read.
const NOBODY: &str = "rollcall-validate-credentials";

/// Proves that source and target can be used.
///
/// # Errors
/// What was refused, with the cure.
pub(crate) async fn validate(
    context: &Context,
    stored: &StoredApplication,
    credentials: Option<&BTreeMap<String, Credential>>,
) -> Result<(), Refusal> {
    // What was saved a moment ago counts, not what is remembered of before.
    let context = Context { secrets: context.secrets.afresh(), ..context.clone() };
    let (stored, given) = match credentials {
        Some(credentials) => tried(stored, credentials)?,
        None => (stored.clone(), Given::default()),
    };
    let connected = connect_with(&context, &stored, given).await.map_err(of_slice)?;
    connected.target.probe().await.map_err(|error| of_target(&error))?;
    connected.source.get(&[SourceId::new(NOBODY)]).await.map_err(|error| of_source(&error))?;
    Ok(())
}

/// The application as if these had been saved.
fn tried(
    stored: &StoredApplication,
    credentials: &BTreeMap<String, Credential>,
) -> Result<(StoredApplication, Given), Refusal> {
    let pairs =
        credentials.iter().map(|(key, value)| (key.clone(), Some(value.0.expose_secret().to_owned())));
    let changed = settings::change(&stored.document, &pairs.collect::<Vec<_>>())
        .map_err(|problem| refused(400, "Request_BadRequest", format!("credentials: {problem}")))?;
    let mut document = changed.document;
    let mut given = Given::default();
    for credential in changed.credentials {
        // A document without a reference is not whole; what it refers to is not asked for.
        settings::refer(&mut document, &credential, "env:TRIED");
        let side = if credential.key == "Password" { &mut given.source } else { &mut given.target };
        *side = Some(SecretString::from(credential.secret.expose_secret().trim()));
    }
    Ok((StoredApplication { document, ..stored.clone() }, given))
}

fn of_target(error: &TargetError) -> Refusal {
    let code = match error.kind {
        TargetErrorKind::Credentials | TargetErrorKind::InsufficientRights => "InvalidCredentials",
        _ => "TargetUnusable",
    };
    let status = error.status.map(|status| format!(" → {status}")).unwrap_or_default();
    refused(400, code, format!("target: {} ({}{status})", error.summary.trim_end_matches('.'), error.request))
}

fn of_source(error: &SourceError) -> Refusal {
    let code = match error {
        SourceError::Credentials(_) => "InvalidCredentials",
        SourceError::Moved(_) | SourceError::Refused(_) | SourceError::Unavailable(_) => "SourceUnusable",
    };
    refused(400, code, format!("source: {error}"))
}
