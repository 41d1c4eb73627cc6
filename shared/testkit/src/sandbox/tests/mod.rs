//! The sandbox as its clients see it: over HTTP, through a real client.

mod control;
mod faults;
mod groups;
mod lists;
mod resources;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::schema::{GROUP_URN, USER_URN};
use super::*;

/// A sandbox and a client that carries its token.
struct Visitor {
    sandbox: Sandbox,
    client: Client,
}

impl Visitor {
    async fn new(settings: Settings) -> Self {
        // A second test of the process finds the provider installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(settings).await.expect("a free port");
        Self { sandbox, client: Client::builder().no_proxy().build().expect("a client") }
    }

    async fn with_faults(faults: Faults) -> Self {
        Self::new(Settings { faults, ..Settings::default() }).await
    }

    async fn with_quirks(quirks: Quirks) -> Self {
        Self::new(Settings { quirks, ..Settings::default() }).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.sandbox.base_url());
        self.client.request(method, url).bearer_auth(self.sandbox.token())
    }

    async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.expect("an answer")
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Response {
        self.request(method, path).json(body).send().await.expect("an answer")
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        self.send(Method::POST, path, body).await
    }

    /// Creates a user and gives back its resource.
    async fn create(&self, user_name: &str) -> Value {
        let response = self.post("/Users", &user(user_name)).await;
        assert_eq!(response.status(), 201, "{user_name}");
        response.json().await.expect("a resource")
    }

    async fn patch(&self, resource: &Value, operations: Value) -> Response {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations,
        });
        self.send(Method::PATCH, &path_of(resource), &body).await
    }

    fn seed(&self, count: usize) {
        let users = (0..count)
            .map(|number| json!({ "userName": format!("u{number:03}"), "externalId": format!("E{number}") }));
        self.sandbox.seed(users.collect()).expect("seeded");
    }
}

fn user(user_name: &str) -> Value {
    json!({ "schemas": [USER_URN], "userName": user_name })
}

fn path_of(resource: &Value) -> String {
    let kind = if resource["meta"]["resourceType"] == "Group" { "Groups" } else { "Users" };
    format!("/{kind}/{}", resource["id"].as_str().expect("an id"))
}

async fn body(response: Response) -> Value {
    response.json().await.expect("a JSON body")
}

/// The status and the `scimType` of a refusal, after a look at its form.
async fn refusal(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/scim+json");
    let error = body(response).await;
    assert_eq!(error["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(error["status"], json!(status.to_string()));
    assert!(error["detail"].is_string());
    (status, error["scimType"].as_str().unwrap_or_default().to_owned())
}
