//! Which application a job belongs to.
//!
//! In: a job. Out: its application. A job belongs to one application for as long as there is one, so it is looked up once, and
//! then with each turn, which sees all of them anyway.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use engine::model::JobId;
use engine::ports::StoreError;
use store::{ApplicationName, DynamoStore};

/// Those that were looked up.
#[derive(Clone, Default)]
pub(crate) struct Known(Arc<Mutex<HashMap<JobId, ApplicationName>>>);

impl Known {
    /// The application of a job; `None` when there is none.
    pub(crate) async fn of(
        &self,
        store: &DynamoStore,
        job: &JobId,
    ) -> Result<Option<ApplicationName>, StoreError> {
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(job) {
            return Ok(Some(known.clone()));
        }
        let all = self.renew(store).await?;
        Ok(all.into_iter().find(|application| application.job == *job))
    }

    /// All applications, as they are now.
    pub(crate) async fn renew(&self, store: &DynamoStore) -> Result<Vec<ApplicationName>, StoreError> {
        let all = store.applications().await?;
        let known = all.iter().map(|application| (application.job.clone(), application.clone()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known.collect();
        Ok(all)
    }
}
