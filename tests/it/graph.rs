//! A client of another make: Microsoft's own SDK for Graph, in Python, works when told Rollcall's address. What it does
//! and expects is in tests/graph/client.py; here is what it speaks to, and what the app holds afterwards.

use std::path::Path;
use std::process::Command;

use testkit::sandbox::{Faults, Settings};

use crate::support::{App, Office, Person, Said, Serve, application};

/// Six people with accounts. Then one of them is promoted, one leaves, and one joins for whom the app takes no account. A
/// second application deletes nobody, and holds a token that is none.
fn company(app: &App) -> Office {
    let office = app.office();
    let mut people = Person::many(7);
    let refused = people[6].mail.clone();
    app.sandbox.set_faults(Faults { poisoned_user: Some(refused), ..Faults::default() });
    office.people(&people[..6]);
    office.apply();
    assert_eq!(office.cycle()["created"], 6);
    people[1].title = "Director".to_owned();
    people[2].enabled = false;
    office.people(&people);
    office.rollcall(&["cycle", "Ledgerly"]).exits(3);
    let payroll = application(&app.sandbox.base_url()).replace("Ledgerly", "Payroll");
    let payroll = payroll.replace("create, update, delete", "create, update");
    // The environment of every command has somebody's name there, and no token.
    office.write("payroll.yaml", payroll.replace("env:TOKEN", "env:USER"));
    office.rollcall(&["apply", "--offline", "payroll.yaml"]).exits(0);
    office.rollcall(&["cycle", "Payroll"]).exits(1);
    office
}

/// Runs a part of the program against a service.
#[track_caller]
fn client(office: &Office, serve: &Serve, part: &[&str]) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = tests.join(".tools/venv/bin/python");
    assert!(
        python.exists(),
        "Microsoft's SDK, with which this test speaks to Rollcall, is not installed ({} is missing): run tests/run, which installs it",
        python.display()
    );
    let said = serve.said();
    let address =
        said.lines().find_map(|line| line.strip_prefix("API")).expect("serve says where its API is");
    let token = std::fs::read_to_string(office.path("data/token")).expect("serve leaves the token there");
    let mut program = Command::new(python);
    program.arg(tests.join("graph/client.py")).args([address.trim(), &token]).args(part);
    Said::by(&mut program).exits(0);
}

#[test]
fn microsofts_sdk_reads_how_applications_and_their_jobs_are() {
    let app = App::start();
    let office = company(&app);
    let serve = Serve::start(&office);
    client(&office, &serve, &["states"]);
}

#[test]
fn microsofts_sdk_reads_the_log_to_its_end_and_every_format_holds_the_same_records() {
    let app = App::start();
    let office = company(&app);
    let serve = Serve::start(&office);
    client(&office, &serve, &["log"]);
}

#[test]
fn microsofts_sdk_pauses_starts_and_restarts_a_job_and_the_app_is_written() {
    let app = App::start();
    let office = company(&app);
    let serve = Serve::start(&office);
    let newcomer = Person::named("E0008", "Ada", "Obi");
    let people = office.path("people.csv");

    client(&office, &serve, &["control", people.to_str().expect("a path is text"), &newcomer.row()]);

    assert!(app.accounts().contains(&(newcomer.mail, true)), "{:?}", app.accounts());
}

/// People with what the default mappings ask for.
const STAFF: &str = "employeeId,accountEnabled,userPrincipalName,displayName,givenName,surname,mail
S1,true,ada.obi@tessera.example,Ada Obi,Ada,Obi,ada.obi@tessera.example
S2,true,noa.berg@tessera.example,Noa Berg,Noa,Berg,noa.berg@tessera.example
";

#[test]
fn microsofts_sdk_sets_an_application_up_from_its_template_to_its_first_account() {
    let app = App::with(Settings { token: "the-token-of-newcomer".to_owned(), ..Settings::default() });
    let office = app.office();
    office.write("staff.csv", STAFF);
    let serve = Serve::start(&office);
    let staff = office.path("staff.csv");

    let staff = staff.to_str().expect("a path is text");
    client(&office, &serve, &["setup", &app.sandbox.base_url(), app.sandbox.token(), staff]);

    assert_eq!(app.accounts(), [("ada.obi@tessera.example".to_owned(), true)]);
}
