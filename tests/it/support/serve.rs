//! `rollcall serve` as a process, and waiting for what it does unattended.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Office;

/// The longest that `serve` takes for anything here, on a machine that builds something meanwhile.
const PATIENCE: Duration = Duration::from_secs(100);

/// A running `rollcall serve`; killed with the value.
pub(crate) struct Serve {
    process: Child,
    log: PathBuf,
}

impl Serve {
    /// Starts it over the office's data, and waits until it serves: other commands would take the folder first.
    #[track_caller]
    pub(crate) fn start(office: &Office) -> Self {
        let path = office.path("serve.log");
        let log = File::create(&path).expect("a file can be made");
        let process = office
            .command(&["serve"])
            .stdout(log.try_clone().expect("a file can be shared"))
            .stderr(Stdio::from(log))
            .spawn()
            .expect("the command can be started");
        let mut serve = Self { process, log: path };
        eventually("serve says that it serves", || {
            serve.still_runs();
            serve.said().contains("Rollcall serves")
        });
        serve
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Everything it printed.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).expect("the log can be read")
    }

    /// Ends it as a power cut does.
    pub(crate) fn cut(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to end, and waits until it has, in good order. What it said.
    #[track_caller]
    pub(crate) fn end(mut self, signal: &str) -> String {
        let id = self.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().expect("a signal can be sent");
        assert!(sent.success());
        let ended = self.process.wait().expect("a process can be waited for");
        assert_eq!(ended.code(), Some(0), "{}", self.said());
        self.said()
    }

    #[track_caller]
    pub(crate) fn still_runs(&mut self) {
        let ended = self.process.try_wait().expect("a process can be asked");
        assert_eq!(ended, None, "serve ended and said: {}", self.said());
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "waited {} s in vain until {what}", PATIENCE.as_secs());
        sleep(Duration::from_millis(20));
    }
}
