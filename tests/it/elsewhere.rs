//! The command line asks a Rollcall elsewhere, by its API: it says the same, needs a token, and leaves data folders alone.

use std::io::{BufRead, BufReader};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use testkit::issuer::Issuer;
use testkit::sandbox::Faults;
use tokio::runtime::Runtime;

use crate::support::{App, Office, Person, Said, Serve, application, command, eventually};

/// An office whose service runs.
struct Service {
    office: Office,
    url: String,
    serve: Serve,
}

impl Service {
    fn over(office: Office) -> Self {
        let serve = Serve::start(&office);
        let said = serve.said();
        let url =
            said.lines().find_map(|line| line.strip_prefix("API")).expect("serve says where its API is");
        Self { office, url: url.trim().to_owned(), serve }
    }

    fn token(&self) -> String {
        std::fs::read_to_string(self.office.path("data/token")).expect("serve leaves the token there")
    }

    /// A command from another desk, whose data folder and settings lie in the office's folder, too.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command();
        command.env("XDG_CONFIG_HOME", self.office.path("settings")).env("ROLLCALL_URL", &self.url);
        command.arg("--data-dir").arg(self.office.path("elsewhere")).args(arguments);
        command
    }

    fn without_token(&self, arguments: &[&str]) -> Said {
        Said::by(&mut self.command(arguments))
    }

    /// The same with the service's token.
    fn rollcall(&self, arguments: &[&str]) -> Said {
        Said::by(self.command(arguments).env("ROLLCALL_TOKEN", self.token()))
    }

    #[track_caller]
    fn made_no_folder(&self) {
        assert!(!self.office.path("elsewhere").exists(), "no data folder is made");
    }
}

/// Three with accounts, one whom the app refuses.
fn company(app: &App) -> Service {
    let office = app.office();
    let people = Person::many(4);
    let refused = people[3].mail.clone();
    app.sandbox.set_faults(Faults { poisoned_user: Some(refused), ..Faults::default() });
    office.people(&people);
    office.apply();
    office.rollcall(&["cycle", "Ledgerly"]).exits(3);
    Service::over(office)
}

#[test]
fn what_is_read_elsewhere_is_what_is_read_over_the_data_folder() {
    let app = App::start();
    let service = company(&app);
    let questions: [&[&str]; 13] = [
        &["status"],
        &["status", "--json"],
        &["status", "ledgerly"],
        &["status", "Ledgerly", "--json"],
        &["jobs"],
        &["jobs", "--json"],
        &["logs"],
        &["logs", "--format", "csv"],
        &["logs", "Ledgerly", "--json", "--limit", "2"],
        &["logs", "--name", "no3", "--since", "1h"],
        &["logs", "--source-id", "E0001", "--status", "success"],
        &["escrow", "Ledgerly"],
        &["removals", "Ledgerly", "--json"],
    ];
    for question in questions {
        let there = service.rollcall(question).exits(0);
        let here = service.office.rollcall(question).exits(0);
        assert_eq!(there.out, here.out, "{question:?}");
        assert!(there.out.len() > 1 && there.err.is_empty(), "{question:?}: {there:?}");
    }
    let records = service.rollcall(&["logs", "--json"]).exits(0).json();
    assert_eq!(records.as_array().unwrap().len(), 4);
    let jobs = service.rollcall(&["jobs", "--json"]).exits(0).json();
    assert_eq!(
        (&jobs[0]["schedule"]["interval"], &jobs[0]["status"]["code"]),
        (&json!("PT40M"), &json!("Active"))
    );
    let mut watch = service.command(&["status", "--watch", "--json"]);
    let mut watch = watch.env("ROLLCALL_TOKEN", service.token()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(watch.stdout.take().unwrap()).read_line(&mut line).unwrap();
    watch.kill().unwrap();
    watch.wait().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["application"], "Ledgerly");
    service.made_no_folder();
}

