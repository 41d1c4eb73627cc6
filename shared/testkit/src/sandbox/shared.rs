//! What all requests to one sandbox share.
//!
//! In: settings. Out: the directory, the faults, the quirks and the counters, each behind its own lock. Promise:
//! locks are held for as long as one step of memory work takes, and never across an await.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use super::counters::Tally;
use super::directory::{Directory, Rules};
use super::error::ScimError;
use super::faults::{FaultPlan, Faults};
use super::quirks::Quirks;
use super::settings::{Bucket, Settings};

/// The state behind a running sandbox.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) base_url: String,
    pub(crate) tally: Tally,
    directory: RwLock<Directory>,
    faults: Mutex<FaultPlan>,
    quirks: RwLock<Arc<Quirks>>,
    bucket: Option<Mutex<Bucket>>,
}

impl Shared {
    /// A sandbox without resources.
    pub(crate) fn new(settings: Settings, base_url: String) -> Self {
        Self {
            tally: Tally::default(),
            directory: RwLock::new(Directory::new(base_url.clone())),
            faults: Mutex::new(FaultPlan::new(settings.faults.clone())),
            quirks: RwLock::new(Arc::new(settings.quirks.clone())),
            bucket: settings.rate.map(|limit| Mutex::new(Bucket::new(limit, Instant::now()))),
            settings,
            base_url,
        }
    }

    /// The resources, to look at.
    pub(crate) fn directory(&self) -> RwLockReadGuard<'_, Directory> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The resources, to change.
    pub(crate) fn directory_mut(&self) -> RwLockWriteGuard<'_, Directory> {
        self.directory.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The faults that are on.
    pub(crate) fn faults(&self) -> MutexGuard<'_, FaultPlan> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The quirks that are on. A request keeps those it began with.
    pub(crate) fn quirks(&self) -> Arc<Quirks> {
        Arc::clone(&self.quirks.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_quirks(&self, quirks: Quirks) {
        *self.quirks.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(quirks);
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        *self.faults() = FaultPlan::new(faults);
    }

    /// Takes a token of the rate limit, or says how many seconds to wait for one.
    pub(crate) fn take_token(&self) -> Result<(), u64> {
        let Some(bucket) = &self.bucket else { return Ok(()) };
        bucket.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now())
    }

    /// Back to the state of the start: no resources, counters at zero, faults and quirks of the settings.
    pub(crate) fn reset(&self) {
        self.directory_mut().clear();
        self.tally.reset();
        self.set_faults(self.settings.faults.clone());
        self.set_quirks(self.settings.quirks.clone());
    }

    /// Carries a write out under the rules of the moment, and counts it if a fault spoiled it.
    ///
    /// # Errors
    /// Those of the work.
    pub(crate) fn write<T>(
        &self,
        quirks: &Quirks,
        if_match: Option<&str>,
        work: impl FnOnce(&mut Directory, Rules<'_>) -> Result<T, ScimError>,
    ) -> Result<T, ScimError> {
        let poisoned = self.faults().faults().poisoned_user.clone();
        let rules = Rules { quirks, poisoned: poisoned.as_deref(), if_match, now: (self.settings.now)() };
        let done = work(&mut self.directory_mut(), rules);
        if done.as_ref().is_err_and(|error| error.injected) {
            self.tally.note(|counters| counters.failed += 1);
        }
        done
    }

    /// The rules of a write that no fault concerns.
    pub(crate) fn plain_rules<'a>(&self, quirks: &'a Quirks) -> Rules<'a> {
        Rules { quirks, poisoned: None, if_match: None, now: (self.settings.now)() }
    }
}
