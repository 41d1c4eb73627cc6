//! What every record that a filter asks for has in common: that is what an index can be asked for.

use engine::report::Outcome;
use jiff::Timestamp;

use super::{Comparison, Condition, Filter, Fold, Value};
use crate::word;

/// What is known of the records that a filter asks for. All of it holds for each of them; [`Filter::holds`] says what else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Their id: there is one at the most.
    pub id: Option<String>,
    /// Their change: there is one record of it at the most.
    pub change: Option<String>,
    /// Their cycle.
    pub cycle: Option<String>,
    /// Their job.
    pub job: Option<String>,
    /// The object's id in the source.
    pub source: Option<String>,
    /// The account's id in the target.
    pub target: Option<String>,
    /// The object's id in the source, or the account's in the target: this is one of both.
    pub either: Option<String>,
    /// How they ended.
    pub status: Option<Outcome>,
    /// None is older than this.
    pub from: Option<Timestamp>,
    /// None is newer than this.
    pub to: Option<Timestamp>,
}

impl Filter {
    /// What is known of the records asked for.
    #[must_use]
    pub fn known(&self) -> Known {
        let mut known = Known::default();
        if let Some(condition) = &self.0 {
            known.learn(condition);
        }
        known
    }
}

impl Known {
    fn learn(&mut self, condition: &Condition) {
        match condition {
            Condition::All(conditions) => conditions.iter().for_each(|condition| self.learn(condition)),
            Condition::Compare(operand, comparison, value) if operand.fold == Fold::AsItIs => {
                self.compared(operand.property.path, *comparison, value);
            }
            Condition::Any(conditions) => {
                if let [one, other] = conditions.as_slice() {
                    self.learn_either(one, other);
                }
            }
            Condition::Compare(..) | Condition::Not(_) | Condition::Text(..) => {}
        }
    }

    /// Somebody's id is asked for in one system or the other: two indexes together hold the answer.
    fn learn_either(&mut self, one: &Condition, other: &Condition) {
        let [one, other] = [one, other].map(|condition| {
            let mut known = Self::default();
            known.learn(condition);
            known
        });
        let same = |source: &Option<String>, target: &Option<String>| source.is_some() && source == target;
        if same(&one.source, &other.target) {
            self.either = self.either.take().or(one.source);
        } else if same(&other.source, &one.target) {
            self.either = self.either.take().or(other.source);
        }
    }

    fn compared(&mut self, path: &str, comparison: Comparison, value: &Value) {
        match (value, comparison) {
            (Value::Text(text), Comparison::Equal) => {
                let place = match path {
                    "id" => &mut self.id,
                    "changeId" => &mut self.change,
                    "cycleId" => &mut self.cycle,
                    "jobId" => &mut self.job,
                    "sourceIdentity/id" => &mut self.source,
                    "targetIdentity/id" => &mut self.target,
                    _ => return,
                };
                place.get_or_insert_with(|| text.clone());
            }
            (Value::Word(word), Comparison::Equal) if path == "provisioningStatusInfo/status" => {
                self.status = self.status.or(outcome(word));
            }
            // The log has one property of time.
            (Value::Time(at), _) => self.bounded(comparison, *at),
            _ => {}
        }
    }

    fn bounded(&mut self, comparison: Comparison, at: Timestamp) {
        let (is_from, is_to) = match comparison {
            Comparison::Equal => (true, true),
            Comparison::Greater | Comparison::GreaterOrEqual => (true, false),
            Comparison::Less | Comparison::LessOrEqual => (false, true),
            Comparison::NotEqual => (false, false),
        };
        if is_from {
            self.from = Some(self.from.map_or(at, |from| from.max(at)));
        }
        if is_to {
            self.to = Some(self.to.map_or(at, |to| to.min(at)));
        }
    }
}

fn outcome(wanted: &str) -> Option<Outcome> {
    let all = [Outcome::Success, Outcome::Failure, Outcome::Skipped, Outcome::Warning];
    all.into_iter().find(|outcome| word(*outcome) == wanted)
}
