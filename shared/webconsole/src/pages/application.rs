//! One application: its Current Status, as administrators know it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::health::{Application, Execution, Job};
use super::month::Month;
use super::notice::Done;
use super::subject::{self, Subject};
use super::{Shell, Trouble, Visitor, shown};
use crate::Console;
use crate::asking::{Listed, Refusal};
use crate::session::Session;
use crate::times::Moment;

/// Cycles of the history: a day of a busy job.
const CYCLES: usize = 50;

#[derive(Template)]
#[template(path = "application.html")]
struct Page {
    shell: Shell,
    subject: Subject,
    notice: Option<&'static str>,
    application: Application,
    month: Month,
    cycles: Vec<Execution>,
    /// The longest of them, in milliseconds: the whole width of the timeline.
    longest: i128,
}

/// `GET /applications/{application}`.
pub(super) async fn status(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Path(application): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let page = read(&console, &session, &application, &done).await.map_err(Trouble::to(&session))?;
    Ok(shown(StatusCode::OK, &page))
}

async fn read(console: &Console, session: &Session, id: &str, done: &Done) -> Result<Page, Refusal> {
    let application = subject::application(console, session, id).await?;
    let subject = Subject::of(&application, session, "");
    let cycles: Listed<Execution> =
        console.api.get(&session.person, &format!("{}/cycles?$top={CYCLES}", subject.job_path())).await?;
    let longest = cycles.value.iter().map(Execution::milliseconds).max().unwrap_or_default().max(1);
    Ok(Page {
        shell: Shell::new(application.display_name.clone(), session),
        month: Month::of(&application.job().status.days, console.clock.now()),
        cycles: cycles.value,
        longest,
        subject,
        notice: done.sentence(),
        application,
    })
}

impl Page {
    fn job(&self) -> &Job {
        self.application.job()
    }

    /// How wide a cycle's bar is, of a hundred.
    fn width(&self, cycle: &Execution) -> i128 {
        (cycle.milliseconds() * 100 / self.longest).max(1)
    }

    fn off_since(&self) -> Option<Moment> {
        self.job().status.disabled.map(Moment::of)
    }
}
