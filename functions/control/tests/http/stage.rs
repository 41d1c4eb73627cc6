//! Tables, an app, a file of people, and a caller.

use std::path::Path;
use std::sync::Arc;

use api::Access;
use api::frame::framed;
use api::token::Signer;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use control::http::{LARGEST_BODY, References, Settings, router, routes};
use control::vault::Folder;
use engine::cycle::{Ending, Request as CycleRequest};
use engine::job::CycleReport;
use engine::ports::Unobserved;
use jiff::{SignedDuration, Timestamp};
use logs::exports::Exports;
use runtime::ask::Worker as Asks;
use runtime::bus::LogBus;
use runtime::clock::SystemIds;
use runtime::metrics::Metrics;
use runtime::secrets::Secrets;
use serde_json::{Value, json};
use store::embedded::Embedded;
use store::{AuditEntry, DynamoStore, StoredApplication, TableNames, Worker};
use sync::ask::InProcess;
use sync::context::{Context, RESERVE};
use sync::cycle::run_slice;
use sync::records::Records;
use tempfile::TempDir;
use testkit::sandbox::{Sandbox, Settings as App};
use testkit::time::TestClock;
use tower::ServiceExt;
use uuid::Uuid;
use webconsole::Console;

pub(crate) const TOKEN: &str = "s3cret";

