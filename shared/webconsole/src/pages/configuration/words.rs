//! A document in words: what it says, for whoever does not read YAML.
//!
//! In: an application that could be read. Out: facts with their names, rules, and a table of attributes.

use connectors::application::{Application, SourceConfig, TargetConfig};
use engine::drift::DriftSweep;
use engine::mapping::{AttributeMapping, FlowType, ObjectAction, ObjectMapping};
use engine::scoping::Scope;

use crate::times::{count, lasting};

/// A fact with its name.
pub(super) type Fact = (&'static str, String);

/// The whole document.
pub(super) struct Words {
    pub(super) systems: Vec<Fact>,
    pub(super) people: Rules,
    pub(super) groups: Option<Rules>,
    pub(super) safety: Vec<Fact>,
}

/// How objects of a type become accounts.
pub(super) struct Rules {
    pub(super) actions: String,
    /// Who is assigned; `None` when that does not matter.
    pub(super) assigned: Option<String>,
    /// Groups of clauses: of one group all hold, and one group is enough.
    pub(super) filter: Vec<FilterWords>,
    pub(super) outside: &'static str,
    /// Empty where the app's default mapping holds.
    pub(super) attributes: Vec<Attribute>,
}

pub(super) struct FilterWords {
    pub(super) name: Option<String>,
    pub(super) clauses: Vec<String>,
}

/// One attribute mapping.
pub(super) struct Attribute {
    pub(super) target: String,
    pub(super) comes_from: String,
    pub(super) when: &'static str,
    /// 1 for the attribute by which accounts are matched first.
    pub(super) matching: Option<u32>,
}

impl Words {
    pub(super) fn of(application: &Application) -> Self {
        Self {
            systems: systems(application),
            people: Rules::of(&application.users),
            groups: application.groups.as_ref().map(Rules::of),
            safety: safety(application),
        }
    }
}

fn systems(application: &Application) -> Vec<Fact> {
    let source = match &application.source {
        SourceConfig::File(file) => format!("the file {}, people by its column {}", file.path, file.id),
        SourceConfig::Ldap(ldap) => {
            format!("the directory {}, below {}, as {}", ldap.url, ldap.users.base, ldap.bind_dn)
        }
        SourceConfig::Inbound(_) => "whoever uploads people (bulkUpload)".to_owned(),
    };
    let TargetConfig::Scim(scim) = &application.target;
    let interval = application.schedule.interval.map(|interval| {
        let interval = jiff::SignedDuration::try_from(interval).unwrap_or_default();
        format!("every {}", lasting(interval))
    });
    vec![
        ("People come from", source),
        ("Accounts are in", format!("the SCIM app at {}", scim.url)),
        ("Cycles", interval.unwrap_or_else(|| "every 20 to 40 minutes, sooner after changes".to_owned())),
    ]
}

fn safety(application: &Application) -> Vec<Fact> {
    let removals = &application.removals;
    let held = format!(
        "when more than {} people would lose their account within a day, or more than {} % of them (above {} people)",
        count(&removals.maximum),
        removals.percent,
        count(&removals.at_least)
    );
    let protected = serde_json::to_value(&removals.protected).ok();
    let protected: Vec<&str> = protected
        .iter()
        .filter_map(|list| list.as_array())
        .flatten()
        .filter_map(|one| one.as_str())
        .collect();
    let drift = match application.drift {
        DriftSweep::Off => "is not looked for",
        DriftSweep::Report => "is told in the log within a day, and left",
        DriftSweep::Repair => "is told in the log within a day, and put right",
    };
    let mut facts = vec![("Removals wait for a person", held)];
    if !protected.is_empty() {
        facts.push(("Never removed", protected.join(", ")));
    }
    facts.push(("What somebody changes in the app", drift.to_owned()));
    for (name, day) in [
        ("The source's password ends", application.credentials.source_expires),
        ("The app's token ends", application.credentials.target_expires),
    ] {
        facts.extend(day.map(|day| (name, day.to_string())));
    }
    if !application.owners.is_empty() {
        facts.push(("Owners", application.owners.join(", ")));
    }
    facts
}

impl Rules {
    fn of(mapping: &ObjectMapping) -> Self {
        Self {
            actions: actions(&mapping.actions),
            assigned: assigned(&mapping.scope),
            filter: mapping.scope.filter.iter().map(FilterWords::of).collect(),
            outside: match mapping.scope.skip_out_of_scope_deletions {
                true => "stays as it is",
                false => "is switched off",
            },
            attributes: mapping.attributes.iter().map(Attribute::of).collect(),
        }
    }
}

impl FilterWords {
    fn of(group: &engine::scoping::FilterGroup) -> Self {
        Self { name: group.name.clone(), clauses: group.clauses.iter().map(ToString::to_string).collect() }
    }
}

fn actions(actions: &[ObjectAction]) -> String {
    let words: Vec<&str> = actions
        .iter()
        .map(|action| match action {
            ObjectAction::Create => "created",
            ObjectAction::Update => "updated",
            ObjectAction::Delete => "deleted",
        })
        .collect();
    if words.is_empty() { "nothing is done".to_owned() } else { words.join(", ") }
}

fn assigned(scope: &Scope) -> Option<String> {
    let assigned = scope.assigned.as_ref()?;
    let (people, groups) = (assigned.users.len() as u64, assigned.groups.len() as u64);
    Some(format!("{} by name, and the members of {} groups", count(&people), count(&groups)))
}

impl Attribute {
    fn of(mapping: &AttributeMapping) -> Self {
        let comes_from = match (&mapping.source, &mapping.constant, &mapping.expression) {
            (Some(source), ..) => format!("[{source}]"),
            (None, Some(constant), _) => format!("always \"{constant}\""),
            (None, None, Some(expression)) => expression.clone(),
            (None, None, None) => "nothing".to_owned(),
        };
        let fallback = mapping.default_value.as_ref().map(|value| format!(", else \"{value}\" when created"));
        Self {
            target: mapping.target.clone(),
            comes_from: format!("{comes_from}{}", fallback.unwrap_or_default()),
            when: match mapping.flow_type {
                FlowType::Always => "always",
                FlowType::ObjectAddOnly => "when created",
                FlowType::MultiValueAddOnly | FlowType::ValueAddOnly => "always, nothing is taken away",
                FlowType::AttributeAddOnly => "while the account has none",
            },
            matching: mapping.matching_priority,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application(yaml: &str) -> Application {
        Application::from_yaml(yaml, "test.yaml").unwrap()
    }

    const WHOLE: &str = r#"
application: Ledgerly
source: { file: { path: people.csv, id: employeeId } }
target: { scim: { url: "https://ledgerly.example/scim", token: "env:TOKEN" } }
users:
  actions: [create, update]
  scope:
    assigned: { users: ["1"], groups: [sales, legal], memberOf: memberOf }
    filter:
      - { name: Sellers, clauses: [{ attribute: department, operator: EQUALS, value: Sales }] }
    skipOutOfScopeDeletions: true
  attributes:
    - { target: userName, source: mail, matchingPriority: 1 }
    - { target: title, expression: "ToUpper([jobTitle])", flowType: ObjectAddOnly }
    - { target: locale, constant: de, defaultValue: en }
schedule: { interval: 90m }
removals: { protected: [admin@tessera.example] }
owners: [ada]
"#;

    #[test]
    fn a_document_is_told_in_words() {
        let Words { systems, people, groups, safety } = Words::of(&application(WHOLE));
        assert_eq!(systems[0].1, "the file people.csv, people by its column employeeId");
        assert_eq!(systems[2].1, "every 1 h 30 min");
        assert_eq!(people.actions, "created, updated");
        assert_eq!(people.assigned.as_deref(), Some("1 by name, and the members of 2 groups"));
        assert_eq!(people.filter[0].clauses, ["department EQUALS 'Sales'"]);
        assert_eq!((people.filter[0].name.as_deref(), people.outside), (Some("Sellers"), "stays as it is"));
        let rows: Vec<_> =
            people.attributes.iter().map(|row| (row.comes_from.as_str(), row.when, row.matching)).collect();
        assert_eq!(
            rows,
            [
                ("[mail]", "always", Some(1)),
                ("ToUpper([jobTitle])", "when created", None),
                ("always \"de\", else \"en\" when created", "always", None),
            ]
        );
        assert!(groups.is_none());
        let facts: Vec<&str> = safety.iter().map(|(name, _)| *name).collect();
        let expected =
            ["Removals wait for a person", "Never removed", "What somebody changes in the app", "Owners"];
        assert_eq!(facts, expected);
        assert_eq!(safety[1].1, "admin@tessera.example");
    }

    #[test]
    fn what_is_left_out_is_told_as_what_holds_then() {
        let start = WHOLE.find("users:").unwrap();
        let bare = application(&format!("{}users: {{}}\n", &WHOLE[..start]));
        let words = Words::of(&bare);
        assert_eq!(words.systems[2].1, "every 20 to 40 minutes, sooner after changes");
        assert_eq!(words.people.actions, "created, updated, deleted");
        assert!(words.people.assigned.is_none() && words.people.filter.is_empty());
        assert!(words.safety[0].1.starts_with("when more than 500 people would lose"));
    }
}
