//! The resources of one type, in memory.
//!
//! In: resources and their ids. Out: resources by id, by an indexed attribute, or by position in creation order.
//! Promise: id and index lookups take constant time, a page takes time in its own length, and a removal costs
//! one move of the positions after it (some 20 µs among 100,000). Indexes fold case, so they give
//! candidates; whether a candidate matches exactly is the caller's question.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::filter::{Filter, Operator, fold};

/// A resource's place in creation order; never used twice.
pub(crate) type Number = u64;

/// Resources of one type.
#[derive(Debug)]
pub(crate) struct Collection {
    /// In creation order, which is the order of the numbers.
    entries: Vec<(Number, Arc<Value>)>,
    by_id: HashMap<String, Number>,
    indexes: Vec<Index>,
    next: Number,
}

/// Where the values of one attribute are. The `value` of each element counts when it is multi-valued.
#[derive(Debug)]
struct Index {
    attribute: &'static str,
    numbers: HashMap<String, Vec<Number>>,
}

impl Collection {
    /// An empty collection with an index over each of the attributes.
    pub(crate) fn new(indexed: &[&'static str]) -> Self {
        let index = |attribute: &&'static str| Index { attribute, numbers: HashMap::new() };
        Self {
            entries: Vec::new(),
            by_id: HashMap::new(),
            indexes: indexed.iter().map(index).collect(),
            next: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// All resources in creation order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.entries.iter().map(|(_, resource)| resource)
    }

    /// Resources in creation order from a position on, counted from 0.
    pub(crate) fn page(&self, start: usize, length: usize) -> &[(Number, Arc<Value>)] {
        let start = start.min(self.entries.len());
        let end = start.saturating_add(length).min(self.entries.len());
        &self.entries[start..end]
    }

    fn position(&self, number: Number) -> Option<usize> {
        self.entries.binary_search_by_key(&number, |(number, _)| *number).ok()
    }

    pub(crate) fn get(&self, number: Number) -> Option<&Arc<Value>> {
        self.position(number).map(|position| &self.entries[position].1)
    }

    /// The number of the resource with this id.
    pub(crate) fn number_of(&self, id: &str) -> Option<Number> {
        self.by_id.get(id).copied()
    }

    /// Adds a resource behind the others.
    pub(crate) fn insert(&mut self, id: String, resource: Value) -> Arc<Value> {
        let number = self.next;
        self.next += 1;
        let resource = Arc::new(resource);
        self.by_id.insert(id, number);
        self.index(number, &resource);
        self.entries.push((number, Arc::clone(&resource)));
        resource
    }

    /// Puts a resource in the place of another.
    pub(crate) fn update(&mut self, number: Number, resource: Value) -> Option<Arc<Value>> {
        let position = self.position(number)?;
        let resource = Arc::new(resource);
        let before = std::mem::replace(&mut self.entries[position].1, Arc::clone(&resource));
        self.unindex(number, &before);
        self.index(number, &resource);
        Some(resource)
    }

    /// Takes a resource out.
    pub(crate) fn remove(&mut self, id: &str) -> Option<Arc<Value>> {
        let number = self.by_id.remove(id)?;
        let position = self.position(number)?;
        let (_, resource) = self.entries.remove(position);
        self.unindex(number, &resource);
        Some(resource)
    }

    /// Who has this value, case aside, in creation order. None when the attribute has no index.
    pub(crate) fn holders(&self, attribute: &str, value: &str) -> Option<&[Number]> {
        let index = self.indexes.iter().find(|index| index.attribute.eq_ignore_ascii_case(attribute))?;
        Some(index.numbers.get(&fold(value)).map_or(&[], Vec::as_slice))
    }

    /// A set in creation order that surely holds every resource that matches; None when only a look at all of
    /// them would tell.
    pub(crate) fn candidates(&self, filter: &Filter) -> Option<Vec<Number>> {
        match filter {
            Filter::Compare(path, Operator::Equal, Value::String(value)) if path.schema.is_none() => {
                match path.sub.as_deref() {
                    None if path.name.eq_ignore_ascii_case("id") => {
                        Some(self.number_of(value).into_iter().collect())
                    }
                    Some(sub) if !sub.eq_ignore_ascii_case("value") => None,
                    _ => self.holders(&path.name, value).map(<[Number]>::to_vec),
                }
            }
            Filter::And(parts) => parts.iter().find_map(|part| self.candidates(part)),
            Filter::Or(parts) => {
                let sets: Option<Vec<_>> = parts.iter().map(|part| self.candidates(part)).collect();
                let mut union: Vec<Number> = sets?.into_iter().flatten().collect();
                union.sort_unstable();
                union.dedup();
                Some(union)
            }
            _ => None,
        }
    }

    fn index(&mut self, number: Number, resource: &Value) {
        for index in &mut self.indexes {
            for key in keys(resource, index.attribute) {
                let numbers = index.numbers.entry(key).or_default();
                if let Err(position) = numbers.binary_search(&number) {
                    numbers.insert(position, number);
                }
            }
        }
    }

    fn unindex(&mut self, number: Number, resource: &Value) {
        for index in &mut self.indexes {
            for key in keys(resource, index.attribute) {
                let Some(numbers) = index.numbers.get_mut(&key) else { continue };
                if let Ok(position) = numbers.binary_search(&number) {
                    numbers.remove(position);
                }
                if numbers.is_empty() {
                    index.numbers.remove(&key);
                }
            }
        }
    }
}

fn keys<'a>(resource: &'a Value, attribute: &str) -> impl Iterator<Item = String> + use<'a> {
    let value = resource.get(attribute);
    let (single, many) = match value {
        Some(Value::Array(items)) => (None, items.as_slice()),
        other => (other, &[][..]),
    };
    let parts = many.iter().filter_map(|item| item.get("value")?.as_str());
    single.and_then(Value::as_str).into_iter().chain(parts).map(fold)
}
