//! Tables and buckets: as the store makes them, kept, closed, encrypted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use store::TableNames;
use store::tables::{Definition, TTL_ATTRIBUTE, definitions};

use super::{list, of_type, properties, template, text};

fn keys(hash: &str, range: &str) -> Value {
    json!([{ "AttributeName": hash, "KeyType": "HASH" }, { "AttributeName": range, "KeyType": "RANGE" }])
}

#[test]
fn the_tables_are_those_the_store_makes() {
    let template = template();
    let expected = definitions(&TableNames::with_prefix("${Prefix}"));
    for (resource, Definition { name, indexes }) in ["StateTable", "LogsTable"].into_iter().zip(expected) {
        let table = properties(&template, resource);
        assert_eq!(table["TableName"][0], name);
        assert_eq!(table["KeySchema"], keys("pk", "sk"));
        assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
        assert_eq!(
            table["TimeToLiveSpecification"],
            json!({ "AttributeName": TTL_ATTRIBUTE, "Enabled": true })
        );

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
fn tables_are_encrypted_can_be_restored_outlive_the_stack_and_refuse_to_be_deleted() {
    let template = template();
    for (resource, table) in of_type(&template, "AWS::DynamoDB::Table") {
        assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
        assert_eq!(table["SSESpecification"]["SSEEnabled"], true);
        assert_eq!(table["DeletionProtectionEnabled"], json!(["IsProtected", true, false]));
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(template["Resources"][resource][policy], "Retain", "{resource}");
        }
    }
    assert_eq!(template["Parameters"]["DeletionProtection"]["Default"], "true");
}

#[test]
fn buckets_are_closed_encrypted_and_spoken_to_by_tls_alone() {
    let template = template();
    let policies = of_type(&template, "AWS::S3::BucketPolicy");
    for (name, bucket) in of_type(&template, "AWS::S3::Bucket") {
        let blocked = bucket["PublicAccessBlockConfiguration"].as_object().unwrap();
        assert_eq!((blocked.len(), blocked.values().all(|on| *on == true)), (4, true), "{name}");
        let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"];
        assert_eq!(encryption[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256", "{name}");
        let (_, policy) = policies.iter().find(|(_, policy)| policy["Bucket"] == name).unwrap();
        let statement = &policy["PolicyDocument"]["Statement"][0];
        assert_eq!((&statement["Effect"], &statement["Principal"]), (&json!("Deny"), &json!("*")));
        assert_eq!(statement["Condition"]["Bool"]["aws:SecureTransport"], "false", "{name}");
        let resources = json!([format!("{name}.Arn"), format!("${{{name}.Arn}}/*")]);
        assert_eq!(statement["Resource"], resources, "{name}");
    }
}

#[test]
fn exports_are_gone_after_a_week_and_the_newest_file_of_the_inbox_never() {
    let template = template();
    let rules = |bucket| list(&properties(&template, bucket)["LifecycleConfiguration"]["Rules"]);
    let exports = &rules("ExportBucket")[0];
    assert_eq!((&exports["Status"], &exports["ExpirationInDays"]), (&json!("Enabled"), &json!(7)));
    let inbox = rules("InboxBucket");
    assert!(inbox.iter().all(|rule| rule.get("ExpirationInDays").is_none()), "{inbox:?}");
    assert_eq!(inbox[0]["NoncurrentVersionExpiration"]["NoncurrentDays"], "InboxVersionDays");
    assert_eq!(properties(&template, "InboxBucket")["VersioningConfiguration"]["Status"], "Enabled");
}

#[test]
fn each_log_group_has_a_time_of_its_own_and_records_outlive_the_stack() {
    let template = template();
    for (name, group) in of_type(&template, "AWS::Logs::LogGroup") {
        let kept = if name == "RecordLogs" { "RecordLogRetentionDays" } else { "LogRetentionDays" };
        assert_eq!(group["RetentionInDays"], kept, "{name}");
    }
    assert_eq!(template["Resources"]["RecordLogs"]["DeletionPolicy"], "Retain");
}
