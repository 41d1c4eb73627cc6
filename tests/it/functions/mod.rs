//! The functions as they are deployed: their binaries, events as EventBridge delivers them, requests as API Gateway
//! passes them on. What came of it is read back from the app.

pub(crate) mod cloud;
mod faults;
mod notifier;
mod ses;

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::issuer::{Issuer, SigningKey};
use testkit::sandbox::Settings;
use tokio::runtime::Runtime;

use self::cloud::{Cloud, Invoked, PATIENCE, REGION};
use crate::support::{App, Office, Person, Said, application};
use crate::template::template;

/// Two pages of the file: the second one is read by another slice.
const PEOPLE: usize = 510;

const BUS: &str = "rollcall-bus";

/// The log group of provisioning records.
const RECORDS: &str = "/prod/records";

/// An application applied to the account, both functions in it, and who issues the tokens that one of them takes.
struct Deployed {
    cloud: Cloud,
    app: App,
    office: Office,
    issuer: Issuer,
    key: SigningKey,
    _threads: Runtime,
}

impl Deployed {
    /// People in a bucket, the app's token in a secret, an hour between two turns of the schedule: the tests turn it.
    fn with(people: usize, latency: Duration, token: impl FnOnce(&Cloud, &App) -> String) -> Self {
        let cloud = Cloud::start();
        let app = App::with(Settings { latency, ..Settings::default() });
        let office = app.office();
        office.people(&Person::many(people));
        let file = std::fs::read_to_string(office.path("people.csv")).unwrap();
        cloud.store_file("directory", "people.csv", file);
        let document = application(&app.sandbox.base_url())
            .replace("path: people.csv", "path: \"s3://directory/people.csv\"")
            .replace("env:TOKEN", &token(&cloud, &app));
        office.write("ledgerly.yaml", document);
        office.rollcall(&["--endpoint", cloud.url(), "apply", "--offline", "ledgerly.yaml"]).exits(0);

        // A slice has a second before it hands over.
        let sync = json!({
            "ROLLCALL_TABLE_PREFIX": "rollcall",
            "ROLLCALL_EVENT_BUS": BUS,
            "ROLLCALL_EXPORT_BUCKET": "exports",
            "ROLLCALL_RESERVE_SECONDS": "59",
            "ROLLCALL_STACK": "prod",
            "ROLLCALL_RECORD_LOG_GROUP": RECORDS,
        });
        cloud.make_log_group(RECORDS);
        cloud.deploy("sync", 60, &sync);
        let threads = Runtime::new().unwrap();
        let key = SigningKey::new("RS256", "one").unwrap();
        let issuer = threads.block_on(Issuer::start(&[&key])).unwrap();
        let query = json!({
            "ROLLCALL_TABLE_PREFIX": "rollcall",
            "ROLLCALL_EXPORT_BUCKET": "exports",
            "ROLLCALL_TOKEN_ISSUER": issuer.url(),
            "ROLLCALL_TOKEN_AUDIENCE": "rollcall",
        });
        cloud.deploy("query", 30, &query);
        let rule = &template()["Resources"]["Work"]["Properties"];
        cloud.make_bus(BUS);
        cloud.connect(BUS, &rule["EventPattern"], "sync");
        Self { cloud, app, office, issuer, key, _threads: threads }
    }

    /// The token as operators keep it: one of several values of a secret.
    fn working(people: usize, latency: Duration) -> Self {
        Self::with(people, latency, |cloud, app| {
            let secret = json!({ "user": "rollcall", "token": app.sandbox.token() });
            let arn = cloud.store_secret("rollcall/ledgerly", &secret.to_string());
            format!("secretsmanager:{arn}#token")
        })
    }

    fn sync(&self, source: &str, name: &str, detail: &Value) -> Invoked {
        self.cloud.invoke("sync", &event(source, name, detail))
    }

    /// A turn of the schedule; how many jobs it woke.
    #[track_caller]
    fn tick(&self) -> u64 {
        let told = self.sync("aws.events", "Scheduled Event", &json!({}));
        assert_eq!(told.answer["ended"], "told", "{told:#?}\n{}", self.cloud.log());
        told.answer["due"].as_u64().unwrap()
    }

