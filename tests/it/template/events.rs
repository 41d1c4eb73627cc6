//! Who is woken by what, how often it is tried, and where it lies when nobody took it.

use std::collections::BTreeSet;

use serde_json::json;

use super::{list, of_type, properties, template, text};

/// The shortest time between two cycles of a job, in seconds.
const INTERVAL: u64 = 20 * 60;

#[test]
fn due_jobs_are_looked_for_every_minute() {
    let template = template();
    let tick = properties(&template, "Tick");
    assert_eq!(tick["ScheduleExpression"], "rate(1 minute)");
    assert_eq!(tick["Targets"][0]["Arn"], "SyncFunction.Arn");
    assert_eq!(
        tick["Targets"][0]["RetryPolicy"]["MaximumRetryAttempts"], 0,
        "the next turn finds the same jobs"
    );
}

#[test]
fn sync_is_given_an_event_once_and_none_that_is_older_than_an_interval() {
    let template = template();
    let once = properties(&template, "SyncOnce");
    assert_eq!((&once["FunctionName"], &once["Qualifier"]), (&json!("SyncFunction"), &json!("$LATEST")));
    assert_eq!(
        (&once["MaximumRetryAttempts"], &once["MaximumEventAgeInSeconds"]),
        (&json!(0), &json!(INTERVAL))
    );
    assert_eq!(once["DestinationConfig"]["OnFailure"]["Destination"], "SyncDeadLetters.Arn");
    let work = &properties(&template, "Work")["Targets"][0];
    assert_eq!(work["RetryPolicy"]["MaximumEventAgeInSeconds"], INTERVAL);
}

#[test]
fn notifier_hears_what_is_worth_a_mail_looks_every_quarter_of_an_hour_and_learns_what_became_of_mails() {
    let template = template();
    let told: BTreeSet<&str> =
        list(&properties(&template, "News")["EventPattern"]["detail-type"]).iter().map(text).collect();
    let worth = [
        "Credentials Expiring",
        "Job Disabled",
        "Job Quarantined",
        "Job Recovered",
        "Quarantine Reason Changed",
        "Removals Held",
    ];
    assert_eq!(told, BTreeSet::from(worth));
    let minutes = ::notifier::TURN.as_secs() / 60;
    assert_eq!(properties(&template, "Turn")["ScheduleExpression"], format!("rate({minutes} minutes)"));
    let tags = &properties(&template, "MailFeedback")["EventPattern"]["detail"]["mail"]["tags"];
    assert_eq!(tags["ses:configuration-set"], json!(["MailConfigurationSet"]));
    let sends = &properties(&template, "MailFeedbackToTheBus")["EventDestination"]["MatchingEventTypes"];
    for needed in ["SEND", "DELIVERY", "BOUNCE", "COMPLAINT"] {
        assert!(list(sends).contains(&json!(needed)), "{needed}");
    }
    let control = properties(&template, "ControlFunction");
    assert_eq!(control["Environment"]["Variables"]["ROLLCALL_NOTIFIER_FUNCTION"], "NotifierFunction");
}

#[test]
fn what_a_rule_cannot_hand_over_lies_in_the_dead_letters_of_its_function() {
    let template = template();
    let queue_policy = &properties(&template, "DeadLettersFromTheBus")["PolicyDocument"]["Statement"][0];
    let may_lay_aside = &queue_policy["Condition"]["ArnEquals"]["aws:SourceArn"];
    let permissions = of_type(&template, "AWS::Lambda::Permission");
    for (rule, properties) in of_type(&template, "AWS::Events::Rule") {
        let [target] = list(&properties["Targets"]) else { panic!("{rule} has several targets") };
        let function = text(&target["Arn"]).strip_suffix(".Arn").unwrap();
        let name = function.strip_suffix("Function").unwrap();
        assert_eq!(target["DeadLetterConfig"]["Arn"], format!("{name}DeadLetters.Arn"), "{rule}");
        assert!(target["RetryPolicy"].is_object(), "{rule} would be tried for a day");
        let arn = json!(format!("{rule}.Arn"));
        assert!(list(may_lay_aside).contains(&arn), "{rule} may lay nothing aside");
        let may_wake =
            permissions.iter().any(|(_, one)| one["SourceArn"] == arn && one["FunctionName"] == function);
        assert!(may_wake, "{rule} may not wake {function}");
    }
}
