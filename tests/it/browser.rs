//! The console in a browser: Chromium walks through it as an administrator does, and axe judges its pages. What is done and
//! expected is in tests/browser/console.mjs; here is what it is done to.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use testkit::sandbox::Settings;

use crate::support::{App, Office, Person, Said, Serve, application, eventually};

/// Runs a part of the program against a console.
#[track_caller]
fn browse(serve: &Serve, part: &str, argument: &str) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(
        tests.join(".tools/browser/node_modules").exists(),
        "what drives the browser is not installed: run tests/run, which installs it"
    );
    let said = serve.said();
    let link = said.lines().find_map(|line| line.strip_prefix("Open")).expect("serve says what to open");
    let mut program = Command::new("node");
    program.arg(tests.join("browser/console.mjs")).args([part, link.trim(), argument]);
    Said::by(&mut program).exits(0);
}

fn company(app: &App, people: usize) -> Office {
    let office = app.office();
    office.people(&Person::many(people));
    office.apply();
    office
}

/// The address of an application, below the console's.
fn page(office: &Office) -> String {
    let jobs = office.rollcall(&["jobs", "--json"]).exits(0).json();
    let job = jobs[0]["id"].as_str().expect("a job has an id");
    format!("/applications/{}", job.rsplit('.').next().expect("an id has an end"))
}

#[test]
fn the_bar_of_a_cycle_under_way_rises_by_itself_and_ends_at_100_percent() {
    let app = App::with(Settings { latency: Duration::from_millis(20), ..Settings::default() });
    let office = company(&app, 2_500);
    let serve = Serve::start(&office);
    browse(&serve, "bar", "Ledgerly");
}

#[test]
fn whoever_is_signed_out_sees_nothing_and_the_link_signs_in() {
    let app = App::start();
    let office = company(&app, 3);
    let serve = Serve::start(&office);
    browse(&serve, "session", "Ledgerly");
}

#[test]
fn without_a_script_a_job_is_paused_and_started_by_its_buttons() {
    let app = App::start();
    let office = company(&app, 3);
    office.cycle();
    let serve = Serve::start(&office);
    browse(&serve, "control", "Ledgerly");
}

#[test]
fn axe_finds_nothing_wrong_with_any_page_whatever_the_light_and_the_width() {
    let app = App::start();
    let office = company(&app, 3);
    office.cycle();
    let records = office.logs(&[]);
    let record = records[0]["id"].as_str().expect("a record has an id").to_owned();
    let person = records[0]["sourceIdentity"]["id"].as_str().expect("a person has an id").to_owned();
    let tabs =
        ["steps", "troubleshooting", "properties", "summary"].map(|tab| format!("/logs/{record}?tab={tab}"));
    let about = [
        "",
        "/figures",
        "/waiting",
        "/restart",
        "/provision?id=x",
        "/configuration?done=saved",
        "/expression",
    ];
    let about = about.map(|below| format!("{}{below}", page(&office)));
    let person = format!("/people/{person}");
    let pages = ["/", "/?q=nobody", "/applications/none"];
    let logs = [
        "/logs",
        "/logs?source=file&q=nobody",
        "/logs?q=x&from=x",
        "/logs?staus=failure",
        "/logs/none",
        &person,
        "/people/nobody",
        "/exports/none",
    ];
    let pages =
        [&pages[..], &about.each_ref().map(String::as_str), &logs, &tabs.each_ref().map(String::as_str)]
            .concat()
            .join(",");
    let serve = Serve::start(&office);
    browse(&serve, "axe", &pages);
}

#[test]
fn a_quarantine_is_found_first_its_cause_read_and_its_token_put_right() {
    let app = App::start();
    let office = company(&app, 3);
    office.cycle();
    let folio = application(&app.sandbox.base_url()).replace("Ledgerly", "Folio");
    office.write("folio.yaml", folio.replace("env:TOKEN", "file:folio.token"));
    office.write("folio.token", "revoked");
    office.rollcall(&["apply", "folio.yaml", "--offline"]).exits(0);
    office.rollcall(&["cycle", "Folio"]).says(&["401"]);
    let serve = Serve::start(&office);
    browse(&serve, "quarantine", app.sandbox.token());
}

#[test]
fn a_part_of_the_removals_that_wait_is_approved() {
    let app = App::start();
    let office = company(&app, 40);
    office.cycle();
    office.people(&Person::many(40)[..30]);
    // 4: removals are held.
    office.rollcall(&["cycle", "Ledgerly"]).exits(4);
    let serve = Serve::start(&office);
    let leaver = |number: usize| Person::many(40)[number].mail.clone();
    browse(&serve, "removals", &format!("{},{}", leaver(35), leaver(36)));
    eventually("one of the ten is gone", || app.accounts().len() == 39);
    assert!(!app.accounts().iter().any(|(name, _)| *name == leaver(35)));
}

#[test]
fn a_filter_is_changed_after_its_consequences_were_seen() {
    let app = App::start();
    let office = company(&app, 8);
    office.cycle();
    let serve = Serve::start(&office);
    let hit = Person::many(8)[3].clone();
    browse(&serve, "filter", &format!("{} {}", hit.given, hit.surname));
    let off =
        || app.accounts().into_iter().filter(|(_, active)| !active).map(|(name, _)| name).collect::<Vec<_>>();
    eventually("the one who left the scope is switched off", || off() == [hit.mail.clone()]);
}

#[test]
fn somebody_is_provisioned_on_demand_and_an_expression_is_tried() {
    let app = App::start();
    let office = company(&app, 3);
    office.cycle();
    // No cycle does it meanwhile.
    office.rollcall(&["pause", "Ledgerly"]).exits(0);
    office.people(&Person::many(4));
    let serve = Serve::start(&office);
    browse(&serve, "demand", &Person::many(4)[3].id);
}

#[test]
fn what_happened_to_somebody_is_found_by_their_name() {
    let app = App::start();
    let office = company(&app, 3);
    office.people(&[&Person::many(3)[..], &[Person::named("E0009", "Zoë", "Ömer")]].concat());
    office.cycle();
    let serve = Serve::start(&office);
    browse(&serve, "person", "Zoë Ömer");
}
