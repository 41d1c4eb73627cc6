//! ministack, which others wrote, as the AWS account that the functions run in: their own binaries behind Lambda's
//! Runtime API, a bus that delivers, tables, files and secrets.
//!
//! It is spoken to as the service's interfaces are documented, without an SDK. A function's archive holds a line of
//! shell that becomes the binary: the binaries that were tested are tens of megabytes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::{free_port, function, tls};

/// The longest it takes to come up, or a cycle to end, on a machine that builds something meanwhile.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Makes an archive of a `bootstrap` with the text of its argument, for the API to carry.
const PACK: &str = "
import base64, io, sys, zipfile
archive = io.BytesIO()
with zipfile.ZipFile(archive, 'w') as pack:
    pack.writestr('bootstrap', sys.argv[1])
print(base64.b64encode(archive.getvalue()).decode(), end='')
";

/// Kills those descendants of a process that run a program of this name; prints how many.
const KILL: &str = "
import os, signal, sys
root, name, parents = int(sys.argv[1]), '/' + sys.argv[2], {}
for process in filter(str.isdigit, os.listdir('/proc')):
    try:
        parents[int(process)] = int(open(f'/proc/{process}/stat').read().rsplit(')', 1)[1].split()[1])
    except OSError:
        pass
def is_ours(process):
    return process == root or (process in parents and is_ours(parents[process]))
killed = 0
for process in filter(is_ours, list(parents)):
    try:
        if os.readlink(f'/proc/{process}/exe').endswith(name):
            os.kill(process, signal.SIGKILL)
            killed += 1
    except OSError:
        pass
print(killed)
";

/// A running account; it ends with the value.
pub(crate) struct Cloud {
    process: Child,
    url: String,
    client: Client,
    threads: Runtime,
    folder: TempDir,
}

/// A queue, by its address.
pub(crate) struct Queue(pub(crate) Value);

/// What a function answered.
#[derive(Debug)]
pub(crate) struct Invoked {
    pub(crate) failed: bool,
    pub(crate) answer: Value,
}

/// What came through the gateway.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    /// Where it leads; empty when it leads nowhere.
    pub(crate) location: String,
    pub(crate) body: String,
}

impl Cloud {
    pub(crate) fn start() -> Self {
        // It cannot be given port 0, and a port that was free a moment ago may be taken by now.
        (0..5).find_map(|_| Self::try_start()).expect("ministack starts at one of five free ports")
    }

    fn try_start() -> Option<Self> {
        tls();
        let folder = tempfile::tempdir().expect("a folder can be made");
        let port = free_port();
        let log = File::create(folder.path().join("log")).expect("a file can be made");
        let url = format!("http://127.0.0.1:{port}");
        // The functions inherit this environment, and no more: nothing of whoever runs the tests.
        let process = Command::new(python())
            .args(["-m", "ministack"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TMPDIR", folder.path())
            .env("HOME", folder.path())
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port)
            .env("IOT_MTLS_ENABLED", "0")
            .env("AWS_ENDPOINT_URL", &url)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file can be shared"))
            .stderr(log)
            .spawn()
            .expect("ministack can be started");
        let threads = Runtime::new().expect("threads can be started");
        let mut cloud = Self { process, url, client: client(), threads, folder };
        cloud.comes_up().then_some(cloud)
    }

    /// Waits until it answers; `false` when it ended instead.
    fn comes_up(&mut self) -> bool {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let asked = self.client.get(format!("{}/_ministack/health", self.url)).send();
            if self.threads.block_on(asked).is_ok_and(|answer| answer.status().is_success()) {
                return true;
            }
            if self.process.try_wait().is_ok_and(|ended| ended.is_some()) {
                return false;
            }
            sleep(Duration::from_millis(50));
        }
        panic!("ministack does not answer; it says: {}", self.log())
    }

    /// Where its DynamoDB is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Sends a request to an API of API Gateway, by its host, as browsers and programs do.
    pub(crate) fn through_gateway(
        &self,
        api: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
        token: Option<&str>,
    ) -> Answered {
        let port = self.url.rsplit(':').next().expect("the address has a port");
        let method = method.parse().expect("a method's name");
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        request = request.header("Host", format!("{api}.execute-api.localhost:{port}"));
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        self.threads.block_on(async {
            let answer = request.send().await.expect("the gateway answers");
            let location = answer.headers().get("location").and_then(|place| place.to_str().ok());
            let (status, location) = (answer.status().as_u16(), location.unwrap_or_default().to_owned());
            Answered { status, location, body: answer.text().await.expect("answers are text") }
        })
    }

