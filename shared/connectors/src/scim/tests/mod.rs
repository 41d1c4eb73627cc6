//! The connector's behaviour as sentences: first what is pure, in tables, then whole calls against a scripted
//! server and against the sandbox.

mod answers;
mod bodies;
mod bulk;
mod configuration;
mod described;
mod extensions;
mod fallbacks;
mod filters;
mod groups;
mod lists;
mod managers;
mod members;
mod memberships;
mod pace;
mod paths;
mod reactivations;
mod refusals;
mod removals;
mod retries;
mod sandbox;
mod schema;
mod secrets;
mod server;
mod wire;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::model::{AttributeChange, Attributes, ObjectType, TargetId, Value};
use engine::ports::{Clock, Target, TargetError, TargetOperation};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::Value as Json;

use super::convert::write::{self, Lists, Style, Unwritable};
use super::{BulkUse, ManagerForm, ScimConfig, ScimTarget};

/// The token of every test; no error may show it.
const TOKEN: &str = "s3cret-t0ken";

const ENTERPRISE: &str = super::schema::ENTERPRISE;

const USER: ObjectType = ObjectType::User;
const GROUP: ObjectType = ObjectType::Group;

/// How users are written, unless a test says otherwise.
const PLAIN: Style = Style { kind: USER, manager: ManagerForm::Object };

fn create_body(attributes: &Attributes) -> Result<Json, Unwritable> {
    write::create_body(PLAIN, attributes)
}

fn patch_body(changes: &[AttributeChange], lists: Lists<'_>) -> Result<Option<Json>, Unwritable> {
    write::patch_body(PLAIN, changes, lists)
}

fn put_body(
    resource: &serde_json::Map<String, Json>,
    changes: &[AttributeChange],
) -> Result<Json, Unwritable> {
    write::put_body(PLAIN, resource, changes)
}

/// A clock that stands still, except that sleeping moves it at once. Remembers how long was slept.
pub(super) struct StillClock {
    now: Mutex<Timestamp>,
    slept: Mutex<Vec<Duration>>,
}

impl StillClock {
    fn new() -> Arc<Self> {
        let start = Timestamp::from_second(1_800_000_000).unwrap();
        Arc::new(Self { now: Mutex::new(start), slept: Mutex::default() })
    }

    fn slept(&self) -> Vec<u64> {
        self.slept.lock().unwrap().iter().map(Duration::as_secs).collect()
    }
}

#[async_trait::async_trait]
impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    async fn sleep(&self, wait: Duration) {
        self.slept.lock().unwrap().push(wait);
        let mut now = self.now.lock().unwrap();
        *now = now.checked_add(SignedDuration::try_from(wait).unwrap()).unwrap();
    }

    async fn tick(&self, _: Duration) {
        std::future::pending::<()>().await;
    }
}

fn config(url: &str) -> ScimConfig {
    serde_json::from_value(serde_json::json!({ "url": url, "token": "env:TOKEN", "bulk": "never" })).unwrap()
}

/// A target at a URL, without bulk, and its clock.
fn target_at(url: &str, token: &str) -> (ScimTarget, Arc<StillClock>) {
    target_with(&config(url), token)
}

fn bulk_target_at(url: &str, token: &str) -> (ScimTarget, Arc<StillClock>) {
    target_with(&ScimConfig { bulk: BulkUse::Auto, ..config(url) }, token)
}

fn target_with(config: &ScimConfig, token: &str) -> (ScimTarget, Arc<StillClock>) {
    let clock = StillClock::new();
    let target =
        ScimTarget::connect(config, SecretString::from(token), Arc::<StillClock>::clone(&clock)).unwrap();
    (target, clock)
}

fn attributes<const N: usize>(pairs: [(&str, Value); N]) -> Attributes {
    pairs.into_iter().map(|(path, value)| (path.to_owned(), value)).collect()
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn user(name: &str) -> Attributes {
    attributes([("userName", text(name)), ("active", Value::Boolean(true))])
}

fn change(path: &str, old: Option<&str>, new: &str) -> AttributeChange {
    AttributeChange { path: path.into(), old: old.map(Value::text), new: Some(text(new)), adds: false }
}

/// Clears what was there.
fn cleared(path: &str, old: &str) -> AttributeChange {
    AttributeChange { path: path.into(), old: Some(text(old)), new: None, adds: false }
}

/// A list as a whole, instead of what was there.
fn listed(path: &str, old: Option<Vec<Value>>, new: Vec<Value>) -> AttributeChange {
    AttributeChange { path: path.into(), old: old.map(Value::List), new: Some(Value::List(new)), adds: false }
}

/// Values that join those that are there.
fn joined(path: &str, new: Vec<Value>) -> AttributeChange {
    AttributeChange { adds: true, ..listed(path, None, new) }
}

/// A value with parts.
fn parts<const N: usize>(parts: [(&str, Value); N]) -> Value {
    Value::Complex(attributes(parts))
}

fn paths<const N: usize>(paths: [&str; N]) -> Vec<String> {
    paths.map(str::to_owned).to_vec()
}

/// Executes one operation.
async fn execute(target: &ScimTarget, operation: TargetOperation) -> Result<TargetId, TargetError> {
    let mut outcomes = target.execute(&[operation]).await;
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}
