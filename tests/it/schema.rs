//! The JSON Schema of application files: it is the one in `docs`, it accepts every example, and it refuses what the
//! parser refuses, as far as a schema can know.
//!
//! A validator that others wrote judges: `jsonschema` for Python.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use connectors::application::{Application, schema};
use serde_json::{Value, json};

use crate::support::{Said, application, command};

/// Reads a schema and documents, prints what is wrong with each of them.
const JUDGE: &str = "
import json, sys
from jsonschema import Draft7Validator
schema, documents = json.load(sys.stdin)
Draft7Validator.check_schema(schema)
judge = Draft7Validator(schema)
json.dump([[error.json_path + ': ' + error.message for error in judge.iter_errors(d)] for d in documents], sys.stdout)
";

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).expect("tests lie in the project").to_owned()
}

/// What the schema has against each document.
#[track_caller]
fn judged(documents: &[Value]) -> Vec<Vec<String>> {
    let python = project().join("tests/.tools/venv/bin/python");
    let mut judge = Command::new(python)
        .args(["-c", JUDGE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python is there; tests/run installs it");
    let mut input = judge.stdin.take().expect("it was piped");
    input.write_all(json!([schema(), documents]).to_string().as_bytes()).expect("Python reads");
    drop(input);
    let output = judge.wait_with_output().expect("Python ends");
    assert!(output.status.success(), "the judge failed, see above");
    serde_json::from_slice(&output.stdout).expect("the judge prints JSON")
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A sound document.
fn sound() -> String {
    let url = "https://ledgerly.example/scim/v2";
    application(url)
        + "schedule: { interval: 40m }\nremovals: { maximum: 500, percent: 10, atLeast: 5 }\n\
           notification: { to: [it-ops@tessera.example] }\n"
}

/// The YAML examples of a page, each as a whole document: what shows one section only is put into a sound one.
fn examples(page: &str) -> Vec<String> {
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.map(|(block, _)| block.to_owned()).collect()
}

fn whole(example: &str) -> Value {
    let (mut document, example) = (yaml(&sound()), yaml(example));
    if example.get("application").is_some() {
        return example;
    }
    // An example may be a comment alone.
    for (section, value) in example.as_object().into_iter().flatten() {
        document[section] = value.clone();
    }
    document
}

#[test]
fn the_schema_in_the_documentation_is_the_one_that_the_command_prints() {
    let printed = Said::by(command().arg("schema")).exits(0).out;
    let kept = std::fs::read_to_string(project().join("docs/application.schema.json")).unwrap_or_default();
    assert!(printed == kept, "renew it: cargo run -- schema > docs/application.schema.json");
}

#[test]
fn every_example_is_accepted() {
    let mut examples_of: Vec<(PathBuf, String)> = vec![("tests/it/support".into(), sound())];
    let docs = std::fs::read_dir(project().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    for page in docs.chain([project().join("README.md")]) {
        if page.extension().is_some_and(|extension| extension == "md") {
            let text = std::fs::read_to_string(&page).unwrap();
            examples_of.extend(examples(&text).into_iter().map(|example| (page.clone(), example)));
        }
    }
    let fixture = project().join("shared/connectors/src/application/fixtures/ledgerly.yaml");
    examples_of.push((fixture.clone(), std::fs::read_to_string(fixture).unwrap()));
    let demo = project().join("functions/local/src/demo/application.yaml");
    let text = std::fs::read_to_string(&demo).unwrap();
    let filled =
        [("{name}", "Ledgerly"), ("{csv}", "x.csv"), ("{url}", "http://127.0.0.1:1"), ("{token}", "x")];
    examples_of.push((demo, filled.iter().fold(text, |text, (from, to)| text.replace(from, to))));
    let from = |name: &str| examples_of.iter().filter(|(page, _)| page.ends_with(name)).count();
    assert!(from("README.md") >= 1 && from("docs/application-file.md") >= 1, "examples are found");

    let documents: Vec<Value> = examples_of.iter().map(|(_, example)| whole(example)).collect();
    for ((page, example), problems) in examples_of.iter().zip(judged(&documents)) {
        assert!(problems.is_empty(), "{}: {problems:?}\n{example}", page.display());
    }
}

#[test]
fn what_the_parser_accepts_in_many_spellings_is_accepted() {
    let spellings = [
        ("40m", "2h"),
        ("40m", "1h 30m"),
        ("40m", "90 minutes"),
        ("40m", "PT24H"),
        ("percent: 10", "percent: 0.5"),
        ("percent: 10", "percent: 100"),
        ("Ledgerly", "HR-1_b.2"),
        ("https://ledgerly.example/scim/v2", "http://localhost:8080/scim"),
        ("https://ledgerly.example/scim/v2", "http://[::1]:8080"),
        ("env:TOKEN", "file:../secrets/token"),
        (
            "env:TOKEN",
            "secretsmanager:arn:aws:secretsmanager:eu-central-1:123456789012:secret:ledgerly-a1B2c3",
        ),
        ("path: people.csv", "path: s3://bucket/a/people.csv"),
        ("[it-ops@tessera.example]", "[\"o'hara+x@mail.tessera.example\", all@intranet]"),
        ("path: people.csv", "path: people.csv, lists: [groups], listSeparator: \";\""),
        ("target: title, source: jobTitle", "target: title, constant: Clerk, flowType: ObjectAddOnly"),
    ];
    let texts: Vec<String> = spellings.iter().map(|(from, to)| changed(from, to)).collect();
    for (text, problems) in texts.iter().zip(judged(&texts.iter().map(|text| yaml(text)).collect::<Vec<_>>()))
    {
        assert!(parses(text), "{text}");
        assert!(problems.is_empty(), "{problems:?}\n{text}");
    }
}

#[test]
fn what_the_parser_refuses_is_refused_as_far_as_a_schema_can_know() {
    let bad = [
        // Fields and systems that are not known, missing, or too many.
        ("path: people.csv", "pth: people.csv"),
        ("path: people.csv, ", ""),
        ("users:", "people:"),
        ("target: title, source: jobTitle", "target: title, sauce: jobTitle"),
        ("matchingPriority", "priority"),
        ("removals:", "removal:"),
        ("source:\n  file: {", "source:\n  vault: {"),
        ("target:\n", "target:\n  file: { path: x, id: y }\n"),
        ("schedule: {", "schedule: { every: 1,"),
        ("atLeast", "least"),
        // Values that cannot be right.
        ("Ledgerly", "\"Ledgerly & Sons\""),
        ("Ledgerly", "-x"),
        ("Ledgerly", "\"\""),
        ("env:TOKEN", "hunter2"),
        ("env:TOKEN", "Bearer hunter2"),
        ("env:TOKEN", "env:hunter2-with-dashes"),
        ("env:TOKEN", "secretsmanager:hunter2"),
        ("https://ledgerly.example", "http://ledgerly.example"),
        ("https://ledgerly.example", "ftp://ledgerly.example"),
        ("path: people.csv", "path: \"ftp://x/people.csv\""),
        ("path: people.csv", "path: \"s3://bucket\""),
        ("id: employeeId", "id: \"\""),
        ("id: employeeId", "id: employeeId, delimiter: colon"),
        ("id: employeeId", "id: employeeId, lists: [groups]"),
        ("id: employeeId", "id: employeeId, maxBytes: 0"),
        ("token:", "pageSize: 1001, token:"),
        ("token:", "concurrency: 0, token:"),
        ("token:", "bulk: always, token:"),
        ("token:", "dialect: entra, token:"),
        ("[create, update, delete]", "[create, purge]"),
        ("[create, update, delete]", "create"),
        ("40m", "40"),
        ("40m", "soon"),
        ("percent: 10", "percent: 0"),
        ("percent: 10", "percent: 101"),
        ("percent: 10", "percent: many"),
        ("maximum: 500", "maximum: -1"),
        ("[it-ops@tessera.example]", "[]"),
        ("[it-ops@tessera.example]", "it-ops@tessera.example"),
        ("it-ops@tessera.example", "it-ops"),
        ("it-ops@tessera.example", "IT <it-ops@tessera.example>"),
        ("it-ops@tessera.example", "'it-ops@tessera.example, eve@evil.example'"),
        ("it-ops@tessera.example", "\"it-ops@tessera.example\\r\\nBcc: eve@evil.example\""),
        ("notification: { to:", "notification: { too:"),
        // Attributes.
        (", matchingPriority: 1", ""),
        ("target: title, source: jobTitle", "target: title"),
        ("target: title, source: jobTitle", "target: title, source: jobTitle, constant: x"),
        ("target: title, source: jobTitle", "source: jobTitle"),
        ("target: title, source: jobTitle", "target: title, source: jobTitle, flowType: Sometimes"),
    ];
    let texts: Vec<String> = bad.iter().map(|(from, to)| changed(from, to)).collect();
    let verdicts = judged(&texts.iter().map(|text| yaml(text)).collect::<Vec<_>>());
    for ((text, (_, to)), problems) in texts.iter().zip(bad).zip(verdicts) {
        assert!(!parses(text), "the parser accepts {to}");
        assert!(!problems.is_empty(), "the schema accepts {to}");
    }
}

/// The sound document with `from` replaced by `to`.
#[track_caller]
fn changed(from: &str, to: &str) -> String {
    assert!(sound().contains(from), "{from}");
    sound().replacen(from, to, 1)
}

/// Whether a document is accepted by everything that looks at it before it is saved.
fn parses(text: &str) -> bool {
    Application::from_yaml(text, "ledgerly.yaml").is_ok_and(|application| application.check().is_ok())
}

#[test]
fn every_field_is_described_in_words_of_the_document() {
    fn look(place: &str, schema: &Value, wrong: &mut Vec<String>) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let place = format!("{place}.{name}");
            let description = field["description"].as_str().unwrap_or_default();
            // Links are for readers of the code.
            if description.len() < 5 || description.contains("[`") || description.contains('\n') {
                wrong.push(format!("{place}: {description}"));
            }
            look(&place, field, wrong);
        }
        for inner in schema["oneOf"].as_array().into_iter().flatten().chain(schema.get("items")) {
            look(place, inner, wrong);
        }
    }
    let mut wrong = Vec::new();
    look("", &schema().to_value(), &mut wrong);
    assert!(wrong.is_empty(), "{wrong:#?}");
}
