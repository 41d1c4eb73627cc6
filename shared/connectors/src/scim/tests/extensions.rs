//! Attributes of extensions that no schema here knows: what the mapping says is written, and JSON's types are read.

use engine::model::Value;
use serde_json::{Value as Json, json};

use super::super::convert::write::Lists;
use super::super::convert::{Object, read};
use super::{attributes, create_body, parts, patch_body, paths, text};

const PATH: &str = "urn:contoso:2.0:User:it";

fn held(it: &Json) -> Option<Value> {
    let user: Object =
        serde_json::from_value(json!({ "id": "1", "urn:Contoso:2.0:User": { "IT": it } })).unwrap();
    let asked = read::paths(&paths([PATH])).unwrap();
    read::target_object(&user, &asked).unwrap().attributes.remove(PATH)
}

#[test]
fn every_type_is_written_in_jsons_own_and_read_back_as_it_was() {
    let cases = [
        (Value::Boolean(true), json!(true)),
        (Value::Integer(-7), json!(-7)),
        (text("2026-03-16T07:00:00Z"), json!("2026-03-16T07:00:00Z")),
        (text("https://contoso.example/7"), json!("https://contoso.example/7")),
        (text("QUJD"), json!("QUJD")),
        (Value::List(vec![text("a"), text("b")]), json!(["a", "b"])),
        (Value::List(vec![Value::Integer(1), Value::Integer(2)]), json!([1, 2])),
        (
            Value::List(vec![parts([("name", text("a")), ("level", Value::Integer(2))])]),
            json!([{ "name": "a", "level": 2 }]),
        ),
    ];
    for (value, expected) in cases {
        let body = create_body(&attributes([(PATH, value.clone())])).unwrap();
        assert_eq!(body["urn:contoso:2.0:User"], json!({ "it": expected }));
        let change = engine::model::AttributeChange {
            path: PATH.into(),
            old: Some(text("before")),
            new: Some(value.clone()),
            adds: false,
        };
        let patch = patch_body(&[change], Lists::ByPath).unwrap().unwrap();
        assert_eq!(patch["Operations"], json!([{ "op": "replace", "path": PATH, "value": expected }]));
        assert_eq!(held(&expected), Some(value));
    }
}

#[test]
fn what_json_says_otherwise_is_read_as_near_as_it_goes() {
    let cases = [
        (json!(null), None),
        (json!([]), None),
        (json!({}), None),
        (json!([[1], null, "a"]), Some(Value::List(vec![text("a")]))),
        (json!(4.5), Some(text("4.5"))),
        (json!(18_446_744_073_709_551_615_u64), Some(text("18446744073709551615"))),
        // A reference shows more than the id it was written as.
        (json!({ "value": "17", "$ref": "…/17", "displayName": "Ida" }), Some(text("17"))),
        (json!([{ "value": "17", "$ref": "…/17", "primary": false }]), Some(Value::List(vec![text("17")]))),
    ];
    for (it, expected) in cases {
        assert_eq!(held(&it), expected, "{it}");
    }
}
