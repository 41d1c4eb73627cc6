//! Refusals: one envelope, with ids to ask about.

use axum::http::Request;
use engine::report::Outcome;

use crate::stage::{APPLICATION, JOB, LOG, Stage, TOKEN, record};

#[tokio::test]
async fn every_refusal_is_graphs_envelope() {
    let stage = Stage::new().await;
    let authorization = format!("Bearer {TOKEN}");
    let ask = |request: axum::http::request::Builder| {
        stage.ask(request.header("authorization", &authorization).header("client-request-id", "mine"))
    };
    let answers = [
        (ask(Request::get("/v1.0/nothing")).await, 404, "Request_ResourceNotFound"),
        (ask(Request::get("/")).await, 404, "Request_ResourceNotFound"),
        (ask(Request::get(format!("{LOG}/no-id"))).await, 404, "Request_ResourceNotFound"),
        (ask(Request::post(LOG)).await, 405, "notAllowed"),
        (ask(Request::get(format!("{LOG}?$top=x"))).await, 400, "Request_BadRequest"),
        (ask(Request::get(LOG).header("content-length", "9000")).await, 413, "invalidRequest"),
        // Bytes that are no text.
        (
            ask(Request::get("/v1.0/servicePrincipals/%FF/synchronization/jobs")).await,
            400,
            "Request_BadRequest",
        ),
    ];
    for (answer, status, code) in answers {
        assert!(!answer.refused(status, code).is_empty());
        assert_eq!(answer.headers["client-request-id"], "mine");
        assert_eq!(answer.body["error"]["innerError"]["client-request-id"], "mine");
        assert_eq!(answer.body["error"]["innerError"]["date"], "2026-03-02T12:00:00");
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers.contains_key("allow"), status == 405);
    }
}

#[tokio::test]
async fn what_the_log_cannot_be_asked_is_refused_with_what_it_can() {
    let stage = Stage::new().await;
    let cases = [
        ("$filter=tenant eq 'x'", "sourceIdentity/id"),
        ("$filter=jobId eq 'a' or jobId", "$filter, column 22: here one of eq, ne"),
        ("$select=status", "provisioningStatusInfo"),
        ("$expand=cycle", "$filter, $search"),
        ("$orderby=jobId", "$orderby=activityDateTime desc"),
        ("$search=x", "two letters"),
        ("$skiptoken=nonsense", "@odata.nextLink"),
        ("$skiptoken=", "@odata.nextLink"),
        ("$filter=changeId eq 'x'&$search=nadia", "name one record already"),
    ];
    for (question, expected) in cases {
        let answer = stage.get(&format!("{LOG}?{question}")).await;
        let message = answer.refused(400, "Request_BadRequest");
        assert!(message.contains(expected), "{question}: {message}");
    }
}

/// Where the second page of a log of two begins, one record a page.
async fn with_a_token(stage: &Stage) -> String {
    let records = [0, 1].map(|number| record(&format!("E{number}"), "Kim", number, Outcome::Success));
    stage.log(&records).await;
    let page = stage.get(&format!("{LOG}?$top=1")).await.good();
    page["@odata.nextLink"].as_str().unwrap().split("$skiptoken=").nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn a_link_to_the_next_page_does_not_fit_another_question() {
    let stage = Stage::new().await;
    let token = with_a_token(&stage).await;
    for other in ["$search=kim", "$filter=jobId eq 'a'", "$orderby=activityDateTime asc"] {
        let answer = stage.get(&format!("{LOG}?$top=1&{other}&$skiptoken={token}")).await;
        assert!(answer.refused(400, "Request_BadRequest").contains("begin again"), "{other}");
    }
    let jobs = stage.get(&format!("/v1.0/servicePrincipals?$skiptoken={token}")).await;
    assert!(jobs.refused(400, "Request_BadRequest").contains("begin again"));
    for same in ["", "$top=5&", "$select=id&", "$count=true&"] {
        let page = stage.get(&format!("{LOG}?{same}$skiptoken={token}")).await.good();
        assert_eq!(page["value"].as_array().unwrap().len(), 1, "{same}: how a page looks may change");
        assert_eq!(page.get("@odata.nextLink"), None);
    }
}

#[tokio::test]
async fn a_link_that_was_changed_or_is_older_than_a_day_is_refused() {
    let stage = Stage::new().await;
    let token = with_a_token(&stage).await;
    let other = if token.starts_with('A') { "B" } else { "A" };
    let changed = format!("{other}{}", &token[1..]);
    let answer = stage.get(&format!("{LOG}?$skiptoken={changed}")).await;
    assert!(answer.refused(400, "Request_BadRequest").contains("begin again"));
    stage.clock.advance(jiff::SignedDuration::from_hours(25));
    let answer = stage.get(&format!("{LOG}?$skiptoken={token}")).await;
    assert!(answer.refused(400, "Request_BadRequest").contains("older than a day"));
}

#[tokio::test]
async fn what_takes_no_options_refuses_them() {
    let stage = Stage::new().await;
    let all = format!("/v1.0/servicePrincipals/{APPLICATION}/synchronization");
    let job = format!("{all}/jobs/{JOB}");
    let paths = [
        all.clone(),
        format!("{all}/templates"),
        format!("{all}/templates/scim"),
        format!("{all}/templates/scim/schema"),
        format!("{all}/templates/scim/schema/functions"),
        format!("{all}/jobs"),
        job.clone(),
        format!("{job}/schema"),
        format!("{job}/schema/filterOperators"),
        format!("{job}/objectConnections/E1"),
        format!("{job}/plans/00000000-0000-0000-0000-000000000000"),
    ];
    for path in paths {
        let answer = stage.get(&format!("{path}?$select=id")).await;
        assert!(answer.refused(400, "Request_BadRequest").contains("'$select' is no option"), "{path}");
    }
}