#[test]
fn a_job_elsewhere_is_paused_started_and_restarted_and_its_app_is_written() {
    let app = App::start();
    let service = company(&app);
    let code = || service.rollcall(&["status", "Ledgerly", "--json"]).exits(0).json()["code"].clone();

    assert!(service.rollcall(&["pause", "Ledgerly"]).exits(0).out.contains("is paused"));
    assert_eq!(code(), "Paused");
    assert!(service.rollcall(&["jobs"]).exits(0).out.contains("once it is started"));
    let mut people = Person::many(4);
    people.push(Person::named("E0009", "Ada", "Obi"));
    service.office.people(&people);
    let said = service.rollcall(&["provision", "Ledgerly", "E0009"]).exits(0);
    assert!(said.out.contains("Create, Success") && said.out.contains("userName: nothing →"), "{}", said.out);
    assert_eq!(app.accounts().len(), 4);
    service.rollcall(&["provision", "Ledgerly", "E7777"]).exits(2).says(&["'E7777'", "request-id"]);
    people.push(Person::named("E0010", "Noa", "Berg"));
    service.office.people(&people);
    assert!(service.rollcall(&["start", "Ledgerly"]).exits(0).out.contains("due at once"));
    eventually("the newcomer has an account", || app.accounts().len() == 5);
    let restarted = service.rollcall(&["restart", "Ledgerly", "--reset-scope", "Full", "--json"]);
    assert_eq!(restarted.exits(0).json(), json!({ "application": "Ledgerly", "outcome": "restarted" }));
    service.rollcall(&["delete", "Ledgerly", "--yes"]).exits(0);
    assert_eq!(service.rollcall(&["status", "--json"]).exits(0).json(), json!([]));
    service.rollcall(&["start", "Ledgerly"]).exits(2).says(&["'Ledgerly'", "there is none yet"]);
    service.made_no_folder();
}

#[test]
fn what_failed_elsewhere_is_let_rest_or_tried_again() {
    let app = App::start();
    let service = company(&app);
    let waiting = service.rollcall(&["escrow", "Ledgerly", "--json"]).exits(0).json();
    assert_eq!((waiting.as_array().unwrap().len(), &waiting[0]["sourceId"]), (1, &json!("E0004")));
    service.rollcall(&["escrow", "Ledgerly", "--retry", "nobody"]).exits(2).says(&["'nobody'"]);

    let ignored = service.rollcall(&["escrow", "Ledgerly", "--ignore", "E0004", "--json"]).exits(0).json();

    assert_eq!(ignored[0]["ignored"]["by"], "ada");
    assert_eq!(ignored[0]["nextAttempt"], Value::Null);
    app.sandbox.set_faults(Faults::default());
    service.rollcall(&["escrow", "Ledgerly", "--retry", "E0004"]).exits(0);
    eventually("everyone has an account", || app.accounts().len() == 4);
}

#[test]
fn removals_that_are_held_elsewhere_are_approved() {
    let app = App::start();
    let office = app.office();
    office.people(&Person::many(12));
    office.write("ledgerly.yaml", application(&app.sandbox.base_url()) + "removals: { maximum: 1 }\n");
    office.apply();
    office.cycle();
    office.people(&Person::many(9));
    office.rollcall(&["cycle", "Ledgerly"]).exits(4);
    let service = Service::over(office);

    let table = service.rollcall(&["removals", "Ledgerly"]).exits(0).out;
    assert!(table.contains("E0010") && table.contains("is deleted"), "{table}");
    service.rollcall(&["removals", "Ledgerly", "--approve", "nobody"]).exits(2).says(&["'nobody'"]);
    let decided = service.rollcall(&["removals", "Ledgerly", "--reject", "E0010", "--json"]).exits(0).json();
    let rejected = decided.as_array().unwrap().iter().find(|row| row["sourceId"] == "E0010").unwrap();
    assert_eq!(
        (&rejected["decision"]["approved"], &rejected["decision"]["by"]),
        (&json!(false), &json!("ada"))
    );
    service.rollcall(&["removals", "Ledgerly", "--approve", "E0011", "--approve", "E0012"]).exits(0);

    eventually("two are gone", || app.accounts().len() == 10);
}

#[test]
fn without_a_token_or_with_another_one_the_sentence_says_where_to_get_it() {
    let app = App::start();
    let service = company(&app);
    for arguments in [&["status"][..], &["logs"], &["start", "Ledgerly"]] {
        service.without_token(arguments).exits(1).says(&[
            "there is no token for",
            "--data-dir",
            "ROLLCALL_TOKEN",
        ]);
    }
    let other = Said::by(service.command(&["status"]).env("ROLLCALL_TOKEN", "another")).exits(1);
    other.says(&["token", "(request-id ", "ROLLCALL_TOKEN"]);
    let broken = Said::by(service.command(&["status"]).env("ROLLCALL_TOKEN", "two words")).exits(2);
    assert!(!broken.err.contains("two words"), "{}", broken.err);
    service.made_no_folder();
}

