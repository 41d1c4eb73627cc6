//! What each refusal means to the engine and to a person.

use engine::ports::TargetErrorKind as Kind;
use secrecy::SecretString;
use serde_json::json;

use super::super::error::{About, Missed, Refusal, incompatible, refused};
use super::super::mask::Mask;
use super::TOKEN;

fn mask() -> Mask {
    Mask::new(SecretString::from(TOKEN))
}

fn judge(about: About, status: u16, body: &serde_json::Value) -> Refusal {
    *refused(about, "PATCH /Users/1".into(), status, body.to_string().as_bytes(), &mask())
}

#[test]
fn every_status_has_one_meaning_and_a_cure() {
    use About::{Account, Bulk, Create, Discovery, List};
    let none = "";
    let cases = [
        (List, 401, none, Kind::Credentials, "renew it"),
        (Account, 403, none, Kind::InsufficientRights, "grant its owner"),
        (List, 404, none, Kind::CollectionMissing, "check that url"),
        (Create, 404, none, Kind::CollectionMissing, "check that url"),
        (Account, 404, none, Kind::NotFound, "gone"),
        (Account, 410, none, Kind::NotFound, "gone"),
        (Bulk, 404, none, Kind::NotSupported, "documents"),
        (Discovery, 404, none, Kind::NotSupported, "documents"),
        (Discovery, 400, none, Kind::InvalidValue, "documents"),
        (Discovery, 500, none, Kind::ServerError, "try again later"),
        (Account, 405, none, Kind::NotSupported, "documents"),
        (List, 501, none, Kind::NotSupported, "documents"),
        (List, 400, "invalidFilter", Kind::NotSupported, "matchBy: list"),
        (List, 400, "tooMany", Kind::NotSupported, "matchBy: filter"),
        (Create, 409, "uniqueness", Kind::Conflict, "clashing value"),
        (Create, 400, "uniqueness", Kind::Conflict, "clashing value"),
        (Account, 412, none, Kind::PreconditionFailed, "tried again"),
        (Create, 413, none, Kind::TooLarge, "shorter"),
        (Account, 429, none, Kind::Throttled, "concurrency"),
        (Account, 400, "invalidValue", Kind::InvalidValue, "in the source"),
        (Account, 400, "mutability", Kind::InvalidValue, "flowType: ObjectAddOnly"),
        (Create, 422, none, Kind::InvalidValue, "in the source"),
        (Account, 500, none, Kind::ServerError, "tried again"),
        (Create, 500, none, Kind::Ambiguous, "looked for"),
        (Create, 504, none, Kind::Ambiguous, "looked for"),
        (Create, 503, none, Kind::ServerError, "tried again"),
        (Create, 501, none, Kind::NotSupported, "documents"),
        (List, 304, none, Kind::Incompatible, "check that url"),
    ];
    for (about, status, scim_type, kind, cure) in cases {
        let refusal = judge(about, status, &json!({ "scimType": scim_type, "detail": "so it is" }));
        let error = refusal.error;
        assert_eq!(error.kind, kind, "{about:?} {status} {scim_type}");
        assert!(error.summary.contains(cure), "{about:?} {status}: {} should name {cure}", error.summary);
        assert!(error.summary.contains("so it is"), "{}", error.summary);
        assert_eq!((error.status, error.request.as_str()), (Some(status), "PATCH /Users/1"));
    }
}

#[test]
fn a_patch_that_was_not_understood_is_told_from_one_that_was_not_wanted() {
    let cases = [
        (400, json!({ "scimType": "noTarget" }), Some(Missed::NoTarget)),
        (400, json!({ "scimType": "invalidPath" }), Some(Missed::NoValuePath)),
        (400, json!({ "scimType": "invalidSyntax" }), Some(Missed::NoValuePath)),
        (400, json!({ "detail": "Unsupported PATH in operation" }), Some(Missed::NoValuePath)),
        (400, json!({ "scimType": "invalidValue", "detail": "bad path" }), None),
        (400, json!({ "scimType": "mutability" }), None),
        (400, json!({ "detail": "no" }), None),
        (409, json!({ "scimType": "noTarget" }), None),
    ];
    for (status, body, expected) in cases {
        assert_eq!(judge(About::Account, status, &body).asks_for_another_dialect(), expected, "{body}");
    }
}

#[test]
fn a_token_that_the_target_echoes_is_masked_everywhere() {
    let body = json!({ "detail": format!("Bearer {TOKEN} is unknown") });
    let refusal = judge(About::List, 401, &body);
    let shown = format!("{refusal:?}");
    assert!(!shown.contains(TOKEN), "{shown}");
    assert!(refusal.error.summary.contains("[redacted]"), "{shown}");
    let mut spelt = String::new();
    TOKEN.bytes().for_each(|byte| spelt.push_str(&format!("\\u{byte:04x}")));
    let body = format!(r#"{{"detail":"{spelt}"}}"#);
    let refusal = refused(About::List, "GET /Users".into(), 401, body.as_bytes(), &mask());
    assert!(!refusal.error.summary.contains(TOKEN), "{refusal:?}");
    let page = format!("<html>{TOKEN}</html>");
    let refusal = incompatible("GET /Users".into(), 200, page.as_bytes(), "text", &mask());
    assert!(!format!("{refusal:?}").contains(TOKEN));
    assert!(refusal.error.summary.contains("web page"), "{}", refusal.error.summary);
}

#[test]
fn an_extract_ends_after_500_characters_without_cutting_a_token_open() {
    let body = format!("{}{TOKEN}", "ä".repeat(495));
    let refusal = refused(About::List, "GET /Users".into(), 500, body.as_bytes(), &mask());
    let extract = refusal.error.extract.unwrap();
    assert_eq!(extract.chars().count(), 500);
    assert!(extract.ends_with("[reda"), "{extract}");
}
