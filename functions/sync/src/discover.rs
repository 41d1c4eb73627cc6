//! What an application's target says it can hold.
//!
//! In: an application. Out: kept beside it, for whoever shows its schema; of the answer itself no more than its size, since
//! answers are remembered with their operation. Promise: what was found before stays until the target has answered.

use connectors::application::{DescribeError, describe_target, exchange};
use engine::ports::{TargetError, TargetErrorKind};
use runtime::ask::{Asked, Refusal};
use serde_json::{Value, json};
use store::StoredApplication;

use crate::ask::{of_slice, of_store, refused};
use crate::context::Context;
use crate::cycle::{SliceError, document};

/// Asks the target, and keeps what it says.
///
/// # Errors
/// Why the target did not say it, with the cure.
pub(crate) async fn discover(
    context: &Context,
    asked: &Asked,
    stored: &StoredApplication,
) -> Result<Value, Refusal> {
    let application = document(stored).map_err(of_slice)?.application;
    // What was saved a moment ago counts, not what is remembered of before.
    let token = context.secrets.afresh().resolve(application.target.secret()).await;
    let token = token.map_err(|error| of_slice(SliceError::Secret(error)))?;
    let said = describe_target(&application.target, token, context.clock.clone()).await;
    let said = said.map_err(|error| match error {
        DescribeError::Config(error) => {
            of_slice(SliceError::Document { name: stored.name.clone(), problem: error.to_string() })
        }
        DescribeError::Target(error) => of_target(&error),
    })?;
    let attributes = said.users.len() + said.groups.len();
    // Its operation leads from what is shown to who asked for it.
    let version = asked.operation.to_string();
    let found = exchange::discovered(&application, said, version, context.clock.now());
    context.store.keep_discovered(stored, &found).await.map_err(of_store)?;
    Ok(json!({ "version": found.version, "attributes": attributes, "leftOut": found.left_out }))
}

fn of_target(error: &TargetError) -> Refusal {
    let (status, code) = match error.kind {
        TargetErrorKind::Credentials | TargetErrorKind::InsufficientRights => (400, "InvalidCredentials"),
        _ => (502, "UpstreamFailed"),
    };
    refused(status, code, format!("target: {} ({})", error.summary.trim_end_matches('.'), error.request))
}
