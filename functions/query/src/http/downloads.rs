//! The provisioning log as a file.
//!
//! ```text
//! GET /v1.0/auditLogs/provisioning/download                     $filter, $search, $orderby, $format=csv, json or ndjson
//! GET /v1.0/auditLogs/provisioning/exports/{operation}          how far an export is, and where its file is
//! GET /v1.0/auditLogs/provisioning/exports/{operation}/content  the file, where it lies on this machine
//! ```
//!
//! A download is written while it is sent, however large it is; only a process that answers its callers itself can do that.
//! A function's answers end at 6 MB: there `control` is asked for an export, `sync` writes it, and a link that works for
//! five minutes leads to it.
//!
//! # Guarantees
//! What is wrong with the question is refused before the first byte. A file that lacks records never looks complete: the
//! connection breaks instead.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use api::answer::{context, origin};
use api::openapi::Routes;
use api::{ApiError, Caller, find};
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures::stream;
use logs::exports::{self, Exports};
use logs::odata::Filter;
use logs::{Format, Question, Walk, WriteError, oldest_first, text_to_search};
use serde_json::{Value, json};
use store::{Operation, OperationStatus};
use tokio::io::AsyncReadExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::form_urlencoded;
use uuid::Uuid;

use super::{Api, openapi};

const PATH: &str = "auditLogs/provisioning";

/// The kind of operations that are exports.
const EXPORT: &str = "export";

/// Downloads written at once: each takes a thread, and reads as fast as the store answers.
const AT_ONCE: usize = 4;

/// Bytes handed on together.
const CHUNK: usize = 64 * 1024;

/// Chunks that wait for a slow caller; then the writing waits, too.
const WAITING: usize = 4;

const ACCEPTED: &str = "this path takes $filter, $search, $orderby=activityDateTime desc or asc, and $format=csv, json or ndjson";

/// What the routes need beside the store.
#[derive(Clone)]
pub(super) struct Downloads {
    exports: Exports,
    turns: Arc<Semaphore>,
}

impl Downloads {
    pub(super) fn new(exports: Exports) -> Self {
        Self { exports, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// The routes. Whoever mounts them asks for the permission to read the log.
pub(super) fn routes() -> Routes<Api> {
    let export = format!("/v1.0/{PATH}/exports/{{operation}}");
    Routes::new()
        .get(&format!("/v1.0/{PATH}/download"), download, openapi::download())
        .get(&export, one, openapi::export())
        .get(&format!("{export}/content"), content, openapi::export_content())
}

/// `GET …/download`.
async fn download(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    if let Exports::Bucket { .. } = api.downloads.exports {
        return Err(ApiError::bad_request(format!(
            "files of the log are too large for an answer of this service; POST /v1.0/{PATH}/exports with filter, search \
             and format, and follow the link of the export"
        )));
    }
    let (question, format) = asked(query.as_deref().unwrap_or_default()).map_err(ApiError::bad_request)?;
    let question = Question { jobs: jobs(&api, &caller).await?, ..question };
    let turn = api.downloads.turns.clone().try_acquire_owned().map_err(|_| {
        let message =
            format!("{AT_ONCE} downloads are being written already; wait until one of them is done");
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message)
    })?;
    let mut walk = Walk::new(api.store.clone(), question);
    walk.begin().await?;
    let name = format!("attachment; filename=\"provisioning-logs.{}\"", format.extension());
    let headers = [(CONTENT_TYPE, format.content_type().to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, written(walk, format, turn)).into_response())
}

/// What is asked, out of the query string.
fn asked(query: &str) -> Result<(Question, Format), String> {
    let (mut question, mut format, mut known) = (Question::default(), None, Vec::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if known.contains(&name) {
            return Err(format!("{name} is given twice"));
        }
        match &*name {
            "$filter" => question.filter = Filter::parse(&value).map_err(|error| error.to_string())?,
            "$search" => question.search = Some(text_to_search(&value)?),
            "$orderby" => question.oldest_first = oldest_first(&value)?,
            "$format" => format = Some(value.parse()?),
            _ => return Err(format!("'{name}' is no option of this path; {ACCEPTED}")),
        }
        known.push(name);
    }
    let format = format.ok_or_else(|| format!("$format is missing; {ACCEPTED}"))?;
    Ok((question, format))
}

/// The jobs whose records the caller may see; `None` when that is all of them.
async fn jobs(api: &Api, caller: &Caller) -> Result<Option<BTreeSet<String>>, ApiError> {
    let owned = find::owned(&api.store, caller).await?;
    Ok(owned.map(|owned| owned.into_iter().map(|stored| stored.job.to_string()).collect()))
}

/// A piece of a file on its way.
enum Part {
    Bytes(Bytes),
    /// There are no more. A sender that is gone without it broke off.
    End,
}

/// The file, while it is written on a thread of its own.
fn written(walk: Walk, format: Format, turn: OwnedSemaphorePermit) -> Body {
    let (sender, receiver) = mpsc::channel(WAITING);
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        match write(&runtime, walk, format, sender.clone()) {
            // Whoever is gone needs no end.
            Ok(()) => drop(sender.blocking_send(Part::End)),
            Err(_) if sender.is_closed() => {}
            Err(error) => tracing::error!("a download broke off: {error}"),
        }
    });
    received(receiver)
}

fn write(runtime: &Handle, walk: Walk, format: Format, sender: Sender<Part>) -> Result<(), WriteError> {
    let out = BufWriter::with_capacity(CHUNK, Outlet(sender));
    let file = logs::File::new(format, out, &std::env::temp_dir())?;
    logs::write::<_, WriteError>(runtime, walk, file, |_| Ok(())).map(drop)
}

