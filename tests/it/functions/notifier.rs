//! `notifier` as it is deployed: its binary, events from the bus and from SES, mail through stand-ins that others wrote.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::cloud::{Invoked, PATIENCE};
use super::ses::SecondSes;
use super::{BUS, Deployed, event};
use crate::template::template;

const SENDER: &str = "rollcall@mail.tessera.example";

/// A stack whose application cannot begin a cycle: its secret is not there.
struct Stack(Deployed);

impl Stack {
    /// `more` is added to the function's environment.
    fn start(more: &Value) -> Self {
        let stack = Self::deaf(more);
        let rule = &template()["Resources"]["News"]["Properties"];
        stack.0.cloud.connect(BUS, &rule["EventPattern"], "notifier");
        stack
    }

    /// One whose notifier hears nothing of what is said on the bus.
    fn deaf(more: &Value) -> Self {
        let missing = "secretsmanager:arn:aws:secretsmanager:local:000000000000:secret:rollcall/none-a1B2c3";
        let deployed = Deployed::with(1, Duration::ZERO, |_, _| missing.to_owned());
        let document = std::fs::read_to_string(deployed.office.path("ledgerly.yaml")).unwrap();
        let to = "notification: { to: [it-ops@tessera.example, eve@tessera.example] }\n";
        deployed.office.write("ledgerly.yaml", document + to);
        let apply = ["--endpoint", deployed.cloud.url(), "apply", "--offline", "ledgerly.yaml"];
        deployed.office.rollcall(&apply).exits(0);
        let mut environment = json!({
            "ROLLCALL_TABLE_PREFIX": "rollcall",
            "ROLLCALL_EVENT_BUS": BUS,
            "ROLLCALL_MAIL_FROM": SENDER,
            "ROLLCALL_MAIL_REPLY_TO": "helpdesk@tessera.example",
            "ROLLCALL_PUBLIC_URL": "https://api.example.com",
        });
        for (name, value) in more.as_object().unwrap() {
            environment[name] = value.clone();
        }
        deployed.cloud.deploy("notifier", 60, &environment);
        Self(deployed)
    }

    fn invoke(&self, event: &Value) -> Invoked {
        self.0.cloud.invoke("notifier", event)
    }

    fn turn(&self) -> Invoked {
        self.invoke(&event("aws.events", "Scheduled Event", &json!({})))
    }

    fn application(&self) -> Value {
        self.0.get("/v1.0/servicePrincipals")["value"][0].clone()
    }

    fn id(&self) -> String {
        self.application()["id"].as_str().unwrap().to_owned()
    }

    fn notification(&self) -> Value {
        self.0.get("/v1.0/servicePrincipals/Ledgerly/synchronization/notification")
    }

    /// Waits for mails.
    #[track_caller]
    fn mailed(&self, mails: impl Fn() -> Vec<Value>) -> Vec<Value> {
        let until = Instant::now() + PATIENCE;
        while mails().is_empty() {
            assert!(Instant::now() < until, "no mail comes\n{}", self.0.cloud.log());
            sleep(Duration::from_millis(200));
        }
        mails()
    }

    /// An event of SES about a mail of ours.
    fn tells(&self, mut detail: Value) -> Invoked {
        detail["mail"] = json!({ "messageId": "1", "tags": { "rollcall-application": [self.id()] } });
        self.invoke(&event("aws.ses", "Email Something", &detail))
    }
}

#[test]
fn trouble_on_the_bus_becomes_one_mail_through_ses() {
    let stack = Stack::start(&json!({}));
    let cloud = &stack.0.cloud;
    cloud.verify("tessera.example");
    assert_eq!(stack.0.tick(), 1);
    let mails = stack.mailed(|| cloud.mails());
    for _ in 0..2 {
        let turn = stack.turn();
        assert!(!turn.failed, "{turn:?}");
    }
    assert_eq!(cloud.mails().len(), 1);
    let mail = &mails[0];
    assert_eq!(mail["Subject"], "[Rollcall] Ledgerly: quarantined - a cycle cannot begin");
    assert_eq!(mail["To"], json!(["it-ops@tessera.example", "eve@tessera.example"]));
    assert_eq!(mail["Source"], format!("Rollcall <{SENDER}>"));
    let page = format!("https://api.example.com/applications/{}", stack.id());
    for part in ["BodyText", "BodyHtml"] {
        let text = mail[part].as_str().unwrap();
        assert!(text.contains(&page) && text.contains("there is no such secret"), "{part}: {text}");
    }
    let shown = stack.notification();
    assert_eq!(
        (&shown["lastMailConfirmed"], &shown["waitingEvents"]),
        (&json!(true), &json!(0)),
        "{shown:#}"
    );
}

