//! Lists, errors, bulk answers and offers, as servers spell them.

use serde_json::{Value as Json, json};

use super::super::convert::answer::{self, BulkOffer, ErrorBody, Offer};

#[test]
fn a_list_is_read_with_tolerance_for_spelling() {
    let cases = [
        // (body, resources, total)
        (json!({ "totalResults": 1, "Resources": [{ "id": "1" }] }), 1, Some(1)),
        (json!({ "totalResults": "2", "resources": [{ "id": "1" }] }), 1, Some(2)),
        (json!({ "TotalResults": 0 }), 0, Some(0)),
        (json!({ "totalResults": "0", "Resources": null }), 0, Some(0)),
        (json!({ "Resources": [] }), 0, None),
    ];
    for (body, resources, total) in cases {
        let list = answer::list(&body).unwrap();
        assert_eq!((list.resources.len(), list.total), (resources, total), "{body}");
    }
}

#[test]
fn what_is_no_list_is_never_read_as_an_empty_one() {
    let cases = [
        (json!([]), "not a JSON object"),
        (json!("<html>"), "not a JSON object"),
        (json!({}), "no Resources"),
        (json!({ "id": "1", "userName": "bo" }), "no Resources"),
        (json!({ "status": "ok" }), "no Resources"),
        (json!({ "totalResults": 3 }), "no Resources"),
        (json!({ "totalResults": "many", "Resources": [] }), "not a number"),
        (json!({ "totalResults": 1, "Resources": { "id": "1" } }), "not an array"),
        (json!({ "totalResults": 1, "Resources": ["1"] }), "not an object"),
    ];
    for (body, why) in cases {
        let problem = answer::list(&body).unwrap_err();
        assert!(problem.contains(why), "{body}: {problem}");
    }
}

#[test]
fn an_error_body_may_lack_anything() {
    let full = json!({ "status": "409", "scimType": "uniqueness", "detail": "taken" });
    let read =
        ErrorBody { scim_type: Some("uniqueness".into()), detail: Some("taken".into()), status: Some(409) };
    let cases = [
        (full, read),
        (json!({ "Status": 404 }), ErrorBody { status: Some(404), ..ErrorBody::default() }),
        (json!({ "error": "x" }), ErrorBody::default()),
        (json!("gone"), ErrorBody::default()),
    ];
    for (body, expected) in cases {
        assert_eq!(answer::error(&body), expected, "{body}");
    }
}

#[test]
fn the_status_in_a_bulk_answer_has_three_spellings() {
    for status in [json!("201"), json!(201), json!({ "code": "201" })] {
        let body = json!({ "Operations": [{ "method": "POST", "bulkId": "1", "status": status }] });
        assert_eq!(answer::bulk(&body).unwrap()[0].status, 201);
    }
    for body in [json!({}), json!([]), json!({ "Operations": [{ "bulkId": "1" }] })] {
        assert!(answer::bulk(&body).is_err(), "{body}");
    }
}

#[test]
fn a_target_offers_what_it_says_and_what_entra_needs() {
    let assumed = Offer { patch: true, filter: true, bulk: None };
    let bulk = |operations, bytes| Offer { bulk: Some(BulkOffer { operations, bytes }), ..assumed };
    let cases: Vec<(Json, Offer)> = vec![
        (json!({}), assumed),
        (json!("garbage"), assumed),
        (json!({ "patch": { "supported": false } }), Offer { patch: false, ..assumed }),
        (json!({ "filter": { "supported": "False" } }), Offer { filter: false, ..assumed }),
        (json!({ "bulk": { "supported": false, "maxOperations": 9 } }), assumed),
        (
            json!({ "bulk": { "supported": true, "maxOperations": 9, "maxPayloadSize": "5000" } }),
            bulk(9, 5000),
        ),
        (json!({ "Bulk": { "supported": true } }), bulk(1, usize::MAX)),
    ];
    for (body, expected) in cases {
        assert_eq!(answer::offer(&body), expected, "{body}");
    }
}
