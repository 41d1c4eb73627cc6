//! The template agrees with the code: what is deployed is what the functions were written for.
//!
//! CloudFormation's tags (`!Sub`, `!GetAtt`) are read as their plain values: `!Ref Bus` is the text `Bus`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use store::TableNames;
use store::tables::{Definition, TTL_ATTRIBUTE, definitions};

const FUNCTIONS: [(&str, &str); 4] = [
    ("sync", "SyncFunction"),
    ("query", "QueryFunction"),
    ("control", "ControlFunction"),
    ("notifier", "NotifierFunction"),
];

/// What the gateway lets through without a token: what tells nothing of anybody, and the console, which asks for a cookie
/// of its own.
const OPEN: [(&str, &str, &str); 6] = [
    ("QueryFunction", "GET", "/healthz"),
    ("QueryFunction", "GET", "/openapi.json"),
    ("QueryFunction", "GET", "/"),
    ("QueryFunction", "GET", "/{proxy+}"),
    ("QueryFunction", "POST", "/sign-out"),
    ("ControlFunction", "POST", "/forms/{proxy+}"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

pub(crate) fn template() -> Value {
    serde_saphyr::from_str(&fs::read_to_string(root().join("template.yaml")).unwrap()).unwrap()
}

fn properties<'a>(template: &'a Value, resource: &str) -> &'a Value {
    &template["Resources"][resource]["Properties"]
}

fn keys(hash: &str, range: &str) -> Value {
    json!([{ "AttributeName": hash, "KeyType": "HASH" }, { "AttributeName": range, "KeyType": "RANGE" }])
}

#[test]
fn the_tables_are_those_the_store_makes() {
    let template = template();
    let expected = definitions(&TableNames::with_prefix("${TablePrefix}"));
    for (resource, Definition { name, indexes }) in ["StateTable", "LogsTable"].into_iter().zip(expected) {
        let table = properties(&template, resource);
        assert_eq!(table["TableName"], name);
        assert_eq!(table["KeySchema"], keys("pk", "sk"));
        assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
        assert_eq!(
            table["TimeToLiveSpecification"],
            json!({ "AttributeName": TTL_ATTRIBUTE, "Enabled": true })
        );
        assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
        assert_eq!(template["Resources"][resource]["DeletionPolicy"], "Retain");

        let index = |index: &store::tables::Index| {
            json!({
                "IndexName": index.name,
                "KeySchema": keys(index.hash, index.range),
                "Projection": { "ProjectionType": "KEYS_ONLY" },
            })
        };
        assert_eq!(
            table["GlobalSecondaryIndexes"],
            Value::from_iter(indexes.iter().map(index)),
            "{resource}"
        );

        let mut attributes = BTreeSet::from(["pk", "sk"]);
        attributes.extend(indexes.iter().flat_map(|index| [index.hash, index.range]));
        let defined: BTreeMap<&str, &str> = list(&table["AttributeDefinitions"])
            .iter()
            .map(|one| (text(&one["AttributeName"]), text(&one["AttributeType"])))
            .collect();
        assert_eq!(defined, attributes.into_iter().map(|name| (name, "S")).collect(), "{resource}");
    }
}

#[test]
fn each_function_has_the_environment_it_reads_and_no_more() {
    let template = template();
    let common = &template["Globals"]["Function"]["Environment"]["Variables"];
    for (folder, resource) in FUNCTIONS {
        let own = &properties(&template, resource)["Environment"]["Variables"];
        let set: BTreeSet<String> = [common, own]
            .iter()
            .filter_map(|variables| variables.as_object())
            .flat_map(|v| v.keys().cloned())
            .collect();
        assert_eq!(set, read_by(&root().join("functions").join(folder).join("src")), "{folder}");
    }
}

/// The variables named in the code of a function. All of them set up `runtime::tracing`, which reads one; those that are
/// asked over HTTPS read whose tokens they take, and where people sign in.
fn read_by(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::from(["ROLLCALL_LOG".to_owned()]);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(read_by(&path));
            continue;
        }
        let code = fs::read_to_string(path).unwrap();
        let elsewhere = [
            ("Access::from_env(", "shared/api/src/access"),
            ("Issuer::from_env(", "shared/webconsole/src/sign_in"),
        ];
        for (_, folder) in elsewhere.into_iter().filter(|(call, _)| code.contains(call)) {
            names.extend(read_by(&root().join(folder)));
        }
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for (start, _) in line.match_indices("\"ROLLCALL_") {
                let name = line[start + 1..].split('"').next().unwrap();
                names.insert(name.to_owned());
            }
        }
    }
    names
}

