//! Who may ask what.

use api::Access;
use api::access::{Roles, Verifier};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use testkit::issuer::{Issuer, SigningKey};

use crate::stage::{Answer, LOG, Stage, noon};

const ALL: &str = "/v1.0/servicePrincipals";
const LEDGERLY: &str = "/v1.0/servicePrincipals/Ledgerly";
const JOBS: &str = "/v1.0/servicePrincipals/Ledgerly/synchronization/jobs";
const JOB: &str =
    "/v1.0/servicePrincipals/Ledgerly/synchronization/jobs/scim.t.0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b";
const CYCLES: &str = "/v1.0/servicePrincipals/Ledgerly/synchronization/jobs/scim.t.0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b/cycles";
const ESCROWS: &str = "/v1.0/servicePrincipals/Ledgerly/synchronization/jobs/scim.t.0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b/escrows";
const REMOVALS: &str = "/v1.0/servicePrincipals/Ledgerly/synchronization/jobs/scim.t.0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b/heldRemovals";

/// Whose id stands in the document of the stage's second application.
const OWNER: &str = "nadia-1";

/// A stage whose API takes the tokens of an issuer, and what signs them.
struct Cloud {
    stage: Stage,
    access: Access,
    issuer: Issuer,
    key: SigningKey,
}

impl Cloud {
    async fn new() -> Self {
        let key = SigningKey::new("ES256", "one").unwrap();
        let issuer = Issuer::start(&[&key]).await.unwrap();
        let stage = Stage::new().await;
        let audience = vec!["rollcall".to_owned()];
        let verifier = Verifier::new(issuer.url(), audience, Roles::default(), stage.clock.clone()).unwrap();
        Self { stage, access: Access::tokens(verifier), issuer, key }
    }

    /// Asks with a token that holds these claims besides what every token holds.
    async fn get(&self, path: &str, claims: &Value) -> Answer {
        let end = noon().as_second() + 3600;
        let mut all = json!({ "iss": self.issuer.url(), "aud": "rollcall", "sub": "somebody", "exp": end });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        self.get_with(path, &self.key.token(&all).unwrap()).await
    }

    async fn get_with(&self, path: &str, token: &str) -> Answer {
        let request = Request::get(path).header("host", "rollcall.example");
        let request = request.header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
        self.stage.answer(self.access.clone(), request).await
    }
}

/// What a route asks for, with the scope that a refusal names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    ForJobs,
    ForLogs,
}

impl Asks {
    fn scope(self) -> &'static str {
        match self {
            Self::ForJobs => "Synchronization.Read.All",
            Self::ForLogs => "ProvisioningLog.Read.All",
        }
    }
}

/// Every route that reads.
const ROUTES: [(&str, Asks); 28] = [
    (ALL, Asks::ForJobs),
    (LEDGERLY, Asks::ForJobs),
    (JOBS, Asks::ForJobs),
    (JOB, Asks::ForJobs),
    (CYCLES, Asks::ForJobs),
    (ESCROWS, Asks::ForJobs),
    (REMOVALS, Asks::ForJobs),
    ("/v1.0/servicePrincipals/Ledgerly/synchronization", Asks::ForJobs),
    ("/v1.0/servicePrincipals/Ledgerly/synchronization/templates", Asks::ForJobs),
    ("/v1.0/servicePrincipals/Ledgerly/synchronization/templates/scim", Asks::ForJobs),
    ("/v1.0/servicePrincipals/Ledgerly/synchronization/templates/scim/schema", Asks::ForJobs),
    ("/v1.0/applications/Ledgerly/synchronization/templates", Asks::ForJobs),
    (
        "/v1.0/servicePrincipals/Ledgerly/synchronization/jobs/scim.t.0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b/schema",
        Asks::ForJobs,
    ),
    (
        "/v1.0/servicePrincipals/Ledgerly/synchronization/jobs/scim.t.0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b/schema/functions",
        Asks::ForJobs,
    ),
    (
        "/v1.0/servicePrincipals/Ledgerly/synchronization/jobs/scim.t.0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b/schema/filterOperators",
        Asks::ForJobs,
    ),
    (
        "/v1.0/servicePrincipals/Ledgerly/synchronization/jobs/scim.t.0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b/objectConnections/nobody",
        Asks::ForJobs,
    ),
    (
        "/v1.0/servicePrincipals/Ledgerly/synchronization/jobs/scim.t.0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b/plans/8c9d0c86-6a3f-5d0a-9b60-0d7f6c1b2a3d",
        Asks::ForJobs,
    ),
    (
        "/v1.0/servicePrincipals/Ledgerly/synchronization/jobs/scim.t.0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b/plans/8c9d0c86-6a3f-5d0a-9b60-0d7f6c1b2a3d/operations",
        Asks::ForLogs,
    ),
    ("/v1.0/servicePrincipals/Ledgerly/synchronization/secrets", Asks::ForJobs),
    ("/v1.0/servicePrincipals/Ledgerly/appRoleAssignedTo", Asks::ForJobs),
    ("/v1.0/applications/Ledgerly", Asks::ForJobs),
    ("/v1.0/operations/8c9d0c86-6a3f-5d0a-9b60-0d7f6c1b2a3d", Asks::ForJobs),
    ("/v1.0/auditLogs/directoryAudits", Asks::ForLogs),
    ("/v1.0/auditLogs/provisioning/download?$format=json", Asks::ForLogs),
    ("/v1.0/auditLogs/provisioning/exports/8c9d0c86-6a3f-5d0a-9b60-0d7f6c1b2a3d", Asks::ForLogs),
    ("/v1.0/auditLogs/provisioning/exports/8c9d0c86-6a3f-5d0a-9b60-0d7f6c1b2a3d/content", Asks::ForLogs),
    (LOG, Asks::ForLogs),
    ("/v1.0/auditLogs/provisioning/8c9d0c86-6a3f-5d0a-9b60-0d7f6c1b2a3d", Asks::ForLogs),
];

