//! Creating, reading, changing and deleting, one by one and in bulk.

use super::*;

#[tokio::test]
async fn a_created_user_comes_back_with_id_meta_location_and_etag() {
    let visitor = Visitor::new(Settings::default()).await;
    let response = visitor.post("/Users", &user("nadia@example.com")).await;
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["content-type"], "application/scim+json");
    assert_eq!(response.headers()["etag"], "W/\"1\"");
    let location = response.headers()["location"].to_str().expect("text").to_owned();
    let created = body(response).await;
    assert_eq!(created["meta"]["location"], json!(location));
    assert_eq!(location, format!("{}{}", visitor.sandbox.base_url(), path_of(&created)));
    assert_eq!(body(visitor.get(&path_of(&created)).await).await, created);
    assert_eq!(visitor.sandbox.users(), std::slice::from_ref(&created));
    assert_eq!(visitor.sandbox.user_by_name("NADIA@example.com"), Some(created));
}

#[tokio::test]
async fn the_same_creates_give_the_same_ids_and_no_id_is_used_twice() {
    let (one, other) = (Visitor::new(Settings::default()).await, Visitor::new(Settings::default()).await);
    let first = one.create("nadia").await["id"].clone();
    assert_eq!(other.create("nadia").await["id"], first);
    one.sandbox.clear();
    assert_ne!(one.create("nadia").await["id"], first);
}

#[tokio::test]
async fn a_user_name_is_taken_whatever_its_case() {
    let visitor = Visitor::new(Settings::default()).await;
    visitor.create("nadia").await;
    let alex = visitor.create("alex").await;
    let refused = (409, "uniqueness".to_owned());
    assert_eq!(refusal(visitor.post("/Users", &user("NADIA")).await).await, refused);
    let rename = json!([{ "op": "replace", "path": "userName", "value": "Nadia" }]);
    assert_eq!(refusal(visitor.patch(&alex, rename).await).await, refused);
    assert_eq!(refusal(visitor.send(Method::PUT, &path_of(&alex), &user("nadiA")).await).await, refused);
    let own = json!([{ "op": "replace", "path": "userName", "value": "ALEX" }]);
    assert_eq!(visitor.patch(&alex, own).await.status(), 200, "its own name it may rewrite");
}

#[tokio::test]
async fn what_is_no_resource_is_refused() {
    let visitor = Visitor::new(Settings::default()).await;
    let cases = [
        (json!({ "schemas": [USER_URN] }), "invalidValue"),
        (json!({ "schemas": [USER_URN], "userName": " " }), "invalidValue"),
        (json!({ "userName": "x" }), "invalidValue"),
        (json!({ "schemas": [USER_URN], "userName": "x", "active": "False" }), "invalidValue"),
        (json!({ "schemas": [USER_URN], "userName": "x", "emails": { "value": "x" } }), "invalidValue"),
        (json!([]), "invalidSyntax"),
    ];
    for (given, expected) in cases {
        let refused = refusal(visitor.post("/Users", &given).await).await;
        assert_eq!(refused, (400, expected.to_owned()), "{given}");
    }
    let text = visitor.request(Method::POST, "/Users").body("{").send().await.expect("an answer");
    assert_eq!(refusal(text).await, (400, "invalidSyntax".to_owned()));
    assert_eq!(visitor.sandbox.users(), Vec::<Value>::new());
}

#[tokio::test]
async fn attributes_take_the_schemas_spelling_and_unknown_ones_are_kept() {
    let visitor = Visitor::new(Settings::default()).await;
    let given = json!({
        "schemas": [USER_URN], "USERNAME": "nadia", "password": "secret", "title": null, "roles": [],
        "Emails": [{ "VALUE": "n@x" }], "shoeSize": 38, "urn:example:hr:2.0:User": { "badge": 7 },
    });
    let created = body(visitor.post("/Users", &given).await).await;
    let mut expected = json!({
        "schemas": [USER_URN, "urn:example:hr:2.0:User"], "userName": "nadia",
        "emails": [{ "value": "n@x" }], "shoeSize": 38, "urn:example:hr:2.0:User": { "badge": 7 },
    });
    expected["id"] = created["id"].clone();
    expected["meta"] = created["meta"].clone();
    assert_eq!(created, expected);
}

#[tokio::test]
async fn a_put_clears_what_it_leaves_out() {
    let visitor = Visitor::new(Settings::default()).await;
    let mut given = user("nadia");
    given["title"] = json!("Chef");
    let created = body(visitor.post("/Users", &given).await).await;
    let replaced = body(visitor.send(Method::PUT, &path_of(&created), &user("nadia")).await).await;
    assert_eq!(replaced.get("title"), None);
    assert_eq!(replaced["meta"]["version"], "W/\"2\"");
    assert_eq!(replaced["meta"]["created"], created["meta"]["created"]);
}

#[tokio::test]
async fn a_write_that_changes_nothing_leaves_time_and_version_alone() {
    let visitor = Visitor::new(Settings::default()).await;
    let created = visitor.create("nadia").await;
    let same = json!([{ "op": "replace", "path": "userName", "value": "nadia" }]);
    assert_eq!(body(visitor.patch(&created, same).await).await, created);
    assert_eq!(body(visitor.send(Method::PUT, &path_of(&created), &user("nadia")).await).await, created);
}