    /// Asks the API as somebody who may read everything.
    #[track_caller]
    fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(path, Some("ProvisioningLog.Read.All Synchronization.Read.All"));
        assert_eq!(status, 200, "{path}: {body:#}");
        body
    }

    fn ask(&self, path: &str, scopes: Option<&str>) -> (u64, Value) {
        // Its time is the system's, and a test may take long.
        let claims = |scopes: &str| {
            let issuer = self.issuer.url();
            json!({ "iss": issuer, "aud": "rollcall", "sub": "ada", "exp": i64::MAX, "scp": scopes })
        };
        let token = scopes.map(|scopes| self.key.token(&claims(scopes)).unwrap());
        let Invoked { failed, answer } = self.cloud.invoke("query", &request(path, token.as_deref()));
        assert!(!failed, "{answer:#}");
        let body = answer["body"].as_str().unwrap_or_default();
        (answer["statusCode"].as_u64().unwrap(), serde_json::from_str(body).unwrap())
    }

    fn job(&self) -> Value {
        self.get("/v1.0/servicePrincipals/Ledgerly/synchronization/jobs")["value"][0].clone()
    }

    /// Waits until the job's status says so.
    #[track_caller]
    fn wait_for(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let job = self.job();
            if is(&job["status"]) {
                return job;
            }
            assert!(Instant::now() < until, "{what} does not come: {job:#}\n{}", self.cloud.log());
            sleep(Duration::from_millis(200));
        }
    }
}

/// An event as EventBridge delivers it to a function.
pub(crate) fn event(source: &str, name: &str, detail: &Value) -> Value {
    json!({
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": name,
        "source": source,
        "account": "000000000000",
        "time": "2026-03-02T09:00:00Z",
        "region": "local",
        "resources": ["arn:aws:events:local:000000000000:rule/rollcall-tick"],
        "detail": detail,
    })
}

/// A request as API Gateway's HTTP API passes it on (payload format 2.0).
fn request(path: &str, token: Option<&str>) -> Value {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let context = json!({
        "accountId": "000000000000",
        "apiId": "api",
        "domainName": "api.example.com",
        "domainPrefix": "api",
        "http": {
            "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "tests",
        },
        "requestId": "JKJaXmPLvHcESHA=",
        "routeKey": "GET /v1.0/{proxy+}",
        "stage": "$default",
        "time": "02/Mar/2026:09:00:00 +0000",
        "timeEpoch": 1_772_442_000_000_u64,
    });
    let mut headers = json!({ "host": "api.example.com", "x-forwarded-proto": "https" });
    if let Some(token) = token {
        headers["authorization"] = json!(format!("Bearer {token}"));
    }
    json!({
        "version": "2.0",
        "routeKey": "GET /v1.0/{proxy+}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": context,
        "isBase64Encoded": false,
    })
}

#[test]
fn a_turn_of_the_schedule_makes_accounts_slice_by_slice_and_the_api_tells_of_them() {
    let deployed = Deployed::working(PEOPLE, Duration::from_millis(600));
    let bus = deployed.cloud.listen(BUS);
    assert_eq!(deployed.job()["status"]["code"], "NotRun");
    assert_eq!(deployed.tick(), 1);

    let job = deployed.wait_for("the end of the cycle", |status| !status["lastExecution"].is_null());
    assert_eq!(deployed.app.accounts().len(), PEOPLE, "as the app itself counts them");
    let status = &job["status"];
    assert_eq!([&status["code"], &status["lastExecution"]["state"]], [&json!("Active"), &json!("Succeeded")]);
    assert_eq!(status["lastExecution"]["figures"]["created"], PEOPLE);
    assert_eq!(status["counts"]["linked"], PEOPLE);

    let told = deployed.cloud.heard(&bus);
    let count = |name: &str| told.iter().filter(|told| *told == name).count();
    assert_eq!([count("Cycle Due"), count("Cycle Completed")], [1, 1], "{told:?}");
    assert!(count("Cycle Continues") >= 1, "one slice has a second, two pages take longer: {told:?}");

    // Events that come twice, or late.
    let cycle = status["lastExecution"]["activityIdentifier"].as_str().unwrap();
    let late = json!({ "job": job["id"], "detail": { "cycle": cycle, "slice": 1 } });
    assert_eq!(deployed.sync("rollcall", "Cycle Continues", &late).answer["ended"], "stale");
    assert_eq!(
        deployed.sync("rollcall", "Cycle Due", &json!({ "job": job["id"] })).answer["ended"],
        "not due"
    );
    assert_eq!(deployed.tick(), 0);
    assert_eq!(deployed.app.accounts().len(), PEOPLE);
}

