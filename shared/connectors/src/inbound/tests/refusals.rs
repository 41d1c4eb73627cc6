//! What is wrong, where, and how it is mended.

use serde_json::{Value, json};

use super::*;
use crate::inbound::MOST_BYTES;

/// The problems of a body, one a line.
fn problems(request: &Value) -> String {
    let refused = taken(request).unwrap_err();
    refused.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn with(more: &Value) -> Value {
    request(&json!([post("row-1", &person("E1", more))]))
}

fn without(field: &str) -> Value {
    let mut person = person("E1", &json!({}));
    person.as_object_mut().unwrap().remove(field);
    request(&json!([post("row-1", &person)]))
}

fn changed(field: &str, value: &Value) -> Value {
    let mut operation = post("row-1", &person("E1", &json!({})));
    operation[field] = value.clone();
    request(&json!([operation]))
}

const HERE: &str = "Operations[0] (bulkId row-1)";

#[test]
fn each_problem_names_its_place_and_its_cure() {
    let cases = [
        (json!([]), "the body: is no object; send a BulkRequest"),
        (
            json!({ "Operations": [1] }),
            "schemas: must list urn:ietf:params:scim:api:messages:2.0:BulkRequest",
        ),
        (
            json!({ "operations": [] }),
            "operations: is not known here; write schemas, failOnErrors, Operations",
        ),
        (json!({}), "Operations: is missing or no list"),
        (request(&json!([])), "Operations: is empty; list at least one"),
        (request(&json!(vec![1; 51])), "Operations: has 51 operations, and a call takes 50; split it"),
        (request(&json!([1])), "Operations[0]: is no object; write method"),
        (changed("bulkId", &Value::Null), "Operations[0] bulkId: is missing; write a text"),
        (changed("more", &json!(1)), &format!("{HERE} more: is not known here; write method, bulkId")),
        (changed("method", &json!("PATCH")), &format!("{HERE} method: must be POST with the whole person")),
        (
            changed("method", &json!("DELETE")),
            &format!("{HERE} path: must be /Users/ and the person's externalId"),
        ),
        (changed("path", &json!("/Groups")), &format!("{HERE} path: must be /Users: people are taken here")),
        (changed("data", &json!([])), &format!("{HERE} data: is missing or no object; write the SCIM user")),
        (without("schemas"), &format!("{HERE} data.schemas: must list {USER}; add it")),
        (
            without("externalId"),
            &format!("{HERE} data.externalId: is missing; write the id that never changes"),
        ),
        (without("active"), &format!("{HERE} data.active: must be true or false")),
        (
            with(&json!({ "externalId": 17 })),
            "data.externalId: is a number, and ids are text; write it in quotes",
        ),
        (with(&json!({ "externalId": "" })), "data.externalId: is empty; write the id"),
        (with(&json!({ "externalId": "E1 " })), "data.externalId: has spaces around it"),
        (with(&json!({ "externalId": "E\u{0}1" })), "or control characters in it; take them out"),
        (with(&json!({ "externalId": "x".repeat(257) })), "data.externalId: is longer than 256 bytes"),
        (with(&json!({ "active": 1 })), "data.active: must be true or false"),
        (with(&json!({ "password": "hunter2" })), "data.password: is not taken"),
        (with(&json!({ "username": "x" })), "write 'userName' instead of 'username'"),
        (with(&json!({ "tittle": "x" })), "data.tittle: there is no attribute 'tittle'"),
        (with(&json!({ "tittle": "x" })), "did you mean 'title'"),
        (with(&json!({ "name": "Kim Ng" })), "'name' has parts; write one of 'name.formatted'"),
        (with(&json!({ "name": { "given": "Kim" } })), "'name' has no part 'given'; it has formatted"),
        (with(&json!({ "name.givenName": "Kim" })), "data.name.givenName: is no attribute's name"),
        (with(&json!({ "title": ["x"] })), "data.title: takes one value and not a list; write it bare"),
        (with(&json!({ "title": { "value": "x" } })), "'title' has no parts; write 'title'"),
        (with(&json!({ "emails": "k@x" })), "data.emails: takes a list; write [{"),
        (with(&json!({ "emails": [{ "valeu": "x" }] })), "'emails' has no part 'valeu'; it has value"),
        (with(&json!({ "emails": [{ "value": { "x": 1 } }] })), "data.emails: is nested too deeply"),
        (with(&json!({ "emails": [[1]] })), "data.emails: is nested too deeply"),
        (with(&json!({ ENTERPRISE: { "dept": "x" } })), "there is no attribute 'dept' in urn:"),
        (with(&json!({ ENTERPRISE: "x" })), "is an extension and must be an object of attributes"),
        (
            with(&json!({ ENTERPRISE: { "manager": { "value": "bulkId:row-2" } } })),
            "write the externalId of the manager",
        ),
        (with(&json!({ ENTERPRISE: { "manager": "bulkId:row-2" } })), "write the externalId of the manager"),
        (with(&json!({ USER: { "title": "x" } })), "write its attributes beside externalId"),
        (with(&json!({ "urn:acme:hr": { "a b": 1 } })), "urn:acme:hr:a b: is no attribute's name"),
        (with(&json!({ "urn:acme:hr": { "a": { "b": [1] } } })), "urn:acme:hr:a.b: is nested too deeply"),
        (with(&json!({ "urn:acme:hr": { "a": [{ "redacted": "x" }] } })), "a reserved word here"),
        (with(&json!({ "urn:acme:hr": { "a".repeat(200): 1 } })), "has a name of more than 200 bytes"),
        (
            with(&json!({ "emails": [{ "type": "x".repeat(200), "value": "x" }] })),
            "has a type that is too long",
        ),
        (
            with(&json!({ "title": "x".repeat(70_000) })),
            &format!("{HERE} data: is too large; a person has at most 65536"),
        ),
    ];
    for (request, expected) in cases {
        let problems = problems(&request);
        assert!(problems.contains(expected), "{expected}\n  is not among\n{problems}");
    }
}

#[test]
fn what_is_no_json_is_named_by_its_place() {
    let refused = intake(b"{\n \"a\": }").unwrap_err().to_string();
    assert_eq!(refused, "the body: is no JSON (line 2, column 7); send a BulkRequest, RFC 7644 §3.7");
    assert!(intake("[".repeat(10_000).as_bytes()).is_err());
    let long = intake(&vec![b' '; MOST_BYTES + 1]).unwrap_err().to_string();
    assert!(long.contains("has 1048577 bytes, and at most 1048576 are taken"), "{long}");
}

#[test]
fn everything_wrong_is_told_at_once_and_never_more_than_twenty_things() {
    let two = request(&json!([
        post("a", &person("", &json!({ "tittle": "x" }))),
        post("a", &person("E2", &json!({}))),
    ]));
    let places: Vec<String> = taken(&two).unwrap_err().problems.into_iter().map(|one| one.place).collect();
    let expected = ["data.externalId", "data.tittle", "bulkId"];
    assert_eq!(
        places,
        ["0", "0", "1"]
            .map(|at| format!("Operations[{at}] (bulkId a) "))
            .iter()
            .zip(expected)
            .map(|(at, field)| format!("{at}{field}"))
            .collect::<Vec<_>>()
    );
    let hundred: serde_json::Map<String, Value> =
        (0..100).map(|number| (format!("field{number}"), json!("x"))).collect();
    assert_eq!(taken(&with(&hundred.into())).unwrap_err().problems.len(), 20);
}

#[test]
fn no_problem_repeats_a_value() {
    let secret = "hunter2hunter2";
    for more in [
        json!({ "password": secret }),
        json!({ "title": [secret] }),
        json!({ "name": secret }),
        json!({ "emails": secret }),
        json!({ "active": secret }),
        json!({ "externalId": format!("{secret} ") }),
        json!({ ENTERPRISE: { "manager": format!("bulkId:{secret}") } }),
    ] {
        let problems = problems(&with(&more));
        assert!(!problems.contains(secret), "{problems}");
    }
}
