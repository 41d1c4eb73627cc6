//! What goes wrong in a function itself: an environment in which it cannot start, and payloads that are none of its own. Each is
//! told in the function's log, and no value of what was given is.

use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::lambda::{REQUEST, RuntimeApi, TRACE};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use super::cloud::{Cloud, PATIENCE};
use super::{BUS, Deployed, event};
use crate::support::function;

/// Starts a function in this environment alone, in which it cannot stay.
fn start(name: &str, environment: &[(&str, &str)]) -> Output {
    Command::new(function(name))
        .env_clear()
        .env("AWS_REGION", "local")
        .envs(environment.iter().copied())
        .output()
        .expect("the function can be started")
}

#[test]
fn a_function_that_cannot_start_names_every_variable_that_is_missing() {
    let prefix = ("ROLLCALL_TABLE_PREFIX", "rollcall");
    let bucket = ("ROLLCALL_EXPORT_BUCKET", "exports");
    type Environment<'a> = &'a [(&'a str, &'a str)];
    let cases: [(&str, Environment, &str); 7] = [
        ("sync", &[prefix], "variables ROLLCALL_EVENT_BUS, ROLLCALL_EXPORT_BUCKET are not set"),
        ("query", &[], "variables ROLLCALL_TABLE_PREFIX, ROLLCALL_EXPORT_BUCKET are not set"),
        ("query", &[prefix, bucket], "variables ROLLCALL_TOKEN_ISSUER, ROLLCALL_TOKEN_AUDIENCE are not set"),
        (
            "control",
            &[prefix],
            "variables ROLLCALL_SYNC_FUNCTION, ROLLCALL_NOTIFIER_FUNCTION, ROLLCALL_SECRET_PREFIX are not set",
        ),
        ("notifier", &[prefix], "variable ROLLCALL_EVENT_BUS is not set"),
        (
            "query",
            &[prefix, bucket, ("ROLLCALL_LOG_RETENTION_DAYS", "a month")],
            "ROLLCALL_LOG_RETENTION_DAYS",
        ),
        ("query", &[("ROLLCALL_METRICS", "some")], "ROLLCALL_METRICS does not hold application or stack"),
    ];
    for (name, environment, expected) in cases {
        let Output { status, stdout, .. } = start(name, environment);
        assert_eq!(status.code(), Some(1), "{name} with {environment:?}");
        let line: Value = serde_json::from_slice(&stdout).expect("it prints one line, which is JSON");
        assert_eq!(line["level"], "ERROR", "{line}");
        assert!(line["fields"]["message"].as_str().unwrap().contains(expected), "{line}");
    }
}

