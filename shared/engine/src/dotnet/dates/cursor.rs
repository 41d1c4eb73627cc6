//! Walking through the text of a date. What does not match is left where it is.

/// The part of a text that is still to be read.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub(super) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next character, which stays.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// How many digits come next.
    pub(super) fn count_digits(&self) -> usize {
        self.rest.bytes().take_while(u8::is_ascii_digit).count()
    }

    /// Passes this character.
    pub(super) fn take(&mut self, wanted: char) -> bool {
        self.advance(self.rest.strip_prefix(wanted))
    }

    /// Passes this text, spelled exactly so.
    pub(super) fn take_exactly(&mut self, wanted: &str) -> bool {
        self.advance(self.rest.strip_prefix(wanted))
    }

    /// Passes this word of ASCII letters, whatever its case.
    pub(super) fn take_word(&mut self, wanted: &str) -> bool {
        let rest = match self.rest.split_at_checked(wanted.len()) {
            Some((word, rest)) if word.eq_ignore_ascii_case(wanted) => Some(rest),
            _ => None,
        };
        self.advance(rest)
    }

    /// Passes one of these words, cut to so many letters if they are longer, and says which.
    pub(super) fn take_one_of(&mut self, words: &[&str], letters: usize) -> Option<usize> {
        words.iter().position(|word| self.take_word(word.get(..letters).unwrap_or(word)))
    }

    /// Passes a number of at least and at most so many digits. A number too large for its type is as large as
    /// can be, and no piece of a date accepts it.
    pub(super) fn take_number(&mut self, least: usize, most: usize) -> Option<u32> {
        let digits = self.take_digits(least, most)?;
        Some(
            digits.bytes().fold(0_u32, |number, digit| {
                number.saturating_mul(10).saturating_add(u32::from(digit - b'0'))
            }),
        )
    }

    /// Passes at least and at most so many digits.
    pub(super) fn take_digits(&mut self, least: usize, most: usize) -> Option<&'a str> {
        let count = self.count_digits().min(most);
        let (digits, rest) = self.rest.split_at_checked(count).filter(|_| count >= least)?;
        self.rest = rest;
        Some(digits)
    }

    /// Passes a sign: 1 or -1.
    pub(super) fn take_sign(&mut self) -> Option<i64> {
        if self.take('+') {
            Some(1)
        } else if self.take('-') {
            Some(-1)
        } else {
            None
        }
    }

    pub(super) fn skip_white(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn advance(&mut self, rest: Option<&'a str>) -> bool {
        if let Some(rest) = rest {
            self.rest = rest;
        }
        rest.is_some()
    }
}