pub(crate) struct Stage {
    _engine: Embedded,
    pub(crate) folder: TempDir,
    pub(crate) app: Sandbox,
    pub(crate) context: Context,
    settings: Settings,
    clock: Arc<TestClock>,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let engine = Embedded::open(None).await.unwrap();
        let names = TableNames::with_prefix("api");
        store::tables::create(&engine.client(), &names).await.unwrap();
        let worker = Worker { owner: "api".to_owned(), boot: None };
        let store = DynamoStore::new(engine.client(), names, worker);
        let folder = tempfile::tempdir().unwrap();
        let people = "employeeId,userPrincipalName,displayName,accountEnabled\n\
                      1,nadia@x.example,Nadia Okoye,true\n2,ivo@x.example,Ivo Brandt,true\n";
        std::fs::write(folder.path().join("people.csv"), people).unwrap();
        let clock = Arc::new(TestClock::at(noon()));
        let context = Context {
            store: store.clone(),
            bus: Arc::new(LogBus),
            secrets: Secrets::new(clock.clone()),
            clock: clock.clone(),
            ids: Arc::new(SystemIds),
            s3: None,
            work: folder.path().join("work"),
            tenant: Uuid::from_u128(1),
            reserve: RESERVE,
            metrics: Metrics::default(),
            records: Records::printed(),
            exports: Exports::Folder(folder.path().join("exports")),
        };
        let settings = Settings {
            store,
            worker: Arc::new(InProcess(context.clone())),
            notifier: Arc::new(InProcess(context.clone())),
            vault: Arc::new(Folder(folder.path().join("vault"))),
            clock: clock.clone(),
            tenant: context.tenant,
            references: References::Any,
        };
        let app = Sandbox::start(App::default()).await.unwrap();
        Self { _engine: engine, folder, app, context, settings, clock }
    }

    /// The same stage, as on AWS: documents may not name what lies in the function's surroundings.
    pub(crate) fn managed(mut self) -> Self {
        self.settings.references = References::Managed;
        self
    }

    /// The same stage with another worker.
    pub(crate) fn with_worker(mut self, worker: Arc<dyn Asks>) -> Self {
        self.settings.worker = worker;
        self
    }

    /// The same stage with another who sends mail.
    pub(crate) fn with_notifier(mut self, notifier: Arc<dyn Asks>) -> Self {
        self.settings.notifier = notifier;
        self
    }

    /// A whole document: people out of the file, accounts in the app.
    pub(crate) fn document(&self) -> Value {
        let token = self.folder.path().join("token");
        std::fs::write(&token, self.app.token()).unwrap();
        json!({
            "application": "Ledgerly",
            "source": { "file": { "path": self.people(), "id": "employeeId", "enabled": "accountEnabled" } },
            "target": { "scim": { "url": self.app.base_url(), "token": format!("file:{}", token.display()) } },
            "users": { "attributes": [
                { "target": "userName", "source": "userPrincipalName", "matchingPriority": 1 },
                { "target": "displayName", "source": "displayName" },
                { "target": "active", "expression": "Not([IsSoftDeleted])" },
            ] },
        })
    }

    pub(crate) fn people(&self) -> std::path::PathBuf {
        let folder: &Path = self.folder.path();
        folder.join("people.csv")
    }

    /// Asks with the token of this process.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.ask_if(method, path, body, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path, body).await
    }

    /// Asks, if the version is this.
    pub(crate) async fn ask_if(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        version: Option<&str>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "rollcall.example")
            .header("authorization", format!("Bearer {TOKEN}"));
        if let Some(version) = version {
            request = request.header("if-match", version);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.answer(request.body(body).unwrap()).await
    }

    pub(crate) async fn answer(&self, request: Request<Body>) -> Answer {
        self.answer_to(Access::local(TOKEN.into(), "nadia".to_owned()), request).await
    }

    pub(crate) fn router(&self, access: Access) -> axum::Router {
        router(self.settings.clone(), access)
    }

    pub(crate) async fn answer_to(&self, access: Access, request: Request<Body>) -> Answer {
        // One thing after the other.
        self.clock.advance(SignedDuration::from_secs(1));
        let response = self.router(access).oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), 64 << 20).await.unwrap();
        Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or_default() }
    }

    /// The console over both sides of the API, as on a laptop, for whoever opens `/sign-in?token=`[`TOKEN`].
    pub(crate) fn console(&self) -> Router {
        let access = Access::local(TOKEN.into(), "nadia");
        let reads = query::http::Settings {
            access: access.clone(),
            clock: self.clock.clone(),
            signer: Signer::new(&[7; 32]),
            limited: false,
            exports: self.context.exports.clone(),
        };
        let api = query::http::routes(self.context.store.clone(), reads);
        let api = api.merge(routes(self.settings.clone(), access.clone())).served();
        let api = framed(api, self.clock.clone(), LARGEST_BODY);
        let console = Console::local(api, access, &[7; 32], self.clock.clone());
        webconsole::pages(console.clone()).merge(webconsole::forms(console))
    }

    /// An application of the whole document; its path below `servicePrincipals`, and its job's.
    pub(crate) async fn ledgerly(&self) -> (String, String) {
        let made = self.post("/v1.0/applications", &self.document()).await.is(201);
        self.paths(made["id"].as_str().unwrap()).await
    }

    pub(crate) async fn paths(&self, id: &str) -> (String, String) {
        let stored = self.stored(id).await;
        let principal = format!("/v1.0/servicePrincipals/{id}");
        let job = format!("{principal}/synchronization/jobs/{}", stored.job);
        (principal, job)
    }

    pub(crate) async fn stored(&self, id: &str) -> StoredApplication {
        let store = &self.context.store;
        match store.application(id).await.unwrap() {
            Some(stored) => stored,
            None => store.application_by_name(id).await.unwrap().unwrap(),
        }
    }

    /// Runs a cycle of the application to its end.
    pub(crate) async fn cycle(&self, name: &str) -> CycleReport {
        let stored = self.stored(name).await;
        match run_slice(&self.context, &stored, &CycleRequest::default(), &Unobserved).await.unwrap() {
            Ending::Completed(report) => *report,
            other => panic!("{other:?}"),
        }
    }

    /// The audit, the newest first.
    pub(crate) async fn audits(&self) -> Vec<AuditEntry> {
        self.context.store.audits(self.context.clock.now(), None, 100).await.unwrap().0
    }
}

impl Answer {
    /// Ends the test unless the answer has this status; its body.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        self.body
    }

    /// Ends the test unless the answer is this refusal; its message.
    #[track_caller]
    pub(crate) fn refused(self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        let error = &self.body["error"];
        assert!(error["code"].as_str().is_some_and(|code| !code.is_empty()), "{:#}", self.body);
        error["message"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}
