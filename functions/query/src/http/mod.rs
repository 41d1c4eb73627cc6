//! The HTTPS API, reading side: Microsoft Graph's paths, JSON and errors, so that its scripts and SDKs work when
//! pointed here.
//!
//! ```text
//! GET /healthz
//! GET /v1.0/servicePrincipals               all applications, each with its job          $top, $skiptoken
//! GET /v1.0/servicePrincipals/{application}
//! GET /v1.0/servicePrincipals/{application}/synchronization/jobs
//! GET /v1.0/servicePrincipals/{application}/synchronization/jobs/{job}
//! GET …/jobs/{job}/cycles                   finished ones, the newest first              $top
//! GET …/jobs/{job}/escrows                  what failed and is tried again               $top, $skiptoken
//! GET …/jobs/{job}/heldRemovals             removals that wait for the guard or a person $top, $skiptoken
//! GET …/jobs/{job}/objectConnections/{id}   which account belongs to whom, by either id
//! GET …/jobs/{job}/plans/{plan}             what the next cycle would do
//! GET …/jobs/{job}/plans/{plan}/operations  to whom, with old and new values             $top, $skiptoken
//! GET …/jobs/{job}/schema                   its mappings; also /functions, /filterOperators
//! GET /v1.0/servicePrincipals/{application}/synchronization
//! GET …/synchronization/templates           what a job begins with; also below /v1.0/applications/{application}
//! GET …/templates/{template}
//! GET …/templates/{template}/schema         also /functions, /filterOperators
//! GET /v1.0/auditLogs/provisioning          $filter, $search, $top, $orderby, $select, $count, $skiptoken
//! GET /v1.0/auditLogs/provisioning/{record}
//! GET /v1.0/auditLogs/provisioning/download $filter, $search, $orderby, $format; where answers can be streamed
//! GET /v1.0/auditLogs/provisioning/exports/{operation}, …/content
//! ```
//!
//! In: a request, and who may ask ([`api::Access`]). Out: an answer that carries a `request-id`. `{application}` is an
//! application's id or its name; keys may stand in parentheses, too: `jobs('id')` ([`api::segments`]). One router for both:
//! behind API Gateway in the function, on loopback in `rollcall`.
//!
//! # Errors
//! Every refusal is Graph's error envelope, and says what to write instead. What the store said goes to the log, not
//! to the caller.

mod applications;
mod audits;
mod configuration;
mod connections;
mod downloads;
mod jobs;
mod logs;
mod plans;
mod schemas;
mod waiting;

use std::sync::Arc;

use ::logs::exports::Exports;
use api::access::{self, Permission};
use api::answer::either;
use api::frame::framed;
use api::rate::{self, Limit, Rate};
use api::token::{List, Signer};
use api::{Access, ApiError, Caller};
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use engine::ports::Clock;
use store::DynamoStore;
use url::form_urlencoded;

/// The largest body a caller may send along, in bytes. Reading needs none; some clients send an empty JSON object.
const LARGEST_BODY: u64 = 8 * 1024;

/// Who may ask, how often, and by which time.
#[derive(Clone)]
pub struct Settings {
    /// How callers are told apart.
    pub access: Access,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Signs the tokens of next links: all processes that answer for one stack have the same key.
    pub signer: Signer,
    /// Whether a caller is held to so many requests ([`api::rate`]).
    pub limited: bool,
    /// Where `sync` puts files of the log.
    pub exports: Exports,
}

/// What the routes need.
#[derive(Clone)]
struct Api {
    store: DynamoStore,
    clock: Arc<dyn Clock>,
    signer: Signer,
    downloads: downloads::Downloads,
}

impl Api {
    /// A list that this caller reads, at a path below `/v1.0/`.
    fn list(&self, caller: &Caller, path: impl Into<String>) -> List {
        List::new(&self.signer, self.clock.now(), caller, path)
    }
}

/// The routes that read, in their frame.
pub fn router(store: DynamoStore, settings: Settings) -> Router {
    let clock = settings.clock.clone();
    framed(routes(store, settings), clock, LARGEST_BODY)
}

