//! The listener and its connections.
//!
//! In: TCP connections. Out: answers, or a connection that closes without one. Promise: answers leave at once
//! (`TCP_NODELAY`, so none waits 40 ms for an acknowledgement); when the task that runs [`accept`] is dropped, so
//! are its connections.
//!
//! hyper is used without `axum::serve` in between, because only a hyper service that fails makes a connection
//! close in the middle of a request.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::counters::Kind;
use super::gate::{Verdict, judge};
use super::shared::Shared;
use super::{control, routes};

/// Where the SCIM endpoints are.
pub(crate) const PREFIX: &str = "/scim/v2";

/// How long to wait when no connection can be taken, which is when the process has too many files open.
const BREATHER: Duration = Duration::from_millis(10);

/// Takes connections for as long as it is polled.
pub(crate) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let front = Arc::new(Front::new(shared));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(converse(stream, Arc::clone(&front))); }
                Err(error) => {
                    tracing::warn!(%error, "the sandbox could not take a connection");
                    tokio::time::sleep(BREATHER).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, front: Arc<Front>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let service = service_fn(move |request| {
        let front = Arc::clone(&front);
        async move { front.answer(request).await }
    });
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection to the sandbox ended early");
    }
}

/// What every connection speaks to.
struct Front {
    shared: Arc<Shared>,
    scim: TowerToHyperService<Router>,
    control: TowerToHyperService<Router>,
}

impl Front {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            scim: TowerToHyperService::new(routes::router(Arc::clone(&shared))),
            control: TowerToHyperService::new(control::router(Arc::clone(&shared))),
            shared,
        }
    }

    /// An error makes hyper close the connection without an answer.
    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response> {
        let uri = request.uri();
        if uri.path().starts_with("/_sandbox") {
            return self.control.call(request).await.map_err(io::Error::other);
        }
        let below = uri.path().strip_prefix(PREFIX).unwrap_or_default();
        let kind = Kind::of(request.method(), below, uri.query());
        let _under_way = self.shared.tally.arrived(kind);
        if !self.shared.settings.latency.is_zero() {
            tokio::time::sleep(self.shared.settings.latency).await;
        }
        match judge(&self.shared, kind, request.headers()) {
            Verdict::Answer(response) => Ok(response),
            Verdict::Hang(time) => {
                tokio::time::sleep(time).await;
                Err(unanswered())
            }
            Verdict::CarryOut { silently } => {
                let response = self.scim.call(request).await.map_err(io::Error::other)?;
                if silently { Err(unanswered()) } else { Ok(response) }
            }
        }
    }
}

fn unanswered() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "a fault of the sandbox: no answer")
}