#[tokio::test]
async fn a_patch_that_fails_midway_leaves_the_resource_as_it_was() {
    let visitor = Visitor::new(Settings::default()).await;
    let created = visitor.create("nadia").await;
    let steps = json!([
        { "op": "add", "path": "title", "value": "Chef" },
        { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "x" },
    ]);
    assert_eq!(refusal(visitor.patch(&created, steps).await).await, (400, "noTarget".to_owned()));
    assert_eq!(visitor.sandbox.users(), [created]);
}

#[tokio::test]
async fn a_version_that_is_not_the_current_one_fails_the_write() {
    let visitor = Visitor::new(Settings::default()).await;
    let created = visitor.create("nadia").await;
    let delete = |tag: &str| {
        visitor.request(Method::DELETE, &path_of(&created)).header("If-Match", tag.to_owned()).send()
    };
    assert_eq!(refusal(delete("W/\"7\"").await.expect("an answer")).await.0, 412);
    let read = visitor.request(Method::GET, &path_of(&created)).header("If-None-Match", "W/\"1\"");
    assert_eq!(read.send().await.expect("an answer").status(), 304);
    assert_eq!(delete("\"5\", W/\"1\"").await.expect("an answer").status(), 204);
    assert_eq!(refusal(delete("*").await.expect("an answer")).await.0, 404);
}

#[tokio::test]
async fn a_deleted_user_is_gone_from_reads_lists_and_groups() {
    let visitor = Visitor::new(Settings::default()).await;
    let nadia = visitor.create("nadia").await;
    let group = json!({
        "schemas": [GROUP_URN], "displayName": "Chefs", "members": [{ "value": nadia["id"] }],
    });
    let group = body(visitor.post("/Groups", &group).await).await;
    assert_eq!(
        visitor.request(Method::DELETE, &path_of(&nadia)).send().await.expect("an answer").status(),
        204
    );
    assert_eq!(refusal(visitor.get(&path_of(&nadia)).await).await.0, 404);
    assert_eq!(visitor.sandbox.user_by_name("nadia"), None);
    let group = body(visitor.get(&path_of(&group)).await).await;
    assert_eq!((group.get("members"), &group["meta"]["version"]), (None, &json!("W/\"2\"")));
}

#[tokio::test]
async fn a_bulk_request_resolves_references_wherever_the_resource_is_created() {
    let visitor = Visitor::new(Settings::default()).await;
    let request = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            {
                "method": "POST", "path": "/Groups", "bulkId": "chefs",
                "data": { "schemas": [GROUP_URN], "displayName": "Chefs", "members": [{ "value": "bulkId:nadia" }] },
            },
            { "method": "POST", "path": "/Users", "bulkId": "nadia", "data": user("nadia") },
            { "method": "post", "path": "/Users", "bulkId": "again", "data": user("nadia") },
            {
                "method": "PATCH", "path": "/Users/bulkId:nadia",
                "data": {
                    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                    "Operations": [{ "op": "add", "path": "title", "value": "Chef" }],
                },
            },
            { "method": "DELETE", "path": "/Users/bulkId:nobody" },
        ],
    });
    let response = body(visitor.post("/Bulk", &request).await).await;
    let outcomes = response["Operations"].as_array().expect("outcomes");
    let statuses: Vec<&str> = outcomes.iter().filter_map(|outcome| outcome["status"].as_str()).collect();
    assert_eq!(statuses, ["201", "201", "409", "200", "409"]);
    assert_eq!(outcomes[2]["response"]["scimType"], "uniqueness");
    let nadia = visitor.sandbox.user_by_name("nadia").expect("created");
    assert_eq!(nadia["title"], "Chef");
    assert_eq!(outcomes[1]["location"], nadia["meta"]["location"]);
    assert_eq!(visitor.sandbox.groups()[0]["members"][0]["value"], nadia["id"]);
    let counters = visitor.sandbox.counters();
    assert_eq!((counters.total, counters.bulk, counters.bulk_operations, counters.create), (1, 1, 5, 0));
}

#[tokio::test]
async fn a_bulk_request_stops_after_the_errors_it_allows() {
    let visitor = Visitor::new(Settings::default()).await;
    let create =
        |name: &str| json!({ "method": "POST", "path": "/Users", "bulkId": name, "data": user(name) });
    let request = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "failOnErrors": 1,
        "Operations": [create("a"), create(""), create("b")],
    });
    let response = body(visitor.post("/Bulk", &request).await).await;
    assert_eq!(response["Operations"].as_array().map(Vec::len), Some(2));
    assert_eq!(visitor.sandbox.users().len(), 1);
}

#[tokio::test]
async fn what_is_too_large_answers_413() {
    let visitor = Visitor::new(Settings::default()).await;
    let mut large = user("nadia");
    large["title"] = json!("x".repeat(1024 * 1024));
    assert_eq!(refusal(visitor.post("/Users", &large).await).await.0, 413);
    let operation = json!({ "method": "DELETE", "path": "/Users/1" });
    let many = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": vec![operation; 1001],
    });
    assert_eq!(refusal(visitor.post("/Bulk", &many).await).await.0, 413);
}

