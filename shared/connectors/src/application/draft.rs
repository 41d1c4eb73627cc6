//! The document of an application that was just made from a template: everything but what only its people know.
//!
//! In: a template, a name, and where people are read; they are uploaded when nothing is said. Out: a document that is whole but for the
//! target's address and credential, which [`super::settings`] adds.

use engine::mapping::{ObjectMapping, defaults};
use serde_json::{Value, json};

use super::check::name_problem;
use super::{Application, Problem, SourceConfig};

/// The templates there are.
pub const TEMPLATES: [&str; 1] = ["scim"];

/// The document of a new application.
///
/// # Errors
/// A template that there is not, a name that cannot be, a source that cannot be read.
pub fn draft(template: &str, name: &str, source: Option<Value>) -> Result<Value, Problem> {
    if !TEMPLATES.contains(&template) {
        let problem = format!("there is no template '{template}'; there is {}", TEMPLATES.join(", "));
        return Err(Problem { place: "template".to_owned(), problem });
    }
    if let Some(problem) = name_problem(name) {
        return Err(Problem { place: "displayName".to_owned(), ..problem });
    }
    let source = source.unwrap_or(json!({ "inbound": {} }));
    let read: SourceConfig = serde_json::from_value(source)
        .map_err(|error| Problem { place: "source".to_owned(), problem: error.to_string() })?;
    Ok(json!({
        "application": name,
        "users": users_of(&read),
        "source": read,
        "target": { "scim": {} },
    }))
}

/// The mapping that users of a source begin with. Who is uploaded has the names of SCIM already; directories have Entra's.
pub(super) fn users_of(source: &SourceConfig) -> ObjectMapping {
    let mut users = defaults::user();
    if let SourceConfig::Inbound(_) = source {
        for mapping in &mut users.attributes {
            let name = match mapping.target.as_str() {
                "active" => continue,
                "externalId" => "objectId",
                target => target,
            };
            (mapping.source, mapping.expression) = (Some(name.to_owned()), None);
        }
    }
    users
}

/// The application of a document, with something in the place of what a draft lacks: for whoever looks at its mappings.
/// `None` when more is wrong with it.
#[must_use]
pub fn filled(document: &Value) -> Option<Application> {
    let mut document = document.clone();
    let lacking = [
        ("/target/scim/url", json!("https://not-configured.invalid")),
        ("/target/scim/token", json!("env:NOT_CONFIGURED")),
    ];
    for (place, value) in lacking {
        let (around, name) = place.rsplit_once('/').unwrap_or_default();
        if let Some(fields) = document.pointer_mut(around).and_then(Value::as_object_mut) {
            fields.entry(name).or_insert(value);
        }
    }
    serde_json::from_value(document).ok()
}

#[cfg(test)]
mod tests {
    use super::super::settings;
    use super::*;

    #[test]
    fn a_draft_becomes_an_application_by_its_settings() {
        let source = json!({ "file": { "path": "people.csv", "id": "employeeId" } });
        let draft = draft("scim", "Ledgerly", Some(source)).unwrap();
        assert!(serde_json::from_value::<Application>(draft.clone()).is_err());
        assert_eq!(filled(&draft).unwrap().users, defaults::user());
        let pairs = [
            ("BaseAddress".to_owned(), Some("https://ledgerly.example/scim".to_owned())),
            ("SecretToken".to_owned(), Some("s3cret".to_owned())),
        ];
        let mut changed = settings::change(&draft, &pairs).unwrap();
        for credential in &changed.credentials {
            settings::refer(&mut changed.document, credential, "file:/vault/token");
        }
        let application: Application = serde_json::from_value(changed.document).unwrap();
        application.check().unwrap();
    }

    #[test]
    fn who_is_uploaded_is_mapped_by_the_names_of_scim() {
        let users = users_of(&SourceConfig::Inbound(Default::default()));
        for mapping in &users.attributes {
            match mapping.target.as_str() {
                "active" => assert!(mapping.expression.as_deref().unwrap().contains("IsSoftDeleted")),
                "externalId" => assert_eq!(mapping.source.as_deref(), Some("objectId")),
                target => assert_eq!(mapping.source.as_deref(), Some(target)),
            }
        }
        engine::mapping::Mapping::check(&users, &crate::scim::ScimSchema).unwrap();
    }

    #[test]
    fn what_cannot_be_drafted_is_refused_with_its_field() {
        let cases = [
            (draft("salesforce", "a", None), "template", "there is scim"),
            (draft("scim", "no blanks", None), "displayName", "1 to 64 letters"),
            (draft("scim", "a", Some(json!({ "paper": {} }))), "source", "paper"),
        ];
        for (drafted, place, expected) in cases {
            let problem = drafted.unwrap_err();
            assert_eq!(problem.place, place);
            assert!(problem.problem.contains(expected), "{problem}");
        }
    }
}