#[test]
fn people_are_found_in_the_log_by_name_and_by_the_id_on_either_side() {
    let deployed = Deployed::working(5, Duration::ZERO);
    assert_eq!(deployed.tick(), 1);
    deployed.wait_for("the end of the cycle", |status| !status["lastExecution"].is_null());

    let records = deployed.get("/v1.0/auditLogs/provisioning?$top=2");
    let next = records["@odata.nextLink"].as_str().unwrap();
    let next = next.strip_prefix("https://api.example.com").expect("the link leads back through the gateway");
    let [first, second] = [&records, &deployed.get(next)].map(|page| page["value"].as_array().unwrap().len());
    assert_eq!([first, second], [2, 2]);

    let account = |name: &str| {
        let users = deployed.app.sandbox.users();
        users.into_iter().find(|user| user["displayName"] == name).expect("the person has an account")
    };
    let target = account("Kim No3")["id"].as_str().unwrap().to_owned();
    for question in [
        "$search=No3".to_owned(),
        "$filter=sourceIdentity/id%20eq%20%27E0003%27".to_owned(),
        format!("$filter=targetIdentity/id%20eq%20%27{target}%27"),
    ] {
        let found = deployed.get(&format!("/v1.0/auditLogs/provisioning?{question}"));
        let found = found["value"].as_array().unwrap();
        assert_eq!(found.len(), 1, "{question}");
        assert_eq!(found[0]["sourceIdentity"]["displayName"], "Kim No3");
        assert_eq!(found[0]["targetIdentity"]["id"], *target);
    }

    assert_eq!(deployed.ask("/v1.0/auditLogs/provisioning", None).0, 401);
    assert_eq!(deployed.ask("/v1.0/auditLogs/provisioning", Some("Synchronization.Read.All")).0, 403);
    assert_eq!(deployed.ask("/v1.0/nothing", Some("Synchronization.Read.All")).0, 404);
}

