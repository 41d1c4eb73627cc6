//! Lists: which resources, in which order, from where to where (RFC 7644 sections 3.4.2 and 3.4.3).
//!
//! In: the query string of a GET or the body of a `/.search`. Out: one page of resources and the count of all
//! that match. Promise: creation order unless sorted; a list without a filter, and a filter that an index
//! answers, cost time in the page and the matches, not in the number of resources.

use std::sync::Arc;

use serde_json::Value;

use super::collection::Collection;
use super::directory::Directory;
use super::error::ScimError;
use super::filter::{Filter, Scope, matches, order, parse};
use super::path::{AttributePath, member};
use super::quirks::Quirks;
use super::render::Projection;
use super::schema::ResourceType;

/// What a list asks for.
#[derive(Debug, Default)]
pub(crate) struct ListRequest {
    filter: Option<String>,
    sort_by: Option<String>,
    descending: bool,
    /// 1-based.
    start_index: usize,
    count: Option<usize>,
    attributes: Vec<String>,
    excluded: Vec<String>,
}

impl ListRequest {
    /// Reads a query string.
    pub(crate) fn from_query(query: Option<&str>) -> Result<Self, ScimError> {
        let mut request = Self { start_index: 1, ..Self::default() };
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            request.set(&name, &value)?;
        }
        Ok(request)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), ScimError> {
        let number = || {
            let parsed = value.parse::<i64>();
            parsed.map_err(|_| ScimError::invalid_value(format!("{name} must be a whole number")))
        };
        let names = || value.split(',').map(|name| name.trim().to_owned()).collect();
        match name {
            "filter" => self.filter = Some(value.to_owned()),
            "sortBy" => self.sort_by = Some(value.to_owned()),
            "sortOrder" => self.descending = value.eq_ignore_ascii_case("descending"),
            "startIndex" => self.start_index = usize::try_from(number()?).unwrap_or_default().max(1),
            "count" => self.count = Some(usize::try_from(number()?).unwrap_or_default()),
            "attributes" => self.attributes = names(),
            "excludedAttributes" => self.excluded = names(),
            _ => {}
        }
        Ok(())
    }

    /// Reads the body of a `/.search`.
    pub(crate) fn from_search(body: &Value) -> Result<Self, ScimError> {
        let mut request = Self { start_index: 1, ..Self::default() };
        let Some(body) = body.as_object() else {
            return Err(ScimError::invalid_syntax("a search request must be an object"));
        };
        for name in
            ["filter", "sortBy", "sortOrder", "startIndex", "count", "attributes", "excludedAttributes"]
        {
            match member(body, name) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) => request.set(name, text)?,
                Some(Value::Array(items)) => {
                    let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                    request.set(name, &items.join(","))?;
                }
                Some(other) => request.set(name, &other.to_string())?,
            }
        }
        Ok(request)
    }

    /// Which attributes the answer shows.
    pub(crate) fn projection(&self) -> Result<Projection, ScimError> {
        Projection::new(&self.attributes, &self.excluded)
    }

    fn filter(&self, quirks: &Quirks) -> Result<Option<Filter>, ScimError> {
        let Some(text) = &self.filter else {
            return if quirks.no_list {
                Err(ScimError::not_implemented("a list without a filter"))
            } else {
                Ok(None)
            };
        };
        if quirks.no_filter {
            return Err(ScimError::invalid_filter("filters are not supported here"));
        }
        let filter =
            parse(text).map_err(|reason| ScimError::invalid_filter(format!("{reason}, in: {text}")))?;
        if quirks.filter_only_eq && !filter.only_equalities() {
            return Err(ScimError::invalid_filter("only eq is supported here, alone or joined by and"));
        }
        Ok(Some(filter))
    }

    /// The steps of the list that need no look at the resources.
    pub(crate) fn plan(&self, page_cap: usize, quirks: &Quirks) -> Result<ListPlan, ScimError> {
        let sort =
            match &self.sort_by {
                Some(path) if !quirks.no_sort => Some(AttributePath::parse(path).ok_or_else(|| {
                    ScimError::invalid_value(format!("sortBy `{path}` is not an attribute"))
                })?),
                _ => None,
            };
        Ok(ListPlan {
            exact_user_name: quirks.case_sensitive_user_name,
            filter: self.filter(quirks)?,
            sort,
            descending: self.descending,
            start_index: self.start_index,
            count: self.count.unwrap_or(page_cap).min(page_cap),
        })
    }
}

/// A list that is ready to run.
#[derive(Debug)]
pub(crate) struct ListPlan {
    exact_user_name: bool,
    filter: Option<Filter>,
    sort: Option<AttributePath>,
    descending: bool,
    start_index: usize,
    count: usize,
}

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) total: usize,
    /// 1-based position of the first resource.
    pub(crate) start_index: usize,
    pub(crate) resources: Vec<Arc<Value>>,
}

impl ListPlan {
    /// The page, of resources of one type or of several, one type after the other.
    pub(crate) fn run(&self, directory: &Directory, kinds: &[ResourceType]) -> Page {
        let (skip, start_index) = (self.start_index - 1, self.start_index);
        if let (None, None, [kind]) = (&self.filter, &self.sort, kinds) {
            let collection = directory.of(*kind);
            let page = collection.page(skip, self.count);
            let resources = page.iter().map(|(_, resource)| Arc::clone(resource)).collect();
            return Page { total: collection.len(), start_index, resources };
        }
        let mut found: Vec<_> =
            kinds.iter().flat_map(|kind| self.matching(directory.of(*kind), self.scope(*kind))).collect();
        if let (Some(path), Some(kind)) = (&self.sort, kinds.first()) {
            found.sort_by(|a, b| order(a, b, path, self.scope(*kind)));
            if self.descending {
                found.reverse();
            }
        }
        let total = found.len();
        let resources = found.into_iter().skip(skip).take(self.count).cloned().collect();
        Page { total, start_index, resources }
    }

    fn scope(&self, kind: ResourceType) -> Scope {
        Scope::Resource { kind, exact_user_name: self.exact_user_name }
    }

    fn matching<'a>(&self, collection: &'a Collection, scope: Scope) -> Vec<&'a Arc<Value>> {
        let Some(filter) = &self.filter else { return collection.iter().collect() };
        let selects = |resource: &&Arc<Value>| matches(filter, resource, scope);
        match collection.candidates(filter) {
            Some(numbers) => {
                numbers.into_iter().filter_map(|number| collection.get(number)).filter(selects).collect()
            }
            None => collection.iter().filter(selects).collect(),
        }
    }
}
