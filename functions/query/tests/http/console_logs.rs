//! The console's provisioning log: what is looked for, a page at a time, a record in its tabs, a file.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use engine::report::{ErrorInformation, ModifiedProperty, Outcome, ProvisioningRecord, Step, StepType};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::browser::{Browser, PLANTED};
use crate::stage::{Stage, record};

/// Zoë's account was refused, in words that somebody planted.
fn refused() -> ProvisioningRecord {
    let mut zoe = record("zoe", "Zoë", 5, Outcome::Failure);
    zoe.source_identity.display_name = format!("Zoë {PLANTED}");
    zoe.service_principal.display_name = PLANTED.to_owned();
    zoe.provisioning_status_info.error_information = Some(ErrorInformation {
        error_code: "EntryConflict".to_owned(),
        error_category: "nonServiceFailure".to_owned(),
        reason: format!("The name is taken {PLANTED}"),
        additional_details: Some(PLANTED.to_owned()),
        recommended_action: Some("Change the clashing value.".to_owned()),
    });
    zoe.modified_properties = vec![ModifiedProperty {
        display_name: PLANTED.to_owned(),
        old_value: None,
        new_value: Some(PLANTED.to_owned()),
    }];
    zoe
}

#[tokio::test]
async fn an_administrator_finds_out_what_happened_to_somebody_and_why() {
    let stage = Stage::new().await;
    stage.log(&[record("ada", "Ada", 1, Outcome::Success), refused()]).await;
    let browser = Browser::over(stage).await;

    let all = browser.get("/logs").await;
    assert_eq!((all.status, all.rows()), (StatusCode::OK, 2));
    let failed = browser.get("/logs?status=failure&q=zo").await;
    assert_eq!(failed.rows(), 1);
    failed.says(&["Zoë", "The name is taken", "value=\"zo\"", "<option selected>failure</option>"]);

    let id = refused().id;
    let shown = browser.get(&format!("/logs/{id}")).await;
    browser
        .get(&shown.link("Everything that happened to them"))
        .await
        .says(&["Everything that happened in every"]);
    shown.says(&["EntryConflict", "Change the clashing value.", "aria-current=\"page\">Troubleshooting"]);
    for (tab, words) in
        [("steps", "<h2>Steps</h2>"), ("properties", "nothing"), ("summary", "<code>zoe</code>")]
    {
        browser.get(&format!("/logs/{id}?tab={tab}")).await.says(&[words]);
    }
    assert_eq!(browser.get("/logs/00000000-0000-0000-0000-000000000000").await.status, StatusCode::NOT_FOUND);
}

/// A record of which every text is planted, but for those that are words of ours.
fn planted() -> ProvisioningRecord {
    let mut zoe = refused();
    zoe.provisioning_steps = vec![Step {
        name: String::new(),
        provisioning_step_type: StepType::Export,
        status: Outcome::Failure,
        description: String::new(),
        details: [("key".to_owned(), String::new())].into(),
    }];
    let mut record = serde_json::to_value(zoe).unwrap();
    for (name, value) in record.as_object_mut().unwrap() {
        if !["id", "activityDateTime", "provisioningAction"].contains(&name.as_str()) {
            plant(value);
        }
    }
    serde_json::from_value(record).unwrap()
}

