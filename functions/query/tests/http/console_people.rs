//! Everything that happened to one person, in every application.

use axum::http::StatusCode;
use engine::report::{Outcome, ProvisioningRecord};

use crate::browser::Browser;
use crate::stage::{Stage, record};

/// What happened to somebody in another application, under another account.
fn elsewhere(mut record: ProvisioningRecord, application: &str) -> ProvisioningRecord {
    record.service_principal.display_name = application.to_owned();
    record.job_id = format!("scim.{application}");
    record.target_identity.id = format!("{application}-{}", record.source_identity.id);
    record
}

#[tokio::test]
async fn whatever_happened_to_somebody_is_shown_by_their_id_and_by_that_of_an_account() {
    let stage = Stage::new().await;
    let other = elsewhere(record("E2", "E1's namesake", 3, Outcome::Success), "Payroll");
    let mut before = elsewhere(record("E1", "Nadia Okoye", 30, Outcome::Failure), "Payroll");
    before.id = uuid::Uuid::from_u128(30);
    stage.log(&[record("E1", "Nadia Okoye", 1, Outcome::Success), before, other]).await;
    let browser = Browser::over(stage).await;
    browser.asked();
    let nadia = browser.get("/people/E1").await;
    assert_eq!((nadia.status, nadia.rows(), browser.asked()), (StatusCode::OK, 2, 1));
    nadia.says(&[
        "<h1><span dir=\"auto\">Nadia Okoye</span></h1>",
        "Ledgerly",
        "Payroll",
        "account-E1",
        "Payroll-E1",
    ]);
    nadia.keeps_quiet_about(&["namesake", "the id of an account"]);
    assert!(nadia.text.find("Ledgerly") < nadia.text.find("Payroll"), "the newest first");
    assert!(nadia.link("\"><time").starts_with("/logs/"));

    let account = browser.get("/people/Payroll-E1").await;
    assert_eq!(account.rows(), 1);
    account.says(&["the id of an account", "href=\"/people/E1\""]);
    let nobody = browser.get("/people/E").await;
    assert_eq!((nobody.status, nobody.rows()), (StatusCode::OK, 0));
    nobody.says(&["Nothing happened", "/logs?q=E&amp;days=30"]);
}

#[tokio::test]
async fn ids_may_hold_any_character() {
    let ids = [
        "a/b",
        "a b",
        " a",
        "50%",
        "O'Neill",
        "x'' or ''",
        "a?b#c&d=e",
        "cn=Zoë,ou=People",
        "李",
        "%2F",
        "\"a\"",
    ];
    let stage = Stage::new().await;
    let records: Vec<_> =
        (0..).zip(ids).map(|(minutes, id)| record(id, "Somebody", minutes, Outcome::Success)).collect();
    stage.log(&records).await;
    let browser = Browser::over(stage).await;
    let all = browser.get("/logs").await;
    let links: Vec<&str> = all.text.split("href=\"/people/").skip(1).collect();
    assert_eq!(links.len(), ids.len());
    for (link, id) in links.into_iter().zip(ids) {
        let path = format!("/people/{}", link.split('"').next().unwrap());
        let page = browser.get(&path).await;
        assert_eq!((page.status, page.rows()), (StatusCode::OK, 1), "{id} at {path}");
        page.keeps_quiet_about(&["the id of an account"]);
    }
    // A gateway may hand over a slash as it is.
    assert_eq!(browser.get("/people/a/b").await.rows(), 1);
}

#[tokio::test]
async fn a_long_story_is_gone_through_page_by_page() {
    let stage = Stage::new().await;
    let records: Vec<_> = (0..120)
        .map(|number| {
            let mut record = record("E1", "Nadia", number, Outcome::Success);
            record.id = uuid::Uuid::from_u128(u128::try_from(number).unwrap());
            record
        })
        .collect();
    stage.log(&records).await;
    let browser = Browser::over(stage).await;
    let mut page = browser.get("/people/E1").await;
    let mut rows = vec![page.rows()];
    while page.text.contains("Older records") {
        page = browser.get(&page.link("\" rel=\"next\">Older records")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        rows.push(page.rows());
    }
    assert_eq!(rows, [50, 50, 20]);
    assert_eq!(page.link("\">Begin again"), "/people/E1");
    assert_eq!(browser.get("/people/E1?token=x").await.status, StatusCode::BAD_REQUEST);
}
