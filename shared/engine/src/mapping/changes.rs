//! What a create writes, and what an update changes, out of what flows.

use std::borrow::Cow;
use std::collections::HashSet;

use super::check::{CheckedAttribute, Mapping, ValueSource};
use super::evaluate::{Flow, Mapped};
use super::{FlowBehavior, FlowType};
use crate::ids::Key;
use crate::model::{AttributeChange, Attributes, Value, elements};

impl Mapping {
    /// The values that match accounts, in order of priority. Defaults are nobody's own and never match; an empty text
    /// would match whichever account has none.
    #[must_use]
    pub fn matching_values(&self, mapped: &Mapped) -> Vec<(String, Value)> {
        let value = |path: &String| match self.flow(mapped, path)? {
            Flow::Value(value) if !is_blank(value) => Some((path.clone(), value.clone())),
            _ => None,
        };
        self.matching().iter().filter_map(value).collect()
    }

    /// The candidates of every attribute that needs a value which the target does not have.
    #[must_use]
    pub fn candidates(&self, mapped: &Mapped) -> Vec<(String, Vec<Value>)> {
        let of_one = |(attribute, flow): (&CheckedAttribute, &Flow)| match flow {
            Flow::Candidates(values) => Some((attribute.target.clone(), values.clone())),
            _ => None,
        };
        self.attributes.iter().zip(&mapped.flows).filter_map(of_one).collect()
    }

    /// What a new account gets, with `chosen` among the candidates.
    ///
    /// # Errors
    /// The required attributes that have no value.
    pub fn on_create(&self, mapped: Mapped, chosen: &Attributes) -> Result<Attributes, Vec<String>> {
        let mut values = Attributes::new();
        let mut missing = Vec::new();
        for (attribute, flow) in self.attributes.iter().zip(mapped.flows) {
            let value = match flow {
                Flow::Value(value) => Some(value),
                Flow::Candidates(_) => chosen.get(&attribute.target).cloned(),
                Flow::Null => attribute.default_value.clone(),
                Flow::Ignored | Flow::Refers(_) => None,
            };
            match value {
                Some(value) => drop(values.insert(attribute.target.clone(), value)),
                None if attribute.required => missing.push(attribute.target.clone()),
                None => {}
            }
        }
        if missing.is_empty() { Ok(values) } else { Err(missing) }
    }

    /// What an update changes in an account that holds `shadow`.
    #[must_use]
    pub fn on_update(&self, mapped: &Mapped, shadow: &Attributes) -> Vec<AttributeChange> {
        let attributes = self.attributes.iter().zip(&mapped.flows);
        attributes
            .filter_map(|(attribute, flow)| attribute.change(flow, shadow.get(&attribute.target)))
            .collect()
    }

    /// Hides what an account shows of values that the mapping hides: an app may answer with them in clear text. What it
    /// never shows is taken from the `shadow` of the account, where there is one.
    pub(crate) fn veil_account(&self, account: &mut Attributes, shadow: Option<&Attributes>, key: &Key) {
        for attribute in &self.attributes {
            if attribute.redacts()
                && let Some(value) = account.get_mut(&attribute.target)
            {
                value.veil(key);
            }
            if attribute.write_only
                && let Some(value) = shadow.and_then(|shadow| shadow.get(&attribute.target))
            {
                account.insert(attribute.target.clone(), value.clone());
            }
        }
    }

    /// Takes the texts of values that were stored hidden from a fresh evaluation of the same change.
    pub(crate) fn unveil(&self, mapped: &Mapped, path: &str, value: &mut Value) {
        if let (Value::Secret(_), Some(Flow::Value(fresh @ Value::Secret(_)))) =
            (&*value, self.flow(mapped, path))
        {
            *value = fresh.clone();
        }
    }

    fn flow<'m>(&self, mapped: &'m Mapped, path: &str) -> Option<&'m Flow> {
        let position = self.attributes.iter().position(|attribute| attribute.target == path)?;
        mapped.flows.get(position)
    }
}

impl CheckedAttribute {
    fn change(&self, flow: &Flow, held: Option<&Value>) -> Option<AttributeChange> {
        // What was written before the mapping hid it does not show on its way out either.
        let old = held.filter(|held| !self.redacts() || matches!(held, Value::Secret(_)));
        let change = |new: Option<Value>, adds| {
            Some(AttributeChange { path: self.target.clone(), old: old.cloned(), new, adds })
        };
        if self.flow_type == FlowType::ObjectAddOnly && !matches!(self.value, ValueSource::Nowhere) {
            return None;
        }
        let wanted = match (flow, &self.value) {
            (Flow::Value(value), _) => value,
            (Flow::Null, ValueSource::Nowhere)
                if held.is_none() && self.flow_type != FlowType::ObjectAddOnly =>
            {
                return self.default_value.clone().and_then(|value| change(Some(value), false));
            }
            // A value that the source no longer has clears nothing, unless both gates are open.
            (Flow::Null, _) if self.clears_null() && held.is_some() => return change(None, false),
            (Flow::Null | Flow::Ignored | Flow::Candidates(_) | Flow::Refers(_), _) => return None,
        };
        let only_adds = self.adds_only() && self.multivalued;
        match held {
            Some(_) if self.flow_type == FlowType::AttributeAddOnly => None,
            Some(held) if only_adds => {
                let new = self.absent(wanted, held);
                if new.is_empty() { None } else { change(Some(Value::List(new)), true) }
            }
            None if only_adds => change(Some(wanted.clone()), true),
            Some(held)
                if self.flow_behavior == FlowBehavior::FlowWhenChanged && self.agrees(wanted, held) =>
            {
                None
            }
            _ => change(Some(wanted.clone()), false),
        }
    }

