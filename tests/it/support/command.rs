//! The `rollcall` command as people run it, and what it said.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// The command, deaf to the environment and the terminal of whoever runs the tests.
pub(crate) fn command() -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("ROLLCALL_") || name.starts_with("AWS_") || name == "COLUMNS" {
            command.env_remove(&*name);
        }
    }
    command.env("USER", "ada").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Where cargo put the binary. nextest builds it first (`.config/nextest.toml`); where nobody did, it is built here.
fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        // The test itself is target/debug/deps/it-0123456789abcdef.
        let test = std::env::current_exe().expect("a test knows where it is");
        let folder = test.ancestors().nth(2).expect("cargo puts tests two folders deep");
        let binary = folder.join("rollcall");
        if !binary.exists() {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let built = Command::new(cargo).args(["build", "--quiet", "--package", "rollcall"]).status();
            assert!(built.is_ok_and(|status| status.success()), "rollcall cannot be built; see above");
        }
        assert!(binary.exists(), "there is no {}; run the tests with tests/run", binary.display());
        binary
    })
}

/// A function's binary as it is run: the one that was built with the tests, or that of the folder which `ROLLCALL_FUNCTIONS`
/// names, such as one of release binaries.
pub(crate) fn function(name: &str) -> PathBuf {
    match std::env::var_os("ROLLCALL_FUNCTIONS") {
        Some(folder) => there(PathBuf::from(folder).join(name)),
        None => symbols_of(name),
    }
}

/// A function's binary that was built with the tests, whose symbols are still there.
pub(crate) fn symbols_of(name: &str) -> PathBuf {
    // The test itself is target/debug/deps/it-0123456789abcdef.
    let test = std::env::current_exe().expect("a test knows where it is");
    there(test.ancestors().nth(2).expect("cargo puts tests two folders deep").join(name))
}

fn there(binary: PathBuf) -> PathBuf {
    assert!(
        binary.exists(),
        "there is no {}; run the tests with tests/run, which builds it",
        binary.display()
    );
    binary
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub(crate) struct Said {
    asked: String,
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn by(command: &mut Command) -> Self {
        let asked: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
        let output = command.output().expect("the command can be started");
        Self::of(asked.join(" "), output)
    }

    pub(crate) fn of(asked: String, Output { status, stdout, stderr }: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        Self { asked, code: status.code(), out: text(stdout), err: text(stderr) }
    }

    /// Ends the test unless the command ended with this exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code of {self:#?}");
        self
    }

    /// Standard output as one JSON value.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in the output of {self:#?}"))
    }

    /// The one message on standard error, without the program's name in front.
    #[track_caller]
    pub(crate) fn message(&self) -> &str {
        let lines: Vec<&str> = self.err.lines().collect();
        match lines.as_slice() {
            [line] if line.starts_with("rollcall: ") => &line["rollcall: ".len()..],
            _ => panic!("there should be one message on standard error: {self:#?}"),
        }
    }

    /// Ends the test unless the one message holds all of these words.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        let message = self.message();
        for words in words {
            assert!(message.contains(words), "'{words}' should be in: {message}\n({})", self.asked);
        }
        self
    }
}
