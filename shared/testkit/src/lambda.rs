//! Lambda's Runtime API on loopback
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>): a function's own binary runs as it does on AWS.
//!
//! In: invocations, handed out one after the other. Out: when the function asked for one, and how each ended.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;

/// The id of every request.
pub const REQUEST: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

/// The trace that every request belongs to.
pub const TRACE: &str = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1";

/// What a function told Lambda.
#[derive(Debug)]
pub enum Told {
    /// It is ready, and was given an invocation.
    Ready,
    /// Its answer.
    Answered(Bytes),
    /// Its error, at its start or in an invocation.
    Failed(Bytes),
}

/// The Runtime API of one process.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
}

struct Shared {
    waiting: Mutex<VecDeque<Value>>,
    hears: Box<dyn Fn(Told) + Send + Sync>,
}

impl RuntimeApi {
    /// Hands out these invocations, and then none: whoever asks for more waits.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(
        invocations: Vec<Value>,
        hears: impl Fn(Told) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Shared { waiting: Mutex::new(invocations.into()), hears: Box::new(hears) };
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .route("/2018-06-01/runtime/init/error", post(failed))
            .with_state(Arc::new(shared));
        tokio::spawn(axum::serve(listener, routes).into_future());
        Ok(Self { address })
    }

    /// A function's binary, to be started here with the environment that Lambda gives to all. What it holds besides is the
    /// caller's to add.
    #[must_use]
    pub fn command(&self, program: &Path, function: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", self.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", function)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", function)
            .env("AWS_LAMBDA_LOG_STREAM_NAME", function)
            .env("AWS_REGION", "local");
        command
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let invocation = shared.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let Some(invocation) = invocation else { return std::future::pending().await };
    (shared.hears)(Told::Ready);
    let headers = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", REQUEST),
        ("lambda-runtime-trace-id", TRACE),
        // In the year 2100.
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:local:000000000000:function:function"),
    ];
    (headers, invocation.to_string()).into_response()
}

async fn answered(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    (shared.hears)(Told::Answered(body));
    StatusCode::ACCEPTED
}

async fn failed(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    (shared.hears)(Told::Failed(body));
    StatusCode::ACCEPTED
}