    /// Every line of every log group.
    pub(crate) fn every_line(&self) -> Vec<String> {
        let groups = self.target("logs", "Logs_20140328.DescribeLogGroups", &json!({}));
        let names = groups["logGroups"].as_array().expect("there are log groups").iter();
        let lines = |group: &Value| {
            let asked = json!({ "logGroupName": group["logGroupName"], "limit": 10_000 });
            self.target("logs", "Logs_20140328.FilterLogEvents", &asked)["events"].to_string()
        };
        names.map(lines).collect()
    }

    /// The names of the tables, in order.
    pub(crate) fn tables(&self) -> Vec<String> {
        let told = self.target("dynamodb", "DynamoDB_20120810.ListTables", &json!({}));
        let names = told["TableNames"].as_array().expect("it lists them").iter();
        let mut names: Vec<String> = names.filter_map(|name| name.as_str().map(str::to_owned)).collect();
        names.sort();
        names
    }

    /// All that a table holds.
    pub(crate) fn table(&self, name: &str) -> String {
        self.target("dynamodb", "DynamoDB_20120810.Scan", &json!({ "TableName": name })).to_string()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("the log can be read")
    }

    /// What a function printed, as far as it is JSON, oldest first.
    pub(crate) fn printed(&self, function: &str) -> Vec<Value> {
        self.lines(&format!("/aws/lambda/{function}"))
    }

    pub(crate) fn make_log_group(&self, name: &str) {
        self.target("logs", "Logs_20140328.CreateLogGroup", &json!({ "logGroupName": name }));
    }

    pub(crate) fn delete_log_group(&self, name: &str) {
        self.target("logs", "Logs_20140328.DeleteLogGroup", &json!({ "logGroupName": name }));
    }

