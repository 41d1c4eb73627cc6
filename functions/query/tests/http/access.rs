//! Who may ask what.

use api::Access;
use axum::body::Body;
use axum::http::Request;

use crate::stage::{LOG, Stage, TOKEN};

const JOBS: &str = "/v1.0/servicePrincipals/Ledgerly/synchronization/jobs";
const ESCROWS: &str = "/v1.0/servicePrincipals/Ledgerly/synchronization/jobs/scim.ledgerly/escrows";
const REMOVALS: &str = "/v1.0/servicePrincipals/Ledgerly/synchronization/jobs/scim.ledgerly/heldRemovals";
const CYCLES: &str = "/v1.0/servicePrincipals/Ledgerly/synchronization/jobs/scim.ledgerly/cycles";

#[tokio::test]
async fn behind_the_gateway_each_route_asks_for_its_own_permission() {
    let stage = Stage::new().await;
    let cases = [
        (JOBS, "Synchronization.Read.All", 200),
        ("/v1.0/servicePrincipals", "Synchronization.Read.All", 200),
        ("/v1.0/servicePrincipals", "ProvisioningLog.Read.All", 403),
        ("/v1.0/servicePrincipals/Ledgerly", "ProvisioningLog.Read.All", 403),
        (ESCROWS, "Synchronization.Read.All", 200),
        (ESCROWS, "ProvisioningLog.Read.All", 403),
        (REMOVALS, "openid", 403),
        (CYCLES, "openid", 403),
        (JOBS, "Synchronization.ReadWrite.All", 200),
        (JOBS, "ProvisioningLog.Read.All", 403),
        (LOG, "ProvisioningLog.Read.All", 200),
        (LOG, "Synchronization.ReadWrite.All", 403),
        (LOG, "openid profile", 403),
    ];
    for (path, permission, expected) in cases {
        for claim in ["scp", "roles"] {
            let answer = stage.ask(Request::get(path), Some(&[(claim, permission)])).await;
            assert_eq!(answer.status.as_u16(), expected, "{path} with {claim} = {permission}");
            if expected == 403 {
                let message = answer.refused(403, "Authorization_RequestDenied");
                assert!(message.contains(".Read.All"), "{message}");
            }
        }
    }
}

#[tokio::test]
async fn a_request_whose_token_nobody_checked_is_refused_behind_the_gateway() {
    let stage = Stage::new().await;
    for path in [JOBS, LOG, ESCROWS, REMOVALS, CYCLES] {
        // A token in a header proves nothing to the function: the gateway's claims do.
        let request = Request::get(path).header("authorization", format!("Bearer {TOKEN}"));
        let answer = stage.answer(Access::Gateway, request.body(Body::empty()).unwrap()).await;
        assert!(answer.refused(401, "InvalidAuthenticationToken").contains("authorizer"), "{path}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
}

#[tokio::test]
async fn on_loopback_only_the_token_of_this_process_opens() {
    let stage = Stage::new().await;
    let cases = [
        (Some("Bearer s3cret"), 200),
        (Some("bearer s3cret"), 200),
        (Some("Bearer s3cre"), 401),
        (Some("Bearer s3cret2"), 401),
        (Some("Basic s3cret"), 401),
        (Some("s3cret"), 401),
        (None, 401),
    ];
    for (header, expected) in cases {
        for path in [JOBS, LOG] {
            let mut request = Request::get(path);
            if let Some(header) = header {
                request = request.header("authorization", header);
            }
            assert_eq!(stage.ask(request, None).await.status.as_u16(), expected, "{path} with {header:?}");
        }
    }
}

#[tokio::test]
async fn whether_it_is_alive_anybody_may_ask() {
    let stage = Stage::new().await;
    assert_eq!(stage.ask(Request::get("/healthz"), None).await.good()["status"], "ok");
}
