//! What a server's answers mean: refusals, referrals, limits, watermarks.

use std::collections::BTreeMap;

use engine::model::Watermark;
use engine::ports::SourceError;
use jiff::Timestamp;
use ldap3::LdapResult;
use ldap3::controls::{Control, RawControl};
use serde_json::json;
use uuid::Uuid;

use super::super::client::Ask;
use super::super::config::Changes;
use super::super::draft::Presence;
use super::super::verdict::{self, Place};
use super::super::watermark::Mark;
use super::super::wire;

const AD: &str = "80090308: LdapErr: DSID-0C09042A, comment: AcceptSecurityContext error, data";

fn result(rc: u32, text: &str, policy: Option<&[u8]>) -> LdapResult {
    let control = |value: &[u8]| {
        let ctype = "1.3.6.1.4.1.42.2.27.8.5.1".to_owned();
        Control(None, RawControl { ctype, crit: false, val: Some(value.to_vec()) })
    };
    let ctrls = policy.map(control).into_iter().collect();
    LdapResult { rc, matched: String::new(), text: text.to_owned(), refs: Vec::new(), ctrls }
}

#[test]
fn a_refused_bind_says_why_and_what_to_do() {
    let cases: Vec<(LdapResult, &str)> = vec![
        (result(49, "", None), "source.ldap.bindDn"),
        (result(49, &format!("{AD} 52e, v4563"), None), "wrong name or password"),
        (result(49, &format!("{AD} 532, v4563"), None), "has expired; set a new one"),
        (result(49, &format!("{AD} 773, v4563"), None), "must be changed first"),
        (result(49, &format!("{AD} 701, v4563"), None), "bind account has expired; prolong"),
        (result(49, &format!("{AD} 533, v4563"), None), "disabled; enable it"),
        (result(49, &format!("{AD} 775, v4563"), None), "locked; unlock it"),
        // SEQUENCE { [1] 0 }, { [1] 1 }, and success with { [1] 2 }.
        (result(49, "", Some(&[0x30, 3, 0x81, 1, 0])), "has expired; set a new one"),
        (result(49, "", Some(&[0x30, 3, 0x81, 1, 1])), "locked; unlock it"),
        (result(0, "", Some(&[0x30, 3, 0x81, 1, 2])), "must be changed first"),
        (result(53, "password expired", None), "has expired; set a new one"),
        (result(50, "", None), "may not sign in"),
    ];
    for (answer, cure) in cases {
        let error = SourceError::from(verdict::of_bind("ldaps://dc1", &answer).unwrap_err());
        assert!(matches!(error, SourceError::Credentials(_)), "{error:?}");
        assert!(error.to_string().contains(cure), "{error} should hold {cure}");
    }
}

#[test]
fn a_bind_that_wants_encryption_or_time_is_no_matter_of_credentials() {
    let error = |rc| SourceError::from(verdict::of_bind("ldap://dc1", &result(rc, "", None)).unwrap_err());
    assert!(matches!(error(8), SourceError::Refused(text) if text.contains("startTls")));
    assert!(matches!(error(13), SourceError::Refused(text) if text.contains("ldaps://")));
    assert!(matches!(error(51), SourceError::Unavailable(_)));
    assert!(matches!(error(1), SourceError::Unavailable(_)));
}

#[test]
fn a_warning_about_the_password_or_a_garbled_one_lets_the_bind_pass() {
    // SEQUENCE { [0] { [0] 600 } }, and bytes that are none.
    for value in [&[0x30, 6, 0xa0, 4, 0x80, 2, 2, 0x58][..], &[0x30, 9], &[]] {
        verdict::of_bind("ldaps://dc1", &result(0, "", Some(value))).unwrap();
    }
}

