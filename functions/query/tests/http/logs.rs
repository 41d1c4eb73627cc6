//! The provisioning log: found by everything an administrator may know, page by page.

use std::collections::BTreeSet;

use engine::report::Outcome;
use serde_json::Value;

use crate::stage::{CYCLE, JOB, LOG, Stage, record};

/// Two hundred and thirty people, one a minute, the newest first: Nadia, then everybody else. Every tenth failed.
async fn with_a_long_log() -> Stage {
    let stage = Stage::new().await;
    let mut records = vec![record("E000", "Nadia El-Sayed", 0, Outcome::Success)];
    for number in 1..230 {
        let outcome = if number % 10 == 0 { Outcome::Failure } else { Outcome::Success };
        records.push(record(&format!("E{number:03}"), &format!("Kim No{number}"), number, outcome));
    }
    stage.log(&records).await;
    stage
}

fn sources(page: &Value) -> Vec<String> {
    let records = page["value"].as_array().unwrap();
    records.iter().map(|record| record["sourceIdentity"]["id"].as_str().unwrap().to_owned()).collect()
}

/// Everything that is asked for, as a client reads it: by the links it is given.
async fn all(stage: &Stage, path: &str) -> (Vec<String>, usize) {
    let (mut found, mut pages, mut next) = (Vec::new(), 0, Some(path.to_owned()));
    while let Some(path) = next {
        let page = stage.get(&path).await.good();
        found.extend(sources(&page));
        pages += 1;
        let link = page.get("@odata.nextLink").map(|link| link.as_str().unwrap().to_owned());
        next = link.map(|link| link.strip_prefix("http://rollcall.example").unwrap().to_owned());
    }
    (found, pages)
}

#[tokio::test]
async fn a_client_that_follows_the_links_reads_everything_once_newest_first() {
    let stage = with_a_long_log().await;
    let everybody: Vec<String> = (0..230).map(|number| format!("E{number:03}")).collect();
    for (path, pages) in [(LOG.to_owned(), 3), (format!("{LOG}?$top=60&$orderby=activityDateTime desc"), 4)] {
        let (found, read) = all(&stage, &path).await;
        assert_eq!(found, everybody, "{path}");
        assert_eq!(read, pages, "{path}");
    }
}

#[tokio::test]
async fn the_oldest_come_first_when_somebody_wants_them_so() {
    let stage = with_a_long_log().await;
    let everybody: Vec<String> = (0..230).rev().map(|number| format!("E{number:03}")).collect();
    for order in ["activityDateTime asc", "activityDateTime"] {
        let (found, _) = all(&stage, &format!("{LOG}?$orderby={order}&$top=60")).await;
        assert_eq!(found, everybody, "{order}");
    }
}

#[tokio::test]
async fn conditions_that_no_index_answers_are_compared_record_by_record() {
    let stage = with_a_long_log().await;
    let cases = [
        ("sourceIdentity/id eq 'E007' or targetIdentity/id eq 'account-E003'", 2),
        ("contains(sourceIdentity/displayName,'No1') and not endswith(sourceIdentity/id,'0')", 100),
        ("startswith(tolower(sourceIdentity/displayName),'nadia')", 1),
        ("sourceIdentity/id in ('E001','E002','none')", 2),
        ("provisioningStatusInfo/status ne 'success'", 22),
    ];
    for (filter, expected) in cases {
        let (found, _) = all(&stage, &format!("{LOG}?$top=50&$filter={filter}")).await;
        assert_eq!(found.len(), expected, "{filter}");
        let counted = stage.get(&format!("{LOG}?$top=1&$count=true&$filter={filter}")).await.good();
        assert_eq!(counted["@odata.count"], expected, "{filter}");
    }
}

#[tokio::test]
async fn only_what_is_selected_is_shown() {
    let stage = with_a_long_log().await;
    let page = stage.get(&format!("{LOG}?$top=2&$select=id, activityDateTime")).await.good();
    for record in page["value"].as_array().unwrap() {
        assert_eq!(record.as_object().unwrap().keys().collect::<Vec<_>>(), ["activityDateTime", "id"]);
    }
}

#[tokio::test]
async fn records_are_counted_exactly_or_not_at_all() {
    let stage = with_a_long_log().await;
    let questions = [
        ("", 230),
        ("$search=nadia&", 1),
        ("$filter=cycleId eq 'none'&", 0),
        ("$filter=changeId eq 'none'&", 0),
    ];
    for (question, count) in questions {
        let page = stage.get(&format!("{LOG}?{question}$count=true&$top=1")).await.good();
        assert_eq!(page["@odata.count"], count, "{question}");
    }
    assert_eq!(stage.get(&format!("{LOG}?$count=false")).await.good().get("@odata.count"), None);
    let many: Vec<_> =
        (1_000..5_800).map(|number| record(&format!("X{number}"), "Kim", number, Outcome::Success)).collect();
    stage.log(&many).await;
    let refused = stage.get(&format!("{LOG}?$count=true")).await;
    assert!(refused.refused(400, "Request_BadRequest").contains("narrow activityDateTime"));
}