/// Every way to hold permissions or roles, with what it opens.
fn table() -> Vec<(Value, &'static [Asks])> {
    let both: &[Asks] = &[Asks::ForJobs, Asks::ForLogs];
    let permissions: [(&str, &[Asks]); 8] = [
        ("Synchronization.Read.All", &[Asks::ForJobs]),
        ("Synchronization.ReadWrite.All", &[Asks::ForJobs]),
        ("ProvisioningLog.Read.All", &[Asks::ForLogs]),
        ("AuditLog.Read.All", &[]),
        ("Directory.Read.All", &[]),
        ("SynchronizationData-User.Upload", &[]),
        ("Application.ReadWrite.OwnedBy", &[]),
        ("User.Read", &[]),
    ];
    let roles: [(&str, &str, &[Asks]); 7] = [
        ("Reports Reader", "4a5d8f65-41da-4de4-8968-e035b65339cf", both),
        ("Security Reader", "5d6b6bb7-de71-4623-b4af-96380a352509", both),
        ("Global Reader", "f2ef992c-3afb-46b9-b7cf-a126ee74c451", both),
        ("Application Administrator", "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", both),
        ("Cloud Application Administrator", "158c047a-c907-4556-b7ef-446551a6b5f7", both),
        ("Hybrid Identity Administrator", "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", both),
        ("Helpdesk Administrator", "729827e3-9c14-49f7-bb1b-9608f156bbb8", &[]),
    ];
    let mut table = vec![
        (json!({}), [].as_slice()),
        (json!({ "scp": "AuditLog.Read.All Directory.Read.All" }), &[Asks::ForLogs]),
        (json!({ "roles": ["Synchronization.Read.All", "ProvisioningLog.Read.All"] }), both),
        (json!({ "groups": ["Reports Reader", "ProvisioningLog.Read.All"] }), &[]),
    ];
    for (name, opens) in permissions {
        table.push((json!({ "scp": format!("openid {name}") }), opens));
        table.push((json!({ "roles": [name] }), opens));
    }
    for (name, id, opens) in roles {
        table.push((json!({ "roles": [name] }), opens));
        table.push((json!({ "wids": [id] }), opens));
    }
    table
}

