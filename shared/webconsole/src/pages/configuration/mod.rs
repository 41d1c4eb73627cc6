//! How an application is set up: in words, and as the file it could have come from.
//!
//! ```text
//! GET /applications/{application}/configuration       draft: an operation whose document is edited further
//! GET /applications/{application}/drafts/{operation}  what another document would do, before it is saved
//! ```

mod draft;
mod words;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use connectors::application::{Application, as_yaml};
use serde::Deserialize;
use serde_json::Value;

pub(super) use self::draft::draft;

use self::words::Words;
use super::notice::Done;
use super::operation::{Outcome, outcome};
use super::subject::Subject;
use super::{Shell, Trouble, Visitor, shown};
use crate::Console;
use crate::asking::{Refusal, step};
use crate::session::Session;

/// A field of the form for credentials: Graph's key for it.
pub(crate) struct Field {
    pub(crate) key: &'static str,
    name: &'static str,
    /// Whether nobody may look over a shoulder.
    secret: bool,
}

/// What a system may be reached by. Those of a system that the application does not have are not shown.
pub(crate) const CREDENTIALS: [Field; 5] = [
    Field { key: "Server", name: "The directory's address", secret: false },
    Field { key: "UserName", name: "The account that reads it", secret: false },
    Field { key: "Password", name: "Its password", secret: true },
    Field { key: "BaseAddress", name: "The app's SCIM address", secret: false },
    Field { key: "SecretToken", name: "The app's token", secret: true },
];

/// Those of a directory.
const OF_DIRECTORY: [&str; 3] = ["Server", "UserName", "Password"];

/// A document, and the version it is.
#[derive(Deserialize)]
struct Stored {
    version: u32,
    document: Value,
}

/// A document in the making.
pub(super) struct Editor {
    text: String,
    /// The version it was made from, as an `ETag`.
    version: String,
    /// What is wrong with it.
    problem: Option<String>,
}

/// Which draft is edited.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Edited {
    draft: String,
}

#[derive(Template)]
#[template(path = "configuration.html")]
struct Page {
    shell: Shell,
    subject: Subject,
    notice: Option<&'static str>,
    /// `None` for a document that is not whole yet.
    words: Option<Words>,
    recipients: Vec<String>,
    /// The fields of its credentials, with what is known of each.
    fields: Vec<(&'static Field, String)>,
    version: String,
    editor: Editor,
    /// Whether the editor holds a draft, not what is saved.
    is_draft: bool,
}

#[derive(Template)]
#[template(path = "editor.html")]
pub(crate) struct EditorPage {
    shell: Shell,
    subject: Subject,
    editor: Editor,
}

/// `GET /applications/{application}/configuration`.
pub(super) async fn configuration(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Path(application): Path<String>,
    Query(edited): Query<Edited>,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let page = read(&console, &session, &application, &edited, &done).await;
    Ok(shown(StatusCode::OK, &page.map_err(Trouble::to(&session))?))
}

async fn read(
    console: &Console,
    session: &Session,
    application: &str,
    edited: &Edited,
    done: &Done,
) -> Result<Page, Refusal> {
    let subject = Subject::read(console, session, application, "/configuration").await?;
    let path = format!("applications/{}", step(&subject.id));
    let stored: Stored = console.api.get(&session.person, &path).await?;
    let drafted = match edited.draft.is_empty() {
        true => None,
        false => drafted(console, session, &subject.id, &edited.draft).await?,
    };
    let version = tag(stored.version);
    let is_draft = drafted.is_some();
    let editor = Editor {
        text: file(drafted.as_ref().unwrap_or(&stored.document)),
        version: version.clone(),
        problem: None,
    };
    let recipients = stored.document["notification"]["to"].as_array().into_iter().flatten();
    let recipients = recipients.filter_map(Value::as_str).map(ToOwned::to_owned).collect();
    let words = serde_json::from_value::<Application>(stored.document.clone()).ok();
    Ok(Page {
        shell: Shell::new(format!("Configuration · {}", subject.name), session),
        notice: done.sentence(),
        words: words.as_ref().map(Words::of),
        recipients,
        fields: fields(&stored.document),
        version,
        editor,
        is_draft,
        subject,
    })
}

/// The document of a draft; `None` while it is looked at still.
async fn drafted(
    console: &Console,
    session: &Session,
    application: &str,
    operation: &str,
) -> Result<Option<Value>, Refusal> {
    #[derive(Deserialize)]
    struct Drafted {
        document: Value,
    }
    let found: Outcome<Drafted> = outcome(console, session, application, "preview", operation).await?;
    Ok(match found {
        Outcome::Done(drafted) => Some(drafted.document),
        Outcome::Running | Outcome::Failed(_) => None,
    })
}

/// The page of a document that was refused, with all that was written.
pub(crate) fn editor_with(
    session: &Session,
    application: String,
    text: String,
    version: &str,
    problem: String,
) -> EditorPage {
    let subject = Subject::named(application, String::new(), "/configuration");
    let editor = Editor { text, version: version.to_owned(), problem: Some(problem) };
    EditorPage { shell: Shell::new("Configuration", session), subject, editor }
}

/// A version as an `ETag`.
fn tag(version: u32) -> String {
    format!("\"{version}\"")
}

/// A document as its file; as JSON, which YAML reads, should it ever not be writable so.
fn file(document: &Value) -> String {
    as_yaml(document).unwrap_or_else(|_| document.to_string())
}

/// The fields of the systems it has. Of a credential only whether there is one.
fn fields(document: &Value) -> Vec<(&'static Field, String)> {
    let known = connectors::application::settings::of(document);
    let value = |field: &Field| {
        let found = known.iter().find(|setting| setting.key == field.key);
        found.map(|setting| setting.value.clone()).unwrap_or_default()
    };
    let directory = document["source"]["ldap"].is_object();
    let shown = CREDENTIALS.iter().filter(|field| directory || !OF_DIRECTORY.contains(&field.key));
    shown.map(|field| (field, value(field))).collect()
}
