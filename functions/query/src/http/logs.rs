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
//! | `$skiptoken` | what a next link holds: signed, for this question and caller, for a day ([`api::token`]) |
//!
//! One index answers a question: the one that leaves the least to compare. What it does not tell apart is compared record
//! by record, so many for a page. A page may therefore hold fewer records than were asked for, and still lead on:
//! `@odata.nextLink` is there exactly as long as there is more. `$top`, `$select` and `$count` may differ from page to page.
//!
//! Whoever owns some applications only sees their records: a record of another one is not there for them.

mod options;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use api::answer::{context, entity, origin};
use api::token::List;
use api::{ApiError, Caller, find};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use engine::model::JobId;
use engine::report::ProvisioningRecord;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use store::{QueryError, RecordPage, RecordQuery};
use url::form_urlencoded;
use uuid::Uuid;

use self::options::{Options, question};
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

/// Somebody's question, and where they may look for the answer.
struct Asked {
    options: Options,
    /// The jobs of the applications that are all there is for the caller; `None` when everything is.
    jobs: Option<BTreeSet<JobId>>,
    /// Where the page before ended, for the store.
    after: Option<String>,
}

/// A page, its records written already.
#[derive(Default)]
struct Page {
    records: Vec<Box<RawValue>>,
    size: usize,
    /// Where it ended, when there is more.
    last: Option<String>,
}

/// `GET /auditLogs/provisioning`.
pub(super) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let query = query.unwrap_or_default();
    let options = Options::parse(&query).map_err(ApiError::bad_request)?;
    let single = options.single().map_err(ApiError::bad_request)?;
    let list = api.list(&caller, PATH);
    let after = options.token.as_ref().map(|token| list.open(&question(&query), token)).transpose()?;
    let asked = Asked { options, jobs: jobs_of(&api, &caller).await?, after };
    let (page, count) = match single {
        Some(id) => {
            let page = asked.page_of(api.store.record(id).await?)?;
            let count = page.records.len();
            (page, asked.options.count.then_some(count))
        }
        None => {
            let page = asked.page(&api).await?;
            let count = asked.counted(&api, &page).await?;
            (page, count)
        }
    };
    let mut answer = json!({ "@odata.context": context(&headers, PATH), "value": page.records });
    if let Some(count) = count {
        answer["@odata.count"] = json!(count);
    }
    if let Some(last) = page.last {
        answer["@odata.nextLink"] = Value::String(next_link(&headers, &query, &list, &last));
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
    let found = match id.parse::<Uuid>() {
        Ok(id) => api.store.record(id).await?,
        Err(_) => None,
    };
    let jobs = jobs_of(&api, &caller).await?;
    let record = found.filter(|record| is_in(jobs.as_ref(), record));
    let record = record.ok_or_else(|| ApiError::not_found(format!("there is no record '{id}'")))?;
    Ok(entity(&headers, &format!("{PATH}/$entity"), record))
}

/// The jobs whose records are all there is for a caller; `None` when everything is.
async fn jobs_of(api: &Api, caller: &Caller) -> Result<Option<BTreeSet<JobId>>, ApiError> {
    let owned = find::owned(&api.store, caller).await?;
    Ok(owned.map(|owned| owned.into_iter().map(|application| application.job).collect()))
}

fn is_in(jobs: Option<&BTreeSet<JobId>>, record: &ProvisioningRecord) -> bool {
    jobs.is_none_or(|jobs| jobs.iter().any(|job| job.as_str() == record.job_id))
}

impl Asked {
    /// A page of what the log has to say.
    async fn page(&self, api: &Api) -> Result<Page, ApiError> {
        let wanted = self.options.top.unwrap_or(USUAL_PAGE);
        let Some(mut query) = self.query() else { return Ok(Page::default()) };
        let mut page = Page::default();
        let mut looked_at = 0;
        loop {
            query.page_size = CHUNK.min(wanted - page.records.len());
            let found = self.records(api, &query).await?;
            looked_at += found.records.len();
            self.add(found.records, &mut page)?;
            query.token = found.token;
            let full = page.records.len() >= wanted || looked_at >= LOOKED_AT || page.size >= LARGEST_ANSWER;
            if full || query.token.is_none() {
                return Ok(Page { last: query.token, ..page });
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
        for record in records.into_iter().filter(|record| self.is_wanted(record)) {
            let written = self.written(&record).map_err(|error| {
                tracing::error!(record.id = %record.id, "a record cannot be written: {error}");
                ApiError::of_status(StatusCode::INTERNAL_SERVER_ERROR)
            })?;
            page.size += written.get().len();
            page.records.push(written);
        }
        Ok(())
    }

    fn is_wanted(&self, record: &ProvisioningRecord) -> bool {
        is_in(self.jobs.as_ref(), record) && self.options.question.filter.holds(record)
    }

    fn written(&self, record: &ProvisioningRecord) -> serde_json::Result<Box<RawValue>> {
        let Some(select) = &self.options.select else { return serde_json::value::to_raw_value(record) };
        let mut value = serde_json::to_value(record)?;
        if let Value::Object(members) = &mut value {
            members.retain(|name, _| select.contains(&name.as_str()));
        }
        serde_json::value::to_raw_value(&value)
    }

    /// How many records were asked for, when somebody wants to know: exactly, or not at all. Told with the first page.
    async fn counted(&self, api: &Api, first: &Page) -> Result<Option<usize>, ApiError> {
        if !self.options.count || self.after.is_some() {
            return Ok(None);
        }
        if first.last.is_none() {
            return Ok(Some(first.records.len()));
        }
        let Some(query) = self.query() else { return Ok(Some(0)) };
        let mut query = RecordQuery { page_size: COUNTED, token: None, ..query };
        let (mut count, mut looked_at) = (0, 0);
        loop {
            let found = self.records(api, &query).await?;
            looked_at += found.records.len();
            count += found.records.iter().filter(|record| self.is_wanted(record)).count();
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

    /// The question for the store. `None` when nothing can match. One application that is all there is has an index of its
    /// own; of several the records are told apart one by one, as those of any other condition.
    fn query(&self) -> Option<RecordQuery> {
        let mut query = self.options.question.query()?;
        if let Some(jobs) = &self.jobs {
            match &query.job {
                Some(job) if !jobs.contains(job) => return None,
                Some(_) => {}
                None => query.job = jobs.first().filter(|_| jobs.len() == 1).cloned(),
            }
        }
        Some(RecordQuery { page_size: CHUNK, token: self.after.clone(), ..query })
    }

    async fn records(&self, api: &Api, query: &RecordQuery) -> Result<RecordPage, ApiError> {
        api.store.records(query).await.map_err(|error| match error {
            // How many people others have is not for everybody.
            QueryError::ManyPeople { text, .. } if self.jobs.is_some() && query.job.is_none() => {
                ApiError::bad_request(format!(
                    "too many people are called '{text}…'; give more letters, or say jobId eq '…' in $filter"
                ))
            }
            error => error.into(),
        })
    }
}

/// The same question, from where this page ends.
fn next_link(headers: &HeaderMap, query: &str, list: &List, last: &str) -> String {
    let token = list.seal(&question(query), last);
    let mut link = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "$skiptoken") {
        link.append_pair(&name, &value);
    }
    // Graph's clients look for the plain '$'.
    let query = link.append_pair("$skiptoken", &token).finish().replace("%24", "$");
    format!("{}/v1.0/{PATH}?{query}", origin(headers))
}
