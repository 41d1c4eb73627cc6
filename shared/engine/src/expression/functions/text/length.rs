//! How long a text may become, for every function that can make one longer.

use super::super::Problem;

/// The longest text a function makes, in bytes: 1 MiB. No attribute of a person comes near it, while a few hundred
/// nested calls that double their input would otherwise fill all memory.
pub(in super::super) const LONGEST: usize = 1 << 20;

/// A text that grows part by part, up to [`LONGEST`].
#[derive(Debug, Default)]
pub(in super::super) struct Growing(String);

impl Growing {
    /// Adds a part at the end.
    ///
    /// # Errors
    /// When it would become longer than [`LONGEST`].
    pub(in super::super) fn push(&mut self, part: &str) -> Result<(), Problem> {
        if part.len() > LONGEST - self.0.len().min(LONGEST) {
            return Err(too_long());
        }
        self.0.push_str(part);
        Ok(())
    }

    /// The whole.
    pub(in super::super) fn into_text(self) -> String {
        self.0
    }
}

/// A text that was made in one go, unless it is longer than [`LONGEST`].
///
/// # Errors
/// When it is.
pub(in super::super) fn bounded(text: String) -> Result<String, Problem> {
    if text.len() > LONGEST { Err(too_long()) } else { Ok(text) }
}

fn too_long() -> Problem {
    Problem::new(format!("the result is longer than {LONGEST} bytes; shorten what goes in with Left or Mid"))
}
