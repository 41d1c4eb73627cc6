//! SCIM servers that others wrote, as apps to provision into.
//!
//! Their state is read back with plain requests of the test's own, never through Rollcall.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::office::{Office, Person};
use super::{free_port, scim2, scimmy, tls};

/// The token that the servers know.
pub(crate) const TOKEN: &str = "app-server-token";

/// The longest a server takes to answer on a machine that builds something meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Make {
    Scim2Server,
    Scimmy,
}

impl Make {
    fn command(self, port: &str, token: &str) -> Command {
        match self {
            Self::Scim2Server => scim2::command(port, token),
            Self::Scimmy => scimmy::command(port, token),
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Scim2Server => scim2::PATH,
            Self::Scimmy => scimmy::PATH,
        }
    }
}

/// A running server; it ends with the value.
pub(crate) struct AppServer {
    make: Make,
    process: Child,
    port: String,
    /// The one it knows now.
    token: String,
    base: String,
    client: Client,
    threads: Runtime,
    folder: TempDir,
}

impl AppServer {
    #[track_caller]
    pub(crate) fn start(make: Make) -> Self {
        // The servers cannot be given port 0, and a port that was free a moment ago may be taken by now.
        let tries = 5;
        (0..tries)
            .find_map(|_| Self::try_start(make))
            .unwrap_or_else(|| panic!("{make:?} does not start at any of five free ports"))
    }

    fn try_start(make: Make) -> Option<Self> {
        tls();
        let folder = tempfile::tempdir().expect("a folder can be made");
        let port = free_port();
        let process = launch(make, &port, TOKEN, &folder);
        let threads = Runtime::new().expect("threads can be started");
        let base = format!("http://127.0.0.1:{port}{}", make.path());
        let token = TOKEN.to_owned();
        let mut server = Self { make, process, port, token, base, client: Client::new(), threads, folder };
        server.comes_up().then_some(server)
    }

    /// Starts it again at the same place, with nobody in it, for whoever knows another token.
    #[track_caller]
    pub(crate) fn starts_anew_with(&mut self, token: &str) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.token = token.to_owned();
        self.process = launch(self.make, &self.port, token, &self.folder);
        assert!(self.comes_up(), "{:?} does not start again at its port", self.make);
    }

    /// Waits until it answers; `false` when it ended instead.
    fn comes_up(&mut self) -> bool {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if self.ask(Method::GET, "/Users?count=1&by=test", None).is_some() {
                return true;
            }
            if self.process.try_wait().is_ok_and(|ended| ended.is_some()) {
                return false;
            }
            sleep(Duration::from_millis(50));
        }
        panic!("{:?} does not answer; it says: {}", self.make, self.log())
    }

    /// Where its SCIM service begins.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// An office with an application file for this app, applied.
    #[track_caller]
    pub(crate) fn office(&self, people: &[Person]) -> Office {
        let office = Office::with_app(&self.base, TOKEN);
        office.people(people);
        office.apply();
        office
    }

    /// Everyone who has an account, as the server shows them, in the order of their names.
    #[track_caller]
    pub(crate) fn users(&self) -> Vec<Value> {
        self.all("Users", "userName")
    }

    /// How many have an account.
    #[track_caller]
    pub(crate) fn count(&self) -> usize {
        let list = self.ask(Method::GET, "/Users?count=1&by=test", None).expect("the server lists its Users");
        usize::try_from(list["totalResults"].as_u64().expect("a total")).expect("a count")
    }

    /// Every group with its members, as the server shows them, in the order of their names.
    #[track_caller]
    pub(crate) fn groups(&self) -> Vec<Value> {
        self.all("Groups", "displayName")
    }

    #[track_caller]
    fn all(&self, collection: &str, name: &str) -> Vec<Value> {
        let list = self.ask(Method::GET, &format!("/{collection}?count=1000&by=test"), None);
        let list = list.unwrap_or_else(|| panic!("the server does not list its {collection}"));
        let mut all = list["Resources"].as_array().cloned().unwrap_or_default();
        assert_eq!(list["totalResults"], all.len(), "one page holds all");
        all.sort_by_key(|resource| resource[name].to_string());
        all
    }

    /// The only account.
    #[track_caller]
    pub(crate) fn only_user(&self) -> Value {
        match self.users().as_slice() {
            [one] => one.clone(),
            users => panic!("there should be one account: {users:#?}"),
        }
    }

    /// Makes an account behind Rollcall's back.
    #[track_caller]
    pub(crate) fn create(&self, user: &Value) -> Value {
        self.ask(Method::POST, "/Users", Some(user)).expect("the server takes the user")
    }

    /// Makes a group behind Rollcall's back.
    #[track_caller]
    pub(crate) fn create_group(&self, group: &Value) -> Value {
        self.ask(Method::POST, "/Groups?by=test", Some(group)).expect("the server takes the group")
    }

    /// Puts an account into a group behind Rollcall's back.
    #[track_caller]
    pub(crate) fn put_into(&self, group: &Value, account: &Value) {
        let path = format!("/Groups/{}?by=test", group["id"].as_str().expect("a group has an id"));
        let member = json!({ "op": "add", "path": "members", "value": [{ "value": account["id"] }] });
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
        let body = json!({ "schemas": schemas, "Operations": [member] });
        self.ask(Method::PATCH, &path, Some(&body)).expect("the server takes the member");
    }

    /// The requests that arrived, as the server logged them, the test's own aside.
    #[track_caller]
    pub(crate) fn heard(&self) -> Vec<String> {
        // It logs a request after it answered: once the last one is in the log, so are those before it.
        let before = self.log().matches("by=heard").count();
        self.ask(Method::GET, "/Users?count=1&by=heard", None).expect("the server lists its users");
        let until = Instant::now() + PATIENCE;
        while self.log().matches("by=heard").count() == before && Instant::now() < until {
            sleep(Duration::from_millis(10));
        }
        self.log().lines().filter(|line| !line.contains("by=")).map(str::to_owned).collect()
    }

    /// Holds it where it stands: it answers nobody, and what arrives waits.
    pub(crate) fn stop(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on after [`AppServer::stop`].
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let told = Command::new("kill").args([name, &self.process.id().to_string()]).status();
        assert!(told.is_ok_and(|status| status.success()), "{:?} does not take {name}", self.make);
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("the log can be read")
    }

    /// `None` when it did not answer, or not with success.
    fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Option<Value> {
        let request = self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.header("Content-Type", "application/scim+json").body(body.to_string()),
            None => request,
        };
        let answer =
            self.threads.block_on(async { request.send().await?.error_for_status()?.text().await }).ok()?;
        // A PATCH may be answered with 204 and nothing.
        if answer.is_empty() { Some(Value::Null) } else { serde_json::from_str(&answer).ok() }
    }
}

fn launch(make: Make, port: &str, token: &str, folder: &TempDir) -> Child {
    let log = File::create(folder.path().join("log")).expect("a file can be made");
    make.command(port, token)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a file can be shared"))
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("{make:?} cannot be started ({error}): run tests/run"))
}

impl Drop for AppServer {
    fn drop(&mut self) {
        // Fails when it ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A thing that tests/run installed.
#[track_caller]
pub(super) fn installed(below_tools: &Path) -> PathBuf {
    let there = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools").join(below_tools);
    assert!(
        there.exists(),
        "a server that this test provisions into is not installed ({} is missing): run tests/run, which installs it",
        there.display()
    );
    there
}
