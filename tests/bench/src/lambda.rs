//! As much of AWS around a function as it takes to see when it does what: Lambda's Runtime API, which hands it one
//! request after the other, and a way to the tables that tells when it is first taken.

use std::io;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, ensure};
use serde_json::Value;
use testkit::lambda::{RuntimeApi, Told};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// What a function was seen doing.
#[derive(Debug)]
pub(crate) enum Seen {
    /// It opened its first connection to the tables.
    Connected,
    /// It told Lambda something.
    Told(Told),
}

/// When it was seen doing so.
pub(crate) type Moments = UnboundedReceiver<(Instant, Seen)>;

/// The surroundings of one process.
pub(crate) struct Surroundings {
    api: RuntimeApi,
    /// The tables' URL.
    tables: String,
    pub(crate) moments: Moments,
}

impl Surroundings {
    /// Hands out these requests, one after the other; `tables` is where the tables really are.
    pub(crate) async fn start(tables: &str, requests: Vec<Value>) -> anyhow::Result<Self> {
        let (seen, moments) = unbounded_channel();
        // Whoever looked went away when nobody takes it.
        let see = move |what| drop(seen.send((Instant::now(), what)));
        let told = see.clone();
        let api = RuntimeApi::start(requests, move |what| told(Seen::Told(what))).await?;
        let way = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let there = tables.strip_prefix("http://").context("the tables are not on loopback")?.to_owned();
        let tables = format!("http://{}", way.local_addr()?);
        tokio::spawn(lead(way, there, move || see(Seen::Connected)));
        Ok(Self { api, tables, moments })
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
        let mut command = self.api.command(&program, function);
        command
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

/// Leads connections to the tables.
async fn lead(way: TcpListener, there: String, first_taken: impl Fn()) {
    let mut first = true;
    while let Ok((mut here, _)) = way.accept().await {
        if std::mem::take(&mut first) {
            first_taken();
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
