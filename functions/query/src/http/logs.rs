//! `GET /auditLogs/provisioning`: the provisioning log, page by page, in the order of time.
//!
//! | Option | Takes |
//! |---|---|
//! | `$filter` | what [`logs::odata`] reads |
//! | `$search` | the beginning of a word of a person's name, also of a former one, or an id in either system |
//! | `$top` | records of a page, 1 to 1,000 |
//! | `$orderby` | `activityDateTime desc`, or `asc` |
//! | `$select` | properties of a record, by their names |
//! | `$count` | `true`: how many there are, exactly, as far as they can be looked at in time; told with the first page |
//! | `$skiptoken` | what a next link holds |
//!
//! One index answers a question: the one that leaves the least to compare. What it does not tell apart is compared record
//! by record, so many for a page. A page may therefore hold fewer records than were asked for, and still lead on:
//! `@odata.nextLink` is there exactly as long as there is more.

use api::answer::{context, entity, origin};
use api::find::owned;
use api::pages::top;
use api::{ApiError, Caller};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use engine::report::ProvisioningRecord;
use logs::Question;
use logs::odata::{Filter, Known};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use store::RecordQuery;
use url::form_urlencoded;
use uuid::Uuid;

use super::Api;

const PATH: &str = "auditLogs/provisioning";

/// Records of a page when nobody says how many.
const USUAL_PAGE: usize = 100;

/// Records asked of the store at once.
const CHUNK: usize = 100;

/// Records looked at for one page: a question whose answers are rare is answered in several, each within a second.
const LOOKED_AT: usize = 2_000;

/// The size of a page's records after which it ends early. Lambda answers with 6 MB at the most, and a chunk of the
/// longest records adds 2.5 MB.
const LARGEST_ANSWER: usize = 3 * 1024 * 1024;

/// Records looked at to count them: two seconds' worth.
const COUNTED: usize = 5_000;

const ACCEPTED: &str = "this path takes $filter, $search (a person's name or an id), $top, \
                        $orderby=activityDateTime desc or asc, $select, $count and $skiptoken";

/// A record's properties, as `$select` names them.
const PROPERTIES: [&str; 17] = [
    "id",
    "activityDateTime",
    "tenantId",
    "jobId",
    "cycleId",
    "changeId",
    "provisioningAction",
    "durationInMilliseconds",
    "servicePrincipal",
    "sourceSystem",
    "targetSystem",
    "initiatedBy",
    "sourceIdentity",
    "targetIdentity",
    "provisioningStatusInfo",
    "provisioningSteps",
    "modifiedProperties",
];

/// What is asked, out of the query string.
#[derive(Debug, Default, PartialEq)]
struct Options {
    question: Question,
    top: Option<usize>,
    /// All of them, when nobody says which.
    select: Option<Vec<&'static str>>,
    count: bool,
    token: Option<String>,
}

/// `GET /auditLogs/provisioning`.
pub(super) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    for_everything(&api, &caller).await?;
    let query = query.unwrap_or_default();
    let options = Options::parse(&query).map_err(ApiError::bad_request)?;
    let (page, count) = match options.single().map_err(ApiError::bad_request)? {
        Some(id) => {
            let page = options.page_of(api.store.record(id).await?)?;
            let count = page.records.len();
            (page, options.count.then_some(count))
        }
        None => {
            let page = options.page(&api).await?;
            let count = options.counted(&api, &page).await?;
            (page, count)
        }
    };
    let mut answer = json!({ "@odata.context": context(&headers, PATH), "value": page.records });
    if let Some(count) = count {
        answer["@odata.count"] = json!(count);
    }
    if let Some(token) = page.token {
        answer["@odata.nextLink"] = Value::String(next_link(&headers, &query, &token));
    }
    Ok(Json(answer))
}

/// `GET /auditLogs/provisioning/{record}`, which Graph only has as a filter.
pub(super) async fn one(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    for_everything(&api, &caller).await?;
    let found = match id.parse::<Uuid>() {
        Ok(id) => api.store.record(id).await?,
        Err(_) => None,
    };
    let record = found.ok_or_else(|| ApiError::not_found(format!("there is no record '{id}'")))?;
    Ok(entity(&headers, &format!("{PATH}/$entity"), record))
}

