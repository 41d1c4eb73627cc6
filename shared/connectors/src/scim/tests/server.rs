//! A server that answers by script and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};

/// One scripted answer.
#[derive(Clone)]
pub(super) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    wait: Duration,
}

impl Reply {
    pub(super) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::raw(status, body.to_string()).header("content-type", "application/scim+json")
    }

    pub(super) fn raw(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), wait: Duration::ZERO }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn after(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }
}

/// What arrived.
#[derive(Debug, Clone)]
pub(super) struct Arrived {
    /// `GET /scim/Users?startIndex=1`
    pub(super) line: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Arrived {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Script {
    /// The `ServiceProviderConfig`.
    offer: Option<serde_json::Value>,
    replies: Mutex<VecDeque<Reply>>,
    arrived: Mutex<Vec<Arrived>>,
}

/// The running server.
pub(super) struct Server {
    script: Arc<Script>,
    address: std::net::SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Starts a server that gives these answers one after the other, and 418 when there are no more.
    /// Questions for `ServiceProviderConfig` are answered 404 outside the script.
    pub(super) async fn start<const N: usize>(replies: [Reply; N]) -> Self {
        Self::run(Script { replies: Mutex::new(replies.into()), ..Script::default() }).await
    }

    /// The same with a `ServiceProviderConfig`.
    pub(super) async fn offering<const N: usize>(offer: serde_json::Value, replies: [Reply; N]) -> Self {
        Self::run(Script { offer: Some(offer), replies: Mutex::new(replies.into()), ..Script::default() })
            .await
    }

    async fn run(script: Script) -> Self {
        let script = Arc::new(script);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { script, address, task }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/scim", self.address)
    }

    pub(super) fn arrived(&self) -> Vec<Arrived> {
        self.script.arrived.lock().unwrap().clone()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.arrived().into_iter().map(|arrived| arrived.line).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(script): State<Arc<Script>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if parts.uri.path().ends_with("/ServiceProviderConfig") {
        let answer = Response::builder().status(if script.offer.is_some() { 200 } else { 404 });
        return answer
            .body(script.offer.as_ref().map_or(Body::empty(), |offer| offer.to_string().into()))
            .unwrap();
    }
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    script.arrived.lock().unwrap().push(Arrived {
        line: format!("{} {}", parts.method, parts.uri),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let reply = script.replies.lock().unwrap().pop_front().unwrap_or_else(|| Reply::raw(418, ""));
    tokio::time::sleep(reply.wait).await;
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(reply.body)).unwrap()
}
