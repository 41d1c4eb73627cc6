//! What an application takes from a schema: one object mapping for users, one for groups, and nothing of any other.
//!
//! In: an application and a schema that somebody wrote. Out: the application with its mappings, and notices; or every problem and
//! every open decision, at its place in the schema.

use engine::cycle::Nested;
use engine::mapping::ObjectMapping;
use engine::schema::document::ObjectMapping as SchemaMapping;
use engine::schema::{Conversion, Finding, FindingKind, Kept, SynchronizationSchema, to_mapping};

use super::{GROUPS, Kind, USERS};
use crate::application::{Application, Problem};

/// The application with the mappings of a schema, and what is to be known of them.
///
/// # Errors
/// Every problem and every open decision, with its place in the schema and its cure. Nothing is taken then.
pub fn with_schema(
    application: &Application,
    schema: &SynchronizationSchema,
) -> Result<(Application, Vec<Finding>), Vec<Finding>> {
    let mut reading = Reading { schema, findings: Vec::new() };
    let users = reading.users(&application.users);
    let groups = reading.groups(application.groups.as_ref());
    reading.judge_others();
    if reading.refuses() {
        return Err(reading.refusals());
    }
    let Some(users) = users else { return Err(reading.findings) };
    let mut changed = Application { users: users.mapping.clone(), ..application.clone() };
    changed.groups = groups.as_ref().map(|groups| groups.mapping.clone());
    if changed.groups.is_none() && application.groups.is_some() {
        reading.groups_end(&mut changed);
    }
    if let Err(problems) = changed.check() {
        let placed = problems.iter().map(|problem| placed(problem, &users, groups.as_ref()));
        reading.findings.extend(placed);
        return Err(reading.refusals());
    }
    Ok((changed, reading.findings))
}

/// What is read of a schema, and what was found.
struct Reading<'a> {
    schema: &'a SynchronizationSchema,
    findings: Vec<Finding>,
}

/// A mapping out of a schema, and where it stood.
struct Taken {
    mapping: ObjectMapping,
    place: String,
    /// Where each of its attributes stood: those without any effect were left out.
    positions: Vec<usize>,
}

impl Reading<'_> {
    fn users(&mut self, before: &ObjectMapping) -> Option<Taken> {
        let candidates = self.schema.mappings_from(USERS.source);
        let place = self.chosen(&candidates);
        if place.is_none() {
            let (at, says) = match candidates.first() {
                Some(off) => (
                    format!("{}.enabled", at(*off)),
                    "without users there is nothing to provision; leave it true, and pause the job to stop it",
                ),
                None => (
                    "synchronizationRules".to_owned(),
                    "no object mapping reads 'User'; take it over from what GET …/schema answers",
                ),
            };
            self.add(FindingKind::Problem, at, says);
        }
        self.taken(&USERS, place?, Some(before))
    }

    fn groups(&mut self, before: Option<&ObjectMapping>) -> Option<Taken> {
        let place = self.chosen(&self.schema.mappings_from(GROUPS.source))?;
        self.taken(&GROUPS, place, before)
    }

    /// The one object mapping that takes part. Several would compete for the same objects.
    fn chosen(&mut self, candidates: &[(usize, usize)]) -> Option<(usize, usize)> {
        let (on, off): (Vec<_>, Vec<_>) =
            candidates.iter().copied().partition(|place| self.is_enabled(*place));
        for place in off {
            self.add(
                FindingKind::Notice,
                at(place),
                "it is switched off and is not kept; keep a copy of it if it shall take part again",
            );
        }
        let (first, more) = on.split_first()?;
        for place in more {
            let says = format!(
                "{} reads the same objects already; keep one of them, or switch this one off with enabled: false",
                at(*first)
            );
            self.add(FindingKind::Problem, at(*place), says);
        }
        Some(*first)
    }

    fn taken(&mut self, kind: &Kind, place: (usize, usize), before: Option<&ObjectMapping>) -> Option<Taken> {
        let kept = before.map(Kept::from).unwrap_or_default();
        let Conversion { mut mapping, findings, .. } = to_mapping(self.schema, place, kind.schema, &kept)?;
        let count = self.mapping(place).map_or(0, |mapping| mapping.attribute_mappings.each().len());
        let place = at(place);
        let is_left_out = |position: &usize| {
            let place = format!("{place}.attributeMappings[{position}]");
            findings.iter().any(|finding| finding.place == place)
        };
        let positions: Vec<usize> = (0..count).filter(|position| !is_left_out(position)).collect();
        self.findings.extend(findings);
        for idle in mapping.shut_idle_gates() {
            let place = in_schema(&place, &idle.place, &positions);
            self.add(FindingKind::Notice, place, &*idle.problem);
        }
        let before = before.filter(|before| kind.said_of(before) == kind.said_of(&mapping));
        let mapping = before.cloned().unwrap_or(mapping);
        Some(Taken { mapping, place, positions })
    }

    /// Objects that no source here has.
    fn judge_others(&mut self) {
        let known = |name: &str| [&USERS, &GROUPS].iter().any(|kind| kind.source.eq_ignore_ascii_case(name));
        for (rule, of_rule) in self.schema.synchronization_rules.each().iter().enumerate() {
            for (object, mapping) in of_rule.object_mappings.each().iter().enumerate() {
                let name = mapping.source_object_name.text().unwrap_or_default();
                if known(name) {
                    continue;
                }
                let (kind, says) = match is_on(mapping) {
                    true => (
                        FindingKind::Problem,
                        format!(
                            "no source has objects called '{name}'; write User or Group, or remove the object mapping"
                        ),
                    ),
                    false => (
                        FindingKind::Notice,
                        format!("no source has objects called '{name}'; it is not kept"),
                    ),
                };
                self.add(kind, format!("{}.sourceObjectName", at((rule, object))), says);
            }
        }
    }

    fn groups_end(&mut self, changed: &mut Application) {
        changed.nested_groups = Nested::default();
        self.add(
            FindingKind::Notice,
            "synchronizationRules",
            "groups are not provisioned any longer; those in the target stay as they are",
        );
    }

    fn mapping(&self, (rule, object): (usize, usize)) -> Option<&SchemaMapping> {
        self.schema.synchronization_rules.each().get(rule)?.object_mappings.each().get(object)
    }

    fn is_enabled(&self, place: (usize, usize)) -> bool {
        self.mapping(place).is_some_and(is_on)
    }

    fn refuses(&self) -> bool {
        self.findings.iter().any(|finding| finding.kind != FindingKind::Notice)
    }

    /// What stands against the schema, notices aside.
    fn refusals(self) -> Vec<Finding> {
        self.findings.into_iter().filter(|finding| finding.kind != FindingKind::Notice).collect()
    }

    fn add(&mut self, kind: FindingKind, place: impl Into<String>, says: impl Into<String>) {
        self.findings.push(Finding { kind, place: place.into(), says: says.into() });
    }
}

