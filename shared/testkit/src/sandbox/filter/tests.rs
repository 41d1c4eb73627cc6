//! The filter's grammar and meaning, as tables.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::sandbox::schema::ResourceType;

const SCOPE: Scope = Scope::Resource { kind: ResourceType::User, exact_user_name: false };

fn nadia() -> Value {
    json!({
        "id": "7f3a",
        "externalId": "E-17",
        "userName": "Nadia@Example.com",
        "name": { "familyName": "O'Malley", "givenName": "Nadia" },
        "active": true,
        "emails": [
            { "type": "work", "value": "nadia@example.com", "primary": true },
            { "type": "home", "value": "nadia@home.example" },
        ],
        "badge": 42,
        "tags": ["red", "Blue"],
        "meta": { "created": "2026-03-01T10:00:00Z" },
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "department": "R&D",
            "manager": { "value": "Ab12" },
        },
    })
}

#[test]
fn a_filter_selects_what_its_words_say() {
    let cases = [
        (r#"userName eq "nadia@example.com""#, true),
        (r#"USERNAME EQ "NADIA@EXAMPLE.COM""#, true),
        (r#"userName ne "nadia@example.com""#, false),
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "nad""#, true),
        (r#"externalId eq "e-17""#, false),
        (r#"externalId eq "E-17""#, true),
        (r#"id eq "7F3A""#, false),
        (r#"name.familyName co "o'mal""#, true),
        (r#"name.givenName ew "IA""#, true),
        ("title pr", false),
        ("name pr", true),
        ("not (title pr)", true),
        (r#"title ne "Boss""#, true),
        ("title eq null", true),
        ("userName ne null", true),
        ("active eq true", true),
        ("active ne true", false),
        (r#"active eq "True""#, false),
        ("badge gt 41.5", true),
        ("badge le 41", false),
        (r#"meta.created gt "2026-03-01T09:59:59+00:00""#, true),
        (r#"meta.created lt "2026-03-01T11:00:00+02:00""#, false),
        (r#"emails eq "NADIA@home.example""#, true),
        (r#"emails.type eq "fax""#, false),
        (r#"tags eq "blue""#, true),
        (r#"tags.value eq "red""#, false),
        (r#"tags[value eq "red"]"#, true),
        (r#"emails[type eq "work" and value co "@home"]"#, false),
        (r#"emails.type eq "work" and emails.value co "@home""#, true),
        (r#"emails[type eq "work"].value eq "nadia@example.com""#, true),
        (r#"emails[not (primary eq true)].value ew "home.example""#, true),
        (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "r&d""#, true),
        (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "AB12""#, false),
        (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "Ab12""#, true),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr", true),
        // `and` binds tighter than `or`, and `not` tighter than both.
        (r#"title pr and title pr or userName pr"#, true),
        (r#"title pr and (title pr or userName pr)"#, false),
        (r#"not (title pr) and userName pr"#, true),
        (r#"not (title pr or userName pr)"#, false),
        ("nothingLikeThis eq 1", false),
    ];
    for (text, expected) in cases {
        let filter = parse(text).unwrap_or_else(|reason| panic!("{text}: {reason}"));
        assert_eq!(matches(&filter, &nadia(), SCOPE), expected, "{text}");
    }
}

#[test]
fn what_is_no_filter_is_refused_with_a_reason() {
    let deep = "(".repeat(40) + "a pr" + &")".repeat(40);
    let cases = [
        ("", "expected an attribute, found the end"),
        ("userName", "expected an operator such as `eq` or `pr`, found the end"),
        ("userName is 1", "expected an operator such as `eq` or `pr`, found `is`"),
        ("userName eq nadia", "expected a value: a string in double quotes"),
        ("userName eq", "found the end"),
        (r#"userName eq "nadia"#, "no closing quote"),
        (r#"userName eq "a" userName pr"#, "expected the end, found `userName`"),
        ("(userName pr", "expected `)`, found the end"),
        (r#"emails[type eq "work""#, "expected `]`"),
        ("not userName pr", "expected an operator"),
        ("1a pr", "`1a` is not an attribute's name"),
        ("active gt true", "`gt` cannot be used with true"),
        ("badge co 4", "`co` cannot be used with 4"),
        (deep.as_str(), "nested more than 32 levels deep"),
    ];
    for (text, expected) in cases {
        let reason = parse(text).expect_err(text);
        assert!(reason.contains(expected), "{text}: {reason}");
    }
}

#[test]
fn a_chain_of_many_alternatives_does_not_exhaust_the_stack() {
    let text = vec!["title pr"; 50_000].join(" or ");
    let filter = parse(&text).expect("a long filter is a filter");
    assert!(!matches(&filter, &nadia(), SCOPE));
}

#[test]
fn the_path_of_a_patch_may_select_elements() {
    let path = parse_patch_path(r#"emails[type eq "work"].value"#).expect("a path");
    assert_eq!(path.attribute.to_string(), "emails.value");
    assert_eq!(path.filter.map(|filter| filter.to_string()).as_deref(), Some(r#"type eq "work""#));
    for text in ["", "emails[", "emails[type]", "emails[type pr]value", "emails[type pr].", "a b"] {
        assert!(parse_patch_path(text).is_err(), "{text}");
    }
}

fn paths() -> impl Strategy<Value = AttributePath> {
    let name = "[a-zA-Z][a-zA-Z0-9_-]{0,5}";
    let urn = prop::option::of(Just("urn:example:scim:hr:2.0:User".to_owned()));
    (urn, name, prop::option::of(name)).prop_map(|(schema, name, sub)| AttributePath { schema, name, sub })
}

fn comparisons() -> impl Strategy<Value = Filter> {
    let texts = ".{0,8}".prop_map(Value::from);
    let any_value = prop_oneof![
        texts.clone(),
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    let operator = prop::sample::select(OPERATORS.map(|(_, operator)| operator).to_vec());
    prop_oneof![
        paths().prop_map(Filter::Present),
        (paths(), any_value).prop_map(|(path, value)| Filter::Compare(path, Operator::Equal, value)),
        (paths(), operator, texts).prop_map(|(path, operator, text)| Filter::Compare(path, operator, text)),
    ]
}

fn filters() -> impl Strategy<Value = Filter> {
    comparisons().prop_recursive(4, 24, 4, |inner| {
        let parts = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            parts.clone().prop_map(Filter::And),
            parts.prop_map(Filter::Or),
            inner.clone().prop_map(|inner| Filter::Not(Box::new(inner))),
            (paths(), inner).prop_map(|(path, inner)| Filter::Element(path, Box::new(inner))),
        ]
    })
}

proptest! {
    #[test]
    fn a_printed_filter_reads_back_as_itself(filter in filters()) {
        prop_assert_eq!(parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn any_text_is_read_or_refused_but_never_breaks_the_parser(text in ".{0,40}") {
        let _ = (parse(&text), parse_patch_path(&text));
    }

    #[test]
    fn a_filter_and_its_negation_never_agree(filter in filters()) {
        let negated = Filter::Not(Box::new(filter.clone()));
        prop_assert_ne!(matches(&filter, &nadia(), SCOPE), matches(&negated, &nadia(), SCOPE));
    }
}
