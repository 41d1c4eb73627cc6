//! From a stored application to one slice of its cycle.

use std::path::Path;
use std::sync::Arc;

use connectors::application::{
    Application, CheckedApplication, Surroundings, connect_source, connect_target,
};
use engine::cadence::Cadence;
use engine::cycle::{CycleError, Definition, Ending, GroupRules, Naming, Ports, Request};
use engine::ids::Key;
use engine::job::{Event, JobState, QuarantineReason};
use engine::model::JobId;
use engine::ports::{Observer, Source, SourceError, Store as _, StoreError, Target};
use jiff::{SignedDuration, Timestamp};
use runtime::secrets::SecretError;
use secrecy::{ExposeSecret, SecretString};
use store::StoredApplication;
use uuid::Uuid;

use crate::context::Context;
use crate::outbox::drain;
use crate::uploads::StoredUploads;

/// Why a slice did not run, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum SliceError {
    /// The stored document does not make sense to this version.
    #[error("the stored application '{name}' cannot be used: {problem}. Apply its file again")]
    Document {
        /// The application.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A secret of the source or the target cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The cycle stopped.
    #[error(transparent)]
    Cycle(#[from] CycleError),
}

/// The application of a job; `None` when there is no such job.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub async fn application_of(context: &Context, job: &JobId) -> Result<Option<StoredApplication>, StoreError> {
    let known = context.store.applications().await?;
    match known.into_iter().find(|application| application.job == *job) {
        Some(known) => context.store.application(&known.id).await,
        None => Ok(None),
    }
}

/// Runs one slice of an application's job, then tells its events.
///
/// # Errors
/// See [`SliceError`]. Whatever stopped it is also shown in the job's status, unless the store itself failed. Events
/// that could not be told stay in the outbox; that is logged, and no error.
pub async fn run_slice(
    context: &Context,
    stored: &StoredApplication,
    request: &Request,
    observer: &dyn Observer,
) -> Result<Ending, SliceError> {
    let connected = match connect(context, stored).await {
        Ok(connected) => connected,
        Err(error) => {
            quarantine(context, &stored.job, error.to_string()).await?;
            drain(context, &stored.job).await;
            return Err(error);
        }
    };
    let ports = connected.ports(context, observer);
    let outcome = engine::cycle::run(&ports, &connected.definition, request).await;
    let ours = !matches!(&outcome, Err(CycleError::Store(StoreError::Busy { .. } | StoreError::Missing(_))));
    if ours {
        drain(context, &stored.job).await;
    }
    Ok(outcome?)
}

/// An application with its systems, ready to be asked.
pub struct Connected {
    /// What its job does.
    pub definition: Definition,
    /// Where people are read.
    pub source: Box<dyn Source>,
    /// Where accounts are made.
    pub target: Box<dyn Target>,
}

impl Connected {
    /// The world as a cycle of this application needs it.
    pub(crate) fn ports<'a>(&'a self, context: &'a Context, observer: &'a dyn Observer) -> Ports<'a> {
        Ports {
            source: self.source.as_ref(),
            target: self.target.as_ref(),
            store: &context.store,
            clock: context.clock.as_ref(),
            ids: context.ids.as_ref(),
            observer,
        }
    }
}

/// Connects an application's systems. Nobody is called yet.
///
/// # Errors
/// [`SliceError::Document`] and [`SliceError::Secret`].
pub async fn connect(context: &Context, stored: &StoredApplication) -> Result<Connected, SliceError> {
    connect_with(context, stored, Given::default()).await
}

/// Secrets that are used instead of those a document refers to.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// Of the source.
    pub(crate) source: Option<SecretString>,
    /// Of the target.
    pub(crate) target: Option<SecretString>,
}

