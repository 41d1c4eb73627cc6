//! Checking a document once, when it is saved, so that no cycle has to.
//!
//! In: an [`Application`]. Out: a [`CheckedApplication`], or every problem at once, each with its place in the
//! document and its cure.

use std::time::Duration;

use engine::cycle::Nested;
use engine::mapping::{Mapping, MappingProblem, ObjectMapping, TargetSchema};

use super::secret_ref::SecretRef;
use super::{Application, Notification, SourceConfig, TargetConfig};
use crate::scim::{ScimConfig, ScimGroupSchema, ScimSchema};

/// The shortest interval: below it a cycle of a large source would hardly end before the next is due.
const SHORTEST: Duration = Duration::from_secs(5 * 60);

/// The longest interval: leavers keep their accounts no longer than a day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest name, so that it fits into keys, headlines and mail subjects.
const LONGEST_NAME: usize = 64;

/// The most owners. More are what a role is for.
const MOST_OWNERS: usize = 50;

/// The longest id of an owner: OpenID Connect bounds `sub` so.
const LONGEST_OWNER: usize = 255;

/// A document that was checked.
#[derive(Debug, Clone)]
pub struct CheckedApplication {
    /// The document.
    pub application: Application,
    /// Its mapping of users, ready to be applied.
    pub mapping: Mapping,
    /// Its mapping of groups, where they are provisioned.
    pub groups: Option<Mapping>,
    /// Where the target's token is kept.
    pub token: SecretRef,
}

impl CheckedApplication {
    /// What is understood and yet worth a second look, with its place.
    #[must_use]
    pub fn notices(&self) -> Vec<Problem> {
        let users = ("users", Some(&self.application.users), Some(&self.mapping));
        let groups = ("groups", self.application.groups.as_ref(), self.groups.as_ref());
        let mut notices = Vec::new();
        for (section, written, checked) in [users, groups] {
            let of_scope = written.map(|written| written.scope.notices()).unwrap_or_default();
            let of_mapping = checked.map(Mapping::notices).unwrap_or_default();
            let of_both = of_scope.iter().chain(of_mapping);
            notices
                .extend(of_both.map(|one| Problem::new(format!("{section}.{}", one.place), &*one.problem)));
        }
        notices
    }
}

/// Something wrong with a document, with its place in it and its cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct Problem {
    /// Where: `users.attributes[3].target`.
    pub place: String,
    /// What and how to mend it.
    pub problem: String,
}

impl Problem {
    fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}

impl Application {
    /// Checks everything that can be checked without asking source or target.
    ///
    /// # Errors
    /// Every problem found, not only the first.
    pub fn check(&self) -> Result<CheckedApplication, Vec<Problem>> {
        let mut problems = Vec::new();
        problems.extend(name_problem(&self.name));
        problems.extend(source_problems(&self.source));
        let TargetConfig::Scim(scim) = &self.target;
        problems.extend(scim_problem(scim));
        let token = scim.token.parse::<SecretRef>();
        if let Err(error) = &token {
            problems.push(Problem::new("target.scim.token", error.to_string()));
        }
        let mapping = checked("users", &self.users, &ScimSchema, &mut problems);
        let groups =
            self.groups.as_ref().map(|groups| checked("groups", groups, &ScimGroupSchema, &mut problems));
        if self.groups.is_some() && !self.source.shows_groups() {
            let problem = match self.source {
                SourceConfig::Inbound(_) => {
                    "groups are to be provisioned, and only people are uploaded; take groups away"
                }
                _ => {
                    "groups are to be provisioned, and the source does not say where they are; write source.file.groups or source.ldap.groups"
                }
            };
            problems.push(Problem::new("groups", problem));
        }
        if self.groups.is_none() && self.nested_groups != Nested::default() {
            let problem = "says what becomes of groups in groups, and there is no groups section; add it or take this away";
            problems.push(Problem::new("nestedGroups", problem));
        }
        problems.extend(self.schedule.interval.and_then(interval_problem));
        problems.extend(threshold_problem("removals.percent", self.removals.percent));
        problems.extend(threshold_problem("health.percent", self.health.percent));
        if let Some(problem) = self.removals.protected.problem() {
            problems.push(Problem::new("removals.protected", problem));
        }
        let notification = self.notification.iter().flat_map(Notification::problems);
        problems.extend(
            notification.map(|(field, problem)| Problem::new(format!("notification.{field}"), problem)),
        );
        problems.extend(owner_problems(&self.owners));
        match (mapping, token) {
            (Some(mapping), Ok(token)) if problems.is_empty() => {
                Ok(CheckedApplication { application: self.clone(), mapping, groups: groups.flatten(), token })
            }
            _ => Err(problems),
        }
    }
}

