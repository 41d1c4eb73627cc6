//! A filter cut into words.

use super::FilterError;

/// A word, and the byte it begins at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word<'t> {
    pub(super) at: usize,
    pub(super) kind: Kind<'t>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind<'t> {
    Open,
    Close,
    Comma,
    /// A property, an operator, a function, a time, a number.
    Plain(&'t str),
    /// A text in single quotes, without them.
    Quoted(String),
}

/// Cuts a filter into words.
pub(super) fn words(text: &str) -> Result<Vec<Word<'_>>, FilterError> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let (kind, length) = match first {
            _ if first.is_whitespace() => {
                at += first.len_utf8();
                continue;
            }
            '(' => (Kind::Open, 1),
            ')' => (Kind::Close, 1),
            ',' => (Kind::Comma, 1),
            '\'' => quoted(text, at)?,
            _ => {
                let is_end =
                    |letter: char| letter.is_whitespace() || matches!(letter, '(' | ')' | ',' | '\'');
                let length = text[at..].find(is_end).unwrap_or(text.len() - at);
                (Kind::Plain(&text[at..at + length]), length)
            }
        };
        words.push(Word { at, kind });
        at += length;
    }
    Ok(words)
}

/// A text in quotes that begins at a byte, and its length with them. A doubled quote is one of its letters.
fn quoted(text: &str, at: usize) -> Result<(Kind<'_>, usize), FilterError> {
    let inner = &text[at + 1..];
    let mut from = 0;
    loop {
        let Some(quote) = inner[from..].find('\'').map(|found| from + found) else {
            let problem = "this text does not end; close it with a single quote, and write one that belongs to it twice";
            return Err(FilterError::at(text, at, problem));
        };
        if !inner[quote + 1..].starts_with('\'') {
            return Ok((Kind::Quoted(inner[..quote].replace("''", "'")), quote + 2));
        }
        from = quote + 2;
    }
}