#[test]
fn beside_serve_its_token_is_found_in_the_data_folder() {
    let app = App::start();
    let service = company(&app);
    // With and without the version, by name and by number.
    let url = service.url.trim_end_matches("/v1.0");
    for url in [url.to_owned(), format!("{url}/v1.0/"), url.replace("127.0.0.1", "localhost")] {
        let said = service.office.rollcall(&["status", "--url", &url]).exits(0);
        assert!(said.out.contains("Ledgerly"), "{}", said.out);
    }
    let url = service.url.clone();
    let office = service.office;
    drop(service.serve);
    office.rollcall(&["status", "--url", &url]).exits(1).says(&["could not be reached", "check the address"]);
}

#[test]
fn what_a_service_is_not_asked_for_is_refused_and_nothing_is_done_here_instead() {
    let office = App::start().office();
    for arguments in
        [&["apply", "ledgerly.yaml"][..], &["cycle", "Ledgerly"], &["serve"], &["plan", "Ledgerly"]]
    {
        let mut command = office.command(arguments);
        let said = Said::by(command.env("ROLLCALL_URL", "https://api.tessera.example")).exits(2);
        said.says(&[arguments[0], "https://api.tessera.example", "ROLLCALL_URL"]);
    }
    for (url, problem) in [("http://api.tessera.example", "is not encrypted"), ("api", "is no address")] {
        office.rollcall(&["status", "--url", url]).exits(2).says(&[problem, "https://api.tessera.example"]);
    }
    let both = office.rollcall(&["status", "--url", "https://api.tessera.example", "--endpoint", "aws"]);
    both.exits(2).says(&["give one of the two"]);
    assert!(!office.path("data").exists());
}

/// An issuer, and the threads it runs on.
fn issuer() -> (Issuer, Runtime) {
    let threads = Runtime::new().expect("threads can be started");
    let issuer = threads.block_on(Issuer::start(&[])).expect("a port is free");
    (issuer, threads)
}

#[test]
fn a_login_shows_a_code_and_opens_the_service_until_the_logout() {
    let app = App::start();
    let service = company(&app);
    let (issuer, _threads) = issuer();
    // The service takes its own token and no issuer's, so the issuer gives that one.
    let granted = json!({ "access_token": service.token(), "token_type": "Bearer", "expires_in": 3600 });
    issuer.answer_for_tokens([(400, json!({ "error": "authorization_pending" })), (200, granted)]);
    let login = ["login", "--issuer", issuer.url(), "--client-id", "rollcall-cli", "--scope", "read"];

    let said = service.without_token(&login).exits(0);

    for words in
        [&format!("Open   {}/enter?user_code=WDJB-MJHT", issuer.url()), "WDJB-MJHT", "You are logged in to"]
    {
        assert!(said.out.contains(words), "'{words}' in:\n{}", said.out);
    }
    assert!(!said.out.contains(&service.token()) && said.err.is_empty(), "{said:?}");
    assert!(service.without_token(&["status"]).exits(0).out.contains("Ledgerly"));
    let other = Said::by(service.command(&["status"]).env("ROLLCALL_TOKEN", "another"));
    other.exits(1).says(&["ROLLCALL_TOKEN"]);
    assert!(service.without_token(&["logout"]).exits(0).out.contains("You are logged out"));
    assert!(service.without_token(&["logout"]).exits(0).out.contains("You were not logged in"));
    service.without_token(&["status"]).exits(1).says(&["there is no token"]);
    service.made_no_folder();
}

#[test]
fn a_login_that_is_refused_leaves_nothing_behind() {
    let office = App::start().office();
    let (issuer, _threads) = issuer();
    issuer.answer_for_tokens([(400, json!({ "error": "access_denied" }))]);
    let settings = office.path("settings");
    let login =
        ["login", "--url", "https://api.tessera.example", "--issuer", issuer.url(), "--client-id", "c"];
    let said = Said::by(office.command(&login).env("XDG_CONFIG_HOME", &settings)).exits(1);
    said.says(&["the login was refused there"]);
    let short = ["login", "--url", "https://api.tessera.example"];
    let said = Said::by(office.command(&short).env("XDG_CONFIG_HOME", &settings)).exits(2);
    said.says(&["--issuer URL --client-id ID"]);
    assert!(!settings.exists() && !office.path("data").exists());
}

