//! What each function may do in the account is what its code can ask of it: no less, no more.
//!
//! What its code can ask is read from the binary. An operation of AWS's SDK that nothing calls is not linked, so the
//! symbols tell what is there, through every crate and whatever was called by a trait. A permission without an operation
//! fails, and so does an operation without a permission.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{FUNCTIONS, list, of_type, properties, template, text};
use crate::support::symbols_of;

/// What the SDK brings along and never asks here: of directory buckets, which have names that ours cannot have, and of
/// credentials that lie in a profile or a file, where Lambda gives them by the environment.
const NEVER_ASKED: [(&str, &str); 3] =
    [("s3", "create_session"), ("sts", "assume_role"), ("sts", "assume_role_with_web_identity")];

/// What Lambda does in the function's name, by the statement's `Sid`: the function's log, its dead letters, the network
/// interfaces in a VPC, its traces.
const FOR_LAMBDA: [&str; 4] = ["Log", "LayDeadLettersAside", "NetworkInterfaces", "Trace"];

/// What a function asks of a place when this is linked: a module or a function of the store, and the place in the template.
const PLACES: [(&str, &[&str], &str); 3] = [
    ("the log", &["5store7records"], "LogsTable.Arn"),
    ("the writing of the log", &["13write_records"], "LogsTable.Arn"),
    ("the index of due jobs", &["8due_jobs", "12jobs_in_need"], "${StateTable.Arn}/index/due"),
];

/// The symbols of a binary that belong to AWS's SDK or to the store.
fn symbols(binary: &Path) -> Vec<String> {
    let told = Command::new("nm").arg(binary).output().expect("nm is there; a linker comes with it");
    assert!(told.status.success(), "nm {}: {}", binary.display(), String::from_utf8_lossy(&told.stderr));
    let text = String::from_utf8_lossy(&told.stdout);
    text.lines()
        .filter(|line| line.contains("aws_sdk_") || line.contains("5store"))
        .map(ToOwned::to_owned)
        .collect()
}

/// The operation that a symbol sends, or signs for somebody else to send: `("dynamodb", "get_item")` of
/// `…aws_sdk_dynamodb9operation8get_item…11orchestrate…`.
fn operation(symbol: &str) -> Option<(&str, &str)> {
    let (_, rest) = symbol.split_once("aws_sdk_")?;
    let (service, rest) = rest.split_once("9operation")?;
    let digits = rest.find(|one: char| !one.is_ascii_digit())?;
    let name = rest[digits..].get(..rest[..digits].parse().ok()?)?;
    let is_sent = symbol.contains("11orchestrate") || symbol.contains("9presigned");
    is_sent.then_some((service, name)).filter(|operation| !NEVER_ASKED.contains(operation))
}

/// The permissions that an operation takes. Those of a transaction are those of its parts.
fn needed(service: &str, operation: &str, symbols: &[String]) -> Vec<String> {
    let is_linked = |builder: &str| {
        let built = format!("{}{builder}5build", builder.len());
        symbols.iter().any(|one| one.contains("5types") && one.contains(&built))
    };
    let prefix = match service {
        "eventbridge" => "events",
        "cloudwatchlogs" => "logs",
        "sesv2" => "ses",
        other => other,
    };
    let actions: Vec<String> = match (service, operation) {
        ("dynamodb", "transact_write_items") => {
            let parts = [
                ("PutBuilder", "PutItem"),
                ("UpdateBuilder", "UpdateItem"),
                ("DeleteBuilder", "DeleteItem"),
                ("ConditionCheckBuilder", "ConditionCheckItem"),
            ];
            parts
                .into_iter()
                .filter(|(part, _)| is_linked(part))
                .map(|(_, action)| action.to_owned())
                .collect()
        }
        // S3 has no permission of that name; whoever may not list is told 403 of an object that is not there.
        ("s3", "head_object") => vec!["GetObject".to_owned(), "ListBucket".to_owned()],
        ("lambda", "invoke") => vec!["InvokeFunction".to_owned()],
        (_, name) => vec![camel(name)],
    };
    actions.into_iter().map(|action| format!("{prefix}:{action}")).collect()
}

/// `GetItem` of `get_item`.
fn camel(name: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').map(word).collect()
}

/// What the code of a function can ask of the account.
fn asked(folder: &str) -> BTreeSet<String> {
    let symbols = symbols(&symbols_of(folder));
    let operations: BTreeSet<_> = symbols.iter().filter_map(|symbol| operation(symbol)).collect();
    assert!(!operations.is_empty(), "{folder} has no symbols of AWS's SDK: was it stripped of them?");
    operations.into_iter().flat_map(|(service, name)| needed(service, name, &symbols)).collect()
}

/// The statements of a function's role that allow something.
fn statements(template: &Value, function: &str) -> Vec<Value> {
    let role = text(&properties(template, function)["Role"]).strip_suffix(".Arn").unwrap();
    let own = list(&properties(template, role)["Policies"]).iter().map(|policy| &policy["PolicyDocument"]);
    let more = of_type(template, "AWS::IAM::Policy").into_iter().map(|(_, policy)| policy);
    let more = more.filter(|policy| list(&policy["Roles"]).contains(&json!(role)));
    let documents = own.chain(more.map(|policy| &policy["PolicyDocument"]));
    let all = documents.flat_map(|document| list(&document["Statement"]).to_vec());
    all.filter(|statement| statement["Effect"] == "Allow").collect()
}