#[test]
fn a_second_stand_in_takes_the_mail_as_well() {
    let second = SecondSes::start();
    let stack = Stack::start(&json!({ "AWS_ENDPOINT_URL_SESV2": second.url() }));
    assert_eq!(stack.0.tick(), 1);
    let mails = stack.mailed(|| second.mails());
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(mail["subject"], "[Rollcall] Ledgerly: quarantined - a cycle cannot begin");
    assert_eq!(mail["destination"]["to"], json!(["it-ops@tessera.example", "eve@tessera.example"]));
    assert_eq!(mail["replyTo"], json!(["helpdesk@tessera.example"]));
    assert!(mail["body"]["text"].as_str().unwrap().contains("To see more:"));
    assert!(mail["body"]["html"].as_str().unwrap().contains("<h1"));
}

#[test]
fn a_refusal_of_ses_is_an_error_with_its_cure_and_uses_up_nothing() {
    // Its own turns find out, too; a bus would repeat what failed at a time of its own.
    let stack = Stack::deaf(&json!({}));
    let cloud = &stack.0.cloud;
    cloud.put_into_sandbox();
    assert_eq!(stack.0.tick(), 1);
    stack.0.wait_for("the quarantine", |status| status["code"] == "Quarantine");
    for _ in 0..2 {
        let turn = stack.turn();
        assert!(turn.failed, "the alarm hears of failures: {turn:?}");
        let said = turn.answer["errorMessage"].as_str().unwrap();
        for words in ["mail about 'Ledgerly'", "MessageRejected", "verify the identity", SENDER, "sandbox"] {
            assert!(said.contains(words), "{words} in {said}");
        }
    }
    assert!(cloud.mails().is_empty());
    cloud.verify("tessera.example");
    let turn = stack.turn();
    assert!(!turn.failed, "{turn:?}");
    assert_eq!(cloud.mails().len(), 1);
}

#[test]
fn whose_mail_comes_back_is_marked_shown_and_left_out_until_one_arrives() {
    let stack = Stack::start(&json!({}));
    let cloud = &stack.0.cloud;
    cloud.verify("tessera.example");
    let bounced = json!({
        "eventType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bouncedRecipients": [{
                "emailAddress": "Eve@tessera.example", "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }],
        },
    });
    assert_eq!(stack.tells(bounced).answer, json!({ "ours": true }));
    let eve = stack.notification()["recipients"][1].clone();
    assert_eq!((&eve["address"], &eve["problem"]), (&json!("eve@tessera.example"), &json!("bounced")));
    assert_eq!(eve["reason"], "smtp; 550 5.1.1 user unknown");

    assert_eq!(stack.0.tick(), 1);
    let mails = stack.mailed(|| cloud.mails());
    assert_eq!(mails[0]["To"], json!(["it-ops@tessera.example"]));

    let asked = json!({
        "operation": "0192d3a0-5b7e-7cc3-98c4-dc0c0c07398f", "application": stack.id(), "by": "Ada",
        "ask": { "kind": "testMail" },
    });
    let sent = stack.invoke(&asked);
    assert_eq!(
        sent.answer["done"]["to"],
        json!(["it-ops@tessera.example", "eve@tessera.example"]),
        "{sent:?}"
    );
    let again = stack.invoke(&asked);
    assert_eq!(again.answer["refused"]["status"], 429, "{again:?}");
    assert_eq!(cloud.mails().len(), 2);

    stack.tells(json!({ "eventType": "Delivery", "delivery": { "recipients": ["eve@tessera.example"] } }));
    assert_eq!(stack.notification()["recipients"][1]["problem"], Value::Null);
    let complained = json!({
        "eventType": "Complaint",
        "complaint": { "complainedRecipients": [{ "emailAddress": "eve@tessera.example" }] },
    });
    stack.tells(complained);
    assert_eq!(stack.notification()["recipients"][1]["problem"], "complained");
    let foreign = json!({ "eventType": "Send", "mail": { "tags": {} } });
    assert_eq!(stack.invoke(&event("aws.ses", "Email Sent", &foreign)).answer, json!({ "ours": false }));
}

#[test]
fn events_that_are_none_of_its_own_fail_with_the_reason() {
    let stack = Stack::start(&json!({}));
    let cases = [
        (event("aws.ec2", "EC2 Instance State-change Notification", &json!({})), "no event for notifier"),
        (event("rollcall", "Job Quarantined", &json!({ "job": 7 })), "cannot be read"),
        (event("aws.ses", "Email Sent", &json!({})), "cannot be read"),
        (json!({ "ask": 7 }), "cannot be read"),
        (json!("nonsense"), "no event as EventBridge delivers them"),
    ];
    for (event, reason) in cases {
        let Invoked { failed, answer } = stack.invoke(&event);
        assert!(
            failed && answer["errorMessage"].as_str().unwrap().contains(reason),
            "{event} gives {answer}"
        );
    }
}
