//! The DynamoDB engine inside the process: the laptop's database, and the tests'.
//!
//! In: a file, or nothing for one in memory. Out: an endpoint on the loopback interface that speaks DynamoDB, so that
//! the storage code is the same as in the cloud. It stops when it is dropped.
//!
//! # Guarantees
//! A write that was answered survives the death of the process. Items past their time are swept every ten minutes.
//!
//! # Assumptions
//! One process opens a file at a time: the caller holds the lock of the data directory. The endpoint asks for no
//! credentials, but listens on the loopback interface only.

mod seed;

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use dynoxide::Database;
use engine::ports::StoreError;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client;

/// Between two sweeps of expired items. Nothing depends on it but the size of the file; DynamoDB itself takes days.
const SWEEP: Duration = Duration::from_secs(600);

/// A running engine.
pub struct Embedded {
    endpoint: String,
    database: Database,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
    sweeper: JoinHandle<()>,
}

impl Embedded {
    /// Opens the file at `path`, made when absent, or an engine in memory, and serves it on a free port. Needs a tokio
    /// runtime, which serves it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be opened or no port is free.
    pub async fn open(path: Option<&Path>) -> Result<Self, StoreError> {
        let opening = || match path {
            Some(path) => format!("opening the database {}", path.display()),
            None => "opening a database in memory".to_owned(),
        };
        let database = match path {
            Some(path) => Database::new(&path.to_string_lossy()),
            None => Database::memory(),
        };
        let database = database.map_err(|error| StoreError::unavailable(opening(), error.to_string()))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(|error| StoreError::unavailable(opening(), error))?;
        let address = listener.local_addr().map_err(|error| StoreError::unavailable(opening(), error))?;

        let (stop, stopped) = oneshot::channel();
        Ok(Self {
            endpoint: format!("http://{address}"),
            database: database.clone(),
            stop: Some(stop),
            sweeper: tokio::spawn(sweep_every_so_often(database.clone())),
            server: Some(tokio::spawn(serve(listener, database, stopped))),
        })
    }

    /// Where it listens: what further commands on the same data directory connect to.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A client for it.
    #[must_use]
    pub fn client(&self) -> Client {
        client::for_endpoint(&self.endpoint)
    }

    /// Takes away items past their time, now.
    pub async fn sweep(&self) {
        sweep(self.database.clone()).await;
    }

    /// Stops it and waits until requests under way are answered.
    pub async fn close(mut self) {
        self.sweeper.abort();
        if let Some(stop) = self.stop.take() {
            // The receiver is gone when the server ended by itself: then there is nothing to stop.
            let _ = stop.send(());
        }
        if let Some(server) = self.server.take() {
            let _ = server.await;
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.sweeper.abort();
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

async fn serve(listener: TcpListener, database: Database, stopped: oneshot::Receiver<()>) {
    let stopped = async {
        let _ = stopped.await;
    };
    if let Err(error) = dynoxide::server::serve_with_shutdown(listener, database, stopped).await {
        tracing::error!(error, "the embedded database stopped");
    }
}

async fn sweep_every_so_often(database: Database) {
    loop {
        // Not at once: a command that is over in a moment would wait for the sweep.
        tokio::time::sleep(SWEEP).await;
        sweep(database.clone()).await;
    }
}

async fn sweep(database: Database) {
    match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
        Ok(Ok(0)) | Err(_) => {}
        Ok(Ok(items)) => tracing::debug!(items, "swept expired items"),
        Ok(Err(error)) => tracing::warn!(%error, "expired items could not be swept"),
    }
}
