//! The HTTPS API, writing side: Microsoft Graph's paths, JSON and errors.
//!
//! ```text
//! POST   /v1.0/applicationTemplates/{template}/instantiate       an application with its job, not configured yet
//! POST   /v1.0/applications                                      an application out of a whole document
//! PUT    /v1.0/applications/{application}                        another document, If-Match
//! PATCH  /v1.0/applications/{application}                        parts of the document (RFC 7396), If-Match
//! DELETE /v1.0/applications/{application}
//! PUT    …/synchronization/secrets                               credentials and settings; "*" keeps
//! POST   …/synchronization/jobs                                  the job of an application that has none yet
//! DELETE …/jobs/{job}                                            stop, and forget everything
//! POST   …/jobs/{job}/start, /pause, /restart, /validateCredentials, /provisionOnDemand
//! PUT    …/jobs/{job}/schema                                     If-Match; DELETE brings the default back
//! POST   …/jobs/{job}/schema/parseExpression
//! POST   …/jobs/{job}/schema/directories/{directory}/discover
//! POST   …/jobs/{job}/heldRemovals/approve, /reject, /reconsider
//! POST   …/jobs/{job}/escrows/retry, /ignore
//! POST   …/jobs/{job}/plans, …/plans/{plan}/apply
//! DELETE …/jobs/{job}/objectConnections/{object}
//! POST   …/jobs/{job}/bulkUpload                               people, as SCIM bulk requests
//! POST   …/appRoleAssignedTo                                     DELETE …/appRoleAssignedTo/{assignment}
//! POST   /v1.0/auditLogs/provisioning/exports
//! ```
//!
//! `…` is `/v1.0/servicePrincipals/{application}`; `{application}` is an application's id or its name.
//!
//! In: a request, and who may ask ([`api::Access`]). Out: an answer with a `request-id`. What `sync` does takes its time:
//! after 25 seconds the answer is 202 with the `Location` of the operation.
//!
//! # Guarantees
//! Bad input changes nothing. Every change leaves an entry in the audit, with who made it; none holds a secret.

mod applications;
mod asking;
mod assignments;
mod audit;
mod body;
mod exports;
mod jobs;
mod provision;
mod schema;
mod secrets;
mod upload;
mod waiting;

use std::sync::Arc;

use api::Access;
use api::access::{self, Permission};
use api::answer::either;
use api::frame::framed;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, post, put};
use engine::ports::Clock;
use runtime::ask::Worker;
use store::DynamoStore;
use uuid::Uuid;

use crate::vault::Vault;

/// The largest body a caller may send along, in bytes: a schema with every attribute of a large directory has some hundred
/// kilobytes, and API Gateway hands over 10 MB at the most.
pub const LARGEST_BODY: u64 = 2 * 1024 * 1024;

/// What the routes need.
#[derive(Clone)]
pub struct Settings {
    /// Where configuration is kept.
    pub store: DynamoStore,
    /// Whoever does what takes a lease or speaks to an outside system.
    pub worker: Arc<dyn Worker>,
    /// Where credentials are put away.
    pub vault: Arc<dyn Vault>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The stack's tenant.
    pub tenant: Uuid,
    /// Which references to secrets a document may hold that comes over HTTPS.
    pub references: References,
}

/// Which references to secrets a document may hold that comes over HTTPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum References {
    /// Any: whoever asks owns this machine.
    Any,
    /// Those it held before, and secrets of Secrets Manager. The environment and the files of the function that reads them
    /// belong to somebody else: a document that named them could have them sent to a target of its own.
    Managed,
}

/// The routes in their frame.
pub fn router(settings: Settings, access: Access) -> Router {
    let clock = settings.clock.clone();
    framed(routes(settings, access), clock, LARGEST_BODY)
}

/// The routes alone.
pub fn routes(settings: Settings, access: Access) -> Router {
    let access = Arc::new(access);
    let may = |permission| from_fn_with_state((access.clone(), permission), access::check);
    let applications = "/v1.0/applications";
    let application = format!("{applications}/{{application}}");
    let principal = "/v1.0/servicePrincipals/{application}";
    let synchronization = format!("{principal}/synchronization");
    let jobs = format!("{synchronization}/jobs");
    let job = format!("{jobs}/{{job}}");
    let of_job = |path: &str| format!("{job}/{path}");
    let uploads = either(&of_job("bulkUpload"), &post(upload::stage));
    let changes = Router::new()
        .merge(either("/v1.0/applicationTemplates/{template}/instantiate", &post(applications::instantiate)))
        .merge(either(applications, &post(applications::create)))
        .merge(either(
            &application,
            &put(applications::replace).patch(applications::change).delete(applications::remove),
        ))
        .merge(either(principal, &delete(applications::remove)))
        .merge(either(&format!("{synchronization}/secrets"), &put(secrets::change)))
        .merge(either(&jobs, &post(jobs::create)))
        .merge(either(&job, &delete(jobs::remove)))
        .merge(either(&of_job("start"), &post(jobs::start)))
        .merge(either(&of_job("pause"), &post(jobs::pause)))
        .merge(either(&of_job("restart"), &post(jobs::restart)))
        .merge(either(&of_job("validateCredentials"), &post(jobs::validate)))
        .merge(either(&of_job("provisionOnDemand"), &post(provision::now)))
        .merge(either(&of_job("schema"), &put(schema::replace).delete(schema::reset)))
        .merge(either(&of_job("schema/parseExpression"), &post(schema::parse)))
        .merge(either(&of_job("schema/directories/{directory}/discover"), &post(schema::discover)))
        .merge(either(&of_job("heldRemovals/{decision}"), &post(waiting::removals)))
        .merge(either(&of_job("escrows/{decision}"), &post(waiting::escrows)))
        .merge(either(&of_job("plans"), &post(waiting::plan)))
        .merge(either(&of_job("plans/{plan}/apply"), &post(waiting::apply)))
        .merge(either(&of_job("objectConnections/{id}"), &delete(waiting::unlink)))
        .merge(either(&format!("{principal}/appRoleAssignedTo"), &post(assignments::add)))
        .merge(either(&format!("{principal}/appRoleAssignedTo/{{assignment}}"), &delete(assignments::remove)))
        .route_layer(may(Permission::WriteJobs));
    let exports = either("/v1.0/auditLogs/provisioning/exports", &post(exports::ask));
    changes
        .merge(uploads.route_layer(may(Permission::Upload)))
        .merge(exports.route_layer(may(Permission::ReadLogs)))
        .with_state(settings)
}
