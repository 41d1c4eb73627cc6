//! `rollcall serve` beside other commands, and how it ends.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command};
use std::time::Duration;

use serde_json::Value;
use testkit::sandbox::Settings;

use crate::support::{App, Office, Person, Serve, eventually, tls};

/// Asks a process to end, as a service manager or Ctrl-C does.
fn signal(process: &Child, name: &str) {
    let sent = Command::new("kill").arg(name).arg(process.id().to_string()).status().unwrap();
    assert!(sent.success());
}

#[test]
fn whoever_is_applied_beside_it_has_accounts_without_a_further_command() {
    let app = App::start();
    let office = app.office();
    let mut serve = Serve::start(&office);
    office.people(&Person::many(3));
    office.apply();

    eventually("the people have accounts", || app.accounts().len() == 3);

    eventually("serve tells of the cycle", || serve.said().contains("Ledgerly: initial cycle complete"));
    assert_eq!(office.status()["lastExecution"]["countExported"], 3);
    serve.still_runs();
}

#[test]
fn a_changed_file_is_due_at_once() {
    let app = App::start();
    let office = app.office();
    let _serve = Serve::start(&office);
    office.people(&Person::many(3));
    office.apply();
    eventually("the first cycle is over", || office.status()["lastExecution"]["countExported"] == 3);
    let text = std::fs::read_to_string(office.path("ledgerly.yaml")).unwrap();
    office.write(
        "ledgerly.yaml",
        text.replace("target: title, source: jobTitle", "target: title, source: department"),
    );

    office.apply();

    eventually("everyone's title is another", || {
        app.sandbox.users().iter().all(|user| user["title"] == "Treasury")
    });
}

#[test]
fn asked_to_end_it_stops_after_a_page_and_the_next_start_goes_on() {
    let app = App::with(Settings { latency: Duration::from_millis(25), ..Settings::default() });
    let office = app.office();
    // Three pages; the app takes seconds for each.
    office.people(&Person::many(1_400));
    office.apply();
    let serve = Serve::start(&office);
    eventually("some have accounts", || app.accounts().len() > 20);

    let said = serve.end("-TERM");

    assert!(said.contains("stopped after a page; goes on at the next start"), "{said}");
    let accounts = app.accounts().len();
    assert!((20..1_400).contains(&accounts), "{accounts} accounts");
    assert!(!office.path("data/token").exists(), "a token that opens nothing is not left behind");
    app.sandbox.reset_counters();
    let _serve = Serve::start(&office);
    eventually("everyone has an account", || app.accounts().len() == 1_400);
    let created = app.sandbox.counters().bulk_operations;
    assert_eq!(usize::try_from(created).unwrap() + accounts, 1_400, "nobody twice");
}

#[test]
fn its_api_answers_whoever_has_the_token_and_nobody_else() {
    let app = App::start();
    let office = app.office();
    office.people(&Person::many(3));
    office.apply();
    let serve = Serve::start(&office);
    eventually("the people have accounts", || office.status()["lastExecution"]["countExported"] == 3);
    let said = serve.said();
    let url = said.lines().find_map(|line| line.strip_prefix("API")).unwrap().trim().to_owned();
    let token = std::fs::read_to_string(office.path("data/token")).unwrap();

    let jobs = ask(&format!("{url}/servicePrincipals/Ledgerly/synchronization/jobs"), &token);
    let records = ask(&format!("{url}/auditLogs/provisioning"), &token);

    assert_eq!(jobs.1["value"][0]["status"]["code"], "Active", "{jobs:?}");
    assert_eq!(records.1["value"].as_array().unwrap().len(), 3, "{records:?}");
    assert_eq!(ask(&format!("{url}/auditLogs/provisioning"), "another").0, 401);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(office.path("data/token")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "only its owner reads the token");
    }
}

fn ask(url: &str, token: &str) -> (u16, Value) {
    tls();
    let ask = async {
        let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    };
    tokio::runtime::Runtime::new().unwrap().block_on(ask)
}

#[test]
fn a_port_that_is_taken_is_named_with_the_cure() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let office = App::start().office();
    office.rollcall(&["serve", "--port", &port]).exits(1).says(&[&port, "--port"]);
}

#[test]
fn status_that_is_watched_says_what_changes_until_it_is_ended() {
    let app = App::start();
    let office = app.office();
    office.people(&Person::many(3));
    office.apply();
    let _serve = Serve::start(&office);
    let mut watch = office.command(&["status", "--watch", "--json"]).spawn().unwrap();
    let lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut seen = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());

    let healthy = seen.find(|status| status["lastExecution"]["countExported"] == 3).unwrap();

    assert_eq!((&healthy["application"], &healthy["code"]), (&"Ledgerly".into(), &"Active".into()));
    signal(&watch, "-INT");
    assert_eq!(watch.wait().unwrap().code(), Some(0));
}

#[test]
fn status_that_is_watched_ends_while_the_service_keeps_it_waiting_too() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let office = App::start().office();
    let mut watch =
        office.command(&["status", "--watch", "--url", &url]).env("ROLLCALL_TOKEN", "t").spawn().unwrap();
    let _asked = silent.accept().unwrap();
    signal(&watch, "-INT");
    assert_eq!(watch.wait().unwrap().code(), Some(0));
}

#[test]
fn status_that_is_watched_for_one_job_refuses_a_name_that_is_none() {
    let office: Office = App::start().office();
    office.rollcall(&["status", "Nobody", "--watch"]).exits(2).says(&["Nobody", "rollcall apply"]);
}