fn is_on(mapping: &SchemaMapping) -> bool {
    mapping.enabled.value().copied().unwrap_or(true)
}

fn at((rule, object): (usize, usize)) -> String {
    format!("synchronizationRules[{rule}].objectMappings[{object}]")
}

/// A problem of the document, at the place in the schema it came from.
fn placed(problem: &Problem, users: &Taken, groups: Option<&Taken>) -> Finding {
    let of = |taken: &Taken, section: &str| {
        let rest = problem.place.strip_prefix(section)?;
        match rest.strip_prefix('.') {
            Some(rest) => Some(in_schema(&taken.place, rest, &taken.positions)),
            None => rest.is_empty().then(|| taken.place.clone()),
        }
    };
    let place = of(users, USERS.section).or_else(|| of(groups?, GROUPS.section));
    Finding {
        kind: FindingKind::Problem,
        place: place.unwrap_or_else(|| problem.place.clone()),
        says: problem.problem.clone(),
    }
}

/// How the members of a mapping are called in a schema, where the two differ.
const MEMBERS: [(&str, &str); 7] = [
    (".target", ".targetAttributeName"),
    (".expression", ".source.expression"),
    (".constant", ".source"),
    (".attribute", ".sourceOperandName"),
    (".operator", ".operatorName"),
    (".value", ".targetOperand.values"),
    (".matches", ".@rollcall.matches"),
];

/// A place in a mapping as a place in a schema: `attributes[3].target` of the mapping is
/// `attributeMappings[3].targetAttributeName` of the object mapping.
fn in_schema(object_mapping: &str, place: &str, positions: &[usize]) -> String {
    let mut place = place.replacen("scope.filter", "scope.groups", 1);
    if let Some((position, rest)) = place.strip_prefix("attributes[").and_then(|rest| rest.split_once(']')) {
        let position = position.parse().ok().and_then(|position: usize| positions.get(position));
        place = match position {
            Some(position) => format!("attributeMappings[{position}]{rest}"),
            None => format!("attributeMappings{rest}"),
        };
    } else if place == "attributes" {
        place = "attributeMappings".to_owned();
    }
    for (ours, theirs) in MEMBERS {
        if let Some(rest) = place.strip_suffix(ours) {
            place = format!("{rest}{theirs}");
            break;
        }
    }
    format!("{object_mapping}.{place}")
}
