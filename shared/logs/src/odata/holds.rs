//! Whether a record is what was asked for.

use std::borrow::Cow;
use std::cmp::Ordering;

use engine::report::ProvisioningRecord;

use super::properties::Field;
use super::{Comparison, Condition, Filter, Fold, Operand, TextTest, Value};

impl Filter {
    /// Whether a record is what was asked for. No filter asks for every record.
    #[must_use]
    pub fn holds(&self, record: &ProvisioningRecord) -> bool {
        self.0.as_ref().is_none_or(|condition| condition.holds(record))
    }
}

impl Condition {
    fn holds(&self, record: &ProvisioningRecord) -> bool {
        match self {
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(record)),
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(record)),
            Self::Not(condition) => !condition.holds(record),
            Self::Compare(operand, comparison, value) => {
                comparison.holds(operand.read(record).compare(value))
            }
            Self::Text(operand, test, text) => match operand.read(record) {
                Field::Text(held) => test.holds(&held, text),
                Field::Missing | Field::Time(_) | Field::Number(_) => false,
            },
        }
    }
}

impl Operand {
    fn read<'r>(&self, record: &'r ProvisioningRecord) -> Field<'r> {
        match ((self.property.read)(record), self.fold) {
            (Field::Text(text), Fold::Lower) => Field::Text(Cow::Owned(text.to_lowercase())),
            (Field::Text(text), Fold::Upper) => Field::Text(Cow::Owned(text.to_uppercase())),
            (field, _) => field,
        }
    }
}

impl Field<'_> {
    /// How it compares; `None` when one of both is missing, or when a filter compares what cannot be.
    fn compare(&self, value: &Value) -> Option<Ordering> {
        match (self, value) {
            (Self::Missing, Value::Null) => Some(Ordering::Equal),
            (Self::Text(held), Value::Text(wanted)) => Some(held.as_ref().cmp(wanted)),
            (Self::Text(held), Value::Word(wanted)) => Some(held.as_ref().cmp(wanted)),
            (Self::Time(held), Value::Time(wanted)) => Some(held.cmp(wanted)),
            (Self::Number(held), Value::Number(wanted)) => Some(held.cmp(wanted)),
            _ => None,
        }
    }
}

impl Comparison {
    /// OData 4.01, 5.1.1.1: what is missing differs from every value, and is neither greater nor less.
    fn holds(self, ordering: Option<Ordering>) -> bool {
        match self {
            Self::Equal => ordering == Some(Ordering::Equal),
            Self::NotEqual => ordering != Some(Ordering::Equal),
            Self::Greater => ordering == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
            Self::Less => ordering == Some(Ordering::Less),
            Self::LessOrEqual => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
        }
    }
}

impl TextTest {
    fn holds(self, held: &str, text: &str) -> bool {
        match self {
            Self::Contains => held.contains(text),
            Self::StartsWith => held.starts_with(text),
            Self::EndsWith => held.ends_with(text),
        }
    }
}
