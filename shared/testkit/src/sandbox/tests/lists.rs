//! Lists, filters, searches and discovery.

use super::*;

fn names(list: &Value) -> Vec<&str> {
    let resources = list["Resources"].as_array().map_or(&[][..], Vec::as_slice);
    resources.iter().filter_map(|user| user["userName"].as_str()).collect()
}

#[tokio::test]
async fn pages_follow_creation_order_and_the_cap() {
    let visitor = Visitor::new(Settings { page_cap: 3, ..Settings::default() }).await;
    visitor.seed(5);
    let cases = [
        ("", 1, vec!["u000", "u001", "u002"]),
        ("?startIndex=4", 4, vec!["u003", "u004"]),
        ("?startIndex=2&count=2", 2, vec!["u001", "u002"]),
        ("?startIndex=0&count=100", 1, vec!["u000", "u001", "u002"]),
        ("?startIndex=6", 6, vec![]),
        ("?count=0", 1, vec![]),
        ("?count=-3", 1, vec![]),
        ("?sortBy=userName&sortOrder=descending&count=2", 1, vec!["u004", "u003"]),
        ("?filter=userName%20gt%20%22u002%22", 1, vec!["u003", "u004"]),
    ];
    for (query, start, expected) in cases {
        let list = body(visitor.get(&format!("/Users{query}")).await).await;
        let total = if query.contains("filter") { 2 } else { 5 };
        assert_eq!((&list["totalResults"], &list["startIndex"]), (&json!(total), &json!(start)), "{query}");
        assert_eq!(list["itemsPerPage"], json!(expected.len()), "{query}");
        assert_eq!(names(&list), expected, "{query}");
    }
    let refused = refusal(visitor.get("/Users?count=many").await).await;
    assert_eq!(refused, (400, "invalidValue".to_owned()));
}

