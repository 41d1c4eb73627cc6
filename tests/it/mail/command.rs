//! `rollcall mail`, and `rollcall serve` as the one who writes it.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{App, Office, Person, Serve, eventually};

/// A parser that others wrote: Python's. Prints what it finds wrong.
const JUDGE: &str = "
import email, email.policy, sys
message = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
wrong = [repr(d) for part in message.walk() for d in part.defects]
wrong += [name + ' is missing' for name in ('From', 'To', 'Date', 'Message-ID', 'Subject') if not message[name]]
wrong += [f'{name}: {d!r}' for name in message.keys() for d in message[name].defects]
print('; '.join(wrong) or 'sound: ' + message.get_body(('plain',)).get_content())
";

const NOTIFICATION: &str = "notification: { to: [it-ops@tessera.example] }\n";

/// An office whose app has changed its token.
fn locked_out(app: &App, more: &str) -> Office {
    let office = app.office();
    let document = std::fs::read_to_string(office.path("ledgerly.yaml")).unwrap();
    office.write("ledgerly.yaml", document + more);
    office.people(&Person::many(3));
    office.apply_offline();
    *office.token.borrow_mut() = "stale".to_owned();
    office
}

fn mails(office: &Office) -> Vec<Value> {
    office.rollcall(&["mail", "--json"]).exits(0).json().as_array().unwrap().clone()
}

#[test]
fn the_outbox_is_listed_and_read_by_number_or_name() {
    let app = App::start();
    let office = locked_out(&app, NOTIFICATION);
    assert_eq!(mails(&office), Vec::<Value>::new());
    assert!(office.rollcall(&["mail"]).exits(0).out.contains("No mail was written"));
    office.rollcall(&["cycle", "Ledgerly"]).exits(1);
    office.rollcall(&["cycle", "Ledgerly"]).exits(1);

    let listed = mails(&office);
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["to"], json!(["it-ops@tessera.example"]));
    let table = office.rollcall(&["mail"]).exits(0).out;
    for words in ["it-ops@tessera.example", "[Rollcall] Ledgerly: quarantined"] {
        assert!(table.contains(words), "{table}");
    }
    let printed = office.rollcall(&["mail", "1"]).exits(0).out;
    for words in ["Subject: [Rollcall] Ledgerly: quarantined", "(401", "GET /", "rollcall status Ledgerly"] {
        assert!(printed.contains(words), "{words} in {printed}");
    }
    let file = listed[0]["file"].as_str().unwrap();
    assert_eq!(office.rollcall(&["mail", file]).exits(0).out, printed);
    assert_eq!(office.rollcall(&["mail", "1", "--json"]).exits(0).json(), listed[0]);
    for nothing in ["0", "2", "../rollcall.db", "x.eml"] {
        office.rollcall(&["mail", nothing]).exits(2).says(&["there is no mail", nothing]);
    }

    let judge = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/venv/bin/python"))
        .args(["-c", JUDGE])
        .stdin(Stdio::from(std::fs::File::open(office.path("data/outbox").join(file)).unwrap()))
        .output()
        .unwrap();
    let verdict = String::from_utf8(judge.stdout).unwrap();
    assert!(verdict.starts_with("sound: Ledgerly: quarantined"), "{verdict}");
}

#[test]
fn serve_mails_what_happens_while_nobody_looks() {
    let app = App::start();
    let office = locked_out(&app, NOTIFICATION);
    let mut serve = Serve::start(&office);
    eventually("a mail is written", || !mails(&office).is_empty());
    serve.still_runs();
    assert!(mails(&office)[0]["text"].as_str().unwrap().contains("(401"));
}

#[test]
fn serve_mails_at_its_start_what_waits() {
    let app = App::start();
    let office = locked_out(&app, "");
    office.rollcall(&["cycle", "Ledgerly"]).exits(1);
    let document = std::fs::read_to_string(office.path("ledgerly.yaml")).unwrap();
    office.write("ledgerly.yaml", document + NOTIFICATION);
    office.apply_offline();
    assert!(mails(&office).is_empty());
    let _serve = Serve::start(&office);
    eventually("a mail is written", || !mails(&office).is_empty());
}

#[test]
fn an_outbox_that_cannot_be_written_stops_no_cycle() {
    let app = App::start();
    let office = locked_out(&app, NOTIFICATION);
    office.write("data/outbox", "a file where the folder belongs");
    let failed = office.rollcall(&["cycle", "Ledgerly"]).exits(1);
    assert!(failed.err.contains("outbox"), "{}", failed.err);
    *office.token.borrow_mut() = app.sandbox.token().to_owned();
    assert_eq!(office.cycle()["created"], 3);
}
