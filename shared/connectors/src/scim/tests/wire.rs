//! Single calls against a server that answers by script: what is sent, and what oddities lead to.

use std::time::Duration;

use engine::model::{AttributeChange, Cursor, TargetId};
use engine::ports::{Target, TargetErrorKind as Kind, TargetOperation};
use serde_json::json;

use super::super::{MatchBy, ScimConfig};
use super::server::{Reply, Server};
use super::{TOKEN, USER, change, config, execute, paths, target_at, target_with, text, user};

fn list(total: u64, ids: &[&str]) -> Reply {
    let resources: Vec<_> = ids.iter().map(|id| json!({ "id": id, "userName": format!("u{id}") })).collect();
    Reply::json(200, &json!({ "totalResults": total, "Resources": resources }))
}

fn create() -> TargetOperation {
    TargetOperation::Create(USER, user("anna"))
}

fn update(changes: Vec<AttributeChange>) -> TargetOperation {
    TargetOperation::Update(USER, TargetId::new("1"), changes)
}

fn rename() -> TargetOperation {
    update(vec![change("title", Some("a"), "b")])
}

fn delete() -> TargetOperation {
    TargetOperation::Delete(USER, TargetId::new("1"))
}

#[tokio::test]
async fn a_request_carries_token_types_and_the_programs_name() {
    let server = Server::start([Reply::json(201, &json!({ "id": "1" }))]).await;
    let (target, _) = target_at(&format!("{}/?aadOptscim062020", server.url()), TOKEN);
    assert_eq!(execute(&target, create()).await, Ok(TargetId::new("1")));
    let arrived = server.arrived().remove(0);
    assert_eq!(arrived.line, "POST /scim/Users");
    let header = |name: &str| arrived.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(header("content-type"), "application/scim+json");
    assert_eq!(header("accept"), "application/scim+json, application/json");
    assert!(header("user-agent").starts_with("rollcall/"));
    assert_eq!(arrived.json()["active"], json!(true));
    assert_eq!(target.calls(), 1);
}

