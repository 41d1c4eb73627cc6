//! The application and the job that a path names, and the applications that are there for somebody.

use store::{ApplicationName, DynamoStore, StoredApplication};

use crate::{ApiError, Caller};

/// The application of an id or a name.
///
/// # Errors
/// 404; for whoever owns some applications only 403, whether it is there or not; what the store says.
pub async fn application(
    store: &DynamoStore,
    caller: &Caller,
    application: &str,
) -> Result<StoredApplication, ApiError> {
    let found = match store.application(application).await? {
        Some(found) => Some(found),
        None => store.application_by_name(application).await?,
    };
    found.filter(|found| caller.sees(found)).ok_or_else(|| {
        if caller.owner_only {
            let message = format!("'{}' is no owner of an application '{application}'", caller.id);
            return ApiError::forbidden(message);
        }
        ApiError::not_found(format!("there is no application '{application}'"))
    })
}

/// The applications that are all there is for a caller who owns some; `None` for one to whom all are there.
///
/// # Errors
/// 403 for whoever owns none; what the store says.
pub async fn owned(store: &DynamoStore, caller: &Caller) -> Result<Option<Vec<StoredApplication>>, ApiError> {
    if !caller.owner_only {
        return Ok(None);
    }
    let names = store.applications().await?;
    let perhaps: Vec<&str> =
        names.iter().filter(|name| may_own(name, caller)).map(|name| name.id.as_str()).collect();
    let read = store.applications_of(&perhaps).await?;
    let owned: Vec<_> = read.into_iter().filter(|one| caller.sees(one)).collect();
    if owned.is_empty() {
        return Err(ApiError::forbidden(format!("'{}' is no owner of any application", caller.id)));
    }
    Ok(Some(owned))
}

/// Whether the document is to be asked: it has the last word.
fn may_own(name: &ApplicationName, caller: &Caller) -> bool {
    name.owners.as_ref().is_none_or(|owners| owners.contains(&caller.id))
}

/// The job of an application.
///
/// # Errors
/// 404; what [`application`] says.
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
