//! A real incident, from the changed password to the mail that names the call: a directory and an app that others wrote, our
//! own cycles, events, mails. Only the time is the test's.

use std::sync::Arc;

use async_trait::async_trait;
use connectors::application::Application;
use engine::cycle::Request;
use engine::job::{Event, JobState};
use engine::model::JobId;
use engine::ports::{Clock, Unobserved};
use jiff::{SignedDuration, Timestamp};
use notifier::{Calls, Folder, Notifier, Place, Sender};
use runtime::bus::Bus;
use runtime::clock::SystemIds;
use runtime::metrics::Metrics;
use runtime::secrets::Secrets;
use store::embedded::Embedded;
use store::{DynamoStore, StoredApplication, TableNames, Worker};
use sync::context::{Context, Exports, RESERVE};
use sync::cycle::run_slice;
use sync::records::Records;
use tempfile::TempDir;
use testkit::servers::slapd::{self, PEOPLE, SERVICE_DN, SERVICE_PASSWORD, Slapd};
use testkit::time::TestClock;
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::stage::{Mail, read_all};
use crate::support::{AppServer, Make, TOKEN, tls};

/// The bus, as short as it can be.
struct ToNotifier {
    notifier: Notifier,
    clock: Arc<TestClock>,
}

#[async_trait]
impl Bus for ToNotifier {
    async fn put(&self, events: &[Event]) -> anyhow::Result<()> {
        // The bus delivers at least once.
        for event in events.iter().chain(events) {
            self.notifier.tell(event, self.clock.now()).await?;
        }
        Ok(())
    }

    async fn wake(&self, _: &[JobId], _: Timestamp) -> anyhow::Result<()> {
        Ok(())
    }
}

/// A directory, an app, and who keeps them in step.
struct Company {
    directory: Slapd,
    app: AppServer,
    folder: TempDir,
    clock: Arc<TestClock>,
    context: Context,
    notifier: Notifier,
    stored: StoredApplication,
    threads: Runtime,
    _engine: Embedded,
}

impl Company {
    fn start() -> Self {
        tls();
        let directory = Slapd::start(&slapd::Options { people: 5, ..Default::default() });
        let directory = directory.unwrap_or_else(|error| panic!("{error}"));
        let app = AppServer::start(Make::Scim2Server);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), SERVICE_PASSWORD).unwrap();
        std::fs::write(folder.path().join("token"), TOKEN).unwrap();
        let document = document(directory.url().as_ref(), app.base(), folder.path());
        let document = Application::from_yaml(&document, "ledgerly.yaml").unwrap();
        assert!(document.check().is_ok());
        let stored = StoredApplication {
            id: "0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b".to_owned(),
            name: "Ledgerly".to_owned(),
            version: 1,
            document: serde_json::to_value(document).unwrap(),
            job: JobId::new("scim.ledgerly"),
        };
        let threads = Runtime::new().unwrap();
        let clock = Arc::new(TestClock::at("2026-03-02T09:00:00Z".parse().unwrap()));
        let (engine, store) = threads.block_on(tables(&stored, clock.now()));
        let sender = Sender { from: "rollcall@tessera.example".parse().unwrap(), reply_to: None };
        let outbox = Arc::new(Folder::new(folder.path().join("outbox"), sender));
        let place = Place::parse("https://rollcall.tessera.example").unwrap();
        let notifier =
            Notifier::new(store.clone(), outbox, Calls::new(Secrets::new(clock.clone())), Some(place));
        let context = Context {
            store,
            bus: Arc::new(ToNotifier { notifier: notifier.clone(), clock: clock.clone() }),
            secrets: Secrets::new(clock.clone()),
            clock: clock.clone(),
            ids: Arc::new(SystemIds),
            s3: None,
            work: folder.path().join("work"),
            exports: Exports::Folder(folder.path().join("exports")),
            tenant: Uuid::from_u128(1),
            reserve: RESERVE,
            metrics: Metrics::default(),
            records: Records::printed(),
        };
        Self { directory, app, folder, clock, context, notifier, stored, threads, _engine: engine }
    }

    /// So many hours pass, with a turn of the notifier's schedule in each.
    fn hours_pass(&self, hours: i64) {
        for _ in 0..hours {
            self.clock.advance(SignedDuration::from_hours(1));
            self.threads.block_on(self.notifier.flush(self.clock.now())).unwrap();
        }
    }

    /// A cycle; whether it went through.
    fn cycle(&self) -> bool {
        let request = Request::default();
        let slice = run_slice(&self.context, &self.stored, &request, &Unobserved);
        self.threads.block_on(slice).is_ok()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn mails(&self) -> Vec<Mail> {
        read_all(&self.folder.path().join("outbox"))
    }
}