#[test]
fn how_long_the_log_is_kept_is_a_setting_and_another_value_is_refused() {
    let app = App::start();
    let office = app.with_accounts(&Person::many(1));
    let logs =
        |days: &str| Said::by(office.command(&["logs", "--json"]).env("ROLLCALL_LOG_RETENTION_DAYS", days));
    assert_eq!(logs("1").exits(0).json().as_array().unwrap().len(), 1);
    for days in ["0", "3651", "a month"] {
        let said = logs(days).exits(2);
        assert!(said.err.contains("from 1 to 3650, such as 30"), "{}", said.err);
    }
}

/// What the doctor found: check, verdict and words.
fn diagnosis(said: &Said) -> Vec<(String, String, String)> {
    let found = said.json();
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let found = found.as_array().unwrap().iter();
    found.map(|one| (text(one, "check"), text(one, "verdict"), text(one, "words"))).collect()
}

#[track_caller]
fn finds(said: &Said, check: &str, verdict: &str, words: &str) {
    let found = diagnosis(said);
    let is = |one: &&(String, String, String)| one.0 == check && one.1 == verdict && one.2.contains(words);
    assert!(found.iter().any(|one| is(&one)), "{check} {verdict} {words} in {found:#?}");
}

#[test]
fn the_doctor_says_what_works_and_what_does_not_here_and_elsewhere() {
    let app = App::start();
    let service = company(&app);
    let said = service.rollcall(&["doctor", "--json"]).exits(0);
    for check in ["service", "clock", "log", "schedule", "events", "records", "exports", "secrets"] {
        finds(&said, check, "good", "");
    }
    finds(&said, "mail", "warning", "nobody is told when something is wrong with Ledgerly");
    let table = service.rollcall(&["doctor"]).exits(0).out;
    assert!(table.contains("what, and what to do") && table.contains("good"), "{table}");

    let mut wrong = service.command(&["doctor", "--json"]);
    let said = Said::by(wrong.env("ROLLCALL_TOKEN", "none-of-theirs")).exits(1);
    assert_eq!(diagnosis(&said).len(), 1, "nothing else can be known");
    finds(&said, "token", "problem", "token");

    // Another's token says at least whose it is.
    let (issuer, _threads) = issuer();
    for (at, verdict, words) in
        [(issuer.url(), "warning", "it answers"), ("http://127.0.0.1:9", "problem", "people cannot sign in")]
    {
        let claims = json!({ "iss": at, "aud": "rollcall", "exp": 1_772_442_000 });
        let token = format!("e30.{}.none", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut theirs = service.command(&["doctor", "--json"]);
        let said = Said::by(theirs.env("ROLLCALL_TOKEN", token)).exits(1);
        finds(&said, "token", "problem", "for rollcall, and ended at 2026-03-02T09:00:00Z");
        finds(&said, "issuer", verdict, words);
    }

    let mut nowhere = command();
    nowhere.env("ROLLCALL_TOKEN", "t").args(["doctor", "--json", "--url", "http://127.0.0.1:9"]);
    finds(&Said::by(&mut nowhere).exits(1), "service", "problem", "could not be reached");
    service.made_no_folder();
}

#[test]
fn the_doctor_notices_that_nothing_runs_the_jobs_and_who_is_in_quarantine() {
    let app = App::start();
    let office = app.office();
    office.people(&Person::many(3));
    office.apply();
    let said = office.rollcall(&["doctor", "--json"]).exits(0);
    finds(&said, "schedule", "good", "");

    let said = Said::by(office.command(&["doctor", "--json"]).env_remove("TOKEN")).exits(1);
    finds(&said, "secrets", "problem", "Ledgerly: the secret 'env:TOKEN' cannot be had");

    *office.token.borrow_mut() = "stale".to_owned();
    office.rollcall(&["cycle", "Ledgerly"]).exits(1);
    let said = office.rollcall(&["doctor", "--json"]).exits(0);
    finds(&said, "applications", "warning", "Ledgerly is in quarantine");

    office.rollcall(&["pause", "Ledgerly"]).exits(0);
    finds(&office.rollcall(&["doctor", "--json"]), "schedule", "warning", "no job runs yet");
}