    /// What a log group holds, as far as it is JSON, oldest first.
    pub(crate) fn lines(&self, group: &str) -> Vec<Value> {
        let group = json!({ "logGroupName": group, "limit": 10_000 });
        let found = self.target("logs", "Logs_20140328.FilterLogEvents", &group);
        let events = found["events"].as_array().expect("a log group has events").iter();
        let messages = events.filter_map(|event| event["message"].as_str());
        messages.flat_map(str::lines).filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Puts a file into a new bucket.
    pub(crate) fn store_file(&self, bucket: &str, key: &str, content: String) {
        let place = format!(
            "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        );
        self.send("s3", self.client.put(format!("{}/{bucket}", self.url)).body(place));
        self.put_file(bucket, key, content);
    }

    pub(crate) fn put_file(&self, bucket: &str, key: &str, content: String) {
        self.send("s3", self.client.put(format!("{}/{bucket}/{key}", self.url)).body(content));
    }

    /// A new secret's ARN.
    pub(crate) fn store_secret(&self, name: &str, text: &str) -> String {
        let made = self.target(
            "secretsmanager",
            "secretsmanager.CreateSecret",
            &json!({ "Name": name, "SecretString": text }),
        );
        made["ARN"].as_str().expect("a secret has an ARN").to_owned()
    }

    /// The names of the secrets that are not being deleted.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let listed =
            self.target("secretsmanager", "secretsmanager.ListSecrets", &json!({ "MaxResults": 100 }));
        let all = listed["SecretList"].as_array().expect("a list of secrets").iter();
        let kept = all.filter(|secret| secret["DeletedDate"].is_null());
        kept.map(|secret| secret["Name"].as_str().expect("a secret has a name").to_owned()).collect()
    }

    /// Spoils what is remembered of a job.
    pub(crate) fn spoil_job(&self, job: &str) {
        let update = json!({
            "TableName": "rollcall-state",
            "Key": { "pk": { "S": format!("JOB#{job}") }, "sk": { "S": "JOB" } },
            "ConditionExpression": "attribute_exists(pk)",
            "UpdateExpression": "SET #state = :nonsense",
            "ExpressionAttributeNames": { "#state": "state" },
            "ExpressionAttributeValues": { ":nonsense": { "S": "nonsense" } },
        });
        self.target("dynamodb", "DynamoDB_20120810.UpdateItem", &update);
    }

    /// Kills the processes of a function; how many there were.
    pub(crate) fn kill(&self, function: &str) -> usize {
        let root = self.process.id().to_string();
        let told = Command::new(python()).args(["-c", KILL, &root, function]).output();
        let told = String::from_utf8(told.expect("python can be started").stdout).expect("a number is text");
        told.trim().parse().expect("it says how many")
    }

    /// A day passes for the mail about an application: what was written now was written yesterday.
    pub(crate) fn put_mail_back_by_a_day(&self, application: &str) {
        let key = json!({ "pk": { "S": format!("MAIL#{application}") }, "sk": { "S": "THROTTLE" } });
        let asked = json!({ "TableName": "rollcall-state", "Key": key });
        let mut item = self.target("dynamodb", "DynamoDB_20120810.GetItem", &asked)["Item"].take();
        let text = item["mail"]["S"].as_str().expect("there is a mailbox");
        let mut mail: Value = serde_json::from_str(text).expect("it is JSON");
        let claimed: Timestamp =
            mail["claimedAt"].as_str().expect("a mail was claimed").parse().expect("a time");
        mail["claimedAt"] = json!(claimed - SignedDuration::from_hours(24));
        item["mail"] = json!({ "S": mail.to_string() });
        let put = json!({ "TableName": "rollcall-state", "Item": item });
        self.target("dynamodb", "DynamoDB_20120810.PutItem", &put);
    }

    /// Makes a function of the binary of this name that was built with the tests.
    pub(crate) fn deploy(&self, name: &str, timeout: u32, environment: &Value) {
        let line = format!("#!/bin/sh\nexec '{}'\n", function(name).display());
        let packed =
            Command::new(python()).args(["-c", PACK, &line]).output().expect("python can be started");
        let function = json!({
            "FunctionName": name,
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Role": "arn:aws:iam::000000000000:role/rollcall",
            "Code": { "ZipFile": String::from_utf8(packed.stdout).expect("base64 is text") },
            "Timeout": timeout,
            "Environment": { "Variables": environment },
        });
        let url = format!("{}/2015-03-31/functions", self.url);
        self.send("lambda", self.client.post(url).body(function.to_string()));
    }

    /// Makes a bus.
    pub(crate) fn make_bus(&self, bus: &str) {
        self.target("events", "AWSEvents.CreateEventBus", &json!({ "Name": bus }));
    }

    /// Events of this pattern go from a bus to a function.
    pub(crate) fn connect(&self, bus: &str, pattern: &Value, function: &str) {
        let events =
            |operation: &str, body: Value| self.target("events", &format!("AWSEvents.{operation}"), &body);
        let rule = format!("to-{function}");
        events("PutRule", json!({ "Name": rule, "EventBusName": bus, "EventPattern": pattern.to_string() }));
        let arn = format!("arn:aws:lambda:{REGION}:000000000000:function:{function}");
        events(
            "PutTargets",
            json!({ "Rule": rule, "EventBusName": bus, "Targets": [{ "Id": "1", "Arn": arn }] }),
        );
    }

    /// Lets SES send as an address or a domain.
    pub(crate) fn verify(&self, identity: &str) {
        let body = json!({ "EmailIdentity": identity });
        self.send("ses", self.client.post(format!("{}/v2/email/identities", self.url)).json(&body));
    }

    /// Puts the account into SES's sandbox.
    pub(crate) fn put_into_sandbox(&self) {
        let details = json!({
            "MailType": "TRANSACTIONAL", "WebsiteURL": "https://tessera.example", "ProductionAccessEnabled": false,
        });
        self.send("ses", self.client.post(format!("{}/v2/email/account/details", self.url)).json(&details));
    }

    /// The mails that SES took.
    pub(crate) fn mails(&self) -> Vec<Value> {
        let told = self.send("ses", self.client.get(format!("{}/_ministack/ses/messages", self.url)));
        let told: Value = serde_json::from_str(&told).expect("the answer is JSON");
        let accounts = told["messages"].as_object().unwrap_or_else(|| panic!("no messages in {told}"));
        accounts.values().flat_map(|mails| mails.as_array().cloned().unwrap_or_default()).collect()
    }

    /// A queue that hears everything that is said on a bus.
    pub(crate) fn listen(&self, bus: &str) -> Queue {
        let made = self.target("sqs", "AmazonSQS.CreateQueue", &json!({ "QueueName": "ear" }));
        let events =
            |operation: &str, body: Value| self.target("events", &format!("AWSEvents.{operation}"), &body);
        let everything = json!({ "source": ["rollcall"] }).to_string();
        events("PutRule", json!({ "Name": "ear", "EventBusName": bus, "EventPattern": everything }));
        let arn = format!("arn:aws:sqs:{REGION}:000000000000:ear");
        events(
            "PutTargets",
            json!({ "Rule": "ear", "EventBusName": bus, "Targets": [{ "Id": "1", "Arn": arn }] }),
        );
        Queue(made["QueueUrl"].clone())
    }

    /// Says something on a bus.
    pub(crate) fn say(&self, bus: &str, event: &Value) {
        let entry = json!({
            "EventBusName": bus, "Source": event["source"], "DetailType": event["detail-type"],
            "Detail": event["detail"].to_string(),
        });
        self.target("events", "AWSEvents.PutEvents", &json!({ "Entries": [entry] }));
    }

    /// The names of the events that a queue heard since it was asked last.
    pub(crate) fn heard(&self, queue: &Queue) -> Vec<String> {
        let name = |event: &Value| event["detail-type"].as_str().unwrap_or_default().to_owned();
        self.received(queue).iter().map(name).collect()
    }

    /// What came into a queue since it was asked last.
    pub(crate) fn received(&self, queue: &Queue) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let ask = json!({ "QueueUrl": queue.0, "MaxNumberOfMessages": 10 });
            let received = self.target("sqs", "AmazonSQS.ReceiveMessage", &ask);
            let messages = received["Messages"].as_array().cloned().unwrap_or_default();
            if messages.is_empty() {
                return all;
            }
            let bodies = messages.iter().map(|message| message["Body"].as_str().unwrap_or_default());
            all.extend(bodies.map(|body| serde_json::from_str::<Value>(body).unwrap_or_default()));
        }
    }

    /// Calls a function and waits for its answer.
    pub(crate) fn invoke(&self, function: &str, event: &Value) -> Invoked {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.url);
        let request =
            self.client.post(url).header("X-Amz-Invocation-Type", "RequestResponse").body(event.to_string());
        self.threads.block_on(async {
            let answer = signed("lambda", request).send().await.expect("ministack answers");
            let failed = answer.headers().contains_key("x-amz-function-error");
            Invoked { failed, answer: answer.json().await.expect("functions answer in JSON") }
        })
    }

    /// Has a function called as events call it: tried again as it is configured, and laid aside after that.
    pub(crate) fn invoke_later(&self, function: &str, event: &Value) {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.url);
        let request = self.client.post(url).header("X-Amz-Invocation-Type", "Event").body(event.to_string());
        self.send("lambda", request);
    }

    /// One of the services that take JSON and name the operation in a header.
    fn target(&self, service: &str, operation: &str, body: &Value) -> Value {
        let request = self.client.post(&self.url).header("X-Amz-Target", operation);
        let request = request.header("Content-Type", "application/x-amz-json-1.1").body(body.to_string());
        match self.send(service, request).as_str() {
            "" => Value::Null,
            answer => serde_json::from_str(answer).expect("the answer is JSON"),
        }
    }

    /// The answer's text; ends the test unless the request succeeded.
    #[track_caller]
    fn send(&self, service: &str, request: RequestBuilder) -> String {
        let answer = self.threads.block_on(async {
            let answer = signed(service, request).send().await?;
            Ok::<_, reqwest::Error>((answer.status(), answer.text().await?))
        });
        let (status, text) = answer.expect("ministack answers");
        assert!(status.is_success(), "{service} answers {status}: {text}");
        text
    }
}

/// The region in which `rollcall --endpoint` keeps its tables.
pub(crate) const REGION: &str = "local";

/// ministack finds service and region in the signature, and does not look at the rest of it.
fn signed(service: &str, request: RequestBuilder) -> RequestBuilder {
    let scope = format!("local/20260302/{REGION}/{service}/aws4_request");
    request.header(
        "Authorization",
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
    )
}

impl Drop for Cloud {
    fn drop(&mut self) {
        // Fails when it ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Follows no redirect: where one leads is what is looked at.
fn client() -> Client {
    Client::builder().redirect(Policy::none()).build().expect("a client can be made")
}

fn python() -> PathBuf {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/venv/bin/python");
    assert!(
        program.exists(),
        "ministack, in which this test runs the functions, is not installed ({} is missing): run tests/run, which installs it",
        program.display()
    );
    program
}
