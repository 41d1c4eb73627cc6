//! `rollcall` with a mail server: one that others wrote, which keeps what it takes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::stage::{Mail, read};
use crate::support::{App, Office, Person, Serve, eventually, free_port};

/// aiosmtpd, whose mailbox is a folder; it ends with the value.
struct Catcher {
    process: Child,
    port: String,
    folder: TempDir,
}

impl Catcher {
    fn start() -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/venv/bin/python");
        let process = Command::new(python)
            .args(["-m", "aiosmtpd", "-n", "-l", &format!("127.0.0.1:{port}")])
            .args(["-c", "aiosmtpd.handlers.Mailbox"])
            .arg(folder.path().join("mail"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("aiosmtpd cannot be started ({error}): run tests/run"));
        let catcher = Self { process, port, folder };
        let address = format!("127.0.0.1:{}", catcher.port);
        eventually("the mail server listens", || std::net::TcpStream::connect(&address).is_ok());
        catcher
    }

    fn files(&self) -> Vec<PathBuf> {
        let Ok(new) = std::fs::read_dir(self.folder.path().join("mail/new")) else { return Vec::new() };
        new.map(|entry| entry.unwrap().path()).collect()
    }

    fn mails(&self) -> Vec<Mail> {
        self.files().iter().map(|file| read(&std::fs::read_to_string(file).unwrap())).collect()
    }
}

impl Drop for Catcher {
    fn drop(&mut self) {
        // Fails when it ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An office whose app has changed its token, and who is told.
fn locked_out(app: &App) -> Office {
    let office = app.office();
    let document = std::fs::read_to_string(office.path("ledgerly.yaml")).unwrap();
    office.write(
        "ledgerly.yaml",
        document + "notification: { to: [it-ops@tessera.example, eve@tessera.example] }\n",
    );
    office.people(&Person::many(3));
    office.apply_offline();
    *office.token.borrow_mut() = "stale".to_owned();
    office
}

fn environment(port: &str) -> Vec<(&'static str, String)> {
    vec![
        ("ROLLCALL_SMTP_URL", format!("smtp://127.0.0.1:{port}")),
        ("ROLLCALL_MAIL_FROM", "rollcall@tessera.example".to_owned()),
        ("ROLLCALL_MAIL_REPLY_TO", "helpdesk@tessera.example".to_owned()),
        ("ROLLCALL_PUBLIC_URL", "https://rollcall.tessera.example".to_owned()),
    ]
}

#[test]
fn trouble_is_mailed_to_all_recipients_at_once_and_a_test_mail_blocks_nothing() {
    let (app, catcher) = (App::start(), Catcher::start());
    let office = locked_out(&app);
    *office.environment.borrow_mut() = environment(&catcher.port);
    let sent = office.rollcall(&["mail", "--test", "Ledgerly"]).exits(0);
    assert!(sent.out.contains("on its way to it-ops@tessera.example, eve@tessera.example"), "{}", sent.out);
    let again = office.rollcall(&["mail", "--test", "Ledgerly"]).exits(1);
    again.says(&["less than ten minutes ago"]);

    office.rollcall(&["cycle", "Ledgerly"]).exits(1);
    office.rollcall(&["cycle", "Ledgerly"]).exits(1);
    let mut mails = catcher.mails();
    mails.sort_by(|one, other| one.subject.cmp(&other.subject));
    let subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    let expected = [
        "[Rollcall] Ledgerly: quarantined - the app refused the credentials",
        "[Rollcall] Ledgerly: test - mail about trouble arrives here",
    ];
    assert_eq!(subjects, expected);
    assert_eq!(mails[0].to, ["it-ops@tessera.example", "eve@tessera.example"]);
    assert!(mails[0].text.contains("https://rollcall.tessera.example/applications/"), "{}", mails[0].text);
    let whole = std::fs::read_to_string(&catcher.files()[0]).unwrap();
    for header in ["Reply-To: helpdesk@tessera.example", "From: Rollcall <rollcall@tessera.example>"] {
        assert!(whole.contains(header), "{header} in {whole}");
    }
    assert!(
        office.rollcall(&["mail"]).exits(0).out.contains("No mail was written"),
        "it lies with the server"
    );
}

#[test]
fn a_mail_server_that_is_away_costs_no_mail_and_no_cycle() {
    let app = App::start();
    let office = locked_out(&app);
    let catcher = Catcher::start();
    *office.environment.borrow_mut() = environment(&free_port());
    let failed = office.rollcall(&["cycle", "Ledgerly"]).exits(1);
    assert!(failed.err.contains("cannot be used"), "{}", failed.err);
    // The next look finds it, and nobody had been told.
    *office.environment.borrow_mut() = environment(&catcher.port);
    let _serve = Serve::start(&office);
    eventually("the mail arrives", || catcher.mails().len() == 1);
}

#[test]
fn the_doctor_sees_without_a_mail_whether_the_server_takes_some() {
    let (app, catcher) = (App::start(), Catcher::start());
    let office = locked_out(&app);
    for (port, verdict, words) in
        [(catcher.port.clone(), "good", "lets us in"), (free_port(), "problem", "cannot be used")]
    {
        office.environment.replace(environment(&port));
        let said = office.rollcall(&["doctor", "--json"]).json();
        let of_server =
            |one: &&Value| one["words"].as_str().is_some_and(|words| words.contains("the mail server"));
        let found = said.as_array().unwrap().iter().find(of_server).unwrap_or_else(|| panic!("{said:#}"));
        assert_eq!([&found["check"], &found["verdict"]], ["mail", verdict], "{found}");
        assert!(found["words"].as_str().unwrap().contains(words), "{found}");
    }
    assert!(catcher.files().is_empty());
}

#[test]
fn settings_of_mail_that_make_no_sense_are_refused_without_their_secrets() {
    let app = App::start();
    let office = app.office();
    let cases = [
        ("ROLLCALL_SMTP_URL", "smtp://user:hunter2@mail.example.com", "unencrypted"),
        ("ROLLCALL_SMTP_URL", "hunter2", "smtps://user:password@"),
        ("ROLLCALL_MAIL_FROM", "hunter2", "no mail address"),
        ("ROLLCALL_PUBLIC_URL", "ftp://x", "no address of a console"),
    ];
    for (name, value, said) in cases {
        let mut environment = environment("1");
        environment.retain(|(known, _)| *known != name);
        environment.push((name, value.to_owned()));
        *office.environment.borrow_mut() = environment;
        let refused = office.rollcall(&["jobs"]).exits(2);
        assert!(!refused.err.contains("hunter2"), "{}", refused.err);
        refused.says(&[name, said]);
    }
    *office.environment.borrow_mut() = vec![("ROLLCALL_SMTP_URL", "smtp://127.0.0.1:1".to_owned())];
    office.rollcall(&["jobs"]).exits(2).says(&["ROLLCALL_MAIL_FROM"]);
}
