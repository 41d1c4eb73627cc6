//! The application and the job that a path names.

use store::{DynamoStore, StoredApplication};

use crate::{ApiError, Caller};

/// The application of an id or a name. One that the caller may not see is not there for them.
///
/// # Errors
/// 404; what the store says.
pub async fn application(
    store: &DynamoStore,
    caller: &Caller,
    application: &str,
) -> Result<StoredApplication, ApiError> {
    let found = match store.application(application).await? {
        Some(found) => Some(found),
        None => store.application_by_name(application).await?,
    };
    found
        .filter(|found| caller.sees(found))
        .ok_or_else(|| ApiError::not_found(format!("there is no application '{application}'")))
}

/// The application whose job this is.
///
/// # Errors
/// 404; what the store says.
pub async fn job(
    store: &DynamoStore,
    caller: &Caller,
    application: &str,
    job: &str,
) -> Result<StoredApplication, ApiError> {
    let stored = self::application(store, caller, application).await?;
    if stored.job.as_str() != job {
        return Err(ApiError::not_found(format!("application '{}' has no job '{job}'", stored.name)));
    }
    Ok(stored)
}
