//! The mappings a new application starts with when its target speaks SCIM: those that Entra ID offers, attribute for
//! attribute, under Entra's names of the source attributes.
//!
//! In: nothing. Out: complete mappings to write into an application's document and change there. They
//! read only what a directory has under these names, and give no value where it has none; only the formatted name of
//! somebody without names is an empty text.

use super::{AttributeMapping, ObjectMapping};

/// Where a value of the default mappings comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Attribute(&'static str),
    Expression(&'static str),
}

use Origin::{Attribute, Expression};

/// The prefix of the enterprise extension's attributes (RFC 7643 §4.3).
macro_rules! enterprise {
    ($name:literal) => {
        concat!("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:", $name)
    };
}

/// Target and source, in the order of Entra's own list. The first one matches.
///
/// `externalId` takes `mailNickname` as Entra's template does. It may change and need not be unique: where no app
/// relies on it, `objectId` is the better source.
const USER: [(&str, Origin); 23] = [
    ("userName", Attribute("userPrincipalName")),
    ("active", Expression(r#"Switch([IsSoftDeleted], , "False", "True", "True", "False")"#)),
    ("displayName", Attribute("displayName")),
    ("title", Attribute("jobTitle")),
    (r#"emails[type eq "work"].value"#, Attribute("mail")),
    ("preferredLanguage", Attribute("preferredLanguage")),
    ("name.givenName", Attribute("givenName")),
    ("name.familyName", Attribute("surname")),
    ("name.formatted", Expression(r#"Join(" ", [givenName], [surname])"#)),
    (r#"addresses[type eq "work"].formatted"#, Attribute("physicalDeliveryOfficeName")),
    (r#"addresses[type eq "work"].streetAddress"#, Attribute("streetAddress")),
    (r#"addresses[type eq "work"].locality"#, Attribute("city")),
    (r#"addresses[type eq "work"].region"#, Attribute("state")),
    (r#"addresses[type eq "work"].postalCode"#, Attribute("postalCode")),
    (r#"addresses[type eq "work"].country"#, Attribute("country")),
    (r#"phoneNumbers[type eq "work"].value"#, Attribute("telephoneNumber")),
    (r#"phoneNumbers[type eq "mobile"].value"#, Attribute("mobile")),
    (r#"phoneNumbers[type eq "fax"].value"#, Attribute("facsimileTelephoneNumber")),
    ("externalId", Attribute("mailNickname")),
    (enterprise!("employeeNumber"), Attribute("employeeId")),
    (enterprise!("department"), Attribute("department")),
    (enterprise!("manager"), Attribute("manager")),
    // Null for people without further addresses.
    (r#"emails[type eq "other"].value"#, Expression("Item([otherMails], 1)")),
];

/// Target and source for groups. The first one matches.
const GROUP: [(&str, Origin); 3] = [
    ("displayName", Attribute("displayName")),
    ("externalId", Attribute("objectId")),
    ("members", Attribute("members")),
];

/// The mapping of users to a SCIM target: 23 attributes, matched by `userName`.
#[must_use]
pub fn user() -> ObjectMapping {
    mapping(&USER)
}

/// The mapping of groups to a SCIM target: name, `externalId` and members, matched by `displayName`.
#[must_use]
pub fn group() -> ObjectMapping {
    mapping(&GROUP)
}

fn mapping(rows: &[(&str, Origin)]) -> ObjectMapping {
    let attributes = rows.iter().enumerate().map(|(position, (target, origin))| {
        let (source, expression) = match *origin {
            Attribute(name) => (Some(name.to_owned()), None),
            Expression(text) => (None, Some(text.to_owned())),
        };
        let matching_priority = (position == 0).then_some(1);
        AttributeMapping {
            target: (*target).to_owned(),
            source,
            expression,
            matching_priority,
            ..AttributeMapping::default()
        }
    });
    ObjectMapping { attributes: attributes.collect(), ..ObjectMapping::default() }
}

#[cfg(test)]
mod tests {
    use crate::testing::somebody;
    use std::collections::BTreeSet;

    use super::*;
    use crate::expression::{Context, Evaluated, Settings};
    use crate::model::{SourceObject, Value};

    /// What a directory may hold of one person; `otherMails` is replaced by a list.
    const ADA: [(&str, &str); 22] = [
        ("userPrincipalName", "ada@tessera.example"),
        ("displayName", "Ada Lovelace"),
        ("jobTitle", "Analyst"),
        ("mail", "ada.lovelace@tessera.example"),
        ("preferredLanguage", "en-GB"),
        ("givenName", "Ada"),
        ("surname", "Lovelace"),
        ("physicalDeliveryOfficeName", "12-3"),
        ("streetAddress", "12 St James's Square"),
        ("city", "London"),
        ("state", "Greater London"),
        ("postalCode", "SW1Y 4JH"),
        ("country", "GB"),
        ("telephoneNumber", "+44 20 7946 0001"),
        ("mobile", "+44 7700 900001"),
        ("facsimileTelephoneNumber", "+44 20 7946 0002"),
        ("mailNickname", "ada"),
        ("employeeId", "E1815"),
        ("department", "Engines"),
        ("manager", "8"),
        ("otherMails", ""),
        ("unmapped", "x"),
    ];

    fn ada() -> SourceObject {
        let mut attributes: crate::model::Attributes =
            ADA.iter().map(|(name, value)| ((*name).to_owned(), Value::text(*value))).collect();
        let others = ["ada@byron.example", "countess@byron.example"].map(Value::text).to_vec();
        attributes.insert("otherMails".into(), Value::List(others));
        somebody(attributes)
    }

    /// What the default mapping gives for somebody, by target path.
    fn mapped(object: &SourceObject, soft_deleted: bool) -> Vec<(String, Option<String>)> {
        let settings = Settings::default();
        let now = "2026-03-09T08:05:00Z".parse().unwrap();
        let context = Context { object, soft_deleted, now, seed: [0; 32], settings: &settings };
        let value_of = |mapping: AttributeMapping| {
            let text = mapping.expression.or_else(|| mapping.source.map(|name| format!("[{name}]"))).unwrap();
            let expression: crate::expression::Expression =
                text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            let value = expression.evaluate(&context).map(Evaluated::into_value).unwrap();
            (mapping.target, value.map(|value| value.to_string()))
        };
        user().attributes.into_iter().map(value_of).collect()
    }

    #[test]
    fn users_have_23_attributes_and_groups_three_each_target_once_matched_by_the_first() {
        for (mapping, count, matching) in [(user(), 23, "userName"), (group(), 3, "displayName")] {
            let targets: BTreeSet<_> =
                mapping.attributes.iter().map(|row| row.target.to_lowercase()).collect();
            assert_eq!((mapping.attributes.len(), targets.len()), (count, count));
            let matched: Vec<_> = mapping
                .attributes
                .iter()
                .filter_map(|row| Some((row.target.as_str(), row.matching_priority?)))
                .collect();
            assert_eq!(matched, [(matching, 1)]);
        }
    }

    #[test]
    fn a_complete_person_fills_every_target_attribute() {
        let expected = [
            ("userName", "ada@tessera.example"),
            ("active", "True"),
            ("displayName", "Ada Lovelace"),
            ("title", "Analyst"),
            (r#"emails[type eq "work"].value"#, "ada.lovelace@tessera.example"),
            ("preferredLanguage", "en-GB"),
            ("name.givenName", "Ada"),
            ("name.familyName", "Lovelace"),
            ("name.formatted", "Ada Lovelace"),
            (r#"addresses[type eq "work"].formatted"#, "12-3"),
            (r#"addresses[type eq "work"].streetAddress"#, "12 St James's Square"),
            (r#"addresses[type eq "work"].locality"#, "London"),
            (r#"addresses[type eq "work"].region"#, "Greater London"),
            (r#"addresses[type eq "work"].postalCode"#, "SW1Y 4JH"),
            (r#"addresses[type eq "work"].country"#, "GB"),
            (r#"phoneNumbers[type eq "work"].value"#, "+44 20 7946 0001"),
            (r#"phoneNumbers[type eq "mobile"].value"#, "+44 7700 900001"),
            (r#"phoneNumbers[type eq "fax"].value"#, "+44 20 7946 0002"),
            ("externalId", "ada"),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber", "E1815"),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "Engines"),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "8"),
            (r#"emails[type eq "other"].value"#, "ada@byron.example"),
        ];
        let expected: Vec<_> = expected
            .iter()
            .map(|(target, value)| ((*target).to_owned(), Some((*value).to_owned())))
            .collect();
        assert_eq!(mapped(&ada(), false), expected);
    }

    #[test]
    fn a_leaver_is_switched_off() {
        assert_eq!(mapped(&ada(), true)[1], ("active".to_owned(), Some("False".to_owned())));
    }

    #[test]
    fn somebody_without_attributes_gets_no_value_but_active_and_an_empty_formatted_name() {
        let given: Vec<_> = mapped(&somebody(crate::model::Attributes::new()), false)
            .into_iter()
            .filter_map(|(target, value)| Some((target, value?)))
            .collect();
        let expected =
            [("active", "True"), ("name.formatted", "")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(given, expected);
    }

    #[test]
    fn the_mappings_are_documents_that_read_back_as_they_were() {
        for mapping in [user(), group()] {
            let written = serde_json::to_value(&mapping).unwrap();
            assert_eq!(serde_json::from_value::<ObjectMapping>(written).unwrap(), mapping);
        }
    }
}