/// Connects an application's systems, some with other secrets than the document's.
pub(crate) async fn connect_with(
    context: &Context,
    stored: &StoredApplication,
    given: Given,
) -> Result<Connected, SliceError> {
    let CheckedApplication { application, mapping, groups, .. } = document(stored)?;
    let unusable = |problem: String| SliceError::Document { name: stored.name.clone(), problem };
    let (secret, token) = secrets(context, &application, given).await?;
    let key = Key::of_job(&stored.job, token.expose_secret());
    let definition = Definition {
        groups: groups.map(|mapping| GroupRules { mapping, nested: application.nested_groups }),
        thresholds: application.removals.thresholds(),
        protected: application.removals.protected.clone(),
        health: application.health,
        drift: application.drift,
        expiries: application.credentials.expiries(),
        cadence: application.schedule.cadence(),
        ..Definition::new(stored.job.clone(), mapping, naming(context, stored, &application), key)
    };
    let surroundings = Surroundings {
        base: Path::new("/"),
        work: &context.work.join(&stored.id),
        s3: context.s3.clone(),
        secret,
        uploads: Some(Arc::new(StoredUploads::new(context.store.clone(), stored.job.clone()))),
        mapping: &definition.mapping,
        groups: definition.groups.as_ref().map(|groups| &groups.mapping),
        clock: context.clock.clone(),
    };
    let source = connect_source(&application.source, surroundings)
        .map_err(|error: SourceError| unusable(error.to_string()))?;
    let groups = definition.groups.is_some();
    let target = connect_target(&application.target, token, groups, context.clock.clone())
        .map_err(|error| unusable(error.to_string()))?;
    Ok(Connected { definition, source, target })
}

/// The source's secret, where it has one, and the target's.
async fn secrets(
    context: &Context,
    application: &Application,
    given: Given,
) -> Result<(Option<SecretString>, SecretString), SecretError> {
    let source = match (given.source, application.source.secret()) {
        (Some(given), _) => Some(given),
        (None, Some(reference)) => Some(context.secrets.resolve(reference).await?),
        (None, None) => None,
    };
    let target = match given.target {
        Some(given) => given,
        None => context.secrets.resolve(application.target.secret()).await?,
    };
    Ok((source, target))
}

/// How long the lease is held for one save of the job item.
const BRIEFLY: SignedDuration = SignedDuration::from_secs(10);

/// Makes a job due at once. One that another worker holds is left as it is.
///
/// # Errors
/// [`StoreError`] when the store does not answer, or there is no such job.
pub async fn make_due(context: &Context, job: &JobId) -> Result<(), StoreError> {
    let made = change(context, job, |state, now| {
        state.next_due = now;
        Vec::new()
    });
    match made.await {
        Err(StoreError::Busy { .. }) => Ok(()),
        other => other,
    }
}

/// Shows in the job's status why its cycle could not even begin: nobody may have been watching.
async fn quarantine(context: &Context, job: &JobId, cause: String) -> Result<(), CycleError> {
    let changed = change(context, job, |state, now| {
        state.successive_failures += 1;
        let imposed = state.impose(job, QuarantineReason::EncounteredQuarantineException, None, cause, now);
        // A document that cannot be read has no schedule of its own.
        let usual = Cadence::Adaptive.next(context.ids.cycle_id(), now, u32::MAX);
        imposed.into_iter().chain(state.schedule(job, usual, now)).collect()
    });
    Ok(changed.await?)
}

/// Changes the state of a job that nobody works on, in one save, with the events that tell of it.
pub(crate) async fn change(
    context: &Context,
    job: &JobId,
    change: impl FnOnce(&mut JobState, Timestamp) -> Vec<Event>,
) -> Result<(), StoreError> {
    let now = context.clock.now();
    let until = now.saturating_add(BRIEFLY).unwrap_or(now);
    let (lease, mut state) = context.store.acquire(job, now, until).await?;
    let events = change(&mut state, now);
    context.store.save(&lease, &state, &events, true).await?;
    Ok(())
}

/// The document of a stored application, checked.
///
/// # Errors
/// [`SliceError::Document`].
pub fn document(stored: &StoredApplication) -> Result<CheckedApplication, SliceError> {
    let unusable = |problem: String| SliceError::Document { name: stored.name.clone(), problem };
    let application: Application =
        serde_json::from_value(stored.document.clone()).map_err(|error| unusable(error.to_string()))?;
    application
        .check()
        .map_err(|problems| unusable(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))
}

fn naming(context: &Context, stored: &StoredApplication, application: &Application) -> Naming {
    // Systems have no ids of their own: theirs are derived from the application's.
    let derived = |system: &str| {
        let application = Uuid::parse_str(&stored.id).unwrap_or(Uuid::NAMESPACE_OID);
        Uuid::new_v5(&application, system.as_bytes()).to_string()
    };
    Naming {
        tenant_id: context.tenant.to_string(),
        application_id: stored.id.clone(),
        application_name: stored.name.clone(),
        source_id: derived("source"),
        source_name: application.source.display_name(),
        target_id: derived("target"),
    }
}
