//! What a panic leaves in the log of a function: one line with its place, one count, and no value.

#![cfg(test)]

use std::process::Command;

use serde_json::Value;

/// What a panic must not tell.
const CANARY: &str = "canary-7f3a";

/// The function: a process that the test below starts, because a hook for panics and a subscriber are a whole process's.
#[test]
#[ignore = "the other test starts it"]
fn a_function_that_panics() {
    runtime::tracing::for_function("query").unwrap();
    panic!("nobody has the name {CANARY}");
}

#[test]
fn a_panic_is_a_line_with_its_place_and_a_count_and_tells_no_value() {
    let told = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_function_that_panics", "--ignored", "--nocapture"])
        .env("ROLLCALL_STACK", "prod")
        .output()
        .unwrap();
    let text = String::from_utf8(told.stdout).unwrap();
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [fault, count] = &lines[..] else { panic!("two lines: {text}") };
    assert_eq!(fault["level"], "ERROR");
    let message = &fault["fields"]["message"];
    assert_eq!(message, "a fault of ours: its message may hold a value and is left out");
    let place = fault["fields"]["panic.place"].as_str().unwrap();
    assert!(place.starts_with(file!()), "{place}");
    assert_eq!(count["Panics"], 1.0);
    assert_eq!([&count["Function"], &count["Stack"]], ["query", "prod"]);
    assert!(!text.contains(CANARY), "{text}");
}
