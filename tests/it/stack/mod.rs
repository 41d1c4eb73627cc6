//! template.yaml itself, deployed: CloudFormation makes tables, buckets, rules, the gateway and the functions in a stand-in for AWS
//! that others wrote. From then on only what a customer has is used: the inbox, a secret, HTTPS, and time. The schedule fires by
//! itself, so these tests take minutes, and nearly no processor.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::issuer::{Issuer, SigningKey};
use tokio::runtime::Runtime;

use crate::functions::cloud::{Answered, Cloud, REGION};
use crate::functions::event;
use crate::support::{AppServer, HEADER, Make, Person, TOKEN, application, function};

/// As the issue of a stack has it: enough for several slices, few enough for a slow app.
const PEOPLE: usize = 2_000;

/// A lease that ends, and two turns of the schedule, on a machine that builds something meanwhile.
const PATIENCE: Duration = Duration::from_secs(600);

/// How long an invocation of sync may take, in seconds: a slice of three, and what it keeps in reserve.
const INVOCATION: u32 = 13;

/// A token that works nowhere.
const STALE: &str = "canary-of-a-stale-token";

struct Stack {
    cloud: Cloud,
    outputs: Value,
    app: AppServer,
    issuer: Issuer,
    key: SigningKey,
    _threads: Runtime,
}

impl Stack {
    fn deploy() -> Self {
        let cloud = Cloud::start();
        let threads = Runtime::new().unwrap();
        let key = SigningKey::new("RS256", "one").unwrap();
        let issuer = threads.block_on(Issuer::start(&[&key])).unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let told = Command::new(here.join(".tools/infra-venv/bin/python"))
            .arg(here.join("infra/deploy.py"))
            .args([cloud.url(), REGION])
            .arg(function("sync").parent().expect("binaries lie in a folder"))
            .arg(INVOCATION.to_string())
            .args([
                format!("TokenIssuer={}", issuer.url()).as_str(),
                "TokenAudience=rollcall",
                "ReserveSeconds=10",
            ])
            .args([
                "ConsoleClientId=console",
                "MailIdentity=tessera.example",
                "MailSender=rollcall@tessera.example",
            ])
            .output()
            .unwrap_or_else(|error| panic!("the stack cannot be deployed ({error}): run tests/run"));
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        let outputs = serde_json::from_slice(&told.stdout).unwrap();
        cloud.verify("tessera.example");
        let app = AppServer::start(Make::Scim2Server);
        Self { cloud, outputs, app, issuer, key, _threads: threads }
    }

    fn output(&self, name: &str) -> &str {
        self.outputs[name].as_str().unwrap_or_else(|| panic!("no output {name} in {}", self.outputs))
    }

    /// Asks the gateway; with an administrator's token, or as anybody.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>, known: bool) -> Answered {
        let url = self.output("ApiUrl");
        let api =
            url.trim_start_matches("https://").split('.').next().expect("the address begins with an id");
        let claims = json!({
            "iss": self.issuer.url(), "aud": "rollcall", "sub": "ada", "exp": i64::MAX / 1_000_000,
            "scp": "Synchronization.ReadWrite.All ProvisioningLog.Read.All",
        });
        let token = known.then(|| self.key.token(&claims).unwrap());
        self.cloud.through_gateway(api, method, path, body, token.as_deref())
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        let Answered { status, body, .. } = self.ask("GET", path, None, true);
        assert_eq!(status, 200, "{path}: {body}\n{}", self.cloud.log());
        serde_json::from_str(&body).unwrap()
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        let Answered { status, body, .. } = self.ask("POST", path, Some(body), true);
        assert!((200..300).contains(&status), "{path}: {status} {body}\n{}", self.cloud.log());
        serde_json::from_str(&body).unwrap_or_default()
    }

    fn job(&self) -> Value {
        self.get("/v1.0/servicePrincipals/Ledgerly/synchronization/jobs")["value"][0].clone()
    }

    #[track_caller]
    fn wait_for<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(Instant::now() < until, "{what} does not come: {:#}\n{}", self.job(), self.cloud.log());
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