fn plant(value: &mut Value) {
    match value {
        Value::String(text) => *text = PLANTED.to_owned(),
        Value::Array(entries) => entries.iter_mut().for_each(plant),
        Value::Object(members) if members.contains_key("key") => {
            *members = [(PLANTED.to_owned(), json!(PLANTED))].into_iter().collect();
        }
        Value::Object(members) => {
            for (name, value) in members {
                if !["status", "provisioningStepType"].contains(&name.as_str()) {
                    plant(value);
                }
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn nothing_out_of_a_directory_is_taken_for_html() {
    let stage = Stage::new().await;
    stage.log(&[planted()]).await;
    let browser = Browser::over(stage).await;
    let id = planted().id;
    let person = browser.get("/logs").await.link("\" dir=\"auto\">&#34;");
    assert!(person.starts_with("/people/"), "{person}");
    let mut paths = vec![
        "/logs".to_owned(),
        "/logs?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&cycle=%22%3E%3Cimg%20src=x%3E".to_owned(),
        "/logs?application=%22%3E%3Cimg%20src=x%3E&source=%22%3E%3Cimg%20src=x%3E".to_owned(),
        "/logs?%22%3E%3Cimg%20src=x%3E=1".to_owned(),
        format!("/logs/{id}?tab=%22%3E%3Cimg%20src=x%3E"),
        "/people/%22%3E%3Cimg%20src=x%3E".to_owned(),
    ];
    paths.extend(
        ["steps", "troubleshooting", "properties", "summary"].map(|tab| format!("/logs/{id}?tab={tab}")),
    );
    for path in paths.iter().chain([&person]) {
        let page = browser.get(path).await;
        page.keeps_quiet_about(&["<script>alert", "<img", "\"'>"]);
        assert!(page.text.len() < 50_000, "{path} has {} bytes", page.text.len());
    }
    assert_eq!(browser.get(&person).await.rows(), 1);
}

#[tokio::test]
async fn a_long_log_is_gone_through_page_by_page() {
    let stage = Stage::new().await;
    let records: Vec<_> =
        (0..120).map(|number| record(&format!("p{number:03}"), "Pat", number, Outcome::Success)).collect();
    stage.log(&records).await;
    let browser = Browser::over(stage).await;
    let mut page = browser.get("/logs?days=1").await;
    let mut rows = vec![page.rows()];
    while page.text.contains("Older records") {
        page = browser.get(&page.link("\" rel=\"next\">Older records")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        rows.push(page.rows());
    }
    assert_eq!(rows, [50, 50, 20]);
    page.says(&["p119", "Begin again"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_told_beside_the_form() {
    let browser = Browser::over(Stage::new().await).await;
    for (path, words) in [
        ("/logs?q=z", "at least two letters"),
        ("/logs?from=yesterday", "the first day is no date"),
        ("/logs?status=failed", "none of those offered"),
        ("/logs?token=x&since=2026-03-01T00:00:00Z&until=2026-03-02T00:00:00Z", "role=\"alert\""),
        ("/logs?token=x", "this address was cut"),
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{path}");
        page.says(&[words, "<form class=\"filter\""]);
    }
    let empty = browser.get("/logs?q=nobody").await;
    assert_eq!(empty.status, StatusCode::OK);
    empty.says(&["Nothing happened", "Look through 30 days"]);
}

#[tokio::test]
async fn what_is_looked_for_is_downloaded_as_a_file() {
    let stage = Stage::new().await;
    stage.log(&[record("ada", "Ada", 1, Outcome::Success), refused()]).await;
    let browser = Browser::over(stage).await;
    let page = browser.get("/logs?status=failure").await;
    let file = browser.get(&page.link("\">NDJSON")).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.text);
    assert!(file.headers[CONTENT_TYPE].to_str().unwrap().contains("ndjson"), "{:?}", file.headers);
    assert_eq!(file.text.lines().count(), 1);
    assert_eq!(browser.get("/logs/download/pdf").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_file_holds_what_the_page_showed_and_nothing_that_came_later() {
    let stage = Stage::new().await;
    stage.log(&[record("ada", "Ada", 1, Outcome::Success)]).await;
    let browser = Browser::over(stage).await;
    let page = browser.get("/logs?days=1").await;
    browser.stage.clock.advance(SignedDuration::from_mins(10));
    browser.stage.log(&[record("bea", "Bea", -5, Outcome::Success)]).await;
    let file = browser.get(&page.link("\">NDJSON")).await;
    assert_eq!((file.text.lines().count(), page.rows()), (1, 1), "{}", file.text);
    assert_eq!(browser.get("/logs?days=1").await.rows(), 2);
}