#[tokio::test]
async fn a_listing_goes_on_after_what_was_returned_and_ends_at_the_total() {
    let server = Server::start([list(3, &["1", "2"]), list(3, &["3"])]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let wanted = paths(["userName"]);
    let first = target.list(USER, &wanted, None).await.unwrap();
    assert_eq!((first.objects.len(), first.total), (2, Some(3)));
    assert_eq!(first.objects[0].attributes["userName"], text("u1"));
    let second = target.list(USER, &wanted, first.next.as_ref()).await.unwrap();
    assert_eq!((second.objects.len(), second.next), (1, None));
    let expected = ["GET /scim/Users?startIndex=1&count=100", "GET /scim/Users?startIndex=3&count=100"];
    assert_eq!(server.lines(), expected);
}

#[tokio::test]
async fn a_listing_without_a_total_ends_at_an_empty_page() {
    let page = |ids: &[&str]| {
        let resources: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
        Reply::json(200, &json!({ "resources": resources }))
    };
    let server = Server::start([page(&["1"]), page(&[])]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let first = target.list(USER, &[], None).await.unwrap();
    let second = target.list(USER, &[], first.next.as_ref()).await.unwrap();
    assert_eq!((second.objects.len(), second.next), (0, None));
}

#[tokio::test]
async fn a_target_that_gives_the_same_page_for_ever_is_found_out() {
    let server = Server::start([list(9, &["1", "2"]), list(9, &["1", "2"])]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let first = target.list(USER, &[], None).await.unwrap();
    let error = target.list(USER, &[], first.next.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Incompatible);
    assert!(error.summary.contains("matchBy: filter"), "{error}");
}

#[tokio::test]
async fn what_is_no_list_is_an_error_and_never_empty() {
    let cases = [
        (Reply::raw(200, "<!doctype html><title>Sign in</title>"), Kind::Incompatible),
        (Reply::raw(200, "ok"), Kind::Incompatible),
        (Reply::raw(200, ""), Kind::Incompatible),
        (Reply::raw(204, ""), Kind::Incompatible),
        (Reply::json(200, &json!({ "id": "1" })), Kind::Incompatible),
        (Reply::json(200, &json!({ "totalResults": 5, "Resources": [] })), Kind::Incompatible),
        (
            Reply::json(200, &json!({ "totalResults": 1, "Resources": [{ "userName": "x" }] })),
            Kind::Incompatible,
        ),
        (Reply::raw(404, "<html>"), Kind::CollectionMissing),
        (Reply::raw(401, ""), Kind::Credentials),
        (Reply::raw(501, ""), Kind::NotSupported),
    ];
    for (reply, kind) in cases {
        let server = Server::start([reply.clone(), reply]).await;
        let (target, _) = target_at(&server.url(), TOKEN);
        let listed = target.list(USER, &[], None).await.unwrap_err();
        assert_eq!(listed.kind, kind, "{listed:?}");
        assert_eq!(listed.request, "GET /Users");
        let found = target.find(USER, "userName", &text("anna"), &[]).await.unwrap_err();
        assert_eq!(found.kind, kind, "{found:?}");
        assert!(!format!("{found:?}").contains("anna"), "{found:?} shows the query");
    }
}

#[tokio::test]
async fn a_cursor_that_cannot_be_read_is_an_error() {
    let (target, _) = target_at("http://localhost:9/", TOKEN);
    let error = target.list(USER, &[], Some(&Cursor(json!("x")))).await.unwrap_err();
    assert_eq!(error.kind, Kind::Incompatible);
}

#[tokio::test]
async fn the_surplus_of_a_fuzzy_query_is_dropped() {
    let body = json!({ "totalResults": 3, "Resources": [
        { "id": "1", "userName": "ANNA" }, { "id": "2", "userName": "annabel" }, { "id": "3", "userName": "anna+x" },
    ]});
    let server = Server::start([Reply::json(200, &body)]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let found = target.find(USER, "userName", &text("anna"), &paths(["userName"])).await.unwrap();
    assert_eq!(found.iter().map(|account| account.id.as_str()).collect::<Vec<_>>(), ["1"]);
    let filter = "filter=userName%20eq%20%22anna%22&startIndex=1&count=100";
    assert_eq!(server.lines(), [format!("GET /scim/Users?{filter}")]);
}

#[tokio::test]
async fn a_hit_that_does_not_show_the_attribute_is_read_before_it_is_judged() {
    let whole = |id: &str, value: &str| Reply::json(200, &json!({ "id": id, "externalId": value }));
    let server = Server::start([list(2, &["1", "2"]), whole("1", "x"), whole("2", "y")]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let found = target.find(USER, "externalId", &text("y"), &[]).await.unwrap();
    assert_eq!(found.iter().map(|account| account.id.as_str()).collect::<Vec<_>>(), ["2"]);
    assert_eq!(target.calls(), 3);
}

#[tokio::test]
async fn a_match_beyond_the_first_page_of_a_target_that_does_not_filter_is_found() {
    let last =
        Reply::json(200, &json!({ "totalResults": 3, "Resources": [{ "id": "9", "userName": "anna" }] }));
    let server = Server::start([list(3, &["1", "2"]), last]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    assert_eq!(target.find(USER, "userName", &text("anna"), &[]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_probe_asks_for_nobody_and_is_not_counted() {
    let server = Server::start([list(0, &[]), Reply::raw(404, ""), list(7, &["1"])]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    assert_eq!(target.probe().await, Ok(()));
    assert_eq!(target.probe().await.unwrap_err().kind, Kind::CollectionMissing);
    assert_eq!((target.calls(), target.discovery_calls()), (0, 2));
    let by_list = ScimConfig { match_by: MatchBy::List, ..config(&server.url()) };
    let (target, _) = target_with(&by_list, TOKEN);
    assert_eq!(target.probe().await, Ok(()));
    assert_eq!(server.lines()[2], "GET /scim/Users?count=1");
}

#[tokio::test]
async fn an_account_that_is_gone_reads_as_none_and_its_removal_is_a_success() {
    let server = Server::start([Reply::raw(404, ""), Reply::raw(410, ""), Reply::raw(404, "")]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    assert_eq!(target.get(USER, &TargetId::new("a/b"), &[]).await, Ok(None));
    assert_eq!(execute(&target, delete()).await, Ok(TargetId::new("1")));
    assert_eq!(execute(&target, rename()).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(server.lines()[0], "GET /scim/Users/a%2Fb");
}

#[tokio::test]
async fn an_update_without_changes_is_not_sent() {
    let server = Server::start([]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    assert_eq!(execute(&target, update(vec![])).await, Ok(TargetId::new("1")));
    assert_eq!(target.calls(), 0);
}

#[tokio::test]
async fn a_write_answered_by_a_web_page_did_not_happen() {
    let page = || Reply::raw(200, "<html>Sign in</html>");
    let server = Server::start([page(), page(), page()]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    for operation in [create(), rename(), delete()] {
        assert_eq!(execute(&target, operation).await.unwrap_err().kind, Kind::Incompatible);
    }
}

#[tokio::test]
async fn a_create_answered_without_an_id_is_incompatible() {
    let server = Server::start([Reply::json(201, &json!({ "userName": "anna" }))]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let error = execute(&target, create()).await.unwrap_err();
    assert_eq!((error.kind, error.status), (Kind::Incompatible, Some(201)));
    assert!(error.summary.contains("without an id"), "{error}");
}

#[tokio::test]
async fn retry_after_is_waited_for_in_seconds_or_until_a_date() {
    // The clock of these tests stands at 2027-01-15T08:00:00Z.
    for (header, waited) in [("7", 7), ("Fri, 15 Jan 2027 08:00:30 GMT", 30)] {
        let slow = Reply::raw(429, "").header("retry-after", header);
        let server = Server::start([slow, Reply::json(201, &json!({ "id": "1" }))]).await;
        let (target, clock) = target_at(&server.url(), TOKEN);
        execute(&target, create()).await.unwrap();
        assert_eq!((clock.slept(), target.calls()), (vec![waited], 2), "{header}");
    }
}

#[tokio::test]
async fn throttling_slows_the_whole_connection() {
    let slow = || Reply::raw(429, "").header("retry-after", "500");
    let server = Server::start([slow(), list(0, &[])]).await;
    let (target, clock) = target_at(&server.url(), TOKEN);
    // Longer than a call may take: told at once, and nothing else is sent either.
    assert_eq!(execute(&target, create()).await.unwrap_err().kind, Kind::Throttled);
    let error = target.list(USER, &[], None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Throttled);
    assert!(error.summary.contains("500 s"), "{error}");
    assert_eq!((server.lines().len(), clock.slept().len()), (1, 0));
    engine::ports::Clock::sleep(clock.as_ref(), Duration::from_secs(450)).await;
    target.list(USER, &[], None).await.unwrap();
    assert_eq!(clock.slept(), [450, 50]);
}

#[tokio::test]
async fn a_target_that_throttles_for_ever_is_given_up() {
    let slow = || Reply::raw(429, "");
    let server = Server::start([slow(), slow(), slow(), slow(), slow(), slow()]).await;
    let (target, clock) = target_at(&server.url(), TOKEN);
    assert_eq!(execute(&target, create()).await.unwrap_err().kind, Kind::Throttled);
    assert_eq!((clock.slept(), target.calls()), (vec![1, 2, 4, 8, 16], 6));
}

#[tokio::test]
async fn a_403_that_speaks_of_rate_limits_is_throttling() {
    let limit = Reply::json(403, &json!({ "detail": "rateLimitExceeded" }));
    let server = Server::start([limit, Reply::raw(403, "no"), Reply::raw(403, "no")]).await;
    let (target, clock) = target_at(&server.url(), TOKEN);
    assert_eq!(execute(&target, create()).await.unwrap_err().kind, Kind::InsufficientRights);
    assert_eq!((clock.slept(), target.calls()), (vec![1], 2));
}

#[tokio::test]
async fn a_failing_target_is_asked_three_times_about_a_change_and_once_about_a_create() {
    let down = || Reply::raw(502, "");
    let server = Server::start([down(), down(), down(), down(), Reply::raw(503, "")]).await;
    let (target, clock) = target_at(&server.url(), TOKEN);
    assert_eq!(execute(&target, rename()).await.unwrap_err().kind, Kind::ServerError);
    assert_eq!((clock.slept(), target.calls()), (vec![1, 2], 3));
    assert_eq!(execute(&target, create()).await.unwrap_err().kind, Kind::Ambiguous);
    assert_eq!(execute(&target, create()).await.unwrap_err().kind, Kind::ServerError);
    assert_eq!(target.calls(), 5);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_makes_a_create_ambiguous_and_a_change_be_repeated() {
    let late = || Reply::raw(200, "").after(Duration::from_secs(5));
    let server = Server::start([late(), late(), Reply::raw(204, "")]).await;
    let (target, clock) = target_with(&ScimConfig { timeout: 1, ..config(&server.url()) }, TOKEN);
    let error = execute(&target, create()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Ambiguous);
    assert!(error.summary.contains("no answer within 1 s"), "{error}");
    assert_eq!(execute(&target, rename()).await, Ok(TargetId::new("1")));
    assert_eq!((clock.slept(), target.calls()), (vec![1], 3));
}

#[tokio::test]
async fn nobody_at_the_url_is_unreachable_for_a_create_too() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    // Words of ours stay readable, however short the token.
    let (target, clock) = target_at(&url, "t");
    let error = execute(&target, create()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unreachable);
    assert!(error.summary.contains("check url, the network"), "{error}");
    assert_eq!(clock.slept(), [1, 2]);
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused() {
    let server = Server::start([Reply::raw(200, vec![b' '; 10 * 1024 * 1024 + 1])]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let error = target.list(USER, &[], None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Incompatible);
    assert!(error.summary.contains("pageSize"), "{error}");
}

#[tokio::test]
async fn a_redirect_to_the_same_origin_keeps_method_and_body() {
    let moved = Reply::raw(307, "").header("location", "/scim/v2/Users");
    let server = Server::start([moved, Reply::json(201, &json!({ "id": "1" }))]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    execute(&target, create()).await.unwrap();
    let arrived = server.arrived();
    assert_eq!(arrived[1].line, "POST /scim/v2/Users");
    assert_eq!(arrived[0].body, arrived[1].body);
    assert_eq!(target.calls(), 2);
}

#[tokio::test]
async fn a_redirect_to_another_origin_never_carries_the_token() {
    let other = Server::start([list(0, &[])]).await;
    let moved = Reply::raw(307, "").header("location", format!("{}/Users", other.url()));
    let server = Server::start([moved]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let error = target.list(USER, &[], None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Incompatible);
    assert!(error.summary.contains("another server"), "{error}");
    assert_eq!(other.arrived().len(), 0);
}

#[tokio::test]
async fn redirects_that_do_not_end_are_cut() {
    let moved = || Reply::raw(308, "").header("location", "/scim/Users");
    let server = Server::start([moved(), moved(), moved(), moved(), moved()]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    assert_eq!(target.list(USER, &[], None).await.unwrap_err().kind, Kind::Incompatible);
    assert_eq!(target.calls(), 4);
}

#[tokio::test]
async fn a_token_in_an_answer_shows_in_no_error() {
    let echo = || Reply::json(400, &json!({ "detail": format!("Authorization: Bearer {TOKEN}") }));
    let server = Server::start([echo(), echo()]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    for operation in [create(), rename()] {
        let error = execute(&target, operation).await.unwrap_err();
        assert!(!format!("{error:?} {error}").contains(TOKEN), "{error:?}");
    }
}

#[tokio::test]
async fn habits_follow_the_configuration() {
    let cases = [(MatchBy::Auto, true, true), (MatchBy::List, true, false), (MatchBy::Filter, false, true)];
    for (match_by, can_list, can_find) in cases {
        let (target, _) = target_with(&ScimConfig { match_by, ..config("http://localhost/") }, TOKEN);
        let habits = target.habits();
        assert_eq!((habits.can_list, habits.can_find, habits.concurrency), (can_list, can_find, 8));
        assert_eq!(habits.longest_call, Duration::from_secs(240));
    }
}
