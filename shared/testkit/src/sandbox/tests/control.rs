//! `/_sandbox`.

use super::*;

fn page(visitor: &Visitor, method: Method, path: &str) -> RequestBuilder {
    let url = visitor.sandbox.base_url().replace("/scim/v2", path);
    visitor.client.request(method, url)
}

#[tokio::test]
async fn the_overview_tells_settings_figures_and_never_the_token() {
    let visitor = Visitor::new(Settings { token: "hush".to_owned(), ..Settings::default() }).await;
    visitor.create("nadia").await;
    let text =
        page(&visitor, Method::GET, "/_sandbox").send().await.expect("an answer").text().await.expect("text");
    assert!(!text.contains("hush"));
    let overview: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&overview["users"], &overview["counters"]["total"]), (&json!(1), &json!(1)));
    assert_eq!(overview["pageCap"], 100);
    assert_eq!(overview["quirks"]["refuseTextBooleans"], true);
}

#[tokio::test]
async fn faults_and_quirks_can_be_switched_while_it_runs() {
    let visitor = Visitor::new(Settings::default()).await;
    let faults = json!({
        "throttle": { "every": 1 }, "only": ["list"],
        "next": [{ "on": "read", "does": { "error": 503 } }, { "on": "create", "does": "dropAnswer" }],
    });
    let put = page(&visitor, Method::PUT, "/_sandbox/faults").json(&faults);
    assert_eq!(put.send().await.expect("an answer").status(), 200);
    assert_eq!(visitor.get("/Users").await.status(), 429);
    assert_eq!(visitor.get("/Users/1").await.status(), 503);
    let left = page(&visitor, Method::GET, "/_sandbox/faults").send().await.expect("an answer");
    assert_eq!(body(left).await["next"], json!([{ "on": "create", "does": "dropAnswer" }]));
    let put = page(&visitor, Method::PUT, "/_sandbox/quirks").json(&json!({ "noBulk": true }));
    assert_eq!(put.send().await.expect("an answer").status(), 200);
    assert_eq!(visitor.post("/Bulk", &json!({})).await.status(), 501);
    let reset = page(&visitor, Method::POST, "/_sandbox/reset").send().await.expect("an answer");
    let overview = body(reset).await;
    assert_eq!(overview["counters"]["total"], 0);
    assert_eq!(overview["quirks"]["noBulk"], false);
    assert_eq!(visitor.get("/Users").await.status(), 200);
}

#[tokio::test]
async fn an_unknown_key_is_refused_by_name_with_the_keys_there_are() {
    let visitor = Visitor::new(Settings::default()).await;
    for (path, known) in [("/_sandbox/faults", "poisonedUser"), ("/_sandbox/quirks", "noValuePath")] {
        let put = page(&visitor, Method::PUT, path).json(&json!({ "throtle": true }));
        let response = put.send().await.expect("an answer");
        assert_eq!(response.status(), 400);
        let error = body(response).await["error"].as_str().expect("a reason").to_owned();
        assert!(error.contains("`throtle`") && error.contains(known), "{error}");
    }
}

#[tokio::test]
async fn a_web_page_from_elsewhere_gets_nothing() {
    let visitor = Visitor::new(Settings::default()).await;
    for (name, value) in [("host", "evil.example"), ("origin", "http://evil.example")] {
        let reset = page(&visitor, Method::POST, "/_sandbox/reset").header(name, value);
        assert_eq!(reset.send().await.expect("an answer").status(), 403, "{name}");
    }
}

#[tokio::test]
async fn a_seed_that_cannot_be_kept_names_the_user_and_the_reason() {
    let visitor = Visitor::new(Settings::default()).await;
    let refused = visitor.sandbox.seed(vec![json!({ "userName": "a" }), json!({ "userName": "A" })]);
    let reason = refused.expect_err("taken").to_string();
    assert_eq!(reason, "user 2 of the seed was refused: userName `A` is taken");
    assert_eq!((visitor.sandbox.users().len(), visitor.sandbox.counters().total), (1, 0));
}
