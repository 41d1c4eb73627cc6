//! Files of the log where answers are short: a form asks for them, and a page tells how far they are.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, LOCATION};
use engine::report::Outcome;
use logs::Format;
use serde_json::json;
use store::OperationStatus;

use crate::browser::Browser;
use crate::downloads::{bucket, export, succeeded};
use crate::signing_in::Cloud;
use crate::stage::{APPLICATION, JOB, Stage, record};

#[tokio::test]
async fn where_answers_are_short_a_form_asks_for_what_the_page_shows() {
    let cloud = Cloud::new().await;
    cloud.stage.log(&[record("ada", "Ada", 1, Outcome::Failure)]).await;
    cloud.lets_in(&json!({ "roles": ["Reports Reader"] }));
    let mut browser = cloud.browser();
    browser.sign_in("/logs").await;
    let page = browser.get(&format!("/logs?status=failure&application={APPLICATION}")).await;
    assert_eq!(page.status, StatusCode::OK);
    let forms: Vec<&str> = page.text.split("formaction=\"").skip(1).collect();
    let actions: Vec<&str> = forms.iter().map(|form| form.split('"').next().unwrap()).collect();
    assert_eq!(actions.len(), 3, "{}", page.text);
    let expected = format!(
        "/forms/exports/csv?status=failure&application={APPLICATION}&job={JOB}&\
         since=2026-02-23T12%3A00%3A00Z&until=2026-03-02T12%3A00%3A00Z"
    );
    assert_eq!(actions[0].replace("&#38;", "&").replace("&amp;", "&"), expected);
    assert!(page.text.contains("name=\"form_token\"") && !page.text.contains("/logs/download"));
}

#[tokio::test]
async fn an_export_is_followed_until_its_file_is_there() {
    let stage = Stage::new().await;
    let running = export(&stage, 1, OperationStatus::Running, None).await;
    let why = json!({ "status": 400, "code": "exportTooLarge", "message": "narrow <activityDateTime>" });
    let failed = export(&stage, 2, OperationStatus::Failed, Some(why)).await;
    let done = export(&stage, 3, OperationStatus::Succeeded, succeeded()).await;
    let path = stage.exports.path(done, Format::Csv).unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "zip").unwrap();
    let browser = Browser::over(stage).await;

    let page = browser.get(&format!("/exports/{running}")).await;
    page.says(&["data-live=\"true\"", "http-equiv=\"refresh\"", "5\u{202f}000 records so far"]);
    assert_eq!(browser.get(&format!("/exports/{running}/file")).await.status, StatusCode::NOT_FOUND);

    let page = browser.get(&format!("/exports/{failed}")).await;
    page.says(&["There is no file.", "narrow &#60;activityDateTime&#62;", "data-live=\"false\""]);
    page.keeps_quiet_about(&["http-equiv"]);

    let page = browser.get(&format!("/exports/{done}")).await;
    page.says(&["7 records, 3 bytes", "data-live=\"false\""]);
    let file = browser.get(&page.link("\">Download the file")).await;
    assert_eq!((file.status, file.text.as_str()), (StatusCode::OK, "zip"));
    assert!(file.headers[CONTENT_DISPOSITION].to_str().unwrap().contains("provisioning-logs.zip"));
    for path in ["/exports/none", "/exports/none/file"] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_file_in_a_bucket_is_fetched_by_a_link_that_is_made_for_it() {
    let mut stage = Stage::new().await;
    stage.exports = bucket();
    let done = export(&stage, 3, OperationStatus::Succeeded, succeeded()).await;
    let browser = Browser::over(stage).await;
    let page = browser.get(&format!("/exports/{done}")).await;
    page.keeps_quiet_about(&["X-Amz-Signature"]);
    let file = browser.get(&page.link("\">Download the file")).await;
    assert_eq!(file.status, StatusCode::SEE_OTHER);
    let link = file.headers[LOCATION].to_str().unwrap();
    assert!(link.starts_with("https://") && link.contains("X-Amz-Signature="), "{link}");
}