/// Refuses who may see the records of some applications only.
async fn for_everything(api: &Api, caller: &Caller) -> Result<(), ApiError> {
    match owned(&api.store, caller).await? {
        None => Ok(()),
        Some(_) => Err(ApiError::forbidden("the log of single applications is not served")),
    }
}

/// A page, its records written already.
#[derive(Default)]
struct Page {
    records: Vec<Box<RawValue>>,
    size: usize,
    token: Option<String>,
}

impl Options {
    /// Reads a query string. Names that are not known are refused: a misspelt filter must not show everything.
    fn parse(query: &str) -> Result<Self, String> {
        let mut options = Self::default();
        let mut known = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if known.contains(&name) {
                return Err(format!("{name} is given twice"));
            }
            match &*name {
                "$filter" => {
                    options.question.filter = Filter::parse(&value).map_err(|error| error.to_string())?;
                }
                "$search" => options.question.search = Some(search(&value)?),
                "$top" => options.top = Some(top(&value)?),
                "$orderby" => options.question.oldest_first = oldest_first(&value)?,
                "$select" => options.select = Some(select(&value)?),
                "$count" => options.count = truth(&value)?,
                "$skiptoken" => options.token = Some(value.into_owned()),
                _ => return Err(format!("'{name}' is no option of this path. {ACCEPTED}")),
            }
            known.push(name);
        }
        Ok(options)
    }

    /// The one record that is asked for, by its own id or its change's. An id that none can have is nobody's.
    fn single(&self) -> Result<Option<Uuid>, String> {
        let Known { id, change, .. } = self.question.filter.known();
        let (id, change) = (id.as_deref(), change.as_deref());
        if id.or(change).is_none() {
            return Ok(None);
        }
        if self.question.search.is_some() {
            return Err(
                "$search does not go together with id or changeId: they name one record already".to_owned()
            );
        }
        let uuid = |text: &str| text.parse().unwrap_or(Uuid::nil());
        Ok(id.map(uuid).or(change.map(|change| engine::ids::record_id(uuid(change)))))
    }

    /// A page of what the log has to say.
    async fn page(&self, api: &Api) -> Result<Page, ApiError> {
        let wanted = self.top.unwrap_or(USUAL_PAGE);
        let Some(mut query) = self.query() else { return Ok(Page::default()) };
        let mut page = Page::default();
        let mut looked_at = 0;
        loop {
            query.page_size = CHUNK.min(wanted - page.records.len());
            let found = api.store.records(&query).await?;
            looked_at += found.records.len();
            self.add(found.records, &mut page)?;
            query.token = found.token;
            let full = page.records.len() >= wanted || looked_at >= LOOKED_AT || page.size >= LARGEST_ANSWER;
            if full || query.token.is_none() {
                return Ok(Page { token: query.token, ..page });
            }
        }
    }

    fn page_of(&self, record: Option<ProvisioningRecord>) -> Result<Page, ApiError> {
        let mut page = Page::default();
        self.add(record, &mut page)?;
        Ok(page)
    }

    /// Adds those of the records that were asked for.
    fn add(
        &self,
        records: impl IntoIterator<Item = ProvisioningRecord>,
        page: &mut Page,
    ) -> Result<(), ApiError> {
        for record in records.into_iter().filter(|record| self.question.filter.holds(record)) {
            let written = self.written(&record).map_err(|error| {
                tracing::error!(record.id = %record.id, "a record cannot be written: {error}");
                ApiError::of_status(axum::http::StatusCode::INTERNAL_SERVER_ERROR)
            })?;
            page.size += written.get().len();
            page.records.push(written);
        }
        Ok(())
    }

    fn written(&self, record: &ProvisioningRecord) -> serde_json::Result<Box<RawValue>> {
        let Some(select) = &self.select else { return serde_json::value::to_raw_value(record) };
        let mut value = serde_json::to_value(record)?;
        if let Value::Object(members) = &mut value {
            members.retain(|name, _| select.contains(&name.as_str()));
        }
        serde_json::value::to_raw_value(&value)
    }

    /// How many records were asked for, when somebody wants to know: exactly, or not at all. Told with the first page.
    async fn counted(&self, api: &Api, first: &Page) -> Result<Option<usize>, ApiError> {
        if !self.count || self.token.is_some() {
            return Ok(None);
        }
        if first.token.is_none() {
            return Ok(Some(first.records.len()));
        }
        let Some(query) = self.query() else { return Ok(Some(0)) };
        let mut query = RecordQuery { page_size: COUNTED, token: None, ..query };
        let (mut count, mut looked_at) = (0, 0);
        loop {
            let found = api.store.records(&query).await?;
            looked_at += found.records.len();
            count += found.records.iter().filter(|record| self.question.filter.holds(record)).count();
            query.token = found.token;
            if query.token.is_none() {
                return Ok(Some(count));
            }
            if looked_at >= COUNTED {
                return Err(ApiError::bad_request(format!(
                    "$count would have to look at more than {COUNTED} records; narrow activityDateTime, or leave $count out \
                     and follow @odata.nextLink"
                )));
            }
        }
    }

    /// The question for the store. `None` when nothing can match.
    fn query(&self) -> Option<RecordQuery> {
        Some(RecordQuery { page_size: CHUNK, token: self.token.clone(), ..self.question.query()? })
    }
}

