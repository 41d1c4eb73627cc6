//! Who may change what: every route, by every way to hold permissions.

use api::Access;
use api::access::{Roles, Verifier};
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use testkit::issuer::{Issuer, SigningKey};

use crate::stage::{Stage, noon};

/// What a route asks for, with the scope that a refusal names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    ToWrite,
    ToUpload,
    ForLogs,
}

impl Asks {
    fn scope(self) -> &'static str {
        match self {
            Self::ToWrite => "Synchronization.ReadWrite.All",
            Self::ToUpload => "SynchronizationData-User.Upload",
            Self::ForLogs => "ProvisioningLog.Read.All",
        }
    }
}

/// Every route that changes something. What is sent is nothing that could be done: who may is refused with 400 or 404.
const ROUTES: [(Method, &str, Asks); 29] = [
    (Method::POST, "/v1.0/applicationTemplates/none/instantiate", Asks::ToWrite),
    (Method::POST, "/v1.0/applications", Asks::ToWrite),
    (Method::PUT, "/v1.0/applications/none", Asks::ToWrite),
    (Method::PATCH, "/v1.0/applications/none", Asks::ToWrite),
    (Method::DELETE, "/v1.0/applications/none", Asks::ToWrite),
    (Method::DELETE, "/v1.0/servicePrincipals/none", Asks::ToWrite),
    (Method::PUT, "/v1.0/servicePrincipals/none/synchronization/secrets", Asks::ToWrite),
    (Method::POST, "/v1.0/servicePrincipals/none/synchronization/jobs", Asks::ToWrite),
    (Method::DELETE, "/v1.0/servicePrincipals/none/synchronization/jobs/j", Asks::ToWrite),
    (Method::POST, "/v1.0/servicePrincipals/none/synchronization/jobs/j/start", Asks::ToWrite),
    (Method::POST, "/v1.0/servicePrincipals/none/synchronization/jobs/j/pause", Asks::ToWrite),
    (Method::POST, "/v1.0/servicePrincipals/none/synchronization/jobs/j/restart", Asks::ToWrite),
    (Method::POST, "/v1.0/servicePrincipals/none/synchronization/jobs/j/validateCredentials", Asks::ToWrite),
    (Method::POST, "/v1.0/servicePrincipals/none/synchronization/jobs/j/provisionOnDemand", Asks::ToWrite),
    (Method::PUT, "/v1.0/servicePrincipals/none/synchronization/jobs/j/schema", Asks::ToWrite),
    (Method::PATCH, "/v1.0/servicePrincipals/none/synchronization/jobs/j/schema", Asks::ToWrite),
    (Method::DELETE, "/v1.0/servicePrincipals/none/synchronization/jobs/j/schema", Asks::ToWrite),
    (
        Method::POST,
        "/v1.0/servicePrincipals/none/synchronization/jobs/j/schema/parseExpression",
        Asks::ToWrite,
    ),
    (
        Method::POST,
        "/v1.0/servicePrincipals/none/synchronization/jobs/j/schema/directories/d/discover",
        Asks::ToWrite,
    ),
    (Method::POST, "/v1.0/servicePrincipals/none/synchronization/jobs/j/heldRemovals/approve", Asks::ToWrite),
    (Method::POST, "/v1.0/servicePrincipals/none/synchronization/jobs/j/heldRemovals/reject", Asks::ToWrite),
    (Method::POST, "/v1.0/servicePrincipals/none/synchronization/jobs/j/escrows/retry", Asks::ToWrite),
    (Method::POST, "/v1.0/servicePrincipals/none/synchronization/jobs/j/plans", Asks::ToWrite),
    (Method::POST, "/v1.0/servicePrincipals/none/synchronization/jobs/j/plans/p/apply", Asks::ToWrite),
    (
        Method::DELETE,
        "/v1.0/servicePrincipals/none/synchronization/jobs/j/objectConnections('o')",
        Asks::ToWrite,
    ),
    (Method::POST, "/v1.0/servicePrincipals/none/appRoleAssignedTo", Asks::ToWrite),
    (Method::DELETE, "/v1.0/servicePrincipals/none/appRoleAssignedTo/a", Asks::ToWrite),
    (Method::POST, "/v1.0/servicePrincipals/none/synchronization/jobs/j/bulkUpload", Asks::ToUpload),
    (Method::POST, "/v1.0/auditLogs/provisioning/exports", Asks::ForLogs),
];

