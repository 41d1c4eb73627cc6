//! The list of applications: a page of it, those that need somebody, a part of a name, names alone; and what each costs.

use api::Access;
use api::access::SignedIn;
use axum::body::Body;
use axum::http::Request;
use engine::job::{JobState, StatusCode};
use engine::model::JobId;
use serde_json::{Value, json};
use store::StoredApplication;

use crate::stage::{Stage, TOKEN, noon};

const ALL: &str = "/v1.0/servicePrincipals";

/// So many applications besides Ledgerly, of which every tenth failed at somebody.
pub(crate) async fn company(applications: usize) -> Stage {
    let stage = Stage::new().await;
    for number in 0..applications {
        let id = format!("app{number:03}");
        let application = StoredApplication {
            name: format!("Service {number:03}"),
            version: 1,
            document: json!({ "target": { "scim": {} }, "owners": if number == 7 { vec!["ada"] } else { vec![] } }),
            job: JobId::new(format!("scim.t.{id}")),
            id,
        };
        stage.store.save_application(&application, None).await.unwrap();
        let mut state = JobState { code: StatusCode::Active, ..JobState::new(noon()) };
        state.counts.escrowed = u64::from(number % 10 == 3);
        stage.store.create_job(&application.job, &state).await.unwrap();
    }
    stage
}

fn names(page: &Value) -> Vec<&str> {
    page["value"].as_array().unwrap().iter().map(|one| one["displayName"].as_str().unwrap()).collect()
}

/// All pages, one after the other.
async fn walk(stage: &Stage, query: &str) -> Vec<String> {
    let mut path = format!("{ALL}?{query}");
    let mut found = Vec::new();
    loop {
        let page = stage.get(&path).await.good();
        found.extend(names(&page).into_iter().map(str::to_owned));
        let Some(next) = page["@odata.nextLink"].as_str() else { return found };
        path = next.strip_prefix("http://rollcall.example").unwrap().to_owned();
    }
}

#[tokio::test]
async fn those_that_need_somebody_are_found_and_say_so() {
    let stage = company(40).await;
    let expected = ["Service 003", "Service 013", "Service 023", "Service 033"];
    let found = stage.get(&format!("{ALL}?$filter=attention ne null")).await.good();
    assert_eq!(names(&found), expected);
    assert!(found["value"].as_array().unwrap().iter().all(|one| one["attention"] == "failing"));
    assert_eq!(walk(&stage, "$filter=attention ne null&$top=3").await, expected);
    let searched = stage.get(&format!("{ALL}?$filter=attention%20ne%20null&$search=02")).await.good();
    assert_eq!(names(&searched), ["Service 023"]);
    let one = stage.get(&format!("{ALL}/app001")).await.good();
    assert_eq!(one["attention"], Value::Null);
}

#[tokio::test]
async fn a_part_of_a_name_is_found_whatever_its_case_and_names_alone_can_be_had() {
    let stage = company(25).await;
    let found = stage.get(&format!("{ALL}?$search=ICE 01")).await.good();
    assert_eq!(names(&found).len(), 10);
    assert_eq!(walk(&stage, "$search=ICE 01&$top=4").await.len(), 10);
    let alone = stage.get(&format!("{ALL}?$select=id,displayName&$search=ledger")).await.good();
    let id = crate::stage::APPLICATION;
    assert_eq!(alone["value"], json!([{ "id": id, "appId": id, "displayName": "Ledgerly" }]));
    assert_eq!(names(&stage.get(&format!("{ALL}?$search=nobody")).await.good()), [""; 0]);
}

#[tokio::test]
async fn pages_by_name_lead_through_all_of_them_once() {
    let stage = company(30).await;
    let all = walk(&stage, "$top=7").await;
    assert_eq!(all.len(), 31);
    assert!(all.is_sorted(), "{all:?}");
    assert_eq!(walk(&stage, "$top=7&$select=displayName").await, all);
}

#[tokio::test]
async fn whatever_cannot_be_asked_is_refused_with_what_can() {
    let stage = company(1).await;
    let cases = [
        ("$filter=attention eq null", "it takes 'attention ne null'"),
        ("$filter=displayName eq 'x'", "it takes 'attention ne null'"),
        ("$select=version", "id, appId, displayName"),
        ("$orderby=displayName", "This path takes $filter, $search, $select, $top and $skiptoken"),
        ("$search=a&$search=b", "stands there twice"),
    ];
    for (query, told) in cases {
        let answer = stage.get(&format!("{ALL}?{query}")).await;
        let message = answer.refused(400, "Request_BadRequest");
        assert!(message.contains(told), "{query}: {message}");
    }
    let page = stage.get(&format!("{ALL}?$top=1&$search=e")).await.good();
    let link = page["@odata.nextLink"].as_str().unwrap().replace("$search=e", "$search=s");
    let other = stage.get(link.strip_prefix("http://rollcall.example").unwrap()).await;
    assert!(other.refused(400, "Request_BadRequest").contains("begin again"));
}

#[tokio::test]
async fn a_page_costs_no_more_where_there_are_more_applications() {
    for (applications, query, most) in [
        (10, "$top=5", 3),
        (60, "$top=5", 3),
        (60, "$top=5&$filter=attention ne null", 3),
        (60, "$top=5&$search=service", 3),
        (60, "$select=displayName", 1),
    ] {
        let stage = company(applications).await;
        let (stage, counter) = stage.counted();
        stage.get(&format!("{ALL}?{query}")).await.good();
        let usage = counter.take();
        assert_eq!(usage.total_requests(), most, "{applications}, {query}: {usage:?}");
    }
}

#[tokio::test]
async fn an_owner_of_one_among_many_does_not_have_all_documents_read() {
    let (stage, counter) = company(60).await.counted();
    let ada = SignedIn { id: "ada".to_owned(), name: "Ada".to_owned(), permissions: [].into() };
    let mut request = Request::get(ALL).header("host", "rollcall.example").body(Body::empty()).unwrap();
    request.extensions_mut().insert(ada);
    let page = stage.answer(Access::local(TOKEN.into(), "nadia"), request).await.good();
    assert_eq!(names(&page), ["Service 007"]);
    let usage = counter.take();
    // All names, her document, her job; and Ledgerly's name says that she is not its owner.
    assert_eq!((usage.total_requests(), usage.fetched), (3, 2), "{usage:?}");
}
