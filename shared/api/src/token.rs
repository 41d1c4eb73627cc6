//! Tokens of next links, and what each is bound to: the path, the question, and whose applications the caller sees.
//!
//! In: a caller and what they ask. Out: a token for the link to the next page, and where a token goes on. One that was made
//! for another path, question or reach is refused; see [`logs::token`] for the token itself.

use jiff::Timestamp;
pub use logs::token::{KEY, Signer};

use crate::{ApiError, Caller};

/// A list, and who reads it.
#[derive(Debug, Clone)]
pub struct List {
    signer: Signer,
    now: Timestamp,
    /// Below `/v1.0/`.
    path: String,
    /// The caller's id where they see their own applications only. Others see the same, and may hand links on.
    reach: String,
}

impl List {
    /// The list at a path below `/v1.0/`.
    #[must_use]
    pub fn new(signer: &Signer, now: Timestamp, caller: &Caller, path: impl Into<String>) -> Self {
        let reach = if caller.owner_only { format!("owner {}", caller.id) } else { String::new() };
        Self { signer: signer.clone(), now, path: path.into(), reach }
    }

    /// The path below `/v1.0/`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A token that leads on from `last` in the answer to a question.
    #[must_use]
    pub fn seal(&self, question: &str, last: &str) -> String {
        self.signer.seal(&[&self.path, &self.reach, question], last, self.now)
    }

    /// Where a token goes on.
    ///
    /// # Errors
    /// 400.
    pub fn open(&self, question: &str, token: &str) -> Result<String, ApiError> {
        let opened = self.signer.open(&[&self.path, &self.reach, question], token, self.now);
        opened.map_err(|error| ApiError::bad_request(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(id: &str, owner_only: bool) -> Caller {
        Caller { id: id.to_owned(), name: id.to_owned(), owner_only }
    }

    #[test]
    fn a_token_is_bound_to_path_question_and_reach_but_not_to_who_sees_everything() {
        let signer = Signer::new(&[7; KEY]);
        let list = |caller: &Caller, path: &str| List::new(&signer, Timestamp::UNIX_EPOCH, caller, path);
        let (ada, kim) = (caller("ada", false), caller("kim", false));
        let token = list(&ada, "log").seal("by name", "last");
        let cases = [
            (list(&kim, "log"), "by name", true),
            (list(&caller("ada", true), "log"), "by name", false),
            (list(&ada, "log/more"), "by name", false),
            (list(&ada, "log"), "by id", false),
        ];
        for (list, question, opens) in cases {
            assert_eq!(list.open(question, &token).is_ok(), opens, "{list:?} {question}");
        }
        let owned = list(&caller("ada", true), "log").seal("", "last");
        assert!(list(&caller("kim", true), "log").open("", &owned).is_err());
    }
}