/// Every way to hold permissions or roles, with what it opens.
fn table() -> Vec<(Value, &'static [Asks])> {
    let administrator: &[Asks] = &[Asks::ToWrite, Asks::ToUpload, Asks::ForLogs];
    let reader: &[Asks] = &[Asks::ForLogs];
    let mut table = vec![
        (json!({}), [].as_slice()),
        (json!({ "scp": "AuditLog.Read.All Directory.Read.All" }), reader),
        (json!({ "groups": ["Application Administrator", "Synchronization.ReadWrite.All"] }), &[]),
    ];
    let permissions: [(&str, &[Asks]); 6] = [
        ("Synchronization.ReadWrite.All", &[Asks::ToWrite]),
        ("Synchronization.Read.All", &[]),
        ("SynchronizationData-User.Upload", &[Asks::ToUpload]),
        ("ProvisioningLog.Read.All", reader),
        ("Application.ReadWrite.OwnedBy", &[]),
        ("User.Read", &[]),
    ];
    for (name, opens) in permissions {
        table.push((json!({ "scp": format!("openid {name}") }), opens));
        table.push((json!({ "roles": [name] }), opens));
    }
    let roles: [(&str, &[Asks]); 7] = [
        ("Application Administrator", administrator),
        ("Cloud Application Administrator", administrator),
        ("Hybrid Identity Administrator", administrator),
        ("Reports Reader", reader),
        ("Security Reader", reader),
        ("Global Reader", reader),
        ("Helpdesk Administrator", &[]),
    ];
    table.extend(roles.map(|(name, opens)| (json!({ "roles": [name] }), opens)));
    table
}

/// An issuer, and a stage that takes its tokens.
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
        let clock = stage.context.clock.clone();
        let verifier = Verifier::new(issuer.url(), audience, Roles::default(), clock).unwrap();
        Self { stage, access: Access::tokens(verifier), issuer, key }
    }

    async fn ask(&self, method: &Method, path: &str, body: &Value, claims: &Value) -> crate::stage::Answer {
        // The stage's clock goes on with every request.
        let end = noon().as_second() + 360_000;
        let mut all = json!({ "iss": self.issuer.url(), "aud": "rollcall", "sub": "somebody", "exp": end });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let request = Request::builder().method(method).uri(path).header("host", "rollcall.example");
        let request = request.header("authorization", format!("Bearer {}", self.key.token(&all).unwrap()));
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.stage.answer_to(self.access.clone(), request.body(body).unwrap()).await
    }
}

#[tokio::test]
async fn each_route_opens_to_its_permissions_and_roles_and_to_no_others() {
    let cloud = Cloud::new().await;
    for (claims, opens) in table() {
        for (method, path, asks) in &ROUTES {
            let answer = cloud.ask(method, path, &Value::Null, &claims).await;
            if opens.contains(asks) {
                let status = answer.status.as_u16();
                assert!(
                    matches!(status, 400 | 404),
                    "{method} {path} with {claims}: {status} {:#}",
                    answer.body
                );
            } else {
                let challenge = format!(r#"Bearer error="insufficient_scope", scope="{}""#, asks.scope());
                assert_eq!(answer.headers["www-authenticate"], challenge, "{method} {path} with {claims}");
                answer.refused(403);
            }
        }
    }
}

#[tokio::test]
async fn an_owner_changes_the_application_they_own_and_no_other_and_makes_none() {
    let cloud = Cloud::new().await;
    let mut owned = cloud.stage.document();
    owned["owners"] = json!(["somebody"]);
    cloud.stage.post("/v1.0/applications", &owned).await.is(201);
    let mut other = cloud.stage.document();
    other["application"] = json!("Other");
    cloud.stage.post("/v1.0/applications", &other).await.is(201);
    let change = json!({ "schedule": { "interval": "1h" } });
    let nothing = json!({});
    let patch = |name: &str| format!("/v1.0/applications/{name}");
    cloud.ask(&Method::PATCH, &patch("Ledgerly"), &change, &nothing).await.is(204);
    cloud.ask(&Method::PATCH, &patch("Other"), &change, &nothing).await.refused(403);
    cloud.ask(&Method::PATCH, &patch("none"), &change, &nothing).await.refused(403);
    cloud.ask(&Method::POST, "/v1.0/applications", &cloud.stage.document(), &nothing).await.refused(403);
    cloud.ask(&Method::POST, "/v1.0/checkups", &Value::Null, &nothing).await.refused(403);
    let (_, job) = cloud.stage.paths("Ledgerly").await;
    cloud.ask(&Method::POST, &format!("{job}/pause"), &Value::Null, &nothing).await.is(204);
    assert_eq!(cloud.stage.audits().await[0].by_id, "somebody");
    assert_eq!(cloud.stage.stored("Other").await.version, 1);
}