#[tokio::test]
async fn equality_is_looked_up_and_still_checked() {
    let visitor = Visitor::new(Settings::default()).await;
    visitor.seed(20);
    let id = visitor.sandbox.user_by_name("u007").expect("seeded")["id"].clone();
    let cases = [
        (r#"userName eq "U007""#.to_owned(), vec!["u007"]),
        (r#"externalId eq "E7""#.to_owned(), vec!["u007"]),
        (r#"externalId eq "e7""#.to_owned(), vec![]),
        (format!("id eq {id}"), vec!["u007"]),
        (r#"userName eq "u007" and externalId eq "E8""#.to_owned(), vec![]),
        (
            r#"userName eq "u008" or externalId eq "E7" or userName eq "u007""#.to_owned(),
            vec!["u007", "u008"],
        ),
        (r#"not (userName ne "u003")"#.to_owned(), vec!["u003"]),
    ];
    for (filter, expected) in cases {
        let query =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("filter", &filter).finish();
        let list = body(visitor.get(&format!("/Users?{query}")).await).await;
        assert_eq!(names(&list), expected, "{filter}");
        let search = visitor.post("/Users/.search", &json!({ "filter": filter })).await;
        assert_eq!(body(search).await, list, "{filter}");
    }
    let bad = visitor.get("/Users?filter=userName%20is%201").await;
    assert_eq!(refusal(bad).await, (400, "invalidFilter".to_owned()));
    let counters = visitor.sandbox.counters();
    assert_eq!((counters.query, counters.search, counters.list), (8, 7, 0));
}

#[tokio::test]
async fn a_search_at_the_root_finds_users_and_groups() {
    let visitor = Visitor::new(Settings { page_cap: 2, ..Settings::default() }).await;
    visitor.seed(2);
    visitor.post("/Groups", &json!({ "schemas": [GROUP_URN], "displayName": "Chefs" })).await;
    let last = body(visitor.post("/.search", &json!({ "startIndex": 3 })).await).await;
    assert_eq!((&last["totalResults"], &last["Resources"][0]["displayName"]), (&json!(3), &json!("Chefs")));
    let found = body(visitor.post("/.search", &json!({ "filter": "displayName eq \"chefs\"" })).await).await;
    assert_eq!(found["totalResults"], 1);
    assert_eq!(visitor.sandbox.counters().search, 2);
}

#[tokio::test]
async fn indexes_follow_changes() {
    let visitor = Visitor::new(Settings::default()).await;
    let nadia = visitor.create("nadia").await;
    let rename = json!([{ "op": "replace", "value": { "userName": "nadia.k", "externalId": "7" } }]);
    assert_eq!(visitor.patch(&nadia, rename).await.status(), 200);
    let found = async |filter: &str| {
        let list = body(visitor.get(&format!("/Users?filter={filter}")).await).await;
        list["totalResults"].as_u64()
    };
    assert_eq!(found("userName%20eq%20%22nadia%22").await, Some(0));
    assert_eq!(found("userName%20eq%20%22nadia.k%22").await, Some(1));
    assert_eq!(found("externalId%20eq%20%227%22").await, Some(1));
    visitor.create("nadia").await;
}

#[tokio::test]
async fn an_answer_shows_the_attributes_that_were_asked_for() {
    let visitor = Visitor::new(Settings::default()).await;
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let given = json!({
        "schemas": [USER_URN], "userName": "nadia", "title": "Chef",
        "name": { "givenName": "Nadia", "familyName": "K" }, "emails": [{ "type": "work", "value": "n@x" }],
        enterprise: { "department": "R&D", "division": "EU" },
    });
    let created = body(visitor.post("/Users", &given).await).await;
    let path = path_of(&created);
    let query = format!("attributes=userName,name.givenName,emails.value,{enterprise}:department");
    assert_eq!(
        body(visitor.get(&format!("{path}?{query}")).await).await,
        json!({
            "schemas": created["schemas"], "id": created["id"], "userName": "nadia",
            "name": { "givenName": "Nadia" }, "emails": [{ "value": "n@x" }],
            enterprise: { "department": "R&D" },
        })
    );
    let query = format!("excludedAttributes=id,meta,emails,name.familyName,{enterprise}:division");
    assert_eq!(
        body(visitor.get(&format!("{path}?{query}")).await).await,
        json!({
            "schemas": created["schemas"], "id": created["id"], "userName": "nadia", "title": "Chef",
            "name": { "givenName": "Nadia" }, enterprise: { "department": "R&D" },
        })
    );
    assert_eq!(visitor.get(&format!("{path}?attributes=a&excludedAttributes=b")).await.status(), 400);
}

#[tokio::test]
async fn quirks_change_lists_one_by_one() {
    let quirks = Quirks { lowercase_resources: true, total_results_as_text: true, ..Quirks::default() };
    let visitor = Visitor::with_quirks(quirks).await;
    visitor
        .sandbox
        .seed(vec![json!({ "userName": "nadia", "urn:example:hr:2.0:User": { "badge": 7 } })])
        .expect("seeded");
    let list = body(visitor.get("/Users").await).await;
    assert_eq!((&list["totalResults"], &list["resources"][0]["userName"]), (&json!("1"), &json!("nadia")));

    visitor.sandbox.set_quirks(Quirks { list_hides_extension: true, ..Quirks::default() });
    let list = body(visitor.get("/Users").await).await;
    assert_eq!(list["Resources"][0].get("urn:example:hr:2.0:User"), None);
    let read = body(visitor.get(&path_of(&list["Resources"][0])).await).await;
    assert_eq!(read["urn:example:hr:2.0:User"]["badge"], 7);

    visitor.sandbox.set_quirks(Quirks { case_sensitive_user_name: true, ..Quirks::default() });
    let list = body(visitor.get("/Users?filter=userName%20eq%20%22NADIA%22").await).await;
    assert_eq!(list["totalResults"], 0);

    let invalid_filter = (400, "invalidFilter".to_owned());
    visitor.sandbox.set_quirks(Quirks { no_filter: true, no_search: true, ..Quirks::default() });
    assert_eq!(refusal(visitor.get("/Users?filter=title%20pr").await).await, invalid_filter);
    assert_eq!(refusal(visitor.post("/Users/.search", &json!({})).await).await.0, 501);
    visitor.sandbox.set_quirks(Quirks { filter_only_eq: true, no_list: true, ..Quirks::default() });
    assert_eq!(refusal(visitor.get("/Users?filter=title%20pr").await).await, invalid_filter);
    assert_eq!(refusal(visitor.get("/Users").await).await.0, 501);
}

#[tokio::test]
async fn discovery_describes_what_is_served() {
    let visitor = Visitor::new(Settings { page_cap: 7, ..Settings::default() }).await;
    let config = body(visitor.get("/ServiceProviderConfig").await).await;
    assert_eq!(config["filter"], json!({ "supported": true, "maxResults": 7 }));
    assert_eq!(
        config["bulk"],
        json!({ "supported": true, "maxOperations": 1000, "maxPayloadSize": 1_048_576 })
    );
    let schemas = body(visitor.get("/Schemas").await).await;
    assert_eq!(schemas["totalResults"], 3);
    let one = body(visitor.get(&format!("/Schemas/{USER_URN}")).await).await;
    assert_eq!(one, schemas["Resources"][0]);
    assert_eq!(one["attributes"][0]["uniqueness"], "server");
    let types = body(visitor.get("/ResourceTypes").await).await;
    assert_eq!(types["Resources"][1]["endpoint"], "/Groups");
    assert_eq!(visitor.get("/ResourceTypes/User").await.status(), 200);
    assert_eq!(refusal(visitor.get("/ResourceTypes/Car").await).await.0, 404);
    assert_eq!(refusal(visitor.get("/Schemas?filter=id%20pr").await).await.0, 403);
    let counters = visitor.sandbox.counters();
    assert_eq!((counters.discovery, counters.total), (7, 7));
}
