//! A TCP proxy on loopback that misbehaves on request.
//!
//! In: a server's address, and a [`Fault`] that can be changed while it runs. Out: an address that passes bytes on
//! until the fault strikes. The fault of the moment when a connection is made is that connection's fault.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The connection breaks after this many bytes from the server.
    CutAfter(u64),
    /// After this many bytes from the server nothing comes any more; the connection stays open.
    HangAfter(u64),
    /// Connections are closed as soon as they are made.
    Refuse,
}

/// A running proxy; gone when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    fault: Arc<Mutex<Fault>>,
    passed: Arc<Mutex<u64>>,
    connections: JoinHandle<()>,
}

impl Proxy {
    /// Passes everything on to `server`, for now.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn to(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (fault, passed) = (Arc::new(Mutex::new(Fault::None)), Arc::new(Mutex::new(0)));
        let connections = tokio::spawn(accept(listener, server, Arc::clone(&fault), Arc::clone(&passed)));
        Ok(Self { address, fault, passed, connections })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What goes wrong with connections made from now on.
    pub fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Bytes that came from the server so far and were passed on.
    #[must_use]
    pub fn passed(&self) -> u64 {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.connections.abort();
    }
}

async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    fault: Arc<Mutex<Fault>>,
    passed: Arc<Mutex<u64>>,
) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let fault = *fault.lock().unwrap_or_else(PoisonError::into_inner);
        if fault != Fault::Refuse {
            connections.spawn(converse(client, server, fault, Arc::clone(&passed)));
        }
    }
}

/// An error ends the connection, which is all that can be done about it.
async fn converse(
    client: TcpStream,
    server: SocketAddr,
    fault: Fault,
    passed: Arc<Mutex<u64>>,
) -> io::Result<()> {
    let server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    tokio::select! {
        done = tokio::io::copy(&mut from_client, &mut to_server) => done.map(drop),
        done = answer(from_server, to_client, fault, &passed) => done,
    }
}

/// Passes the server's bytes on until the fault strikes.
async fn answer(
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    fault: Fault,
    passed: &Mutex<u64>,
) -> io::Result<()> {
    let mut left = match fault {
        Fault::CutAfter(bytes) | Fault::HangAfter(bytes) => bytes,
        Fault::None | Fault::Refuse => u64::MAX,
    };
    let mut buffer = [0; 4096];
    loop {
        let read = server.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        let wanted = read.min(usize::try_from(left).unwrap_or(usize::MAX));
        client.write_all(&buffer[..wanted]).await?;
        left -= wanted as u64;
        *passed.lock().unwrap_or_else(PoisonError::into_inner) += wanted as u64;
        if left == 0 {
            if matches!(fault, Fault::HangAfter(_)) {
                std::future::pending::<()>().await;
            }
            return Ok(());
        }
    }
}
