//! One application in pictures: actions per day, success per day, how long cycles took, what failed most.
//!
//! In: the days and the cycles that the API tells of. Out: bars on grids of whole numbers, each with the same in words and
//! as a table. Nothing is read from the log.

mod durations;
mod errors;
mod success;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use self::durations::Durations;
use self::errors::Errors;
use self::success::Success;
use super::health::Execution;
use super::month::{Month, shown as of_the_month, today};
use super::subject::{self, Subject};
use super::{Shell, Trouble, Visitor, shown};
use crate::Console;
use crate::asking::{Listed, Refusal, step};
use crate::session::Session;

/// Cycles of the history: a day of a busy job.
const CYCLES: usize = 50;

#[derive(Template)]
#[template(path = "figures.html")]
struct Page {
    shell: Shell,
    subject: Subject,
    month: Month,
    success: Success,
    durations: Durations,
    errors: Errors,
}

/// `GET /applications/{application}/figures`.
pub(super) async fn show(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Path(application): Path<String>,
) -> Result<Response, Trouble> {
    let page = read(&console, &session, &application).await.map_err(Trouble::to(&session))?;
    Ok(shown(StatusCode::OK, &page))
}

async fn read(console: &Console, session: &Session, id: &str) -> Result<Page, Refusal> {
    let application = subject::application(console, session, id).await?;
    let subject = Subject::of(&application, session, "/figures");
    let cycles = format!("{}/cycles?$top={CYCLES}", subject.job_path());
    let cycles: Listed<Execution> = console.api.get(&session.person, &cycles).await?;
    let now = console.clock.now();
    let days = &application.job().status.days;
    let days_shown = of_the_month(days, today(now));
    Ok(Page {
        shell: Shell::new(format!("Figures · {}", subject.name), session),
        month: Month::of(days, now),
        success: Success::of(&days_shown, today(now)),
        durations: Durations::of(cycles.value),
        errors: Errors::of(&days_shown),
        subject,
    })
}

impl Page {
    /// What failed, in the log.
    fn failures(&self) -> String {
        format!("/logs?application={}&status=failure&days=30", step(&self.subject.id))
    }
}
