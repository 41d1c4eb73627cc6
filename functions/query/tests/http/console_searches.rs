//! The console's search of the provisioning log: what may be asked, by which questions, and how it is shown.

use axum::http::StatusCode;
use engine::report::{ModifiedProperty, Outcome};

use crate::browser::Browser;
use crate::stage::{APPLICATION, JOB, Stage, record};

#[tokio::test]
async fn an_application_is_asked_about_by_its_job_and_stays_in_the_address() {
    let stage = Stage::new().await;
    stage.owned_by("Payroll", "nobody").await;
    let mut theirs = record("bea", "Bea", 2, Outcome::Success);
    theirs.job_id = "scim.Payroll".to_owned();
    theirs.service_principal.id = "payroll".to_owned();
    stage.log(&[record("ada", "Ada", 1, Outcome::Success), theirs]).await;
    let browser = Browser::over(stage).await;
    browser.asked();
    let page = browser.get(&format!("/logs?application={APPLICATION}")).await;
    assert_eq!((page.rows(), browser.asked()), (1, 3));
    page.says(&[&format!("<option value=\"{APPLICATION}\" selected>Ledgerly</option>"), ">Payroll</option>"]);
    assert_eq!(page.text.matches(">Ledgerly</option>").count(), 1);
    let file = page.link("\">NDJSON");
    assert!(file.contains(&format!("application={APPLICATION}&job={JOB}&")), "{file}");
    assert_eq!(browser.get(&file).await.text.lines().count(), 1);
    // One that is gone: its records are told apart by its id.
    let gone = browser.get("/logs?application=payroll-2").await;
    assert_eq!((gone.status, gone.rows()), (StatusCode::OK, 0));
    gone.says(&["<option value=\"payroll-2\" selected>payroll-2</option>", "Nothing happened"]);
}

#[tokio::test]
async fn pages_ask_the_api_no_more_than_they_show() {
    let stage = Stage::new().await;
    stage.log(&[record("zoe", "Zoë", 5, Outcome::Failure)]).await;
    let browser = Browser::over(stage).await;
    let record = format!("/logs/{}", record("zoe", "Zoë", 5, Outcome::Failure).id);
    for (path, questions) in [("/logs", 2), ("/logs?q=zo", 2), (record.as_str(), 1), ("/people/zoe", 1)] {
        browser.asked();
        assert_eq!((browser.get(path).await.status, browser.asked()), (StatusCode::OK, questions), "{path}");
    }
}

#[tokio::test]
async fn at_most_a_hundred_applications_are_offered_and_another_one_can_be_asked_about() {
    let stage = Stage::new().await;
    for number in 0..100 {
        stage.owned_by(&format!("App {number:03}"), "nobody").await;
    }
    let browser = Browser::over(stage).await;
    let all = browser.get("/logs").await;
    assert_eq!(all.text.matches(">App ").count(), 100);
    all.says(&["others: from their page"]);
    all.keeps_quiet_about(&[">Ledgerly</option>"]);
    let one = browser.get(&format!("/logs?application={APPLICATION}")).await;
    one.says(&[" selected>Ledgerly</option>", ">App 099</option>"]);
}

#[tokio::test]
async fn systems_are_asked_about_by_a_part_of_their_name_or_their_id() {
    let stage = Stage::new().await;
    let mut other = record("bea", "Bea", 2, Outcome::Success);
    other.source_system.display_name = "HR of Brno".to_owned();
    stage.log(&[record("ada", "Ada", 1, Outcome::Success), other]).await;
    let browser = Browser::over(stage).await;
    for (query, rows) in
        [("source=BRNO", 1), ("source=people", 2), ("source=Brno&target=ledg", 1), ("target=x", 0)]
    {
        let page = browser.get(&format!("/logs?{query}")).await;
        assert_eq!((page.status, page.rows()), (StatusCode::OK, rows), "{query}");
        page.says(&["<details open>"]);
    }
}

#[tokio::test]
async fn a_misspelt_field_is_refused_and_never_passed_over() {
    let stage = Stage::new().await;
    stage.log(&[record("zoe", "Zoë", 5, Outcome::Failure)]).await;
    let browser = Browser::over(stage).await;
    let record = format!("/logs/{}", record("zoe", "Zoë", 5, Outcome::Failure).id);
    for (path, words) in [
        ("/logs?staus=failure".to_owned(), "unknown field `staus`"),
        ("/logs?status=failure&status=success".to_owned(), "'status' stands in it twice"),
        ("/logs/download/csv?format=csv".to_owned(), "unknown field `format`"),
        (format!("{record}?tabs=steps"), "unknown field `tabs`"),
        (format!("{record}?tab=step"), "no tab 'step'"),
        ("/people/zoe?days=7".to_owned(), "unknown field `days`"),
    ] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{path}");
        let told = page.text.replace("&#39;", "'").replace("&#96;", "`");
        assert!(told.contains(words) && told.contains("This cannot be done"), "{path}: {told}");
    }
}

#[tokio::test]
async fn names_and_values_of_any_length_and_number_are_shown_whole() {
    let stage = Stage::new().await;
    let long = "x".repeat(300);
    let names = [long.as_str(), "مريم", "李雷", "👩‍🚀"];
    let property = |number| ModifiedProperty {
        display_name: format!("attribute{number}"),
        old_value: None,
        new_value: Some(long.clone()),
    };
    let records = names.map(|name| {
        let mut record = record(&format!("{name}-1"), name, 1, Outcome::Success);
        record.modified_properties = (0..200).map(property).collect();
        record
    });
    stage.log(&records).await;
    let browser = Browser::over(stage).await;
    browser.get("/logs").await.says(&names);
    let properties = browser.get(&format!("/logs/{}?tab=properties", records[0].id)).await;
    assert_eq!(properties.text.matches("<th scope=\"row\"").count(), 200);
    properties.says(&["attribute199", &long]);
}