#[test]
fn query_may_read_and_nothing_else() {
    let allowed = actions(&template(), "QueryFunction");
    assert!(!allowed.is_empty());
    for action in allowed {
        let reads = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "s3:GetObject"]
            .contains(&action.as_str());
        assert!(reads, "query may {action}");
    }
}

#[test]
fn exports_are_put_by_sync_got_by_query_and_by_nobody_else() {
    let template = template();
    let on_exports = |resource| -> Vec<String> {
        let statements = statements(&template, resource).into_iter();
        let of_bucket =
            statements.filter(|statement| statement["Resource"].to_string().contains("ExportBucket"));
        of_bucket
            .inspect(|statement| assert_eq!(statement["Resource"], "${ExportBucket.Arn}/exports/*"))
            .flat_map(|statement| actions_of(&statement))
            .collect()
    };
    assert_eq!(on_exports("SyncFunction"), ["s3:PutObject"]);
    assert_eq!(on_exports("QueryFunction"), ["s3:GetObject"]);
    assert_eq!(on_exports("ControlFunction"), [""; 0]);
    assert_eq!(on_exports("NotifierFunction"), [""; 0]);
    for resource in ["SyncFunction", "QueryFunction"] {
        let set = &properties(&template, resource)["Environment"]["Variables"];
        assert_eq!(set["ROLLCALL_EXPORT_BUCKET"], "ExportBucket");
        assert_eq!(set["ROLLCALL_LOG_RETENTION_DAYS"], "RecordRetentionDays");
    }
}

