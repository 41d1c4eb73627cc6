//! The HTTPS API, writing side: Microsoft Graph's paths, JSON and errors.
//!
//! ```text
//! POST   /v1.0/applicationTemplates/{template}/instantiate       an application with its job, not configured yet
//! POST   /v1.0/applications                                      an application out of a whole document
//! PUT    /v1.0/applications/{application}                        another document, If-Match
//! PATCH  /v1.0/applications/{application}                        parts of the document (RFC 7396), If-Match
//! DELETE /v1.0/applications/{application}
//! POST   /v1.0/applications/{application}/preview                what another document would do
//! PUT    …/synchronization/secrets                               credentials and settings; "*" keeps
//! POST   …/synchronization/notification/test                     a mail to the recipients, to see whether it arrives
//! POST   …/synchronization/jobs                                  the job of an application that has none yet
//! DELETE …/jobs/{job}                                            stop, and forget everything
//! POST   …/jobs/{job}/start, /pause, /restart, /validateCredentials, /provisionOnDemand
//! PUT    …/jobs/{job}/schema                                     If-Match; PATCH as SDKs send it; DELETE brings the default back
//! POST   …/jobs/{job}/schema/parseExpression
//! POST   …/jobs/{job}/schema/directories/{directory}/discover
//! POST   …/jobs/{job}/heldRemovals/approve, /reject, /reconsider
//! POST   …/jobs/{job}/escrows/retry, /ignore
//! POST   …/jobs/{job}/plans, …/plans/{plan}/apply
//! DELETE …/jobs/{job}/objectConnections/{object}
//! POST   …/jobs/{job}/bulkUpload                               people, as SCIM bulk requests
//! POST   …/appRoleAssignedTo                                     DELETE …/appRoleAssignedTo/{assignment}
//! POST   /v1.0/auditLogs/provisioning/exports
//! POST   /v1.0/checkups
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
mod checkups;
mod exports;
mod jobs;
mod notification;
mod openapi;
mod provision;
mod schema;
mod secrets;
mod upload;
mod waiting;

use std::sync::Arc;

use api::Access;
use api::access::Permission;
use api::frame::framed;
use api::openapi::Routes;
use axum::Router;
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
    /// Whoever sends mail.
    pub notifier: Arc<dyn Worker>,
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
    framed(routes(settings, access).served(), clock, LARGEST_BODY)
}

/// The routes alone.
pub fn routes(settings: Settings, access: Access) -> Routes {
    let access = Arc::new(access);
    let changes = of_applications().merge(of_jobs()).needing(&access, Permission::WriteJobs);
    let uploads = Routes::new().post(&format!("{JOB}/bulkUpload"), upload::stage, openapi::upload());
    let exports = "/v1.0/auditLogs/provisioning/exports";
    let exports = Routes::new().post(exports, exports::ask, openapi::export());
    changes
        .merge(uploads.needing(&access, Permission::Upload))
        .merge(exports.needing(&access, Permission::ReadLogs))
        .with_state(settings)
}

const PRINCIPAL: &str = "/v1.0/servicePrincipals/{application}";
const JOB: &str = "/v1.0/servicePrincipals/{application}/synchronization/jobs/{job}";

fn of_applications() -> Routes<Settings> {
    let all = "/v1.0/applications";
    let one = format!("{all}/{{application}}");
    let assigned = format!("{PRINCIPAL}/appRoleAssignedTo");
    let instantiate = "/v1.0/applicationTemplates/{template}/instantiate";
    Routes::new()
        .post(instantiate, applications::instantiate, openapi::instantiate())
        .post("/v1.0/checkups", checkups::ask, openapi::check_up())
        .post(all, applications::create, openapi::create())
        .put(&one, applications::replace, openapi::replace())
        .patch(&one, applications::change, openapi::change())
        .delete(&one, applications::remove, openapi::remove("Application"))
        .delete(PRINCIPAL, applications::remove, openapi::remove("ServicePrincipal"))
        .post(&format!("{one}/preview"), applications::preview, openapi::preview())
        .put(&format!("{PRINCIPAL}/synchronization/secrets"), secrets::change, openapi::secrets())
        .post(
            &format!("{PRINCIPAL}/synchronization/notification/test"),
            notification::test,
            openapi::test_mail(),
        )
        .post(&format!("{PRINCIPAL}/synchronization/jobs"), jobs::create, openapi::create_job())
        .post(&assigned, assignments::add, openapi::assign())
        .delete(&format!("{assigned}/{{assignment}}"), assignments::remove, openapi::unassign())
}

fn of_jobs() -> Routes<Settings> {
    let at = |path: &str| format!("{JOB}/{path}");
    Routes::new()
        .delete(JOB, jobs::remove, openapi::remove_job())
        .post(&at("start"), jobs::start, openapi::start())
        .post(&at("pause"), jobs::pause, openapi::pause())
        .post(&at("restart"), jobs::restart, openapi::restart())
        .post(&at("validateCredentials"), jobs::validate, openapi::validate())
        .post(&at("provisionOnDemand"), provision::now, openapi::provision())
        .put(&at("schema"), schema::replace, openapi::replace_schema())
        .patch(&at("schema"), schema::change, openapi::change_schema())
        .delete(&at("schema"), schema::reset, openapi::reset_schema())
        .post(&at("schema/parseExpression"), schema::parse, openapi::parse())
        .post(&at("schema/directories/{directory}/discover"), schema::discover, openapi::discover())
        .post(&at("heldRemovals/{decision}"), waiting::removals, openapi::decide_removals())
        .post(&at("escrows/{decision}"), waiting::escrows, openapi::decide_escrows())
        .post(&at("plans"), waiting::plan, openapi::plan())
        .post(&at("plans/{plan}/apply"), waiting::apply, openapi::apply())
        .delete(&at("objectConnections/{id}"), waiting::unlink, openapi::unlink())
}