fn actions_of(statement: &Value) -> Vec<String> {
    match &statement["Action"] {
        Value::String(action) => vec![action.clone()],
        actions => list(actions).iter().map(|action| text(action).to_owned()).collect(),
    }
}

/// What a function's code is allowed.
fn allowed(template: &Value, function: &str) -> BTreeSet<String> {
    let statements = statements(template, function);
    let code = statements.iter().filter(|one| !FOR_LAMBDA.contains(&one["Sid"].as_str().unwrap_or_default()));
    code.flat_map(actions_of).collect()
}

#[test]
fn each_function_may_do_what_its_code_can_ask_for_and_no_more() {
    let template = template();
    let allowed = FUNCTIONS.map(|(folder, resource)| (folder, allowed(&template, resource)));
    assert_eq!(
        allowed,
        FUNCTIONS.map(|(folder, _)| (folder, asked(folder))),
        "what is allowed, and what is asked"
    );
}

#[test]
fn who_has_no_code_for_the_log_or_for_an_index_may_not_ask_it() {
    let template = template();
    for (folder, resource) in FUNCTIONS {
        let symbols = symbols(&symbols_of(folder));
        for (what, linked, place) in PLACES {
            let has_code = symbols.iter().any(|symbol| linked.iter().any(|part| symbol.contains(part)));
            let actions = on(&template, resource, place);
            let writes = actions.iter().any(|action| action == "dynamodb:BatchWriteItem");
            let may = if what == "the writing of the log" { writes } else { !actions.is_empty() };
            assert_eq!(may, has_code, "{folder} and {what}");
        }
    }
}

#[test]
fn what_is_allowed_to_lambda_is_on_the_functions_own_log_and_dead_letters() {
    let template = template();
    for (_, resource) in FUNCTIONS {
        let name = resource.strip_suffix("Function").unwrap();
        for statement in statements(&template, resource) {
            match statement["Sid"].as_str() {
                Some("Log") => assert_eq!(statement["Resource"], format!("{name}Logs.Arn")),
                Some("LayDeadLettersAside") => {
                    assert_eq!(statement["Resource"], format!("{name}DeadLetters.Arn"));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn query_writes_nothing() {
    let reads = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "s3:GetObject"];
    let allowed = allowed(&template(), "QueryFunction");
    assert!(allowed.iter().all(|action| reads.contains(&action.as_str())), "{allowed:?}");
}

/// The actions of a function on resources whose ARN holds this.
fn on(template: &Value, function: &str, part: &str) -> Vec<String> {
    let statements = statements(template, function).into_iter();
    let about = statements.filter(|statement| statement["Resource"].to_string().contains(part));
    about.flat_map(|statement| actions_of(&statement)).collect()
}

#[test]
fn exports_are_put_by_sync_got_by_query_and_by_nobody_else() {
    let template = template();
    assert_eq!(on(&template, "SyncFunction", "ExportBucket"), ["s3:PutObject"]);
    assert_eq!(on(&template, "QueryFunction", "ExportBucket"), ["s3:GetObject"]);
    assert_eq!(on(&template, "ControlFunction", "ExportBucket"), [""; 0]);
    assert_eq!(on(&template, "NotifierFunction", "ExportBucket"), [""; 0]);
}

#[test]
fn who_reads_secrets_puts_none_away_and_control_which_does_reads_none() {
    let template = template();
    let secrets = |function| on(&template, function, ":secret:${Prefix}*");
    assert_eq!(secrets("SyncFunction"), ["secretsmanager:GetSecretValue"]);
    assert_eq!(secrets("NotifierFunction"), [""; 0], "of no system");
    assert_eq!(
        on(&template, "NotifierFunction", ":secret:${Prefix}webhook*"),
        ["secretsmanager:GetSecretValue"]
    );
    assert_eq!(secrets("ControlFunction"), ["secretsmanager:CreateSecret", "secretsmanager:PutSecretValue"]);
    assert_eq!(on(&template, "QueryFunction", "secret"), [""; 0]);
}

#[test]
fn control_asks_sync_and_notifier_and_never_sees_the_log() {
    let template = template();
    assert_eq!(on(&template, "ControlFunction", "SyncFunction.Arn"), ["lambda:InvokeFunction"]);
    assert_eq!(on(&template, "ControlFunction", "NotifierFunction.Arn"), ["lambda:InvokeFunction"]);
    assert_eq!(on(&template, "ControlFunction", "LogsTable"), [""; 0]);
}

#[test]
fn nobody_writes_records_but_sync() {
    let template = template();
    for (folder, resource) in FUNCTIONS {
        let writes = on(&template, resource, "RecordLogs");
        let expected: &[&str] =
            if folder == "sync" { &["logs:CreateLogStream", "logs:PutLogEvents"] } else { &[] };
        assert_eq!(writes, expected, "{folder}");
    }
}

#[test]
fn no_action_has_a_wildcard() {
    let template = template();
    for (_, resource) in FUNCTIONS {
        let wide = statements(&template, resource).iter().flat_map(actions_of).find(|one| one.contains('*'));
        assert_eq!(wide, None, "{resource}");
    }
}

#[test]
fn permissions_that_lambda_looks_for_are_there_before_the_function() {
    let template = template();
    for (_, resource) in FUNCTIONS {
        let after = template["Resources"][resource]["Metadata"]["After"].to_string();
        assert!(after.contains("MayBeTraced"), "{resource}");
        let in_vpc = properties(&template, resource).get("VpcConfig").is_some();
        assert_eq!(after.contains("MayJoinTheNetwork"), in_vpc, "{resource}");
    }
}