/// The parts as an answer's body, which fails when the end does not come.
fn received(receiver: Receiver<Part>) -> Body {
    Body::from_stream(stream::unfold(Some(receiver), async |receiver| {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Part::Bytes(bytes)) => Some((Ok(bytes), Some(receiver))),
            Some(Part::End) => None,
            None => Some((Err(io::Error::other("the download broke off")), None)),
        }
    }))
}

/// Hands bytes on, and waits for whoever takes them.
struct Outlet(Sender<Part>);

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = Part::Bytes(Bytes::copy_from_slice(bytes));
        self.0.blocking_send(part).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `GET …/exports/{operation}`.
async fn one(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(operation): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let operation = export(&api, &caller, &operation).await?;
    let mut answer = json!({
        "@odata.context": context(&headers, &format!("{PATH}/exports/$entity")),
        "id": operation.id,
        "status": operation.status,
        "createdDateTime": operation.asked_at,
        "recordsDone": operation.done,
    });
    let told = operation.answer.unwrap_or_default();
    match operation.status {
        OperationStatus::Running => {}
        OperationStatus::Failed => {
            answer["error"] = json!({ "code": told["code"], "message": told["message"] });
        }
        OperationStatus::Succeeded => {
            let format = format_of(&told)?;
            answer["recordsDone"] = told["records"].clone();
            for name in ["format", "records", "bytes"] {
                answer[name] = told[name].clone();
            }
            let link = api.downloads.exports.link(operation.id, format, api.clock.now()).await;
            let link = link.map_err(|error| unreadable(operation.id, &error))?;
            let here = || format!("{}/v1.0/{PATH}/exports/{}/content", origin(&headers), operation.id);
            let expires = link.as_ref().map(|link| link.expires);
            answer["downloadUrl"] = Value::String(link.map_or_else(here, |link| link.url));
            answer["expiresDateTime"] = json!(expires);
        }
    }
    Ok(Json(answer))
}

/// `GET …/exports/{operation}/content`.
async fn content(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(operation): Path<String>,
) -> Result<Response, ApiError> {
    let operation = export(&api, &caller, &operation).await?;
    let nothing = || {
        ApiError::not_found(format!(
            "export '{}' has no file here; ask for the export, and follow its downloadUrl once it has succeeded",
            operation.id
        ))
    };
    if operation.status != OperationStatus::Succeeded {
        return Err(nothing());
    }
    let format = format_of(&operation.answer.clone().unwrap_or_default())?;
    let path = api.downloads.exports.path(operation.id, format).ok_or_else(nothing)?;
    let file = match tokio::fs::File::open(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(nothing()),
        file => file.map_err(|error| unreadable(operation.id, &error))?,
    };
    let length = file.metadata().await.map_err(|error| unreadable(operation.id, &error))?.len();
    let headers = [
        (CONTENT_TYPE, exports::content_type(format).to_owned()),
        (CONTENT_DISPOSITION, exports::disposition(format)),
        (CONTENT_LENGTH, length.to_string()),
    ];
    let read = stream::unfold(Some(file), async |file| {
        let (mut file, mut chunk) = (file?, vec![0; CHUNK]);
        match file.read(&mut chunk).await {
            Ok(0) => None,
            Ok(read) => {
                chunk.truncate(read);
                Some((Ok(Bytes::from(chunk)), Some(file)))
            }
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok((headers, Body::from_stream(read)).into_response())
}

/// An export, for whoever may see it: who asked for it, and who may see everything.
async fn export(api: &Api, caller: &Caller, id: &str) -> Result<Operation, ApiError> {
    // Whoever may see nothing at all is told so, whatever they ask for.
    find::owned(&api.store, caller).await?;
    let found = match id.parse::<Uuid>() {
        Ok(id) => api.store.operation(id, api.clock.now()).await?,
        Err(_) => None,
    };
    found
        .filter(|operation| operation.kind == EXPORT)
        .filter(|operation| !caller.owner_only || operation.by == caller.id)
        .ok_or_else(|| ApiError::not_found(format!("there is no export '{id}', or not any more")))
}

fn format_of(told: &Value) -> Result<Format, ApiError> {
    told["format"].as_str().unwrap_or_default().parse().map_err(|problem: String| {
        tracing::error!("an export's answer cannot be read: {problem}");
        ApiError::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    })
}

fn unreadable(export: Uuid, error: &io::Error) -> ApiError {
    tracing::error!(operation.id = %export, "an export cannot be handed out: {error}");
    ApiError::of_status(StatusCode::INTERNAL_SERVER_ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_are_not_known_are_refused() {
        let cases = [
            ("", "$format is missing"),
            ("$format=xlsx", "'xlsx' is no format"),
            ("$format=csv&$top=5", "'$top' is no option"),
            ("$format=csv&$format=json", "$format is given twice"),
            ("$format=csv&$orderby=jobId", "no order of the log"),
            ("$format=csv&$search=%20", "$search is empty"),
            ("$format=csv&$filter=nonsense", "$filter, column 1: 'nonsense' is no property"),
        ];
        for (query, expected) in cases {
            let problem = asked(query).unwrap_err();
            assert!(problem.contains(expected), "{query}: {problem}");
        }
    }

    #[tokio::test]
    async fn a_body_whose_writer_died_fails() {
        let (sender, receiver) = mpsc::channel(WAITING);
        sender.send(Part::Bytes(Bytes::from_static(b"{}\n"))).await.unwrap();
        drop(sender);
        assert!(axum::body::to_bytes(received(receiver), CHUNK).await.is_err());
    }
}