/// `activityDateTime desc`, as when nobody says, or `asc`, which is OData's way when no direction is given.
fn oldest_first(value: &str) -> Result<bool, String> {
    match value.split_whitespace().collect::<Vec<_>>()[..] {
        ["activityDateTime", "desc"] => Ok(false),
        ["activityDateTime"] | ["activityDateTime", "asc"] => Ok(true),
        _ => Err(format!("'{value}' is no order of the log. {ACCEPTED}")),
    }
}

fn select(value: &str) -> Result<Vec<&'static str>, String> {
    let named = value.split(',').map(str::trim).map(|name| {
        PROPERTIES.into_iter().find(|property| *property == name).ok_or_else(|| {
            format!("'{name}' in $select is no property of a record; there are {}", PROPERTIES.join(", "))
        })
    });
    named.collect()
}

fn truth(value: &str) -> Result<bool, String> {
    value.trim().parse().map_err(|_| "$count is true or false".to_owned())
}

/// A name or an id; OData's double quotes around it may be there.
fn search(value: &str) -> Result<String, String> {
    let name = value.trim();
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name).trim();
    match name.chars().count() {
        0 => Err("$search is empty; write the beginning of a name, or an id".to_owned()),
        1..=1_000 => Ok(name.to_owned()),
        _ => Err("$search is longer than a name or an id".to_owned()),
    }
}

/// The same question, from where this page ends.
fn next_link(headers: &HeaderMap, query: &str, token: &str) -> String {
    let mut link = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "$skiptoken") {
        link.append_pair(&name, &value);
    }
    // Graph's clients look for the plain '$'.
    let query = link.append_pair("$skiptoken", token).finish().replace("%24", "$");
    format!("{}/v1.0/{PATH}?{query}", origin(headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_are_not_known_are_refused() {
        let cases = [
            ("filter=jobId+eq+'a'", "'filter' is no option"),
            ("$count=yes", "true or false"),
            ("$expand=jobs", "'$expand' is no option"),
            ("$select=id,name", "'name' in $select is no property"),
            ("$select=", "'' in $select"),
            ("$top=0", "from 1 to 1000"),
            ("$top=1001", "from 1 to 1000"),
            ("$top=many", "from 1 to 1000"),
            ("$top=5&%24top=6", "$top is given twice"),
            ("$orderby=jobId", "no order of the log"),
            ("$orderby=activityDateTime+asc,id", "no order of the log"),
            ("$search=%22%22", "$search is empty"),
            ("$filter=nonsense", "$filter, column 1: 'nonsense' is no property"),
        ];
        for (query, expected) in cases {
            let problem = Options::parse(query).unwrap_err();
            assert!(problem.contains(expected), "{query}: {problem}");
        }
    }
}
