//! The data folder: one process keeps the engine in it, further ones join that one.
//!
//! In: a folder. Out: the endpoint of a DynamoDB engine that serves it. Promised: two processes never open the same
//! database file; whoever comes second is told where the first one listens.
//!
//! | File | Holds |
//! |---|---|
//! | `lock` | nothing; locked by the process whose engine serves the folder |
//! | `running.json` | that process's id, its endpoint, and the start of its engine |
//! | `token` | what `serve`'s API asks for, anew at each start |
//! | `rollcall.db` | everything remembered (SQLite) |
//! | `work/` | private copies of source files |
//! | `outbox/` | mails about trouble, a file each |

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use store::embedded::Embedded;
use uuid::Uuid;

use crate::exit::Refusal;

/// A folder in use.
pub(crate) struct DataDir {
    path: PathBuf,
    running: Running,
    /// The engine and the lock, when this process is the one that serves the folder. Declared in the order in which
    /// they are given up.
    _served: Option<(Embedded, File)>,
}

/// Who serves the folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Running {
    pid: u32,
    endpoint: String,
    boot: Uuid,
    /// Whether it is `rollcall serve`, which does not pass by itself.
    #[serde(default)]
    for_good: bool,
}

/// How often, and how long apart, to look for the endpoint of a process that has just locked the folder: opening a
/// database takes milliseconds, seconds when it has to be recovered.
const PATIENCE: (u32, Duration) = (100, Duration::from_millis(100));

impl DataDir {
    /// Serves the folder, or joins the process that does.
    pub(crate) async fn open(path: &Path) -> anyhow::Result<Self> {
        make_private(path)?;
        let path = path.canonicalize().with_context(|| format!("cannot use {}", path.display()))?;
        for _ in 0..PATIENCE.0 {
            if let Some(lock) = try_lock(&path)? {
                return serve(path, lock, false).await;
            }
            if let Some(running) = read_running(&path).await {
                return Ok(Self { path, running, _served: None });
            }
            tokio::time::sleep(PATIENCE.1).await;
        }
        anyhow::bail!(
            "{} is locked by another process that does not answer; end it, or choose another folder with --data-dir",
            path.display()
        )
    }

    /// Serves the folder for good, and nobody else may. A passing command that has it now is waited for, briefly.
    pub(crate) async fn own(path: &Path) -> anyhow::Result<Self> {
        make_private(path)?;
        let path = path.canonicalize().with_context(|| format!("cannot use {}", path.display()))?;
        let mut holder = "another process".to_owned();
        for _ in 0..PATIENCE.0 {
            if let Some(lock) = try_lock(&path)? {
                return serve(path, lock, true).await;
            }
            if let Some(running) = read_running(&path).await {
                holder = format!("process {}", running.pid);
                if running.for_good {
                    break;
                }
            }
            tokio::time::sleep(PATIENCE.1).await;
        }
        let problem = format!(
            "{} is served by {holder} already; one is enough, and rollcall status shows what it does. End that process, or choose another folder with --data-dir",
            path.display()
        );
        Err(Refusal(problem).into())
    }

    /// A file of the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.running.endpoint
    }

    /// The start of the engine that serves the folder.
    pub(crate) fn boot(&self) -> Uuid {
        self.running.boot
    }

    /// Where private copies of source files lie.
    pub(crate) fn work(&self) -> PathBuf {
        self.path.join("work")
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        if self._served.is_some() {
            // Whoever opens the folder next looks at the lock first; a file that stays behind misleads nobody.
            let _ = fs::remove_file(self.path.join("running.json"));
        }
    }
}

/// Makes a folder for this user alone: it holds names and addresses of people, or what opens them.
pub(crate) fn make_private(path: &Path) -> anyhow::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).with_context(|| format!("cannot make the folder {}", path.display()))
}

fn try_lock(path: &Path) -> anyhow::Result<Option<File>> {
    let name = path.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&name);
    let file = file.with_context(|| format!("cannot open {}", name.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", name.display()))
        }
    }
}

async fn serve(path: PathBuf, lock: File, for_good: bool) -> anyhow::Result<DataDir> {
    // Whoever served the folder before is gone, and so is what it wrote here.
    let _ = fs::remove_file(path.join("running.json"));
    let database = path.join("rollcall.db");
    let engine = Embedded::open(Some(&database)).await;
    let engine = engine.with_context(|| format!("cannot open {}", database.display()))?;
    let running = Running {
        pid: std::process::id(),
        endpoint: engine.endpoint().to_owned(),
        boot: runtime::clock::new_id(),
        for_good,
    };
    let text = serde_json::to_vec(&running)?;
    let draft = path.join("running.json.new");
    fs::write(&draft, text).and_then(|()| fs::rename(&draft, path.join("running.json")))?;
    Ok(DataDir { path, running, _served: Some((engine, lock)) })
}

/// Who serves the folder, when somebody answers at the endpoint that is written down.
async fn read_running(path: &Path) -> Option<Running> {
    let text = fs::read(path.join("running.json")).ok()?;
    let running: Running = serde_json::from_slice(&text).ok()?;
    let address = running.endpoint.strip_prefix("http://")?;
    tokio::net::TcpStream::connect(address).await.ok()?;
    Some(running)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_comes_second_joins_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::open(folder.path()).await.unwrap();
        let second = DataDir::open(folder.path()).await.unwrap();
        assert_eq!(second.endpoint(), first.endpoint());
        assert_eq!(second.boot(), first.boot());
    }

    #[tokio::test]
    async fn a_folder_left_behind_is_served_again_by_another_start() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::open(folder.path()).await.unwrap().boot();
        let second = DataDir::open(folder.path()).await.unwrap();
        assert_ne!(second.boot(), first);
    }

    #[tokio::test]
    async fn a_folder_that_is_served_for_good_is_refused_at_once_to_whoever_wants_it_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::own(folder.path()).await.unwrap();
        let refused = DataDir::own(folder.path()).await.err().unwrap();
        assert!(refused.is::<Refusal>());
        assert!(refused.to_string().contains(&format!("process {}", std::process::id())), "{refused}");
        assert_eq!(DataDir::open(folder.path()).await.unwrap().endpoint(), first.endpoint());
    }

    #[tokio::test]
    async fn a_note_of_a_process_that_died_misleads_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let dead =
            r#"{"pid":1,"endpoint":"http://127.0.0.1:1","boot":"00000000-0000-0000-0000-000000000000"}"#;
        fs::write(folder.path().join("running.json"), dead).unwrap();
        let opened = DataDir::open(folder.path()).await.unwrap();
        assert_ne!(opened.endpoint(), "http://127.0.0.1:1");
    }
}