async fn tables(stored: &StoredApplication, now: Timestamp) -> (Embedded, DynamoStore) {
    let engine = Embedded::open(None).await.unwrap();
    store::tables::create(&engine.client(), &TableNames::default()).await.unwrap();
    let worker = Worker { owner: "sync".to_owned(), boot: None };
    let store = DynamoStore::new(engine.client(), TableNames::default(), worker);
    store.create_job(&stored.job, &JobState::new(now)).await.unwrap();
    store.save_application(stored, None).await.unwrap();
    (engine, store)
}

fn document(directory: &str, app: &str, secrets: &std::path::Path) -> String {
    let secrets = secrets.display();
    format!(
        r#"application: Ledgerly
source:
  ldap:
    url: {directory}
    bindDn: {SERVICE_DN}
    password: "file:{secrets}/password"
    users: {{ base: "{PEOPLE}" }}
target:
  scim: {{ url: "{app}", token: "file:{secrets}/token" }}
users:
  attributes:
    - {{ target: userName, source: mail, matchingPriority: 1 }}
    - {{ target: active, expression: "Not([IsSoftDeleted])" }}
    - {{ target: displayName, source: cn }}
schedule: {{ interval: 24h }}
notification: {{ to: [it-ops@tessera.example], overdueIntervals: 10 }}
"#
    )
}

#[test]
fn a_changed_password_and_a_changed_token_are_each_one_mail_that_names_the_call_and_one_all_clear() {
    let mut company = Company::start();
    assert!(company.cycle());
    assert_eq!(company.app.users().len(), 5);
    company.hours_pass(1);

    // Somebody changes the password of the account that reads the directory.
    company.directory.directory().set(SERVICE_DN, "userPassword", &["changed-in-the-night"]).unwrap();
    assert!(!company.cycle());
    let first = company.mails();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].subject, "[Rollcall] Ledgerly: quarantined - the source refused the credentials");
    for words in [
        "did not accept the bind account",
        "(bind as ",
        SERVICE_DN,
        "https://rollcall.tessera.example/applications/0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b",
    ] {
        assert!(first[0].text.contains(words), "{words} in {}", first[0].text);
    }
    company.hours_pass(1);
    assert!(!company.cycle());
    // It is put where the file points.
    company.write("password", "changed-in-the-night");
    company.hours_pass(1);
    assert!(company.cycle());
    company.hours_pass(21);
    assert_eq!(company.mails().len(), 1, "23 hours after the first");
    company.hours_pass(1);
    assert_eq!(company.mails().len(), 2);
    let all_clear = company.mails().pop().unwrap();
    assert_eq!(all_clear.subject, "[Rollcall] Ledgerly: recovered - cycles run again");
    assert!(company.cycle());

    // A day later the app gets another token. Nobody changed since: the daily probe finds out.
    company.hours_pass(25);
    company.app.starts_anew_with("renewed-token");
    assert!(!company.cycle());
    let third = company.mails().pop().unwrap();
    assert_eq!(third.subject, "[Rollcall] Ledgerly: quarantined - the app refused the credentials");
    for words in ["Call: GET /", "answered with 401", "/logs?application=", "/v1.0/servicePrincipals/"] {
        assert!(third.text.contains(words), "{words} in {}", third.text);
    }
    company.hours_pass(1);
    assert!(!company.cycle());
    company.write("token", "renewed-token");
    assert!(company.cycle());
    company.hours_pass(22);
    assert_eq!(company.mails().len(), 3);
    company.hours_pass(1);
    assert_eq!(company.mails().len(), 4);
    assert!(company.mails().pop().unwrap().subject.contains("recovered"));
    for mail in company.mails() {
        for secret in [SERVICE_PASSWORD, "changed-in-the-night", TOKEN, "renewed-token"] {
            assert!(!mail.text.contains(secret), "{secret} in {}", mail.text);
        }
    }
}