#[tokio::test]
async fn what_an_index_does_not_tell_apart_is_compared_on_every_page() {
    let stage = with_a_long_log().await;
    let failed: Vec<String> = (1..23).map(|ten| format!("E{:03}", ten * 10)).collect();
    let filters = [
        "provisioningStatusInfo/status eq 'failure'".to_owned(),
        format!("cycleId eq '{CYCLE}' and provisioningStatusInfo/status eq 'failure'"),
        format!("jobId eq '{JOB}' and provisioningStatusInfo/status eq 'failure'"),
    ];
    for filter in filters {
        let (found, _) = all(&stage, &format!("{LOG}?$top=5&$filter={filter}")).await;
        assert_eq!(found, failed, "{filter}");
    }
    let (found, _) =
        all(&stage, &format!("{LOG}?$top=100&$filter=provisioningStatusInfo/status eq 'success'")).await;
    assert_eq!(found.len(), 230 - failed.len());
    assert!(BTreeSet::from_iter(&found).is_disjoint(&BTreeSet::from_iter(&failed)));
}

#[tokio::test]
async fn a_person_is_found_by_name_and_by_the_id_on_either_side() {
    let stage = with_a_long_log().await;
    let nadia = record("E000", "Nadia El-Sayed", 0, Outcome::Success);
    let questions = [
        "$search=\"nadia\"".to_owned(),
        "$search=sayed".to_owned(),
        "$search=E000".to_owned(),
        "$search=account-E000".to_owned(),
        "$filter=sourceIdentity/id eq 'E000'".to_owned(),
        "$filter=targetIdentity/id eq 'account-E000'".to_owned(),
        format!("$filter=changeId eq '{}'", nadia.change_id),
        format!("$filter=id eq '{}' and jobId eq '{JOB}'", nadia.id),
        format!("$search=nadia&$filter=sourceIdentity/id eq 'E000' and cycleId eq '{CYCLE}'"),
    ];
    for question in questions {
        let page = stage.get(&format!("{LOG}?{question}")).await.good();
        assert_eq!(sources(&page), ["E000"], "{question}");
        assert_eq!(page["@odata.context"], "http://rollcall.example/v1.0/$metadata#auditLogs/provisioning");
        assert_eq!(page.get("@odata.nextLink"), None);
    }
    let one = stage.get(&format!("{LOG}/{}", nadia.id)).await.good();
    assert_eq!(one["changeId"], nadia.change_id);
    assert_eq!(one["provisioningAction"], "create");
}

#[tokio::test]
async fn what_contradicts_itself_or_is_nobodys_finds_nobody() {
    let stage = with_a_long_log().await;
    let nadia = record("E000", "Nadia El-Sayed", 0, Outcome::Success);
    let questions = [
        "$filter=sourceIdentity/id eq 'e000'".to_owned(),
        "$filter=sourceIdentity/id eq 'E000' and targetIdentity/id eq 'account-E001'".to_owned(),
        "$filter=sourceIdentity/id eq 'E000' and provisioningStatusInfo/status eq 'failure'".to_owned(),
        "$filter=cycleId eq 'none'".to_owned(),
        "$filter=changeId eq 'none'".to_owned(),
        format!("$filter=id eq '{}' and jobId eq 'scim.other'", nadia.id),
        "$filter=jobId eq 'scim.other'".to_owned(),
        "$search=nobody".to_owned(),
    ];
    for question in questions {
        let (found, _) = all(&stage, &format!("{LOG}?{question}")).await;
        assert_eq!(found, Vec::<String>::new(), "{question}");
    }
}

#[tokio::test]
async fn the_ends_of_a_stretch_of_time_belong_to_it_or_not_as_was_written() {
    let stage = with_a_long_log().await;
    let cases = [
        ("activityDateTime ge 2026-03-02T11:58:00Z", vec!["E000", "E001", "E002"]),
        ("activityDateTime gt 2026-03-02T11:58:00Z", vec!["E000", "E001"]),
        (
            "activityDateTime ge 2026-03-02T11:57:00Z and activityDateTime le 2026-03-02T11:58:00Z",
            vec!["E002", "E003"],
        ),
        (
            "activityDateTime ge 2026-03-02T11:57:00Z and activityDateTime lt 2026-03-02T11:58:00Z",
            vec!["E003"],
        ),
        ("activityDateTime gt 2026-03-03", vec![]),
    ];
    for (filter, expected) in cases {
        let (found, _) = all(&stage, &format!("{LOG}?$filter={filter}")).await;
        assert_eq!(found, expected, "{filter}");
    }
}

#[tokio::test]
async fn a_page_of_long_records_ends_before_it_is_too_long_to_answer_with() {
    let stage = Stage::new().await;
    let long = |number: i64| {
        let mut record = record(&format!("L{number:02}"), "Kim Long", number, Outcome::Success);
        record.source_identity.details.insert("note".to_owned(), "x".repeat(35_000));
        record
    };
    let records: Vec<_> = (0..99).map(long).collect();
    stage.log(&records).await;
    let more: Vec<_> = (99..150).map(long).collect();
    stage.log(&more).await;
    let page = stage.get(&format!("{LOG}?$top=1000")).await.good();
    assert_eq!(sources(&page).len(), 100);
    let (found, _) = all(&stage, &format!("{LOG}?$top=1000")).await;
    assert_eq!(found.len(), 150);
}
