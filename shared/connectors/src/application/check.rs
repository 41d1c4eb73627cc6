//! Checking a document once, when it is saved, so that no cycle has to.
//!
//! In: an [`Application`]. Out: a [`CheckedApplication`], or every problem at once, each with its place in the
//! document and its cure.

use std::time::Duration;

use engine::guard::Thresholds;
use engine::mapping::Mapping;

use super::secret_ref::SecretRef;
use super::{Application, Notification, SourceConfig, TargetConfig};
use crate::scim::{ScimConfig, ScimSchema};

/// The shortest interval: below it a cycle of a large source would hardly end before the next is due.
const SHORTEST: Duration = Duration::from_secs(5 * 60);

/// The longest interval: leavers keep their accounts no longer than a day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest name, so that it fits into keys, headlines and mail subjects.
const LONGEST_NAME: usize = 64;

/// A document that was checked.
#[derive(Debug, Clone)]
pub struct CheckedApplication {
    /// The document.
    pub application: Application,
    /// Its mapping of users, ready to be applied.
    pub mapping: Mapping,
    /// Where the target's token is kept.
    pub token: SecretRef,
}

impl CheckedApplication {
    /// What is understood and yet worth a second look, with its place.
    #[must_use]
    pub fn notices(&self) -> Vec<Problem> {
        let of_scope = self.application.users.scope.notices();
        let notices = of_scope.iter().chain(self.mapping.notices());
        notices.map(|notice| Problem::new(format!("users.{}", notice.place), &*notice.problem)).collect()
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
        let mapping = Mapping::check(&self.users, &ScimSchema);
        if let Err(found) = &mapping {
            let place = |problem: &engine::mapping::MappingProblem| format!("users.{}", problem.place);
            problems.extend(found.iter().map(|problem| Problem::new(place(problem), &*problem.problem)));
        }
        problems.extend(self.schedule.interval.and_then(interval_problem));
        problems.extend(threshold_problem(&self.removals));
        let notification = self.notification.iter().flat_map(Notification::problems);
        problems.extend(
            notification.map(|(field, problem)| Problem::new(format!("notification.{field}"), problem)),
        );
        match (mapping, token) {
            (Ok(mapping), Ok(token)) if problems.is_empty() => {
                Ok(CheckedApplication { application: self.clone(), mapping, token })
            }
            _ => Err(problems),
        }
    }
}

fn name_problem(name: &str) -> Option<Problem> {
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

fn threshold_problem(removals: &Thresholds) -> Option<Problem> {
    let percent = removals.percent;
    (!(percent > 0.0 && percent <= 100.0)).then(|| {
        let problem =
            format!("{percent} is no share of accounts; write more than 0 and at most 100, for example 10");
        Problem::new("removals.percent", problem)
    })
}