    /// Whether values are added and never removed: by the flow type, or because the expression says so.
    fn adds_only(&self) -> bool {
        matches!(self.flow_type, FlowType::MultiValueAddOnly | FlowType::ValueAddOnly)
            || self.expression().is_some_and(|expression| expression.facts().adds_only)
    }

    /// Whether a missing value clears the account's: because both gates are open, or because the expression says so and
    /// the flow type does not say otherwise.
    fn clears_null(&self) -> bool {
        let asserts = || self.expression().is_some_and(|expression| expression.facts().asserts);
        self.flow_type == FlowType::Always && (self.clears || asserts())
    }

    fn absent(&self, wanted: &Value, held: &Value) -> Vec<Value> {
        let held = Elements::of(held, self.case_exact);
        let is_held = |one: &&Value| held.any(one, |other| covers(other, one, self.case_exact));
        elements(wanted).iter().filter(|one| !is_held(one)).cloned().collect()
    }

    /// Whether a value needs no change; lists are compared without regard to order.
    fn agrees(&self, wanted: &Value, held: &Value) -> bool {
        if !self.multivalued {
            return same(wanted, held, self.case_exact);
        }
        let is_missing = !self.absent(wanted, held).is_empty();
        let wanted = Elements::of(wanted, self.case_exact);
        let is_wanted = |one: &Value| wanted.any(one, |other| covers(one, other, self.case_exact));
        !is_missing && elements(held).iter().all(is_wanted)
    }
}

/// The elements of a list, looked up: a list of 100,000 members would take minutes if each were compared with each.
struct Elements<'v> {
    all: &'v [Value],
    known: HashSet<Cow<'v, Value>>,
    with_parts: Vec<&'v Value>,
    case_exact: bool,
}

impl<'v> Elements<'v> {
    fn of(list: &'v Value, case_exact: bool) -> Self {
        let all = elements(list);
        let known = all.iter().map(|one| plain(one, case_exact)).collect();
        let with_parts = all.iter().filter(|one| matches!(one, Value::Complex(_))).collect();
        Self { all, known, with_parts, case_exact }
    }

    /// Whether it is among them, or is covered by, or covers, one of them. Without parts on either side that is the same.
    fn any(&self, one: &Value, covers: impl Fn(&Value) -> bool) -> bool {
        self.known.contains(&plain(one, self.case_exact))
            || match one {
                Value::Complex(_) => self.all.iter().any(covers),
                _ => self.with_parts.iter().any(|other| covers(other)),
            }
    }
}

/// A value as it is compared.
fn plain(value: &Value, case_exact: bool) -> Cow<'_, Value> {
    match value {
        Value::Text(text) if !case_exact => Cow::Owned(Value::Text(text.to_lowercase())),
        value => Cow::Borrowed(value),
    }
}

/// Whether an element that is there is the wanted one. Apps add parts of their own to the elements of a list, leave
/// out what is false, and give an element with one part as plain text.
fn covers(held: &Value, wanted: &Value, case_exact: bool) -> bool {
    match (held, wanted) {
        (Value::Complex(held), Value::Complex(wanted)) => {
            wanted.iter().all(|(name, value)| match held.get(name) {
                Some(held) => same(value, held, case_exact),
                None => *value == Value::Boolean(false),
            })
        }
        (Value::Complex(held), plain) => {
            MAIN_PARTS.iter().any(|name| held.get(*name).is_some_and(|held| same(plain, held, case_exact)))
        }
        (plain, Value::Complex(wanted)) => wanted.iter().all(|(name, value)| {
            *value == Value::Boolean(false)
                || (MAIN_PARTS.contains(&name.as_str()) && same(value, plain, case_exact))
        }),
        (held, wanted) => same(wanted, held, case_exact),
    }
}

/// The part that an element is meant by: `value`, of addresses `formatted` (RFC 7643 §2.4, §4.1.2).
const MAIN_PARTS: [&str; 2] = ["value", "formatted"];

fn same(one: &Value, other: &Value, case_exact: bool) -> bool {
    plain(one, case_exact) == plain(other, case_exact)
}

/// Whether a value tells nobody from anybody else.
pub(crate) fn is_blank(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.trim().is_empty())
}

/// Whether an account that was found holds everything that was to be created.
#[must_use]
pub(crate) fn is_as_wanted(held: &Attributes, wanted: &Attributes) -> bool {
    // What is hidden was not read back, or cannot be compared; it does not speak against the account.
    wanted.iter().all(|(path, value)| match (value, held.get(path)) {
        (Value::Secret(_), _) => true,
        (Value::List(wanted), Some(held)) => {
            let held = Elements::of(held, true);
            wanted.iter().all(|one| held.any(one, |other| covers(other, one, true)))
        }
        (value, held) => held == Some(value),
    })
}

#[cfg(test)]
mod tests;
