//! The console's list of applications, and an application in pictures.

use axum::http::StatusCode;
use engine::days::{Day, Days};
use engine::failures::FailureKinds;
use engine::job::{CycleKind, CycleReport, CycleResult, Figures, JobState, StatusCode as Health};
use engine::model::JobId;
use engine::ports::Store as _;
use jiff::SignedDuration;
use serde_json::json;
use store::StoredApplication;

use crate::applications::company;
use crate::browser::{Browser, PLANTED};
use crate::stage::{APPLICATION, CYCLE, JOB, Stage, noon};

/// The largest page, in bytes.
const LARGEST: usize = 50_000;

#[tokio::test]
async fn those_that_need_somebody_come_first_and_the_others_by_name_a_page_at_a_time() {
    let browser = Browser::over(company(60).await).await;
    let first = browser.get("/").await;
    assert_eq!((first.status, first.rows()), (StatusCode::OK, 6 + 20 - 2));
    first.says(&["6 need you: 6 with failures.", ">More applications</a>"]);
    let place = |name: &str| first.text.find(name).unwrap();
    assert!(place("Service 053") < place("Ledgerly") && place("Ledgerly") < place("Service 000"));

    let second = browser.get(&first.link("\" rel=\"next\"")).await;
    assert_eq!(second.rows(), 40);
    second.says(&["40 applications by name, a page of more.", "Service 058", "Show all applications"]);
    second.keeps_quiet_about(&["Service 001<"]);
    let last = browser.get(&second.link("\" rel=\"next\"")).await;
    assert_eq!(last.rows(), 1);
    last.says(&["1 application by name, a page of more.", "Service 059"]);
    last.keeps_quiet_about(&["rel=\"next\""]);
}

#[tokio::test]
async fn applications_are_found_by_a_part_of_their_name_and_nobody_else_is() {
    let browser = Browser::over(company(60).await).await;
    let found = browser.get("/?q=ICE+05").await;
    assert_eq!(found.rows(), 10);
    found.says(&["10 applications with such a name.", "value=\"ICE 05\""]);
    browser.get("/?q=nobody").await.says(&["None has such a name"]);
    let many = browser.get("/?q=service").await;
    assert_eq!(many.rows(), 40);
    assert_eq!(browser.get(&many.link("\" rel=\"next\"")).await.rows(), 20);
    let all = browser.get("/?only=attention").await;
    assert_eq!(all.rows(), 6);
    all.says(&["6 applications that need you."]);
}

/// Ledgerly after a busy month.
async fn busy() -> Stage {
    let stage = Stage::new().await;
    let until = noon() + SignedDuration::from_mins(5);
    let (lease, mut state) = stage.store.acquire(&JobId::new(JOB), noon(), until).await.unwrap();
    state.code = Health::Active;
    state.counts.escrowed = 1;
    state.days = Days((1..=28).map(day).collect());
    state.failed_hours.add(4, noon());
    for minutes in 1..=50 {
        stage.store.put_cycle(&lease, &cycle(minutes)).await.unwrap();
    }
    stage.store.save(&lease, &state, &[], true).await.unwrap();
    stage
}

fn day(number: u64) -> Day {
    let date = format!("2026-02-{number:02}").parse().unwrap();
    let kinds = [("EntryConflict", 2), ("Timeout", 1), (PLANTED, 1)];
    let failures = FailureKinds(kinds.map(|(kind, count)| (kind.to_owned(), count)).into());
    Day { cycles: 24, created: 96 * number, updated: 100_000, failed: 4, failures, ..Day::of(date) }
}

fn cycle(minutes: i64) -> CycleReport {
    CycleReport {
        cycle: CYCLE,
        kind: CycleKind::Incremental,
        result: if minutes == 9 { CycleResult::Failed } else { CycleResult::Succeeded },
        error: (minutes == 9).then(|| PLANTED.to_owned()),
        began: noon() - SignedDuration::from_mins(30 * minutes),
        ended: noon() - SignedDuration::from_mins(29 * minutes),
        figures: Figures { updated: 3, ..Figures::default() },
        verdicts: Vec::new(),
        no_inference: None,
    }
}

#[tokio::test]
async fn an_application_is_shown_in_pictures_with_the_same_in_words_and_in_tables() {
    let browser = Browser::over(busy().await).await;
    let page = browser.get(&format!("/applications/{APPLICATION}/figures")).await;
    page.says(&[
        "Success per day",
        "99.9 % of",
        "on the worst day, 2026-02-01, 99.9 %",
        "Half of the last 50 cycles took 25 min 0 s or less, the longest 50 min 0 s",
        "<th scope=\"row\">EntryConflict</th>",
        "</svg>56</td>",
        "</svg>28</td>",
        "&#60;script&#62;",
        "aria-label=\"Table of success per day\"",
        &format!("/logs?application={APPLICATION}&#38;status=failure"),
    ]);
    page.keeps_quiet_about(&["<script>", "style="]);
    assert_eq!(page.text.matches("role=\"img\"").count(), 3, "each picture is named");
    assert!(page.text.len() < LARGEST, "{} bytes", page.text.len());
    let list = browser.get("/").await;
    list.says(&[
        "1 needs you: 1 with failures.",
        &format!("/logs?application={APPLICATION}&#38;status=failure&#38;days=1\">4</a>"),
    ]);
}

#[tokio::test]
async fn an_application_that_never_ran_has_words_in_the_place_of_pictures() {
    let browser = Browser::over(Stage::new().await).await;
    let page = browser.get("/applications/Ledgerly/figures").await;
    page.says(&[
        "Nothing to do within 30 days",
        "Nothing was tried within 30 days",
        "No cycle that had something to do has ended yet",
        "Nothing failed within 30 days",
    ]);
    page.keeps_quiet_about(&["<svg"]);
    assert_eq!(browser.get("/applications/none/figures").await.status, StatusCode::NOT_FOUND);
    browser.get("/").await.says(&["Nothing needs you."]);
}

#[tokio::test]
async fn a_full_first_page_is_small_also_with_long_names_and_long_causes() {
    let stage = Stage::new().await;
    for number in 0..80_u32 {
        let id = format!("long{number}");
        let application = StoredApplication {
            name: format!("{number:02} {}", "حسابات الموظفين ".repeat(4)),
            version: 1,
            document: json!({ "target": { "scim": {} } }),
            job: JobId::new(format!("scim.t.{id}")),
            id,
        };
        stage.store.save_application(&application, None).await.unwrap();
        let mut state = JobState { code: Health::Active, ..JobState::new(noon()) };
        state.days = Days((1..=28).map(day).collect());
        state.last = Some(cycle(1));
        if number >= 40 {
            crate::stage::in_trouble(&mut state);
            state.quarantine.as_mut().unwrap().message = "The app answered 401. ".repeat(40);
        }
        stage.store.create_job(&application.job, &state).await.unwrap();
    }
    let page = Browser::over(stage).await.get("/").await;
    assert_eq!(page.rows(), 40);
    page.says(&["More than 20 need you.", "/?only=attention"]);
    assert!(page.text.len() < LARGEST, "{} bytes", page.text.len());
}