#[tokio::test]
async fn quirks_change_answers_one_by_one() {
    let visitor =
        Visitor::with_quirks(Quirks { no_location: true, no_etag: true, ..Quirks::default() }).await;
    let response = visitor.post("/Users", &user("nadia")).await;
    assert_eq!((response.headers().get("location"), response.headers().get("etag")), (None, None));
    let created = body(response).await;
    assert_eq!(created["meta"].get("version"), None);

    visitor.sandbox.set_quirks(Quirks { patch_answers204: true, ..Quirks::default() });
    let title = json!([{ "op": "add", "path": "title", "value": "Chef" }]);
    let response = visitor.patch(&created, title.clone()).await;
    assert_eq!((response.status().as_u16(), response.text().await.expect("a body").as_str()), (204, ""));

    visitor.sandbox.set_quirks(Quirks { no_patch: true, no_bulk: true, ..Quirks::default() });
    assert_eq!(refusal(visitor.patch(&created, title).await).await.0, 501);
    assert_eq!(refusal(visitor.post("/Bulk", &json!({})).await).await.0, 501);
    let config = body(visitor.get("/ServiceProviderConfig").await).await;
    assert_eq!((&config["patch"]["supported"], &config["bulk"]["supported"]), (&json!(false), &json!(false)));

    visitor.sandbox.set_quirks(Quirks {
        answers_text_booleans: true,
        delete_deactivates: true,
        ..Quirks::default()
    });
    let delete = visitor.request(Method::DELETE, &path_of(&created)).send().await.expect("an answer");
    assert_eq!(delete.status(), 204);
    assert_eq!(body(visitor.get(&path_of(&created)).await).await["active"], "False");

    visitor.sandbox.set_quirks(Quirks { require_user_agent: true, ..Quirks::default() });
    assert_eq!(refusal(visitor.get("/Users").await).await.0, 403);
    visitor.sandbox.set_quirks(Quirks { ignore_if_match: true, ..Quirks::default() });
    let delete = visitor.request(Method::DELETE, &path_of(&created)).header("If-Match", "\"77\"");
    assert_eq!(delete.send().await.expect("an answer").status(), 204);
}

#[tokio::test]
async fn a_manager_may_come_back_as_text() {
    let visitor = Visitor::with_quirks(Quirks { manager_as_text: true, ..Quirks::default() }).await;
    let mut given = user("nadia");
    given[super::super::schema::ENTERPRISE_URN] = json!({ "manager": { "value": "9" } });
    let created = body(visitor.post("/Users", &given).await).await;
    assert_eq!(created[super::super::schema::ENTERPRISE_URN]["manager"], "9");
}

#[tokio::test]
async fn what_is_not_served_answers_404_or_405() {
    let visitor = Visitor::new(Settings::default()).await;
    assert_eq!(refusal(visitor.get("/Me").await).await.0, 404);
    assert_eq!(refusal(visitor.get("/Users/1/2/3").await).await.0, 404);
    assert_eq!(refusal(visitor.send(Method::PUT, "/Users", &json!({})).await).await.0, 405);
    assert_eq!(visitor.sandbox.counters().total, 3);
}

#[tokio::test]
async fn a_manager_that_must_be_text_is_refused_as_an_object() {
    let visitor = Visitor::with_quirks(Quirks { manager_must_be_text: true, ..Quirks::default() }).await;
    let path = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
    let nadia = visitor.create("nadia").await;
    let set = |value: Value| visitor.patch(&nadia, json!([{ "op": "add", "path": path, "value": value }]));
    assert_eq!(refusal(set(json!({ "value": "7" })).await).await, (400, "invalidValue".to_owned()));
    let changed = body(set(json!("7")).await).await;
    assert_eq!(changed[path.trim_end_matches(":manager")]["manager"], "7");
    let removed = body(visitor.patch(&nadia, json!([{ "op": "remove", "path": path }])).await).await;
    assert_eq!(removed.get(path.trim_end_matches(":manager")), None);
}

#[tokio::test]
async fn reactivation_with_other_changes_is_refused_by_those_that_do_and_alone_it_is_not() {
    let quirks = Quirks { refuse_reactivation_with_changes: true, ..Quirks::default() };
    let visitor = Visitor::with_quirks(quirks).await;
    let nadia = visitor.create("nadia").await;
    let active = |flag: bool| json!({ "op": "replace", "path": "active", "value": flag });
    let title = json!({ "op": "add", "path": "title", "value": "Chef" });
    assert_eq!(visitor.patch(&nadia, json!([active(false), title])).await.status(), 200);
    let other = json!({ "op": "replace", "path": "title", "value": "Baker" });
    assert_eq!(
        refusal(visitor.patch(&nadia, json!([active(true), other])).await).await,
        (400, String::new())
    );
    for alone in [active(true), other] {
        assert_eq!(visitor.patch(&nadia, json!([alone])).await.status(), 200);
    }
}
