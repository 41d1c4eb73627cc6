//! Real directory servers for tests: each in a temporary folder of its own, on loopback, gone when it is dropped.
//!
//! In: options. Out: a server that answers, and the means to change what it holds as an administrator would.
//!
//! | File | What it is |
//! |---|---|
//! | [`slapd`] | OpenLDAP |
//! | [`samba`] | Samba as an Active Directory domain controller |
//! | `ldif` | writes to either with the tools of `ldap-utils` |
//! | `certificates` | an authority and a server certificate, made with `openssl` |
//! | [`proxy`] | stands between a client and a server, and cuts, hangs or refuses |
//!
//! **Guarantees.** A server is ready when `start` returns: that is found out by connecting. A missing program is an
//! error that names the Debian package. Nothing listens anywhere but on loopback.
//!
//! **Caveats.** The functions block, as a test may. A test that is killed rather than failed leaves its servers to
//! whoever killed it: nextest ends the whole process group.

mod certificates;
mod ldif;
pub mod proxy;
pub mod samba;
pub mod slapd;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub use ldif::{Directory, line};
pub use proxy::{Fault, Proxy};
pub use samba::Samba;
pub use slapd::Slapd;

/// How long a server may take until it answers, or until it has ended. It takes a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to wait between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Why a server could not be started or changed.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A program is not on this machine.
    #[error("missing: {program}. Install with: sudo apt-get install {package}")]
    Missing {
        /// The program looked for.
        program: &'static str,
        /// The Debian package it is in.
        package: &'static str,
    },
    /// A program ended with an error.
    #[error("{program} failed: {output}")]
    Failed {
        /// Which.
        program: String,
        /// What it printed.
        output: String,
    },
    /// A file or socket of the harness itself.
    #[error("{doing}: {error}")]
    Io {
        /// What was being done.
        doing: String,
        /// What came of it.
        error: io::Error,
    },
}

/// `Result` of this module.
pub type Result<T> = std::result::Result<T, ServerError>;

fn doing(what: impl Into<String>) -> impl FnOnce(io::Error) -> ServerError {
    move |error| ServerError::Io { doing: what.into(), error }
}

/// Finds a program; servers lie in folders that are not on everybody's path.
fn program(name: &'static str, package: &'static str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/libexec"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
        .ok_or(ServerError::Missing { program: name, package })
}

/// Runs a command to its end; its output when it succeeded.
fn run(command: &mut Command) -> Result<String> {
    let name =
        Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(doing(format!("starting {name}")))?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        return Ok(said(&output.stdout));
    }
    let said = format!("{} {}", said(&output.stdout), said(&output.stderr));
    Err(ServerError::Failed { program: name, output: end_of(&said).to_owned() })
}

/// The last 2000 letters: programs say last why they give up.
fn end_of(text: &str) -> &str {
    text.char_indices().rev().nth(2000).map_or(text, |(at, _)| &text[at..])
}

/// The first port given to servers. Above those of well-known services, and far below 32768, where Linux begins to take
/// ports for whoever asks for any and for the near ends of connections: those would be gone before a server starts.
const FIRST_PORT: u16 = 10_000;

/// Ports of one test: a few for each of its servers.
const PORTS_OF_A_TEST: u16 = 50;

/// Tests that run beside each other at most, each with ports of its own.
const TESTS: u16 = 400;

/// A port of loopback that nothing listens on, for a server of another program, which takes a number and no socket.
/// Tests that nextest runs at the same time get different ones, and so do calls in one process.
pub fn free_port() -> Result<u16> {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let slot = std::env::var("NEXTEST_TEST_GLOBAL_SLOT").ok().and_then(|slot| slot.parse::<u32>().ok());
    // Without nextest all tests of a binary are one process, and binaries run one after the other.
    let slot = slot.unwrap_or_else(std::process::id) % u32::from(TESTS);
    let first = FIRST_PORT + PORTS_OF_A_TEST * slot as u16;
    (0..PORTS_OF_A_TEST)
        .map(|_| first + GIVEN.fetch_add(1, Ordering::Relaxed) % PORTS_OF_A_TEST)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .ok_or_else(|| doing("looking for a free port")(io::ErrorKind::AddrInUse.into()))
}

/// A running server; killed when dropped.
struct Process {
    child: Child,
    name: &'static str,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with its output in `log`, and waits until something answers at `address`.
    fn start(name: &'static str, command: &mut Command, address: SocketAddr, log: &Path) -> Result<Self> {
        let open = || std::fs::File::options().create(true).append(true).open(log);
        let (out, err) =
            open().and_then(|file| Ok((file.try_clone()?, file))).map_err(doing("opening the log"))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(doing(format!("starting {name}")))?;
        let mut process = Self { child, name, log: log.to_owned() };
        process.wait_until("it answers", |process| {
            if process.ended()? {
                return Err(process.failure("it ended before it answered"));
            }
            // Should another process have been quicker to take the port, this one ends, and is seen to.
            Ok(TcpStream::connect_timeout(&address, BETWEEN_LOOKS).is_ok() && !process.ended()?)
        })?;
        Ok(process)
    }

    fn wait_until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> Result<bool>) -> Result<()> {
        let began = Instant::now();
        while !is_so(self)? {
            if began.elapsed() > PATIENCE {
                return Err(self.failure(&format!("waited {} s until {what}", PATIENCE.as_secs())));
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        Ok(())
    }

    fn ended(&mut self) -> Result<bool> {
        self.child.try_wait().map(|status| status.is_some()).map_err(doing("asking whether the server runs"))
    }

    fn failure(&self, what: &str) -> ServerError {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        ServerError::Failed {
            program: self.name.to_owned(),
            output: format!("{what}; its log ends: {}", end_of(&log)),
        }
    }

    /// Ends it as an administrator would, and waits until it has.
    fn stop(mut self) -> Result<()> {
        run(Command::new("kill").args(["-TERM", &self.child.id().to_string()]))?;
        self.wait_until("it ended", Self::ended)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
