//! What groups are called. .NET numbers the groups without a name first and the named ones behind them, and lets a
//! number be given by hand; the engine counts them as they open.

use std::collections::BTreeMap;

/// How a group was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Label {
    /// `(…)`.
    None,
    /// `(?<2>…)`.
    Number(u32),
    /// `(?<name>…)`.
    Name(String),
}

/// The groups of a pattern: from .NET's numbers and names to the engine's indexes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Groups {
    numbers: BTreeMap<u32, usize>,
    names: BTreeMap<String, usize>,
}

impl Groups {
    /// Numbers the groups; the labels come in the order in which the groups open.
    ///
    /// # Errors
    /// The position among the labels of a group that shares its number or name with one before it.
    pub(super) fn number(labels: &[Label]) -> Result<Self, usize> {
        let mut groups = Self { numbers: BTreeMap::from([(0, 0)]), names: BTreeMap::new() };
        let mut next = 1;
        for (position, label) in labels.iter().enumerate() {
            let number = match label {
                Label::None => {
                    next += 1;
                    next - 1
                }
                Label::Number(number) => *number,
                Label::Name(_) => continue,
            };
            if groups.numbers.insert(number, position + 1).is_some() {
                return Err(position);
            }
        }
        for (position, label) in labels.iter().enumerate() {
            let Label::Name(name) = label else { continue };
            while groups.numbers.contains_key(&next) {
                next += 1;
            }
            groups.numbers.insert(next, position + 1);
            if groups.names.insert(name.clone(), position + 1).is_some() {
                return Err(position);
            }
        }
        Ok(groups)
    }

    /// The engine's index of a number.
    pub(super) fn numbered(&self, number: u32) -> Option<usize> {
        self.numbers.get(&number).copied()
    }

    /// The engine's index of a name, which may be a number.
    pub(super) fn called(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied().or_else(|| self.numbered(name.parse().ok()?))
    }

    /// The engine's index of the group with the highest number: .NET's `$+`.
    pub(super) fn last(&self) -> usize {
        self.numbers.last_key_value().map_or(0, |(_, index)| *index)
    }

    /// Every name that was given, for messages.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }
}
