//! `rollcall demo`: the whole service in a minute, with figures that can be checked.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Said, command};

fn rollcall(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = command();
    command.current_dir(folder.path()).args(["--data-dir", "data"]).args(arguments);
    command
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} should be a number"))
}

#[test]
fn the_summary_agrees_with_itself_and_with_what_the_app_counted() {
    agrees("1000");
}

#[test]
fn the_summary_agrees_when_few_people_take_part() {
    agrees("10");
    agrees("100");
}

fn agrees(people: &str) {
    let folder = folder();
    let summary =
        Said::by(&mut rollcall(&folder, &["demo", "--once", "--json", "--latency", "0", "--people", people]))
            .exits(0)
            .json();
    let cycles = summary["cycles"].as_array().unwrap();
    let [first, second, third] = cycles.as_slice() else { panic!("three cycles: {summary}") };
    let happened = &summary["happened"];
    assert_eq!([&first["kind"], &second["kind"], &third["kind"]], ["initial", "incremental", "incremental"]);

    // Everyone is new; then exactly what happened in the directory; then nothing.
    assert_eq!(first["created"].to_string(), people);
    for name in ["updated", "disabled", "deleted", "skipped", "failed"] {
        assert_eq!(first[name], 0, "{name} of the first cycle of {summary}");
    }
    assert_eq!(second["created"], happened["joined"], "{summary}");
    assert_eq!(
        number(&second["updated"]),
        number(&happened["moved"]) + number(&happened["married"]),
        "{summary}"
    );
    assert_eq!(second["disabled"], happened["switchedOff"], "{summary}");
    assert_eq!(second["deleted"], happened["left"], "{summary}");
    for (name, figure) in third.as_object().unwrap() {
        assert!(
            name == "kind" || name == "seconds" || *figure == json!(0),
            "{name} of the third cycle of {summary}"
        );
    }

    // One record for each thing done, and as many calls as the app heard.
    let names = ["created", "updated", "disabled", "deleted", "failed"];
    for cycle in cycles {
        let done: u64 = names.iter().map(|name| number(&cycle[name])).sum();
        assert_eq!(number(&cycle["logRecords"]), done, "{summary}");
    }
    let sandbox = &summary["sandbox"];
    let heard = number(&sandbox["counters"]["total"]) - number(&sandbox["counters"]["discovery"]);
    let called: u64 = cycles.iter().map(|cycle| number(&cycle["targetCalls"])).sum();
    assert_eq!(called, heard, "{summary}");
    let left = number(&first["created"]) + number(&second["created"]) - number(&second["deleted"]);
    assert_eq!(number(&sandbox["users"]), left, "{summary}");
}

#[test]
fn people_read_what_happened_and_where_to_look() {
    let folder = folder();
    let said =
        Said::by(&mut rollcall(&folder, &["demo", "--once", "--latency", "0", "--people", "50"])).exits(0);
    for words in [
        "50 invented people",
        "first cycle",
        "A fortnight passes",
        "third cycle: nothing to do",
        "Where to look",
        "rollcall --data-dir data status Ledgerly",
        "rollcall --data-dir data logs Ledgerly --name nadia",
    ] {
        assert!(said.out.contains(words), "'{words}' should be in:\n{}", said.out);
    }
    assert!(said.err.is_empty(), "{}", said.err);
    // What it says to try works, also once the demo is over.
    let status = Said::by(&mut rollcall(&folder, &["status", "Ledgerly"])).exits(0);
    assert!(status.out.contains("Active"), "{}", status.out);
    let logs = Said::by(&mut rollcall(&folder, &["logs", "Ledgerly", "--name", "nadia"])).exits(0);
    assert!(logs.out.contains("Nadia"), "{}", logs.out);
}

#[test]
fn a_second_demo_in_the_same_folder_begins_with_an_app_of_its_own() {
    let folder = folder();
    let demo = || {
        Said::by(&mut rollcall(&folder, &["demo", "--once", "--json", "--latency", "0", "--people", "10"]))
            .exits(0)
            .json()
    };
    assert_eq!(demo()["application"], "Ledgerly");
    let second = demo();
    assert_eq!(second["application"], "Ledgerly-2");
    assert_eq!(second["cycles"][0]["created"], 10);
}

/// A demo that keeps running; it ends with the value.
struct Running(Child);

impl Running {
    /// Returns once the cycles are done and it waits for Ctrl-C.
    fn start(folder: &TempDir) -> Self {
        let mut running =
            Self(rollcall(folder, &["demo", "--latency", "0", "--people", "20"]).spawn().unwrap());
        let out = running.0.stdout.take().unwrap();
        let ready = BufReader::new(out).lines().any(|line| line.unwrap().contains("Ctrl-C ends it"));
        assert!(ready, "the demo ended before it was asked to");
        running
    }

    /// Ends it as a person does.
    fn interrupt(mut self) -> Option<i32> {
        let sent = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()));
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the demo does not end")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails when it ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn other_commands_join_a_running_demo_and_go_on_when_it_ended() {
    let folder = folder();
    let demo = Running::start(&folder);
    assert!(folder.path().join("data/running.json").exists());
    let look = || {
        let status = Said::by(&mut rollcall(&folder, &["status", "Ledgerly", "--json"])).exits(0).json();
        let logs = Said::by(&mut rollcall(&folder, &["logs", "--json", "--limit", "1000"])).exits(0).json();
        (status, logs)
    };
    let (status, logs) = look();
    assert_eq!([&status["code"], &status["running"]], [&json!("Active"), &json!(false)]);
    assert_eq!(
        status["counts"]["linked"],
        status["counts"]["inScope"].as_u64().unwrap() + 1,
        "one is on leave"
    );
    assert_eq!(status["counts"]["exported"], logs.as_array().unwrap().len());
    // A cycle joins as well: the app is still there, and nothing is left to do.
    let cycle = Said::by(&mut rollcall(&folder, &["cycle", "Ledgerly", "--json"])).exits(0).json();
    assert_eq!(cycle["figures"]["targetCalls"], 0);
    let after = look();
    assert_eq!(after.1, logs);

    assert_eq!(demo.interrupt(), Some(0));
    assert!(!folder.path().join("data/running.json").exists());
    assert_eq!(look(), after, "the folder is served by whoever opens it next");
}

#[test]
fn a_demo_that_was_killed_leaves_a_folder_that_can_be_used() {
    let folder = folder();
    drop(Running::start(&folder));
    let status = Said::by(&mut rollcall(&folder, &["status", "Ledgerly", "--json"])).exits(0).json();
    assert_eq!(status["code"], "Active");
}
