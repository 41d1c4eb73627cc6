//! Attribute paths: what is understood, how it is printed, what is refused.

use proptest::prelude::*;

use super::super::path::{Literal, ScimPath, Selector};

const CUSTOM: &str = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User";

type Parts<'a> = (Option<&'a str>, &'a str, Option<&'a str>, Option<&'a str>);

#[test]
fn a_path_is_split_where_its_parts_meet() {
    let enterprise = super::ENTERPRISE;
    let cases: Vec<(String, Parts<'_>)> = vec![
        ("userName".into(), (None, "userName", None, None)),
        ("name.givenName".into(), (None, "name", None, Some("givenName"))),
        (
            r#"emails[type eq "work"].value"#.into(),
            (None, "emails", Some(r#"type eq "work""#), Some("value")),
        ),
        (
            r#"emails[ type EQ  "a].b:c" ].value"#.into(),
            (None, "emails", Some(r#"type eq "a].b:c""#), Some("value")),
        ),
        (r#"roles[primary eq "True"].value"#.into(), (None, "roles", Some("primary eq true"), Some("value"))),
        (format!("{enterprise}:department"), (Some(enterprise), "department", None, None)),
        (format!("{enterprise}:manager.value"), (Some(enterprise), "manager", None, Some("value"))),
        (format!("{CUSTOM}:shoeSize"), (Some(CUSTOM), "shoeSize", None, None)),
        ("urn:contoso:people:badge".into(), (Some("urn:contoso:people"), "badge", None, None)),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName".into(), (None, "userName", None, None)),
    ];
    for (text, (extension, attribute, selector, sub)) in cases {
        let path: ScimPath = text.parse().unwrap();
        let shown =
            path.selector.as_ref().map(|Selector { attribute, value }| format!("{attribute} eq {value}"));
        let parts =
            (path.extension.as_deref(), path.attribute.as_str(), shown.as_deref(), path.sub.as_deref());
        assert_eq!(parts, (extension, attribute, selector, sub), "{text}");
    }
}

#[test]
fn what_is_no_path_is_refused_with_the_way_to_write_it() {
    let cases = [
        ("", "missing"),
        ("first name", "attribute name"),
        ("1st", "attribute name"),
        ("name.", "missing"),
        ("emails[type eq \"work\"", "not closed"),
        ("emails[type eq work].value", "double quotes"),
        ("emails[type co \"w\"].value", "one comparison"),
        ("emails[type eq \"work\"]value", "a dot"),
        ("emails[].value", "one comparison"),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "whole extension"),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0", "whole extension"),
        ("urn:x", "names no attribute"),
    ];
    for (text, cure) in cases {
        let problem = text.parse::<ScimPath>().unwrap_err().to_string();
        assert!(problem.contains(cure), "{problem} should name {cure}");
    }
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z][a-zA-Z0-9_-]{0,12}"
}

fn selector() -> impl Strategy<Value = Selector> {
    let text = any::<String>().prop_map(Literal::Text);
    let value = prop_oneof![text, any::<bool>().prop_map(Literal::Boolean)];
    // `primary` is compared with a flag: its text form is read as one.
    (name(), value)
        .prop_filter("primary with text", |(name, value)| {
            !name.eq_ignore_ascii_case("primary") || matches!(value, Literal::Boolean(_))
        })
        .prop_map(|(attribute, value)| Selector { attribute, value })
}

pub(super) fn path() -> impl Strategy<Value = ScimPath> {
    let extension = proptest::option::of("urn:[a-z]{1,8}:[a-zA-Z0-9.:]{0,12}[A-Z][a-z]{2}");
    (extension, name(), proptest::option::of(selector()), proptest::option::of(name()))
        .prop_map(|(extension, attribute, selector, sub)| ScimPath { extension, attribute, selector, sub })
}

proptest! {
    #[test]
    fn what_is_printed_parses_to_the_same_path(path in path()) {
        // A URN that ends in a version and one name is a whole extension, unless an attribute follows, as here.
        prop_assert_eq!(path.to_string().parse::<ScimPath>(), Ok(path));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = text.parse::<ScimPath>();
    }
}
