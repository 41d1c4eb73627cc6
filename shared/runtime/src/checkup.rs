//! What somebody finds who looks whether all is there that the service needs: the doctor of the command line, and the functions,
//! which know best what they may and whom they reach.

use serde::{Deserialize, Serialize};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at.
    pub check: String,
    /// How it is.
    pub verdict: Verdict,
    /// What is so, and what to do about it.
    pub words: String,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It works.
    Good,
    /// Somebody should look.
    Warning,
    /// It does not work.
    Problem,
}

impl Finding {
    /// Something that works.
    pub fn good(check: &str, words: impl Into<String>) -> Self {
        Self::new(check, Verdict::Good, words)
    }

    /// Something that somebody should look at.
    pub fn warning(check: &str, words: impl Into<String>) -> Self {
        Self::new(check, Verdict::Warning, words)
    }

    /// Something that does not work.
    pub fn problem(check: &str, words: impl Into<String>) -> Self {
        Self::new(check, Verdict::Problem, words)
    }

    fn new(check: &str, verdict: Verdict, words: impl Into<String>) -> Self {
        Self { check: check.to_owned(), verdict, words: words.into() }
    }
}
