//! template.yaml itself, deployed: CloudFormation makes tables, buckets, rules, the gateway and the functions in a stand-in for AWS
//! that others wrote. From then on only what a customer has is used: the inbox, a secret, HTTPS, and time. The schedule fires by
//! itself, so these tests take minutes, and nearly no processor.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::issuer::{Issuer, SigningKey};
use tokio::runtime::Runtime;

use crate::functions::cloud::{Answered, Cloud, Queue, REGION};
use crate::functions::event;
use crate::support::{AppServer, HEADER, Make, Person, TOKEN, application, function};

/// As the issue of a stack has it: enough for several slices, few enough for a slow app.
const PEOPLE: usize = 2_000;

/// A lease that ends, two turns of the schedule, and the slices of a cycle, on a machine that builds something meanwhile.
const PATIENCE: Duration = Duration::from_secs(600);

/// How long the app may take for an answer, in seconds. A dead worker's lease ends after four of these and three minutes.
const ANSWER: u32 = 2;

/// How long an invocation of sync may take, in seconds: a slice of one, and what it keeps in reserve for a page of five hundred
/// people, on a machine that does much else.
const INVOCATION: u32 = 41;

/// The app's token once it has changed.
const ROTATED: &str = "canary-of-a-rotated-token";

/// What an event holds that nobody can read.
const SPOILT: &str = "canary-of-a-spoilt-event";

/// Deploys the template with these parameters; its outputs, and what they do not name.
fn deployed(cloud: &Cloud, parameters: &[&str]) -> Value {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let told = Command::new(here.join(".tools/infra-venv/bin/python"))
        .arg(here.join("infra/deploy.py"))
        .args([cloud.url(), REGION])
        .arg(function("sync").parent().expect("binaries lie in a folder"))
        .arg(INVOCATION.to_string())
        .args(parameters)
        .output()
        .unwrap_or_else(|error| panic!("the stack cannot be deployed ({error}): run tests/run"));
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    serde_json::from_slice(&told.stdout).unwrap()
}