#[test]
fn the_bucket_for_exports_is_closed_encrypted_and_forgets_after_a_week() {
    let template = template();
    let bucket = properties(&template, "ExportBucket");
    let blocked = bucket["PublicAccessBlockConfiguration"].as_object().unwrap();
    assert_eq!((blocked.len(), blocked.values().all(|on| *on == true)), (4, true));
    let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"];
    assert_eq!(encryption[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256");
    let rule = &bucket["LifecycleConfiguration"]["Rules"][0];
    assert_eq!((&rule["Status"], &rule["ExpirationInDays"]), (&json!("Enabled"), &json!(7)));
    let policy = &properties(&template, "ExportsOverTlsOnly")["PolicyDocument"]["Statement"][0];
    assert_eq!((&policy["Effect"], &policy["Principal"]), (&json!("Deny"), &json!("*")));
    assert_eq!(policy["Condition"]["Bool"]["aws:SecureTransport"], "false");
}

#[test]
fn nobody_is_answered_without_a_token_but_about_health_and_description() {
    let template = template();
    let auth = &properties(&template, "Api")["Auth"];
    let authorizer = &auth["Authorizers"][text(&auth["DefaultAuthorizer"])]["JwtConfiguration"];
    assert_eq!(*authorizer, json!({ "issuer": "TokenIssuer", "audience": ["TokenAudience"] }));
    for (_, resource) in FUNCTIONS {
        for event in properties(&template, resource)["Events"].as_object().unwrap().values() {
            let route = &event["Properties"];
            let is_open = route.get("Auth").is_some();
            let text = |name: &str| route[name].as_str().unwrap_or_default();
            let may_be = OPEN.contains(&(resource, text("Method"), text("Path")));
            assert_eq!(is_open, may_be, "{resource}: {route}");
        }
        assert_eq!(
            properties(&template, resource).get("FunctionUrlConfig"),
            None,
            "{resource} has another door"
        );
    }
}

#[test]
fn the_functions_check_the_tokens_that_the_gateway_lets_through() {
    let template = template();
    for function in ["QueryFunction", "ControlFunction"] {
        let set = &properties(&template, function)["Environment"]["Variables"];
        let tokens = [&set["ROLLCALL_TOKEN_ISSUER"], &set["ROLLCALL_TOKEN_AUDIENCE"]];
        assert_eq!(tokens, ["TokenIssuer", "TokenAudience"], "{function}");
    }
}

#[test]
fn sync_reads_the_secrets_that_are_named_for_it_control_puts_them_away_and_nobody_does_both() {
    let template = template();
    let expected: BTreeMap<&str, &[&str]> = [
        ("sync", &["secretsmanager:GetSecretValue"][..]),
        ("control", &["secretsmanager:CreateSecret", "secretsmanager:PutSecretValue"][..]),
    ]
    .into();
    for (name, resource) in FUNCTIONS {
        let about_secrets =
            |statement: &Value| actions_of(statement).iter().any(|one| one.starts_with("secretsmanager:"));
        let secrets: Vec<_> = statements(&template, resource).into_iter().filter(about_secrets).collect();
        let allowed: Vec<String> = secrets.iter().flat_map(actions_of).collect();
        assert_eq!(allowed, expected.get(name).copied().unwrap_or_default(), "{resource}");
        for secret in secrets {
            assert!(text(&secret["Resource"]).ends_with(":secret:${SecretPrefix}*"), "{secret:?}");
        }
    }
}

#[test]
fn control_may_ask_sync_and_never_the_log() {
    let template = template();
    let of_control = statements(&template, "ControlFunction");
    let asks = of_control.iter().find(|statement| actions_of(statement) == ["lambda:InvokeFunction"]);
    assert_eq!(asks.map(|asks| &asks["Resource"]), Some(&json!("SyncFunction.Arn")));
    assert!(of_control.iter().all(|statement| !statement["Resource"].to_string().contains("LogsTable")));
}

#[test]
fn due_jobs_are_looked_for_every_minute_and_through_an_index_that_sync_may_read() {
    let template = template();
    let tick = &properties(&template, "SyncFunction")["Events"]["Tick"];
    assert_eq!([&tick["Type"], &tick["Properties"]["Schedule"]], ["Schedule", "rate(1 minute)"]);
    let may = statements(&template, "SyncFunction").into_iter().any(|statement| {
        actions_of(&statement).iter().any(|action| action == "dynamodb:Query")
            && statement["Resource"] == "${StateTable.Arn}/index/due"
    });
    assert!(may, "sync may not ask the index of due jobs");
}

#[test]
fn notifier_hears_what_is_worth_a_mail_looks_every_quarter_of_an_hour_and_learns_what_became_of_mails() {
    let template = template();
    let notifier = properties(&template, "NotifierFunction");
    let events = &notifier["Events"];
    let told: BTreeSet<&str> =
        list(&events["News"]["Properties"]["Pattern"]["detail-type"]).iter().map(text).collect();
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
    assert_eq!(events["Turn"]["Properties"]["Schedule"], format!("rate({minutes} minutes)"));
    let tags = &events["MailFeedback"]["Properties"]["Pattern"]["detail"]["mail"]["tags"];
    assert_eq!(tags["ses:configuration-set"], json!(["MailConfigurationSet"]));
    let sends = &properties(&template, "MailFeedbackToTheBus")["EventDestination"]["MatchingEventTypes"];
    for needed in ["SEND", "DELIVERY", "BOUNCE", "COMPLAINT"] {
        assert!(list(sends).contains(&json!(needed)), "{needed}");
    }
    let name = &notifier["FunctionName"];
    let control = properties(&template, "ControlFunction");
    assert_eq!(control["Environment"]["Variables"]["ROLLCALL_NOTIFIER_FUNCTION"], *name);
    for event in events.as_object().unwrap().values() {
        let letters = &event["Properties"]["DeadLetterConfig"]["Arn"];
        assert_eq!(letters, "NotifierDeadLetters.Arn", "{event}");
    }
    let alarm = properties(&template, "MailFails");
    assert_eq!(alarm["Dimensions"][0]["Value"], "NotifierDeadLetters.QueueName");
}

#[test]
fn no_function_may_do_everything() {
    for (_, resource) in FUNCTIONS {
        let wide = actions(&template(), resource).into_iter().find(|action| action.contains('*'));
        assert_eq!(wide, None, "{resource}");
    }
}

/// All that a function's policies allow.
fn actions(template: &Value, resource: &str) -> Vec<String> {
    statements(template, resource).iter().flat_map(actions_of).collect()
}

/// The statements of a function's policies. They must be written out: a managed policy, a policy template of SAM or a
/// role from elsewhere has no statements here to look at, and fails.
fn statements(template: &Value, resource: &str) -> Vec<Value> {
    let function = properties(template, resource);
    assert_eq!(function.get("Role"), None, "{resource} has a role from elsewhere");
    // `!If [condition, policy, nothing]`
    let policies = list(&function["Policies"])
        .iter()
        .map(|policy| policy.as_array().map_or(policy, |branches| &branches[1]));
    policies.flat_map(|policy| list(&policy["Statement"]).to_vec()).collect()
}

fn actions_of(statement: &Value) -> Vec<String> {
    match &statement["Action"] {
        Value::String(action) => vec![action.clone()],
        actions => list(actions).iter().map(|action| text(action).to_owned()).collect(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
