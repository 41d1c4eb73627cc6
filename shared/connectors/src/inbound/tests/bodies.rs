//! Whole bodies: what they say about whom, and that no body is too strange.

use engine::model::SourceId;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::inbound::{MOST_BYTES, MOST_OPERATIONS};

/// Who is there after a call, and who is gone.
fn outcome(request: &Value) -> Vec<(String, bool)> {
    let people = taken(request).unwrap().people;
    people.into_iter().map(|(id, state)| (id.to_string(), state.is_some())).collect()
}

#[test]
fn a_post_says_who_is_there_and_a_delete_who_is_gone() {
    let operations = json!([
        post("row-1", &person("E0001", &json!({}))),
        { "method": "DELETE", "bulkId": "row-2", "path": "/Users/E0002" },
        { "method": "DELETE", "bulkId": "row-3", "path": "/Users/R%26D%2017%2Fb" },
    ]);
    let expected = [("E0001", true), ("E0002", false), ("R&D 17/b", false)];
    assert_eq!(outcome(&request(&operations)), expected.map(|(id, there)| (id.to_owned(), there)));
}

#[test]
fn of_two_operations_about_one_person_the_last_counts() {
    let gone = |bulk_id: &str| json!({ "method": "DELETE", "bulkId": bulk_id, "path": "/Users/E1" });
    let there = |bulk_id: &str, title: &str| post(bulk_id, &person("E1", &json!({ "title": title })));
    assert_eq!(outcome(&request(&json!([there("a", "x"), gone("b")]))), [("E1".to_owned(), false)]);
    let upload = taken(&request(&json!([gone("a"), there("b", "x"), there("c", "y")]))).unwrap();
    let person = upload.people[&SourceId::new("E1")].clone().unwrap();
    assert_eq!(person.attributes["title"].to_string(), "y");
}

#[test]
fn a_body_may_begin_with_the_mark_of_windows() {
    let body = serde_json::to_vec(&request(&json!([post("a", &person("E1", &json!({})))]))).unwrap();
    assert!(intake(&[b"\xEF\xBB\xBF".as_slice(), &body].concat()).is_ok());
}

#[test]
fn fifty_people_of_any_usual_size_fit() {
    let long = json!({ "title": "x".repeat(18_000) });
    let operations: Vec<Value> = (0..MOST_OPERATIONS)
        .map(|number| post(&number.to_string(), &person(&format!("E{number}"), &long)))
        .collect();
    let body = serde_json::to_vec(&request(&operations.into())).unwrap();
    assert!(body.len() < MOST_BYTES);
    assert_eq!(intake(&body).unwrap().people.len(), MOST_OPERATIONS);
}

/// JSON that looks like a call at some places.
fn nearly_a_call() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "schemas",
        "Operations",
        "method",
        "path",
        "bulkId",
        "data",
        "externalId",
        "active",
        "emails",
        "name",
        "type",
        "value",
        "primary",
        ENTERPRISE,
        "urn:acme:hr",
        "manager",
        "password",
        "",
        "é",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec!["POST", "DELETE", "/Users", "/Users/%e", USER, "True", "bulkId:x"])
            .prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

/// An element of a list, mostly one that can be taken.
fn element() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec!["type", "value", "display", "primary", "redacted"]);
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let parts = prop::collection::btree_map(names.prop_map(str::to_owned), value.clone(), 0..3);
    prop_oneof![4 => parts.prop_map(|parts| parts.into_iter().collect()), 1 => value]
}

proptest! {
    #[test]
    fn no_bytes_make_it_fall_over(body in prop::collection::vec(any::<u8>(), 0..400)) {
        let refused = intake(&body).unwrap_err();
        prop_assert!(!refused.problems.is_empty());
    }

    #[test]
    fn whatever_looks_like_a_call_is_taken_or_refused_with_a_reason(data in nearly_a_call(), more in nearly_a_call()) {
        let mut person = person("E1", &json!({ "emails": more }));
        if let Some(fields) = data.as_object() {
            fields.iter().for_each(|(name, value)| person[name] = value.clone());
        }
        for body in [data.clone(), request(&data), request(&json!([post("a", &data)])), request(&json!([post("a", &person)]))] {
            match taken(&body) {
                Ok(upload) => prop_assert!(!upload.people.is_empty()),
                Err(refused) => prop_assert!((1..=20).contains(&refused.problems.len())),
            }
        }
    }

    #[test]
    fn whoever_is_taken_is_the_same_once_stored_and_read_back(
        elements in prop::collection::vec(element(), 0..4), one in element(),
    ) {
        let more = json!({ "emails": elements, "urn:acme:hr": { "things": elements, "thing": one } });
        if let Ok(upload) = taken(&request(&json!([post("a", &person("E1", &more))]))) {
            let stored = serde_json::to_string(&upload.people).unwrap();
            prop_assert_eq!(serde_json::from_str::<std::collections::BTreeMap<_, _>>(&stored).unwrap(), upload.people);
        }
    }
}
