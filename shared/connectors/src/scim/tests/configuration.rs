//! What an administrator may write, and what each mistake is answered with.

use std::path::PathBuf;

use secrecy::SecretString;
use serde_json::{Value as Json, json};

use super::super::{Dialect, ManagerForm, MatchBy, MemberRemoval, ScimConfig, ScimTarget};
use super::StillClock;

fn read(document: Json) -> Result<ScimConfig, String> {
    serde_json::from_value(document).map_err(|error| error.to_string())
}

#[test]
fn url_and_token_are_enough_and_the_rest_has_defaults() {
    let config = read(json!({ "url": "https://app.example/scim", "token": "env:APP_TOKEN" })).unwrap();
    config.check().unwrap();
    assert_eq!((config.page_size, config.concurrency, config.timeout), (100, None, 30));
    assert_eq!((config.dialect, config.match_by), (Dialect::Rfc7644, MatchBy::Auto));
    let of_groups = (config.members_per_call, config.member_removal, config.manager_form);
    assert_eq!(of_groups, (100, MemberRemoval::Filtered, ManagerForm::Object));
}

#[test]
fn what_serde_refuses_is_named() {
    let cases = [
        (json!({ "url": "https://a", "token": "env:T", "pagesize": 5 }), "pagesize"),
        (json!({ "url": "https://a", "token": "env:T", "dialect": "entra_legacy" }), "write rfc7644"),
        (json!({ "url": "https://a" }), "token"),
        (json!({ "url": "https://a", "token": "env:T", "bulk": "always" }), "`auto` or `never`"),
        (json!({ "url": "https://a", "token": "env:T", "memberRemoval": "all" }), "`filtered` or `value`"),
        (json!({ "url": "https://a", "token": "env:T", "managerForm": "id" }), "`object` or `text`"),
    ];
    for (document, cure) in cases {
        let problem = read(document).unwrap_err();
        assert!(problem.contains(cure), "{problem} should name {cure}");
    }
}

#[test]
fn every_field_that_cannot_work_is_named_with_its_cure() {
    let cases = [
        ("url", json!("app.example/scim"), "https://host"),
        ("url", json!("http://app.example/scim"), "clear text"),
        ("url", json!("ftp://app.example/scim"), "https://"),
        ("url", json!("https://anna:pw@app.example/scim"), "remove them"),
        ("url", json!("https://app.example/scim?key=1"), "'key'"),
        ("token", json!("eyJhbGciOi"), "env:NAME"),
        ("token", json!("env:"), "env:NAME"),
        ("token", json!(""), "env:NAME"),
        ("pageSize", json!(0), "1 to 1000"),
        ("pageSize", json!(1001), "1 to 1000"),
        ("concurrency", json!(0), "1 to 64"),
        ("concurrency", json!(65), "1 to 64"),
        ("timeout", json!(0), "1 to 300"),
        ("membersPerCall", json!(0), "1 to 1000"),
        ("membersPerCall", json!(1001), "1 to 1000"),
    ];
    for (field, value, cure) in cases {
        let mut document = json!({ "url": "https://app.example/scim", "token": "env:T" });
        document[field] = value.clone();
        let problem = read(document).unwrap().check().unwrap_err();
        assert_eq!(problem.field, field, "{value}");
        assert!(problem.to_string().contains(cure), "{problem} should name {cure}");
        assert!(!problem.to_string().contains("eyJ"), "{problem} quotes a pasted token");
    }
}

#[test]
fn the_tenant_url_loses_its_slash_and_the_vendors_flag() {
    let cases = [
        ("https://app.example/scim/", "https://app.example/scim"),
        ("https://app.example/scim?aadOptscim062020", "https://app.example/scim"),
        ("https://app.example/scim/?AzureAdScimPatch2017", "https://app.example/scim"),
        ("https://app.example", "https://app.example/"),
        ("http://localhost:8080/scim", "http://localhost:8080/scim"),
        ("http://127.0.0.1/scim", "http://127.0.0.1/scim"),
        ("http://[::1]/scim", "http://[::1]/scim"),
    ];
    for (url, base) in cases {
        assert_eq!(super::config(url).checked().unwrap().base.as_str(), base, "{url}");
    }
}

#[test]
fn a_secret_that_cannot_be_sent_is_refused_and_a_trailing_line_break_is_not() {
    let connect = |token: &str| {
        ScimTarget::connect(&super::config("http://localhost/"), SecretString::from(token), StillClock::new())
            .map_err(|error| error.to_string())
    };
    connect("abc\n").unwrap();
    assert!(connect(" \n").unwrap_err().contains("empty"));
    let broken = connect("abc\ndef").unwrap_err();
    assert!(broken.contains("line breaks") && !broken.contains("abc"), "{broken}");
}

#[test]
fn a_bundle_that_cannot_be_read_names_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("bundle.pem");
    std::fs::write(&text, "no certificate").unwrap();
    for (path, cure) in [(PathBuf::from("/nowhere.pem"), "cannot be read"), (text, "BEGIN CERTIFICATE")] {
        let config = ScimConfig { ca_bundle: Some(path), ..super::config("https://app.example/scim") };
        let error = ScimTarget::connect(&config, SecretString::from("t"), StillClock::new()).unwrap_err();
        assert_eq!(error.field, "caBundle");
        assert!(error.problem.contains(cure), "{error}");
    }
}

#[test]
fn debug_output_shows_neither_token_nor_reference() {
    let pasted = ScimConfig { token: "pasted-secret".into(), ..super::config("http://localhost/") };
    assert!(!format!("{pasted:?}").contains("pasted-secret"));
    let (target, _) = super::target_at("http://localhost/", "s3cret");
    assert!(!format!("{target:?}").contains("s3cret"));
}