/// The routes that read.
pub fn routes(store: DynamoStore, settings: Settings) -> Router {
    let Settings { access, clock, signer, limited, exports } = settings;
    let downloads = downloads::Downloads::new(exports);
    let api = Api { store, clock: clock.clone(), signer, downloads };
    let access = Arc::new(access);
    let may = |permission| from_fn_with_state((access.clone(), permission), access::check);
    let not_more_than = |limit: Limit| {
        let rate = if limited { Rate::limited(limit, clock.clone()) } else { Rate::unlimited() };
        from_fn_with_state(rate, rate::check)
    };
    // What is added last is asked first: who it is, then how often they asked.
    let jobs = about_jobs().route_layer(not_more_than(rate::JOBS)).route_layer(may(Permission::ReadJobs));
    let logs = about_people().route_layer(not_more_than(rate::LOGS)).route_layer(may(Permission::ReadLogs));
    jobs.merge(logs).with_state(api)
}

const ALL: &str = "/v1.0/servicePrincipals";
const JOB: &str = "/v1.0/servicePrincipals/{application}/synchronization/jobs/{job}";

/// How things stand, and how they are set up.
fn about_jobs() -> Router<Api> {
    let application = format!("{ALL}/{{application}}");
    let synchronization = format!("{application}/synchronization");
    Router::new()
        .merge(either(ALL, &get(applications::list)))
        .merge(either(&application, &get(applications::one)))
        .merge(either("/v1.0/applications/{application}", &get(configuration::application)))
        .merge(either(&format!("{application}/appRoleAssignedTo"), &get(configuration::assigned)))
        .merge(either(&format!("{synchronization}/secrets"), &get(configuration::secrets)))
        .merge(either("/v1.0/operations/{operation}", &get(audits::operation)))
        .merge(either(&synchronization, &get(schemas::synchronization)))
        .merge(either(&format!("{synchronization}/jobs"), &get(jobs::list)))
        .merge(either(JOB, &get(jobs::one)))
        .merge(either(&format!("{JOB}/cycles"), &get(waiting::cycles)))
        .merge(either(&format!("{JOB}/escrows"), &get(waiting::escrows)))
        .merge(either(&format!("{JOB}/heldRemovals"), &get(waiting::removals)))
        .merge(either(&format!("{JOB}/objectConnections"), &get(connections::list)))
        .merge(either(&format!("{JOB}/objectConnections/{{id}}"), &get(connections::one)))
        .merge(either(&format!("{JOB}/plans/{{plan}}"), &get(plans::one)))
        .merge(either(&format!("{JOB}/schema"), &get(schemas::of_a_job)))
        .merge(either(&format!("{JOB}/schema/functions"), &get(schemas::functions_of_a_job)))
        .merge(either(&format!("{JOB}/schema/filterOperators"), &get(schemas::operators_of_a_job)))
        .merge(about_templates(&format!("{synchronization}/templates")))
        .merge(about_templates("/v1.0/applications/{application}/synchronization/templates"))
}

fn about_templates(all: &str) -> Router<Api> {
    let one = format!("{all}/{{template}}");
    Router::new()
        .merge(either(all, &get(schemas::templates)))
        .merge(either(&one, &get(schemas::template)))
        .merge(either(&format!("{one}/schema"), &get(schemas::of_a_template)))
        .merge(either(&format!("{one}/schema/functions"), &get(schemas::functions_of_a_template)))
        .merge(either(&format!("{one}/schema/filterOperators"), &get(schemas::operators_of_a_template)))
}

/// What was done to whom, and what would be.
fn about_people() -> Router<Api> {
    let logs = "/v1.0/auditLogs/provisioning";
    Router::new()
        .merge(either(logs, &get(logs::list)))
        .merge(either(&format!("{logs}/{{record}}"), &get(logs::one)))
        .merge(either(&format!("{JOB}/plans/{{plan}}/operations"), &get(plans::operations)))
        .merge(either("/v1.0/auditLogs/directoryAudits", &get(audits::list)))
        .merge(downloads::routes())
}

/// For what is answered in one way only. A question that is not heard must not look as if it were answered.
fn without_options(query: Option<&str>) -> Result<(), ApiError> {
    match form_urlencoded::parse(query.unwrap_or_default().as_bytes()).next() {
        None => Ok(()),
        Some((name, _)) => Err(ApiError::bad_request(format!(
            "'{name}' is no option of this path, which takes none; leave it out"
        ))),
    }
}