#[test]
fn the_end_of_a_search_names_the_field_to_change() {
    let ask = |place| Ask::entry(place, "ou=people,dc=x", &[]);
    let refs = ["ldap://dc2.x/ou=people,dc=x".to_owned()];
    let cases = [
        (32, Place::Users, "source.ldap.users.base"),
        (32, Place::Groups, "source.ldap.groups.base"),
        (10, Place::Users, "ldap://dc2.x"),
        (50, Place::Users, "read access"),
        (18, Place::Users, "source.ldap.users.filter"),
    ];
    for (code, place, cure) in cases {
        let error = SourceError::from(verdict::of_search("ldaps://dc1", &ask(place), code, "", &refs));
        assert!(matches!(&error, SourceError::Refused(text) if text.contains(cure)), "{code}: {error}");
    }
    for (code, cure) in [(3, "time limit"), (4, "size.prtotal"), (11, "pageSize"), (12, "modifyTimestamp")] {
        let error = verdict::limit("ldaps://dc1", Place::Users, code).unwrap().to_string();
        assert!(error.contains(cure), "{error}");
    }
    assert!(verdict::limit("ldaps://dc1", Place::Users, 80).is_none());
    assert!(verdict::is_nobody(32) && !verdict::is_nobody(52));
}

#[test]
fn controls_in_another_shape_are_none_and_stop_nobody() {
    let page = |value: &[u8]| {
        let ctype = wire::PAGED_RESULTS.to_owned();
        wire::page_cookie(&[RawControl { ctype, crit: false, val: Some(value.to_vec()) }])
    };
    assert_eq!(page(&[0x30, 6, 2, 1, 0, 4, 1, 7]), Some(vec![7]));
    assert_eq!(page(&[0x30, 3, 2, 1, 0]), None);
    assert_eq!(page(&[]), None);
    assert_eq!(page(&[0x30, 0x84, 0xff]), None);
    assert_eq!(page(&[4, 1, 7]), None);
}

#[test]
fn a_request_control_is_encoded_as_the_standard_has_it() {
    let control = wire::page_control(500, vec![1; 200]);
    let value = control.val.unwrap();
    assert_eq!(value[..8], [0x30, 0x81, 207, 2, 2, 1, 0xf4, 4]);
    assert_eq!(value[8..10], [0x81, 200]);
    assert!(control.crit);
}

#[test]
fn presence_is_the_same_in_any_order_and_differs_by_one() {
    let ids: Vec<Uuid> = (0..100_u128).map(Uuid::from_u128).collect();
    let backwards: Vec<Uuid> = ids.iter().rev().copied().collect();
    assert_eq!(Presence::of(&ids), Presence::of(&backwards));
    assert_ne!(Presence::of(&ids), Presence::of(&ids[1..]));
    let mut swapped = ids.clone();
    // The same sum of ids, but other ones.
    (swapped[1], swapped[2]) = (Uuid::from_u128(0), Uuid::from_u128(3));
    assert_ne!(Presence::of(&ids), Presence::of(&swapped));
}

#[test]
fn a_watermark_survives_its_stored_form_and_is_nobody_elses() {
    let mut mark = Mark::new("me".into(), Changes::Sync, Timestamp::UNIX_EPOCH, BTreeMap::new());
    mark.position = Some(json!({ "User": "72" }));
    mark.presence = Some(Presence::of(&[Uuid::from_u128(7)]));
    let text = serde_json::to_string(&mark.stored()).unwrap();
    let back: Watermark = serde_json::from_str(&text).unwrap();
    assert_eq!(Mark::of(&back, "me"), Some(mark));
    assert_eq!(Mark::of(&back, "other"), None);
}

#[test]
fn a_watermark_in_an_unknown_form_is_none() {
    for value in [
        json!(null),
        json!("2026-01-01"),
        json!({}),
        json!({ "version": 2, "identity": "me", "changes": "sync", "fullAt": "1970-01-01T00:00:00Z" }),
        json!({ "version": 1, "identity": "me", "changes": "tea leaves", "fullAt": "1970-01-01T00:00:00Z" }),
    ] {
        assert_eq!(Mark::of(&Watermark(value.clone()), "me"), None, "{value}");
    }
    let first =
        json!({ "version": 1, "identity": "me", "changes": "sync", "fullAt": "1970-01-01T00:00:00Z" });
    assert!(Mark::of(&Watermark(first), "me").is_some(), "the first form still loads");
}