#[test]
fn a_filter_of_the_log_that_cannot_be_read_is_named_and_none_is_lost() {
    let Output { stdout, .. } = start("query", &[("ROLLCALL_LOG", "query=loudly")]);
    let text = String::from_utf8(stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let levels: Vec<_> = lines.iter().map(|line| &line["level"]).collect();
    assert_eq!(levels, ["WARN", "ERROR"], "{text}");
    assert!(lines[0]["fields"]["message"].as_str().unwrap().contains("ROLLCALL_LOG"), "{text}");
}

/// The lines that tell of failed invocations, when there are as many.
#[track_caller]
fn errors(cloud: &Cloud, function: &str, expected: usize) -> Vec<Value> {
    let until = Instant::now() + PATIENCE;
    loop {
        let lines = cloud.printed(function).into_iter();
        let errors: Vec<Value> = lines.filter(|line| line["level"] == "ERROR").collect();
        if errors.len() >= expected {
            return errors;
        }
        assert!(Instant::now() < until, "{function} tells {errors:#?}\n{}", cloud.log());
        sleep(Duration::from_millis(200));
    }
}

#[test]
fn what_a_function_refuses_is_told_with_its_request_and_without_its_values() {
    const CANARY: &str = "canary-7f3a";
    let deployed = Deployed::working(1, Duration::ZERO);
    let cloud = &deployed.cloud;
    let notifier = json!({ "ROLLCALL_TABLE_PREFIX": "rollcall", "ROLLCALL_EVENT_BUS": BUS });
    cloud.deploy("notifier", 60, &notifier);
    let asked = |ask: Value| json!({ "operation": "0192d3a0-5b7e-7cc3-98c4-dc0c0c07398f", "application": null, "by": "Ada", "ask": ask });
    let credentials = json!({ "kind": "validateCredentials", "credentials": CANARY });
    let files = json!({ "Records": [{ "eventSource": "aws:s3", "s3": { "object": { "key": CANARY } } }] });
    let queued = json!({ "Records": [{ "eventSource": "aws:sqs", "body": CANARY }] });
    let cases = [
        ("sync", asked(credentials.clone()), "an ask that cannot be read: a value is not as expected"),
        ("sync", asked(json!({ "kind": CANARY })), "an ask that cannot be read: a value is not as expected"),
        ("sync", json!(CANARY), "no event as EventBridge delivers them: a value is not as expected"),
        ("sync", files.clone(), "no event as EventBridge delivers them: missing field"),
        ("sync", queued.clone(), "no event as EventBridge delivers them: missing field"),
        (
            "sync",
            event("rollcall", "Cycle Continues", &json!({ "detail": CANARY })),
            "which slice comes next",
        ),
        ("notifier", asked(credentials), "an ask that cannot be read: a value is not as expected"),
        ("notifier", files, "no event as EventBridge delivers them: missing field"),
        ("notifier", queued, "no event as EventBridge delivers them: missing field"),
        (
            "notifier",
            event("aws.ses", "Email Bounced", &json!({ "eventType": "Bounce", "mail": CANARY })),
            "'Email Bounced' cannot be read: a value is not as expected",
        ),
        ("notifier", event("rollcall", "Job Quarantined", &json!({ "job": [CANARY] })), "cannot be read"),
        (
            "notifier",
            event("aws.events", "AWS API Call via CloudTrail", &json!({ "user": CANARY })),
            "'AWS API Call via CloudTrail' of 'aws.events' is no event for notifier",
        ),
        ("query", event("aws.s3", "Object Created", &json!({ "key": CANARY })), "Amazon API Gateway"),
    ];
    for (name, payload, reason) in &cases {
        let invoked = cloud.invoke(name, payload);
        let said = invoked.answer["errorMessage"].as_str().unwrap_or_default();
        assert!(invoked.failed && said.contains(reason), "{name} of {payload}: {invoked:?}");
        assert!(!invoked.answer.to_string().contains(CANARY), "{name} of {payload}: {invoked:?}");
    }
    for name in ["sync", "notifier"] {
        let refused: Vec<_> = cases.iter().filter(|(function, ..)| function == &name).collect();
        let told = errors(cloud, name, refused.len());
        assert_eq!(told.len(), refused.len(), "each is told once: {told:#?}");
        for (line, (_, payload, reason)) in told.iter().zip(refused) {
            assert!(line.to_string().contains(reason), "{payload} is told as {line}");
            assert!(line["spans"][0]["requestId"].is_string(), "each line names its request: {line}");
        }
        assert!(cloud.printed(name).iter().all(|line| !line.to_string().contains(CANARY)), "{name}");
    }
    // They still work.
    assert_eq!(deployed.tick(), 1);
    assert!(!cloud.invoke("notifier", &event("aws.events", "Scheduled Event", &json!({}))).failed);
}

#[tokio::test]
async fn each_line_names_its_request_and_its_trace() {
    let (tell, mut hears) = unbounded_channel();
    let invocations = vec![json!("nothing that is an event")];
    let api = RuntimeApi::start(invocations, move |told| drop(tell.send(told))).await.unwrap();
    let mut process = api.command(&function("notifier"), "notifier");
    process.env("ROLLCALL_TABLE_PREFIX", "rollcall").env("ROLLCALL_EVENT_BUS", BUS);
    let mut process = process.stdout(Stdio::piped()).spawn().unwrap();
    for expected in ["Ready", "Failed"] {
        let told = timeout(PATIENCE, hears.recv()).await.expect("the function tells how it is").unwrap();
        assert!(format!("{told:?}").starts_with(expected), "{told:?}");
    }
    process.kill().unwrap();
    let told = process.wait_with_output().unwrap().stdout;
    let lines = String::from_utf8(told).unwrap();
    let line = lines
        .lines()
        .find(|line| line.contains("\"ERROR\""))
        .unwrap_or_else(|| panic!("no error in {lines}"));
    let line: Value = serde_json::from_str(line).unwrap();
    let within = &line["spans"][0];
    assert_eq!([&within["requestId"], &within["xrayTraceId"]], [REQUEST, TRACE], "{line:#}");
}
