//! aws-ses-v2-local, from npm: a second stand-in for SES, of another make than ministack's.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::cloud::PATIENCE;
use crate::support::{free_port, tls};

/// A running one; it ends with the value.
pub(super) struct SecondSes {
    process: Child,
    url: String,
    client: Client,
    threads: Runtime,
    _folder: TempDir,
}

impl SecondSes {
    pub(super) fn start() -> Self {
        tls();
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let program =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/ses/node_modules/.bin/aws-ses-v2-local");
        let log = File::create(folder.path().join("log")).unwrap();
        let process = Command::new(program)
            .args(["--host", "127.0.0.1", "--port", &port])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("aws-ses-v2-local cannot be started ({error}): run tests/run"));
        let threads = Runtime::new().unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let ses = Self { process, url, client: Client::new(), threads, _folder: folder };
        let until = Instant::now() + PATIENCE;
        while ses.store().is_none() {
            assert!(Instant::now() < until, "aws-ses-v2-local does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        ses
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    fn store(&self) -> Option<Value> {
        let asked = self.client.get(format!("{}/store", self.url));
        self.threads.block_on(async { asked.send().await.ok()?.json().await.ok() })
    }

    /// The mails it took.
    pub(super) fn mails(&self) -> Vec<Value> {
        self.store().expect("it answers")["emails"].as_array().unwrap().clone()
    }
}

impl Drop for SecondSes {
    fn drop(&mut self) {
        // Fails when it ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
