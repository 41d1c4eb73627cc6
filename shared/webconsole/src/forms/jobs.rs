//! What is done with a job.

use axum::extract::{Path, State};
use axum::http::Method;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Sent, action_path, page, result, told};
use crate::Console;
use crate::asking::{Answered, Refusal, Wish};
use crate::pages::{Notice, Trouble};

/// The application and the job of a path.
type Named = Path<(String, String)>;

/// Asks it of the job.
async fn ask(
    console: &Console,
    sent: &Sent,
    (application, job): (&str, &str),
    action: &str,
    body: &Value,
) -> Result<Answered, Refusal> {
    let path = action_path(application, job, action);
    let wish = Wish::new(Method::POST, &path);
    let wish = if body.is_null() { wish } else { wish.json(body) };
    console.api.send(&sent.session.person, wish).await
}

/// The job goes on.
pub(super) async fn start(
    State(console): State<Console>,
    Path((application, job)): Named,
    sent: Sent,
) -> Result<Response, Trouble> {
    let page = page(&application, "");
    let answered = ask(&console, &sent, (&application, &job), "start", &Value::Null).await;
    let answered = answered.map_err(Trouble::on(&sent.session, &page))?;
    Ok(told(&sent.session, &answered, page, Notice::Started))
}

/// The job stops after its page.
pub(super) async fn pause(
    State(console): State<Console>,
    Path((application, job)): Named,
    sent: Sent,
) -> Result<Response, Trouble> {
    let page = page(&application, "");
    let answered = ask(&console, &sent, (&application, &job), "pause", &Value::Null).await;
    let answered = answered.map_err(Trouble::on(&sent.session, &page))?;
    Ok(told(&sent.session, &answered, page, Notice::Paused))
}

/// The job forgets what is ticked, and begins again.
pub(super) async fn restart(
    State(console): State<Console>,
    Path((application, job)): Named,
    sent: Sent,
) -> Result<Response, Trouble> {
    let scopes: Vec<&str> = sent.all("scope").collect();
    if scopes.is_empty() {
        let refusal =
            Refusal::bad("nothing is ticked; tick what shall be forgotten, or start the job instead");
        return Err(Trouble::on(&sent.session, &self::page(&application, "/restart"))(refusal));
    }
    let page = page(&application, "");
    let body = json!({ "criteria": { "resetScope": scopes.join(", ") } });
    let answered = ask(&console, &sent, (&application, &job), "restart", &body).await;
    let answered = answered.map_err(Trouble::on(&sent.session, &page))?;
    Ok(told(&sent.session, &answered, page, Notice::Restarted))
}

/// Both systems are asked whether they take the saved credentials.
pub(super) async fn validate(
    State(console): State<Console>,
    Path((application, job)): Named,
    sent: Sent,
) -> Result<Response, Trouble> {
    let page = page(&application, "");
    let body = json!({ "useSavedCredentials": true });
    let answered = ask(&console, &sent, (&application, &job), "validateCredentials", &body).await;
    let answered = answered.map_err(Trouble::on(&sent.session, &page))?;
    Ok(told(&sent.session, &answered, page, Notice::CredentialsWork))
}

/// Somebody is provisioned now.
pub(super) async fn provision(
    State(console): State<Console>,
    Path((application, job)): Named,
    sent: Sent,
) -> Result<Response, Trouble> {
    let page = page(&application, "/provision");
    let body = json!({ "parameters": [{ "subjects": [{ "objectId": sent.text("id").trim() }] }] });
    let answered = ask(&console, &sent, (&application, &job), "provisionOnDemand", &body).await;
    let answered = answered.map_err(Trouble::on(&sent.session, &page))?;
    Ok(result(&sent.session, &answered, &page))
}