/// The ids of the records among lines.
fn ids(lines: &[Value]) -> BTreeSet<String> {
    let records = lines.iter().filter(|line| !line["provisioningAction"].is_null());
    records.map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn records_come(deployed: &Deployed, lines: impl Fn() -> Vec<Value>) {
    assert_eq!(deployed.tick(), 1);
    deployed.wait_for("the end of the cycle", |status| !status["lastExecution"].is_null());
    let told = deployed.get("/v1.0/auditLogs/provisioning");
    let expected = ids(told["value"].as_array().unwrap());
    let until = Instant::now() + PATIENCE;
    while ids(&lines()) != expected {
        assert!(Instant::now() < until, "the records do not come\n{}", deployed.cloud.log());
        sleep(Duration::from_millis(200));
    }
}

#[test]
fn each_record_is_a_line_of_the_group_of_records_and_of_no_other() {
    let deployed = Deployed::working(5, Duration::ZERO);
    records_come(&deployed, || deployed.cloud.lines(RECORDS));
    assert_eq!(ids(&deployed.cloud.printed("sync")), BTreeSet::new());
}

#[test]
fn records_that_their_group_does_not_take_are_lines_of_the_function_s_own() {
    let deployed = Deployed::working(5, Duration::ZERO);
    deployed.cloud.delete_log_group(RECORDS);
    records_come(&deployed, || deployed.cloud.printed("sync"));
    let told = deployed.cloud.printed("sync");
    let warned = told.iter().find(|line| line["level"] == "WARN").expect("it is told, too");
    assert!(warned["fields"]["message"].as_str().unwrap().contains(RECORDS), "{warned}");
}

#[test]
fn what_a_function_does_is_counted() {
    let deployed = Deployed::working(5, Duration::ZERO);
    assert_eq!(deployed.tick(), 1);
    deployed.wait_for("the end of the cycle", |status| !status["lastExecution"].is_null());
    let id = deployed.get("/v1.0/servicePrincipals")["value"][0]["id"].as_str().unwrap().to_owned();
    let told = |name: &str| {
        let lines = deployed.cloud.printed("sync").into_iter();
        lines.filter(|line| line["_aws"].is_object() && line[name].is_number()).collect::<Vec<_>>()
    };
    let until = Instant::now() + PATIENCE;
    while told("CyclesCompleted").is_empty() {
        assert!(Instant::now() < until, "no cycle is counted\n{}", deployed.cloud.log());
        sleep(Duration::from_millis(200));
    }
    let [records] = &told("Records")[..] else { panic!("{:?}", told("Records")) };
    let about = [("Stack", "prod"), ("Application", &id), ("Action", "Create"), ("Status", "success")];
    assert_eq!(records["Records"], 5.0);
    for (dimension, value) in about {
        assert_eq!(records[dimension], value);
    }
    assert_eq!(told("Turns")[0]["Turns"], 1.0);
    let cycle = &told("CyclesCompleted")[0];
    for measured in ["CycleDuration", "TargetCalls"] {
        assert!(cycle[measured].as_f64().unwrap() > 0.0, "{cycle}");
    }
    assert_eq!(told("Escrows")[0]["Escrows"], 0.0);
    for line in deployed.cloud.printed("sync").iter().filter(|line| line["_aws"].is_object()) {
        assert!(!line.to_string().contains("Kim"), "{line}");
    }
}

#[test]
fn a_secret_that_is_not_there_puts_the_job_into_quarantine_and_no_call_is_made() {
    let missing = "secretsmanager:arn:aws:secretsmanager:local:000000000000:secret:rollcall/none-a1B2c3";
    let deployed = Deployed::with(1, Duration::ZERO, |_, _| missing.to_owned());
    assert_eq!(deployed.tick(), 1);
    let job = deployed.wait_for("the quarantine", |status| status["code"] == "Quarantine");
    let quarantine = &job["status"]["quarantine"];
    assert_eq!(quarantine["reason"], "EncounteredQuarantineException");
    let message = quarantine["message"].as_str().unwrap();
    assert!(message.contains(missing) && message.contains("there is no such secret"), "{message}");
    assert_eq!(deployed.app.sandbox.counters().total, 0);
    assert_eq!(deployed.tick(), 0, "it is tried again when it is due");

    let printed = deployed.cloud.printed("sync");
    let warned = printed.iter().find(|line| line["level"] == "WARN").expect("the log tells it, too");
    assert!(warned["fields"]["message"].as_str().unwrap().contains("the cycle stopped"), "{warned}");
    assert!(warned["spans"][0]["requestId"].is_string(), "each line names its request: {warned}");
}

#[test]
fn every_due_job_is_woken_however_many_there_are_and_whatever_one_of_them_looks_like() {
    let deployed = Deployed::working(1, Duration::ZERO);
    let bus = deployed.cloud.listen(BUS);
    let document = std::fs::read_to_string(deployed.office.path("ledgerly.yaml")).unwrap();
    let files: Vec<String> = (1..=12).map(|number| format!("app{number}.yaml")).collect();
    for (number, file) in files.iter().enumerate() {
        deployed.office.write(file, document.replace("Ledgerly", &format!("App{number}")));
    }
    let mut arguments = vec!["--endpoint", deployed.cloud.url(), "--json", "apply", "--offline"];
    arguments.extend(files.iter().map(String::as_str));
    let applied = deployed.office.rollcall(&arguments).exits(0).json();
    deployed.cloud.spoil_job(applied[5]["jobId"].as_str().unwrap());

    // Eleven of the twelve, and Ledgerly: more than the bus takes in one call.
    assert_eq!(deployed.tick(), 12);
    let woken = deployed.cloud.heard(&bus).into_iter().filter(|name| name == "Cycle Due").count();
    assert_eq!(woken, 12);
}

#[test]
fn events_that_are_none_of_ours_fail_with_the_reason() {
    let deployed = Deployed::working(1, Duration::ZERO);
    let cases = [
        (event("aws.ec2", "EC2 Instance State-change Notification", &json!({})), "is no event for sync"),
        (event("rollcall", "Cycle Due", &json!({ "job": "scim.unknown" })), "there is no job 'scim.unknown'"),
        (event("rollcall", "Cycle Due", &json!({})), "names no job"),
        (event("rollcall", "Cycle Continues", &json!({ "job": "scim.unknown" })), "which slice comes next"),
        (json!({ "Records": [] }), "no event as EventBridge delivers them"),
        (json!("nonsense"), "no event as EventBridge delivers them"),
    ];
    for (event, reason) in cases {
        let Invoked { failed, answer } = deployed.cloud.invoke("sync", &event);
        assert!(failed, "{event} gives {answer}");
        assert!(answer["errorMessage"].as_str().unwrap().contains(reason), "{event} gives {answer}");
    }
    // It still works.
    assert_eq!(deployed.tick(), 1);
}

#[test]
fn what_somebody_starts_begins_at_once_and_not_with_the_next_turn_of_the_schedule() {
    let deployed = Deployed::working(3, Duration::ZERO);
    let asked = json!({
        "operation": "0192d3a0-5b7e-7cc3-98c4-dc0c0c07398f", "by": "Ada", "ask": { "kind": "start" },
        "application": deployed.get("/v1.0/servicePrincipals")["value"][0]["id"],
    });
    assert!(!deployed.cloud.invoke("sync", &asked).failed);
    deployed.wait_for("the end of a cycle", |status| status["lastExecution"]["figures"]["created"] == 3);
}

#[test]
fn what_a_function_misses_in_the_account_it_says_itself() {
    let deployed = Deployed::working(1, Duration::ZERO);
    let asked = json!({
        "operation": "0192d3a0-5b7e-7cc3-98c4-dc0c0c07398f", "application": null, "by": "Ada",
        "ask": { "kind": "checkUp" },
    });
    let findings = || {
        let told = deployed.cloud.invoke("sync", &asked).answer;
        let found = told["done"].as_array().unwrap_or_else(|| panic!("no findings in {told:#}")).clone();
        let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        found
            .iter()
            .map(|one| (text(one, "check"), text(one, "verdict"), text(one, "words")))
            .collect::<Vec<_>>()
    };
    let is_told = |verdict: &str, check: &str, words: &str| {
        let found = findings();
        let is = |one: &(String, String, String)| one.0 == check && one.1 == verdict && one.2.contains(words);
        assert!(found.iter().any(is), "{check} {verdict} {words} in {found:#?}");
    };
    // There is no bucket for exports yet, and the group is gone. A bus that is not there the stand-in does not mind.
    deployed.cloud.delete_log_group(RECORDS);
    is_told("problem", "exports", "bucket 'exports'");
    is_told("problem", "records", RECORDS);
    deployed.cloud.store_file("exports", "made", String::new());
    deployed.cloud.make_log_group(RECORDS);
    for check in ["exports", "events", "records", "secrets"] {
        is_told("good", check, "");
    }
}

#[test]
fn the_command_line_works_on_the_tables_of_a_stack_and_makes_none_on_aws() {
    let deployed = Deployed::working(1, Duration::ZERO);
    let on_aws = |arguments: &[&str]| {
        let mut command = deployed.office.command(&["--endpoint", "aws"]);
        command.args(arguments).env("AWS_ENDPOINT_URL", deployed.cloud.url()).env("AWS_REGION", REGION);
        Said::by(command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local"))
    };
    assert!(on_aws(&["status"]).exits(0).out.contains("Ledgerly"));
    let none = on_aws(&["--table-prefix", "staging", "status"]).exits(2);
    none.says(&["there is no table staging-state", "AWS_REGION", "--table-prefix"]);
    assert_eq!(deployed.cloud.tables(), ["rollcall-logs", "rollcall-state"]);
    assert!(on_aws(&["--table-prefix", "a/b", "status"]).exits(2).err.contains("3 to 200 letters"));
}
