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
//! GET /v1.0/auditLogs/provisioning          $filter, $search, $top, $orderby, $select, $count, $skiptoken
//! GET /v1.0/auditLogs/provisioning/{record}
//! ```
//!
//! In: a request, and who may ask ([`api::Access`]). Out: an answer that carries a `request-id`. `{application}` is an
//! application's id or its name. One router for both: behind API Gateway in the function, on loopback in `rollcall`.
//!
//! # Errors
//! Every refusal is Graph's error envelope, and says what to write instead. What the store said goes to the log, not
//! to the caller.

mod applications;
mod jobs;
mod logs;
mod waiting;

use std::sync::Arc;

use api::Access;
use api::access::{self, Permission};
use api::answer::either;
use api::frame::framed;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use engine::ports::Clock;
use store::DynamoStore;

/// The largest body a caller may send along, in bytes. Reading needs none; some clients send an empty JSON object.
const LARGEST_BODY: u64 = 8 * 1024;

/// What the routes need.
#[derive(Clone)]
struct Api {
    store: DynamoStore,
    clock: Arc<dyn Clock>,
}

/// The routes that read.
pub fn router(store: DynamoStore, access: Access, clock: Arc<dyn Clock>) -> Router {
    let api = Api { store, clock: clock.clone() };
    let access = Arc::new(access);
    let may = |permission| from_fn_with_state((access.clone(), permission), access::check);
    let all = "/v1.0/servicePrincipals";
    let application = format!("{all}/{{application}}");
    let jobs = format!("{application}/synchronization/jobs");
    let job = format!("{jobs}/{{job}}");
    let jobs = either(all, &get(applications::list))
        .merge(either(&application, &get(applications::one)))
        .merge(either(&jobs, &get(jobs::list)))
        .merge(either(&job, &get(jobs::one)))
        .merge(either(&format!("{job}/cycles"), &get(waiting::cycles)))
        .merge(either(&format!("{job}/escrows"), &get(waiting::escrows)))
        .merge(either(&format!("{job}/heldRemovals"), &get(waiting::removals)));
    let logs = "/v1.0/auditLogs/provisioning";
    let logs = either(logs, &get(logs::list)).merge(either(&format!("{logs}/{{record}}"), &get(logs::one)));
    let routes = Router::new()
        .merge(jobs.route_layer(may(Permission::ReadJobs)))
        .merge(logs.route_layer(may(Permission::ReadLogs)));
    framed(routes.with_state(api), clock, LARGEST_BODY)
}
