//! What may be said at a deployment: described, checked before anything is made, and the stack's own.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{list, of_type, template, text};

#[test]
fn each_parameter_is_described_is_checked_and_has_its_place_in_the_form() {
    let template = template();
    let groups = &template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"];
    let shown: Vec<&str> =
        list(groups).iter().flat_map(|group| list(&group["Parameters"])).map(text).collect();
    let parameters = template["Parameters"].as_object().unwrap();
    assert_eq!(
        shown.iter().copied().collect::<BTreeSet<_>>(),
        parameters.keys().map(String::as_str).collect()
    );
    assert_eq!(shown.len(), parameters.len(), "one is shown twice");
    for (name, parameter) in parameters {
        assert!(text(&parameter["Description"]).ends_with('.'), "{name} is not described");
        let is_checked = match text(&parameter["Type"]) {
            "String" => parameter.get("AllowedPattern").or(parameter.get("AllowedValues")).is_some(),
            "Number" => {
                ["MinValue", "MaxValue"].iter().all(|end| parameter.get(end).is_some())
                    || parameter.get("AllowedValues").is_some()
            }
            // Items of a list take no pattern; rules ask whether it is empty.
            "CommaDelimitedList" => template["Rules"].to_string().contains(&format!("\"{name}\"")),
            other => panic!("{name} is of the type {other}"),
        };
        assert!(is_checked, "any value of {name} would do");
        assert!(parameter.get("Default").is_some(), "a first deployment has to know {name}");
    }
}

#[test]
fn patterns_refuse_what_would_only_fail_later() {
    let template = template();
    let cases = [
        ("TokenIssuer", "https://login.example.com/tenant/v2.0", "http://login.example.com"),
        ("AlarmEmail", "it-ops@tessera.example", "it-ops"),
        ("AlarmTopic", "arn:aws:sns:eu-central-1:111122223333:ops", "ops"),
        ("MailIdentity", "tessera.example", "tessera"),
        ("MailSender", "rollcall@tessera.example", "tessera.example"),
        ("SourceBucket", "tessera-people", "s3://tessera-people"),
        ("SecretPrefix", "tessera/rollcall/", "*"),
        ("TablePrefix", "rollcall", "two words"),
        ("TokenRoles", r#"{"it ops": []}"#, "it ops"),
        ("SyncConcurrency", "10", "5"),
        ("ApiConcurrency", "5", "-1"),
        ("LogFilter", "info,sync=debug", "info;"),
    ];
    for (name, good, bad) in cases {
        let parameter = &template["Parameters"][name];
        // CloudFormation wants the whole value to match.
        let pattern = format!("^(?:{})$", text(&parameter["AllowedPattern"]));
        let pattern = fancy_regex::Regex::new(&pattern).unwrap();
        let is_taken = |value: &str| pattern.is_match(value).unwrap();
        assert!(is_taken(good) && !is_taken(bad), "{name}");
        assert!(is_taken(text(&parameter["Default"])), "the default of {name}");
    }
}

#[test]
fn several_stacks_live_in_one_account() {
    let template = template();
    let named = [
        "BucketName",
        "FunctionName",
        "GroupName",
        "LogGroupName",
        "Name",
        "QueueName",
        "RoleName",
        "RuleName",
        "TopicName",
    ];
    // Things that lie within one that is the stack's own.
    let within = [
        "AWS::ApiGatewayV2::Authorizer",
        "AWS::Cognito::UserPoolGroup",
        "AWS::Cognito::UserPoolResourceServer",
        "AWS::Cognito::UserPoolUserToGroupAttachment",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Permission",
        "AWS::Logs::SubscriptionFilter",
    ];
    for (id, resource) in template["Resources"].as_object().unwrap() {
        if within.contains(&text(&resource["Type"])) {
            continue;
        }
        for (name, value) in named.iter().filter_map(|name| Some((name, resource["Properties"].get(name)?))) {
            assert!(text(value).contains("AWS::StackName"), "{name} of {id} is {value} in every stack");
        }
    }
    for (_, table) in of_type(&template, "AWS::DynamoDB::Table") {
        let prefix: &Value = &table["TableName"][1]["Prefix"];
        assert_eq!(prefix[2], "AWS::StackName");
    }
}
