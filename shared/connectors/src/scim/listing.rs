//! Reading the collections of users and groups: pages, queries, single ones (RFC 7644 §3.4).
//!
//! In: where to read, or what to look for. Out: resources as the target sent them. Promises: what is not a list
//! is an error, never an empty one; a hit has the value that was asked for, however loosely the target compares;
//! a target that cannot page or filter is found out rather than read for ever.

use engine::model::{ObjectType, TargetId, Value};
use engine::ports::{TargetError, TargetErrorKind};
use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::client::{Answer, Request};
use super::convert::answer::{self, List};
use super::convert::filter::{self, Verdict};
use super::convert::{Object, read};
use super::error::{About, failed, incompatible};
use super::kind::{address, collection, noun, one, without_members};
use super::path::ScimPath;
use super::target::ScimTarget;

/// 10 pages of hits for one value: the target does not filter, and reading on would list it for each person.
const PAGES_OF_ONE_QUERY: u32 = 10;

/// Hits that do not show the attribute asked for and are read by id to be sure. A target that does not filter
/// returns hundreds of those.
const SECOND_LOOKS: usize = 3;

/// Where the next page of a listing begins. `first` is the id the last page began with: a target that ignores
/// `startIndex` gives it again, and would for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Position {
    pub(super) start_index: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<String>,
}

impl Position {
    pub(super) const FIRST: Self = Self { start_index: 1, first: None };
}

impl ScimTarget {
    pub(super) async fn page(
        &self,
        kind: ObjectType,
        filter: Option<&str>,
        start: u64,
        deadline: Timestamp,
    ) -> Result<List, TargetError> {
        let count = self.connection.page_size;
        let filter = filter.map(|filter| format!("filter={}", filter::percent_encoded(filter)));
        let paging = format!("startIndex={start}&count={count}");
        let query: Vec<String> =
            filter.into_iter().chain([paging]).chain(without_members(kind).map(Into::into)).collect();
        let request = Request::new(Method::GET, collection(kind), About::list(kind)).query(query.join("&"));
        let answer = self.client.send(&request, deadline).await.map_err(|refusal| refusal.error)?;
        let list = self.list_of(&request, &answer)?;
        if start == 1 && list.resources.is_empty() && list.total.is_some_and(|total| total > 0) {
            return Err(self.no_list(
                &request,
                &answer,
                &format!("it counts {}s and shows none", noun(kind)),
            ));
        }
        if list.resources.iter().any(|resource| read::id(resource).is_none()) {
            return Err(self.no_list(&request, &answer, &format!("it shows {} without an id", one(kind))));
        }
        Ok(list)
    }

    pub(super) fn list_of(&self, request: &Request, answer: &Answer) -> Result<List, TargetError> {
        answer::list(&answer.body)
            .map_err(|why| self.no_list(request, answer, &format!("a list was asked for, and {why}")))
    }

    pub(super) fn no_list(&self, request: &Request, answer: &Answer, why: &str) -> TargetError {
        let body = answer.body.to_string();
        incompatible(request.shown(), answer.status, body.as_bytes(), why, self.client.mask()).error
    }

    /// The account or group with an id, the latter without its members; `None` when it is gone.
    pub(super) async fn resource(
        &self,
        kind: ObjectType,
        id: &TargetId,
        deadline: Timestamp,
    ) -> Result<Option<Object>, TargetError> {
        let request = Request::new(Method::GET, address(kind, id), About::one(kind));
        let request = match without_members(kind) {
            Some(query) => request.query(query.into()),
            None => request,
        };
        self.single(&request, kind, deadline).await
    }

    /// What one address answers; `None` when there is nothing any more.
    pub(super) async fn single(
        &self,
        request: &Request,
        kind: ObjectType,
        deadline: Timestamp,
    ) -> Result<Option<Object>, TargetError> {
        match self.client.send(request, deadline).await {
            Ok(answer) => match answer.body.as_object() {
                Some(resource) if read::id(resource).is_some() => Ok(Some(resource.clone())),
                _ => {
                    let why = format!("{} was asked for, and it has no id", one(kind));
                    Err(self.no_list(request, &answer, &why))
                }
            },
            Err(refusal) if refusal.error.kind == TargetErrorKind::NotFound => Ok(None),
            Err(refusal) => Err(refusal.error),
        }
    }

    /// The hits of a query, from as many pages as it takes to tell none, one and many apart.
    pub(super) async fn hits(
        &self,
        kind: ObjectType,
        path: &ScimPath,
        value: &Value,
        deadline: Timestamp,
    ) -> Result<Vec<Object>, TargetError> {
        let text = filter::text(path, value)
            .map_err(|why| failed(TargetErrorKind::InvalidValue, shown(kind), why).error)?;
        let mut position = Position::FIRST;
        let mut hits = Vec::new();
        for _ in 0..PAGES_OF_ONE_QUERY {
            let list = self.page(kind, Some(&text), position.start_index, deadline).await?;
            let next = after(kind, &position, &list)?;
            hits.extend(self.checked(kind, list.resources, path, value, deadline).await?);
            match next {
                Some(next) if hits.len() < 2 => position = next,
                _ => return Ok(hits),
            }
        }
        Err(failed(
            TargetErrorKind::NotSupported,
            shown(kind),
            format!(
                "The target returns every {} when asked for one value of '{path}'; set matchBy: list",
                noun(kind)
            ),
        )
        .error)
    }

    /// Keeps the hits that really have the value.
    async fn checked(
        &self,
        kind: ObjectType,
        hits: Vec<Object>,
        path: &ScimPath,
        value: &Value,
        deadline: Timestamp,
    ) -> Result<Vec<Object>, TargetError> {
        let mut kept = Vec::new();
        let mut not_shown = Vec::new();
        for hit in hits {
            match filter::judge(&hit, path, value) {
                Verdict::Same => kept.push(hit),
                Verdict::Different => {}
                Verdict::NotShown => not_shown.push(hit),
            }
        }
        if not_shown.len() > SECOND_LOOKS {
            return Ok(kept);
        }
        for id in not_shown.iter().filter_map(read::id) {
            let whole = self.resource(kind, &id, deadline).await?;
            kept.extend(whole.filter(|whole| filter::judge(whole, path, value) == Verdict::Same));
        }
        Ok(kept)
    }
}

/// The page after a page (RFC 7644 §3.4.2.4): begins after what was returned, not after what was asked for.
pub(super) fn after(
    kind: ObjectType,
    position: &Position,
    list: &List,
) -> Result<Option<Position>, TargetError> {
    let first = list.resources.first().and_then(read::id).map(|id| id.as_str().to_owned());
    if first.is_some() && first == position.first {
        return Err(failed(
            TargetErrorKind::Incompatible,
            shown(kind),
            "The target gives the same page again and again, so it cannot be listed; set matchBy: filter",
        )
        .error);
    }
    let start_index = position.start_index + list.resources.len() as u64;
    let is_last = list.resources.is_empty() || list.total.is_some_and(|total| start_index > total);
    Ok((!is_last).then_some(Position { start_index, first }))
}

fn shown(kind: ObjectType) -> String {
    format!("GET {}", collection(kind))
}
