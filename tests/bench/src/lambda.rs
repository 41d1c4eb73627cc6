//! As much of AWS around a function as it takes to see when it does what: Lambda's Runtime API, which hands it one
//! request after the other, and a way to the tables that tells when it is first taken.

use std::collections::VecDeque;
use std::io;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What a function was seen doing.
#[derive(Debug)]
pub(crate) enum Seen {
    /// It opened its first connection to the tables.
    Connected,
    /// It asked for a request, and was given one.
    Asked,
    /// It answered.
    Answered(Bytes),
    /// It said that it cannot.
    Failed(Bytes),
}

/// When it was seen doing so.
pub(crate) type Moments = UnboundedReceiver<(Instant, Seen)>;

#[derive(Clone)]
struct Shared {
    /// Still to be handed out.
    requests: Arc<Mutex<VecDeque<Value>>>,
    seen: UnboundedSender<(Instant, Seen)>,
}

/// The surroundings of one process.
pub(crate) struct Surroundings {
    /// The address of the Runtime API, without a scheme.
    pub(crate) api: String,
    /// The tables' URL.
    pub(crate) tables: String,
    pub(crate) moments: Moments,
}

impl Surroundings {
    /// Hands out these requests, one after the other; `tables` is where the tables really are.
    pub(crate) async fn start(tables: &str, requests: Vec<Value>) -> anyhow::Result<Self> {
        let (seen, moments) = unbounded_channel();
        let shared = Shared { requests: Arc::new(Mutex::new(requests.into())), seen };
        let api = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let way = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let there = tables.strip_prefix("http://").context("the tables are not on loopback")?.to_owned();
        let surroundings = Self {
            api: api.local_addr()?.to_string(),
            tables: format!("http://{}", way.local_addr()?),
            moments,
        };
        tokio::spawn(lead(way, there, shared.seen.clone()));
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .route("/2018-06-01/runtime/init/error", post(failed))
            .with_state(shared);
        tokio::spawn(axum::serve(api, routes).into_future());
        Ok(surroundings)
    }

    /// The function's binary that lies beside this program, to be started here as Lambda starts it. What else its
    /// environment holds is the caller's to add.
    pub(crate) fn command(&self, function: &str) -> anyhow::Result<Command> {
        let program = std::env::current_exe()?.with_file_name(function);
        ensure!(
            program.exists(),
            "there is no {}: build it with `cargo build --release -p {function}`",
            program.display()
        );
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", &self.api)
            .env("AWS_LAMBDA_FUNCTION_NAME", function)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
            .env("AWS_REGION", "local")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("AWS_ENDPOINT_URL", &self.tables)
            .env("ROLLCALL_TABLE_PREFIX", store::tables::DEFAULT_PREFIX)
            .stdout(Stdio::null());
        Ok(command)
    }
}

/// Bytes of a function's binary as Lambda is given it: packed as a zip packs it.
pub(crate) fn packed_size(function: &str) -> anyhow::Result<u64> {
    let mut binary = std::fs::File::open(std::env::current_exe()?.with_file_name(function))?;
    let mut packed = flate2::write::DeflateEncoder::new(io::sink(), flate2::Compression::default());
    io::copy(&mut binary, &mut packed)?;
    packed.try_finish()?;
    Ok(packed.total_out())
}

impl Shared {
    /// Whoever looked went away when nobody takes it.
    fn tell(&self, seen: Seen) {
        let _ = self.seen.send((Instant::now(), seen));
    }
}

async fn next(State(shared): State<Shared>) -> Response {
    let request = shared.requests.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    // There is none until the process is ended.
    let Some(request) = request else { return std::future::pending().await };
    shared.tell(Seen::Asked);
    let headers = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        // In the year 2100.
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:local:000000000000:function:query"),
    ];
    (headers, request.to_string()).into_response()
}

async fn answered(State(shared): State<Shared>, body: Bytes) -> StatusCode {
    shared.tell(Seen::Answered(body));
    StatusCode::ACCEPTED
}

async fn failed(State(shared): State<Shared>, body: Bytes) -> StatusCode {
    shared.tell(Seen::Failed(body));
    StatusCode::ACCEPTED
}

/// Leads connections to the tables.
async fn lead(way: TcpListener, there: String, seen: UnboundedSender<(Instant, Seen)>) {
    let mut first = true;
    while let Ok((mut here, _)) = way.accept().await {
        if std::mem::take(&mut first) {
            let _ = seen.send((Instant::now(), Seen::Connected));
        }
        let there = there.clone();
        tokio::spawn(async move {
            let mut there = TcpStream::connect(there).await?;
            // Otherwise what is small waits for what comes next.
            here.set_nodelay(true)?;
            there.set_nodelay(true)?;
            tokio::io::copy_bidirectional(&mut here, &mut there).await
        });
    }
}