#[tokio::test]
async fn each_route_opens_to_its_permissions_and_roles_and_to_no_others() {
    let cloud = Cloud::new().await;
    for (claims, opens) in table() {
        for (path, asks) in ROUTES {
            let answer = cloud.get(path, &claims).await;
            if opens.contains(&asks) {
                // There is no record, no plan and nobody of that id.
                let status = answer.status.as_u16();
                assert!(matches!(status, 200 | 404), "{path} with {claims}: {status} {:#}", answer.body);
            } else {
                let message = answer.refused(403, "Authorization_RequestDenied");
                assert!(message.contains(asks.scope()) && message.contains("somebody"), "{message}");
                let challenge = format!(r#"Bearer error="insufficient_scope", scope="{}""#, asks.scope());
                assert_eq!(answer.headers["www-authenticate"], challenge, "{path} with {claims}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_that_does_not_open_opens_no_route() {
    let cloud = Cloud::new().await;
    let end = noon().as_second() + 3600;
    let good = json!({
        "iss": cloud.issuer.url(), "aud": "rollcall", "sub": "somebody", "exp": end,
        "roles": ["Synchronization.ReadWrite.All", "ProvisioningLog.Read.All"],
    });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        cloud.key.token(&claims).unwrap()
    };
    let key = &cloud.key;
    let forgers = SigningKey::new("ES256", "one").unwrap();
    let confused = SigningKey::hs256(key.jwk().to_string().as_bytes(), "one");
    let unsigned = testkit::issuer::joined(&json!({ "alg": "none", "kid": "one" }), &good);
    let tokens = [
        ("forged", forgers.token(&good).unwrap()),
        ("another issuer's", with("iss", json!("https://issuer.example"))),
        ("for another audience", with("aud", json!("payroll"))),
        ("expired", with("exp", json!(noon().as_second() - 61))),
        ("not valid yet", with("nbf", json!(noon().as_second() + 61))),
        ("not signed", format!("{unsigned}.")),
        ("signed with the public key", confused.token(&good).unwrap()),
        ("of a key that is not known", SigningKey::new("ES256", "two").unwrap().token(&good).unwrap()),
        ("garbage", "e30.e30.e30".to_owned()),
        ("empty", String::new()),
    ];
    for (path, _) in ROUTES {
        assert_ne!(cloud.get_with(path, &key.token(&good).unwrap()).await.status, 401, "{path}");
        for (kind, token) in &tokens {
            let answer = cloud.get_with(path, token).await;
            answer.refused(401, "InvalidAuthenticationToken");
            let challenge = answer.headers["www-authenticate"].to_str().unwrap();
            assert!(challenge.starts_with(r#"Bearer error="invalid_token""#), "{kind}: {challenge}");
        }
        // Nothing was shown, so nothing was wrong with it.
        let answer =
            cloud.stage.answer(cloud.access.clone(), Request::get(path).body(Body::empty()).unwrap()).await;
        answer.refused(401, "InvalidAuthenticationToken");
        assert_eq!(answer.headers["www-authenticate"], "Bearer", "{path}");
    }
}

#[tokio::test]
async fn an_owner_sees_that_application_and_nothing_of_the_others() {
    let cloud = Cloud::new().await;
    cloud.stage.owned_by("Payroll", OWNER).await;
    let owner = json!({ "sub": OWNER });
    let payroll = LEDGERLY.replace("Ledgerly", "Payroll");
    let jobs = JOBS.replace("Ledgerly", "Payroll");
    let names = |answer: Value| -> Vec<Value> {
        answer["value"].as_array().unwrap().iter().map(|one| one["displayName"].clone()).collect()
    };
    assert_eq!(names(cloud.get(ALL, &owner).await.good()), ["Payroll"]);
    cloud.get(&payroll, &owner).await.good();
    cloud.get(&jobs, &owner).await.good();
    for path in [LEDGERLY, JOBS, ESCROWS, REMOVALS, CYCLES, "/v1.0/servicePrincipals/Nowhere"] {
        let answer = cloud.get(path, &owner).await;
        assert!(answer.refused(403, "Authorization_RequestDenied").contains("no owner"), "{path}");
    }
    // A permission for all of them wins, and being the program that an owner uses makes nobody one.
    let reader = json!({ "sub": OWNER, "scp": "Synchronization.Read.All" });
    assert_eq!(names(cloud.get(ALL, &reader).await.good()), ["Ledgerly", "Payroll"]);
    let other = json!({ "sub": "somebody", "client_id": OWNER, "azp": OWNER, "preferred_username": OWNER });
    cloud.get(&payroll, &other).await.refused(403, "Authorization_RequestDenied");
}

#[tokio::test]
async fn the_pages_of_an_owner_hold_each_application_of_theirs_once() {
    let cloud = Cloud::new().await;
    for name in ["b", "D", "a", "E", "c"] {
        cloud.stage.owned_by(name, OWNER).await;
        cloud.stage.owned_by(&format!("{name}-of-another"), "another").await;
    }
    let (mut path, mut pages) = (format!("{ALL}?$top=2"), Vec::new());
    loop {
        let page = cloud.get(&path, &json!({ "sub": OWNER })).await.good();
        let names = page["value"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["displayName"].as_str().unwrap().to_owned());
        pages.push(names.collect::<Vec<_>>());
        let Some(next) = page["@odata.nextLink"].as_str() else { break };
        path = next.strip_prefix("http://rollcall.example").unwrap().to_owned();
    }
    assert_eq!(pages, [vec!["a", "b"], vec!["c", "D"], vec!["E"]]);
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
        for (path, _) in ROUTES {
            let mut request = Request::get(path);
            if let Some(header) = header {
                request = request.header("authorization", header);
            }
            // Of what is not there, somebody who may ask is told so.
            let status = match stage.ask(request).await.status.as_u16() {
                404 => 200,
                other => other,
            };
            assert_eq!(status, expected, "{path} with {header:?}");
        }
    }
}

#[tokio::test]
async fn whether_it_is_alive_anybody_may_ask() {
    let stage = Stage::new().await;
    assert_eq!(stage.ask(Request::get("/healthz")).await.good()["status"], "ok");
}