#[test]
fn a_stack_provisions_by_its_own_schedule_tells_of_it_and_writes_one_mail_when_it_is_locked_out() {
    let mut stack = Stack::deploy();
    let rows: Vec<String> = Person::many(PEOPLE).iter().map(Person::row).collect();
    let inbox = stack.output("InboxUrl").trim_start_matches("s3://").trim_end_matches('/').to_owned();
    stack.cloud.put_file(&inbox, "people.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    let secret = stack.cloud.store_secret("rollcall/ledgerly", TOKEN);
    let heard = stack.cloud.listen(stack.output("EventBusName"));

    // Configured by API, through the gateway.
    assert_eq!(stack.ask("GET", "/v1.0/servicePrincipals", None, false).status, 401);
    let document = application(stack.app.base())
        .replace("path: people.csv", &format!("path: \"s3://{inbox}/people.csv\""))
        .replace("env:TOKEN", &format!("secretsmanager:{secret}"));
    let mut document: Value = serde_saphyr::from_str(&document).unwrap();
    document["notification"] = json!({ "to": ["it-ops@tessera.example"] });
    let made = stack.post("/v1.0/applications", &document);
    let id = made["id"].as_str().unwrap().to_owned();

    // Its own schedule runs it, slice by slice, and goes on with it where a process died. That takes until the lease of the dead
    // one ends, some minutes, so it is for `tests/run --full`.
    if std::env::var_os("ROLLCALL_FULL").is_some() {
        stack.wait_for("half of a slice", || (stack.app.count() > 100).then_some(()));
        assert!(stack.cloud.kill("sync") > 0, "a slice runs");
    }
    stack.wait_for("the end of the cycle", || {
        (!stack.job()["status"]["lastExecution"].is_null()).then_some(())
    });
    assert_eq!(stack.app.count(), PEOPLE, "as the app itself counts them");
    let status = stack.job()["status"].clone();
    assert_eq!(status["lastExecution"]["figures"]["created"], PEOPLE, "{status:#}");
    let names = stack.cloud.heard(&heard);
    let slices = 1 + names.iter().filter(|name| *name == "Cycle Continues").count();
    assert!(slices >= 3, "{slices} slices: {names:?}");
    let found = stack.get("/v1.0/auditLogs/provisioning?$search=No1234");
    assert_eq!(found["value"][0]["sourceIdentity"]["id"], "E1234", "{found:#}");
    stack.wait_for("a line for each record", || {
        (stack.cloud.lines(stack.output("RecordLogGroup")).len() >= PEOPLE).then_some(())
    });

    // The app's token changes; the schedule finds out, and somebody is told once.
    stack.app.starts_anew_with(STALE);
    let start = |stack: &Stack| {
        let job = stack.job()["id"].as_str().unwrap().to_owned();
        stack.post(&format!("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/start"), &Value::Null);
    };
    start(&stack);
    let rows: Vec<String> = Person::many(PEOPLE + 1).iter().map(Person::row).collect();
    stack.cloud.put_file(&inbox, "people.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    stack.wait_for("the quarantine", || (stack.job()["status"]["code"] == "Quarantine").then_some(()));
    let mails = stack.wait_for("a mail", || Some(stack.cloud.mails()).filter(|mails| !mails.is_empty()));
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["To"], json!(["it-ops@tessera.example"]));
    let page = format!("{}/applications/{id}", stack.output("ApiUrl"));
    let text = mails[0]["BodyText"].as_str().unwrap();
    assert!(text.contains(&page) && text.contains("401"), "{text}");
    // Its link leads whoever is not signed in to the issuer.
    let led = stack.ask("GET", &format!("/applications/{id}"), None, false);
    let led = stack.ask("GET", &led.location, None, false);
    assert!(led.status == 303 && led.location.starts_with(stack.issuer.url()), "{led:?}");

    // The token is mended. Once the day is over, notifier's next turn tells that, too; it is not waited for.
    stack.app.starts_anew_with(TOKEN);
    let went_through = |stack: &Stack| stack.job()["status"]["lastExecution"]["state"] == "Succeeded";
    assert!(!went_through(&stack), "{:#}", stack.job());
    start(&stack);
    stack.wait_for("a cycle that goes through", || went_through(&stack).then_some(()));
    assert_eq!(stack.job()["status"]["code"], "Active");
    stack.cloud.put_mail_back_by_a_day(&id);
    let turn = event("aws.events", "Scheduled Event", &json!({}));
    for _ in 0..2 {
        let told = stack.cloud.invoke(stack.output("NotifierFunction"), &turn);
        assert!(!told.failed, "{told:?}");
    }
    let mails = stack.cloud.mails();
    let subjects: Vec<&str> = mails.iter().filter_map(|mail| mail["Subject"].as_str()).collect();
    assert_eq!(subjects.len(), 2, "{subjects:?}");
    assert!(subjects.iter().any(|subject| subject.contains("recovered")), "{subjects:?}");

    // No secret is anywhere it does not belong.
    let mut told = stack.cloud.every_line();
    told.push(json!(mails).to_string());
    told.push(stack.get(&format!("/v1.0/applications/{id}")).to_string());
    told.push(stack.cloud.table("rollcall-state"));
    for (place, text) in told.iter().enumerate() {
        for canary in [TOKEN, STALE] {
            assert!(!text.contains(canary), "{canary} in {place}: {text}");
        }
    }
}
