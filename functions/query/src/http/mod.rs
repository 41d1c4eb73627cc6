//! The HTTPS API, reading side: Microsoft Graph's paths, JSON and errors, so that its scripts and SDKs work when
//! pointed here.
//!
//! ```text
//! GET /healthz, /openapi.json              for anybody
//! GET /v1.0/servicePrincipals               all applications, each with its job    $filter, $search, $select, $top, $skiptoken
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
mod openapi;
mod plans;
mod schemas;
mod waiting;

use std::sync::Arc;

use ::logs::exports::Exports;
use api::access::Permission;
use api::frame::framed;
use api::openapi::Routes;
use api::rate::{self, Limit, Rate};
use api::token::{List, Signer};
use api::{Access, ApiError, Caller};
use axum::Router;
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
    framed(routes(store, settings).served(), clock, LARGEST_BODY)
}

/// What describes the whole API, the writing side included: what `rollcall serve`, which has both sides, answers at
/// `/openapi.json`. Behind API Gateway each side is a function of its own; this one tells of both.
const DESCRIPTION: &str = include_str!("../../../../docs/openapi.json");

/// The same as the function has it: with the description of the whole API.
pub fn function(store: DynamoStore, settings: Settings) -> Router {
    let clock = settings.clock.clone();
    framed(routes(store, settings).served_as(DESCRIPTION), clock, LARGEST_BODY)
}

/// The routes that read.
pub fn routes(store: DynamoStore, settings: Settings) -> Routes {
    let Settings { access, clock, signer, limited, exports } = settings;
    let downloads = downloads::Downloads::new(exports);
    let api = Api { store, clock: clock.clone(), signer, downloads };
    let access = Arc::new(access);
    let rate = |limit: Limit| if limited { Rate::limited(limit, clock.clone()) } else { Rate::unlimited() };
    // What is added last is asked first: who it is, then how often they asked.
    let jobs = about_jobs().held_to(rate(rate::JOBS)).needing(&access, Permission::ReadJobs);
    let logs = about_people().held_to(rate(rate::LOGS)).needing(&access, Permission::ReadLogs);
    jobs.merge(logs).with_state(api)
}

const ALL: &str = "/v1.0/servicePrincipals";
const JOB: &str = "/v1.0/servicePrincipals/{application}/synchronization/jobs/{job}";

/// How things stand, and how they are set up.
fn about_jobs() -> Routes<Api> {
    let application = format!("{ALL}/{{application}}");
    let synchronization = format!("{application}/synchronization");
    Routes::new()
        .get(ALL, applications::list, openapi::applications())
        .get(&application, applications::one, openapi::application())
        .get("/v1.0/applications/{application}", configuration::application, openapi::document())
        .get(&format!("{application}/appRoleAssignedTo"), configuration::assigned, openapi::assignments())
        .get(&format!("{synchronization}/secrets"), configuration::secrets, openapi::secrets())
        .get(&format!("{synchronization}/notification"), configuration::notification, openapi::notification())
        .get("/v1.0/operations/{operation}", audits::operation, openapi::operation())
        .get(&synchronization, schemas::synchronization, openapi::synchronization())
        .get(&format!("{synchronization}/jobs"), jobs::list, openapi::jobs())
        .get(JOB, jobs::one, openapi::job())
        .get(&format!("{JOB}/cycles"), waiting::cycles, openapi::cycles())
        .get(&format!("{JOB}/escrows"), waiting::escrows, openapi::escrows())
        .get(&format!("{JOB}/heldRemovals"), waiting::removals, openapi::held_removals())
        .get(&format!("{JOB}/objectConnections"), connections::list, openapi::connections())
        .get(&format!("{JOB}/objectConnections/{{id}}"), connections::one, openapi::connection())
        .get(&format!("{JOB}/plans/{{plan}}"), plans::one, openapi::plan())
        .get(&format!("{JOB}/schema"), schemas::of_a_job, openapi::schema("Job"))
        .get(&format!("{JOB}/schema/functions"), schemas::functions_of_a_job, openapi::functions("Job"))
        .get(
            &format!("{JOB}/schema/filterOperators"),
            schemas::operators_of_a_job,
            openapi::filter_operators("Job"),
        )
        .merge(about_templates(&format!("{synchronization}/templates"), "PrincipalTemplate"))
        .merge(about_templates("/v1.0/applications/{application}/synchronization/templates", "Template"))
}

/// Templates, which Graph has at two places.
fn about_templates(all: &str, id: &str) -> Routes<Api> {
    let one = format!("{all}/{{template}}");
    Routes::new()
        .get(all, schemas::templates, openapi::templates(id))
        .get(&one, schemas::template, openapi::template(id))
        .get(&format!("{one}/schema"), schemas::of_a_template, openapi::schema(id))
        .get(&format!("{one}/schema/functions"), schemas::functions_of_a_template, openapi::functions(id))
        .get(
            &format!("{one}/schema/filterOperators"),
            schemas::operators_of_a_template,
            openapi::filter_operators(id),
        )
}

/// What was done to whom, and what would be.
fn about_people() -> Routes<Api> {
    let logs = "/v1.0/auditLogs/provisioning";
    Routes::new()
        .get(logs, logs::list, openapi::records())
        .get(&format!("{logs}/{{record}}"), logs::one, openapi::record())
        .get(&format!("{JOB}/plans/{{plan}}/operations"), plans::operations, openapi::plan_operations())
        .get("/v1.0/auditLogs/directoryAudits", audits::list, openapi::audits())
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