pub(super) fn name_problem(name: &str) -> Option<Problem> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let begins = name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
    let sound = begins && name.len() <= LONGEST_NAME && name.bytes().all(allowed);
    (!sound).then(|| {
        let problem = format!(
            "a name has 1 to {LONGEST_NAME} letters, digits, '-', '_' and '.', and begins with a letter or digit; shorten or respell it"
        );
        Problem::new("application", problem)
    })
}

fn source_problems(source: &SourceConfig) -> Vec<Problem> {
    match source {
        SourceConfig::File(file) => {
            let problems = file.problems().into_iter();
            problems.map(|(field, problem)| Problem::new(format!("source.file.{field}"), problem)).collect()
        }
        SourceConfig::Ldap(ldap) => {
            let problems = ldap.problems().into_iter();
            problems.map(|(field, problem)| Problem::new(format!("source.ldap.{field}"), problem)).collect()
        }
        SourceConfig::Inbound(inbound) => {
            let problems = inbound.problems().into_iter();
            problems
                .map(|(field, problem)| Problem::new(format!("source.inbound.{field}"), problem))
                .collect()
        }
    }
}

/// The connector's own check, its look at the token aside: that is judged more strictly here.
fn scim_problem(scim: &ScimConfig) -> Option<Problem> {
    let besides_token = ScimConfig { token: "env:TOKEN".to_owned(), ..scim.clone() };
    let error = besides_token.check().err()?;
    Some(Problem::new(format!("target.scim.{}", error.field), error.problem))
}

fn interval_problem(interval: Duration) -> Option<Problem> {
    (!(SHORTEST..=LONGEST).contains(&interval)).then(|| {
        Problem::new("schedule.interval", "must lie between 5m and 24h; 40m suits most applications")
    })
}

fn owner_problems(owners: &[String]) -> Vec<Problem> {
    let mut problems = Vec::new();
    if owners.len() > MOST_OWNERS {
        let problem = format!("must hold at most {MOST_OWNERS} ids; give more people a role");
        problems.push(Problem::new("owners", problem));
    }
    let sound = |owner: &str| {
        (1..=LONGEST_OWNER).contains(&owner.chars().count()) && !owner.contains(char::is_whitespace)
    };
    let wrong = owners.iter().enumerate().filter(|(_, owner)| !sound(owner));
    problems.extend(wrong.map(|(index, _)| {
        let problem = "is no id; write it as the claim oid, sub or client_id of the owner's tokens holds it, without blanks";
        Problem::new(format!("owners[{index}]"), problem)
    }));
    problems
}

/// A mapping that was checked; its problems are added to those of the document.
fn checked(
    section: &str,
    written: &ObjectMapping,
    schema: &dyn TargetSchema,
    problems: &mut Vec<Problem>,
) -> Option<Mapping> {
    match Mapping::check(written, schema) {
        Ok(mapping) => Some(mapping),
        Err(found) => {
            let place = |problem: &MappingProblem| format!("{section}.{}", problem.place);
            problems.extend(found.iter().map(|problem| Problem::new(place(problem), &*problem.problem)));
            None
        }
    }
}

fn threshold_problem(place: &str, percent: f64) -> Option<Problem> {
    (!(percent > 0.0 && percent <= 100.0)).then(|| {
        let problem =
            format!("{percent} is no share of accounts; write more than 0 and at most 100, for example 10");
        Problem::new(place, problem)
    })
}