/// The id of a stack's API, by which the stand-in's gateway knows it.
fn api(outputs: &Value) -> &str {
    let url = outputs["ApiUrl"].as_str().expect("a stack has an API");
    url.trim_start_matches("https://").split('.').next().expect("the address begins with an id")
}

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
        let known = format!("TokenIssuer={}", issuer.url());
        let parameters = [
            known.as_str(),
            "TokenAudience=rollcall",
            "ReserveSeconds=40",
            "ConsoleClientId=console",
            "MailIdentity=tessera.example",
            "MailSender=rollcall@tessera.example",
        ];
        let outputs = deployed(&cloud, &parameters);
        cloud.verify("tessera.example");
        let app = AppServer::start(Make::Scim2Server);
        Self { cloud, outputs, app, issuer, key, _threads: threads }
    }

    fn output(&self, name: &str) -> &str {
        self.outputs[name].as_str().unwrap_or_else(|| panic!("no output {name} in {}", self.outputs))
    }

    /// Asks the gateway; with an administrator's token, or as anybody.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>, known: bool) -> Answered {
        let claims = json!({
            "iss": self.issuer.url(), "aud": "rollcall", "sub": "ada", "exp": i64::MAX / 1_000_000,
            "scp": "Synchronization.ReadWrite.All ProvisioningLog.Read.All",
        });
        let token = known.then(|| self.key.token(&claims).unwrap());
        self.cloud.through_gateway(api(&self.outputs), method, path, body, token.as_deref())
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

    /// Looks seldom: each look at the API is a process, and others compute meanwhile.
    #[track_caller]
    fn wait_for<T>(&self, what: &str, look: impl FnMut() -> Option<T>) -> T {
        self.look_out_for(what, Duration::from_secs(3), look)
    }

    #[track_caller]
    fn look_out_for<T>(&self, what: &str, every: Duration, mut look: impl FnMut() -> Option<T>) -> T {
        let began = Instant::now();
        let until = began + PATIENCE;
        loop {
            if let Some(found) = look() {
                println!("{what} came after {} s", began.elapsed().as_secs());
                return found;
            }
            assert!(Instant::now() < until, "{what} does not come: {:#}\n{}", self.job(), self.cloud.log());
            std::thread::sleep(every);
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
    document["target"]["scim"]["timeout"] = json!(ANSWER);
    document["notification"] = json!({ "to": ["it-ops@tessera.example"] });
    let made = stack.post("/v1.0/applications", &document);
    let id = made["id"].as_str().unwrap().to_owned();

    // Each function may do what it needs.
    let found = stack.post("/v1.0/checkups", &Value::Null);
    let works = |one: &&Value| one["verdict"] == "good";
    let checks: Vec<_> =
        found["value"].as_array().unwrap().iter().filter(works).map(|one| &one["check"]).collect();
    assert_eq!(checks, ["events", "records", "exports", "secrets", "mail"], "{found:#}");

    // Its own schedule runs it, slice by slice, and goes on with it where a process died, once the lease of the dead one ends.
    let begun = || (stack.app.count() > 100).then_some(());
    stack.look_out_for("half of a slice", Duration::from_millis(300), begun);
    assert!(stack.cloud.kill("sync") > 0, "a slice runs");
    // Meanwhile somebody says what nobody can read, and a stranger what is not for us. The stand-in's bus calls a function and
    // forgets; the queue of calls in front of a function it has, as AWS's bus does.
    for (function, name) in [("SyncFunction", "Cycle Due"), ("NotifierFunction", "Job Quarantined")] {
        let spoilt = json!({ "job": [SPOILT] });
        stack.cloud.invoke_later(stack.output(function), &event("rollcall", name, &spoilt));
        stack.cloud.say(stack.output("EventBusName"), &event("a.stranger", name, &spoilt));
    }
    let waits = stack.job()["status"].clone();
    assert!(waits["lastExecution"].is_null(), "nothing of it ended: {waits:#}");
    stack.wait_for("the end of the cycle", || {
        (!stack.job()["status"]["lastExecution"].is_null()).then_some(())
    });
    assert_eq!(stack.app.count(), PEOPLE, "as the app itself counts them");
    let status = stack.job()["status"].clone();
    assert_eq!(status["lastExecution"]["figures"]["created"], PEOPLE, "{status:#}");
    let mut events = stack.cloud.received(&heard);
    // The one that was killed and the last one hand nothing over.
    let slices = 2 + events.iter().filter(|event| event["detail-type"] == "Cycle Continues").count();
    assert!(slices >= 3, "{slices} slices: {events:#?}");
    let found = stack.get("/v1.0/auditLogs/provisioning?$search=No1234");
    assert_eq!(found["value"][0]["sourceIdentity"]["id"], "E1234", "{found:#}");
    stack.wait_for("a line for each record", || {
        (stack.cloud.lines(stack.output("RecordLogGroup")).len() >= PEOPLE).then_some(())
    });

    // Sync does nothing twice that may have been done in part; notifier tries again, and not for ever.
    for (letters, logs, why, tries) in [
        ("SyncDeadLetters", "SyncLogs", "the event's detail names no job", 1),
        ("NotifierDeadLetters", "NotifierLogs", "'Job Quarantined' cannot be read", 3),
    ] {
        let laid = stack.cloud.received(&Queue(json!(stack.output(letters))));
        let spoilt = |letter: &&Value| letter["requestPayload"]["detail"]["job"] == json!([SPOILT]);
        assert_eq!(laid.iter().filter(spoilt).count(), 1, "{letters}: {laid:#?}\n{}", stack.cloud.log());
        let printed = stack.cloud.lines(stack.output(logs));
        let refused = printed.iter().filter(|line| line.to_string().contains(why));
        assert_eq!(refused.count(), tries, "{logs}: {printed:#?}");
    }

    // The app's token changes; the schedule finds out, and somebody is told once.
    stack.app.starts_anew_with(ROTATED);
    let start = |stack: &Stack| {
        let job = stack.job()["id"].as_str().unwrap().to_owned();
        stack.post(&format!("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/start"), &Value::Null);
    };
    // Somebody is new: without them there would be nothing to ask the app.
    let rows: Vec<String> = Person::many(PEOPLE + 1).iter().map(Person::row).collect();
    stack.cloud.put_file(&inbox, "people.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    start(&stack);
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

    // An administrator gives the app's new token, which is put away and never shown. Once the day is over, notifier's next turn
    // tells that, too; it is not waited for.
    let went_through = |stack: &Stack| stack.job()["status"]["lastExecution"]["state"] == "Succeeded";
    assert!(!went_through(&stack), "{:#}", stack.job());
    let secrets = format!("/v1.0/servicePrincipals/{id}/synchronization/secrets");
    let token = json!({ "value": [{ "key": "SecretToken", "value": ROTATED }] });
    assert_eq!(stack.ask("PUT", &secrets, Some(&token), true).status, 204);
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
    events.extend(stack.cloud.received(&heard));
    told.push(json!(events).to_string());
    let synchronization = format!("servicePrincipals/{id}/synchronization");
    for path in [
        format!("applications/{id}"),
        format!("{synchronization}/secrets"),
        format!("{synchronization}/jobs"),
        "auditLogs/provisioning?$top=1000".to_owned(),
        "auditLogs/directoryAudits".to_owned(),
    ] {
        told.push(stack.get(&format!("/v1.0/{path}")).to_string());
    }
    told.push(stack.cloud.table("rollcall-state"));
    told.push(stack.cloud.table("rollcall-logs"));
    for (place, text) in told.iter().enumerate() {
        for canary in [TOKEN, ROTATED, SPOILT] {
            assert!(!text.contains(canary), "{canary} in {place}: {text}");
        }
    }

    // What Rollcall put away goes with its application, and what an administrator keeps stays.
    let named =
        |names: Vec<String>| names.into_iter().filter(|name| name.contains("edgerly") || name.contains(&id));
    assert_eq!(named(stack.cloud.secrets()).count(), 2);
    assert_eq!(stack.ask("DELETE", &format!("/v1.0/applications/{id}"), None, true).status, 204);
    assert_eq!(named(stack.cloud.secrets()).collect::<Vec<_>>(), ["rollcall/ledgerly"]);
}

#[test]
fn a_stack_of_the_readme_has_users_of_its_own_lets_nobody_else_in_and_may_archive() {
    let cloud = Cloud::start();
    let outputs = deployed(
        &cloud,
        &[
            "AdministratorEmail=ada@tessera.example",
            "AlarmEmail=it-ops@tessera.example",
            "ArchiveRecords=true",
        ],
    );
    for output in ["ConsoleUrl", "InboxUrl", "UsersUrl", "ArchiveUrl", "AlarmTopicArn", "DashboardUrl"] {
        assert!(outputs[output].as_str().is_some_and(|url| !url.is_empty()), "{output} in {outputs:#}");
    }
    let issuer = outputs["TokenIssuerUrl"].as_str().unwrap();
    assert!(issuer.starts_with(&format!("https://cognito-idp.{REGION}.")), "{issuer}");
    let ask =
        |path: &str, token: Option<&str>| cloud.through_gateway(api(&outputs), "GET", path, None, token);
    assert_eq!(ask("/healthz", None).status, 200);
    let console = ask("/", None);
    assert!(console.status == 303 && console.location.starts_with("/sign-in"), "{console:?}");
    let key = SigningKey::new("RS256", "one").unwrap();
    let forged = json!({
        "iss": issuer, "client_id": "rollcall", "exp": i64::MAX / 1_000_000, "cognito:groups": ["administrators"],
    });
    for token in [None, Some("none"), Some(key.token(&forged).unwrap().as_str())] {
        assert_eq!(ask("/v1.0/servicePrincipals", token).status, 401, "{token:?}");
    }
}
