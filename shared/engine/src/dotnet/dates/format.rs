//! From the text of a format to its parts: the letters, quotes and escapes of .NET's date formats.
//!
//! A format of one character is a standard format, and short for a longer one; a lone `d` is the short date, and
//! `%d` the day.

use std::iter::Peekable;
use std::str::Chars;

use super::{FRACTION_DIGITS, Format};

/// One part of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A piece of the date, and how often its letter is repeated.
    Field(Field, usize),
    /// A point, which disappears when the fraction behind it does.
    Point,
    /// A blank without quotes, for which the white-space styles have rules of their own.
    Blank,
    /// `Z` without quotes: prints itself, reads the mark of UTC.
    Zulu,
    /// `GMT` without quotes: reads the mark of UTC, and prints something else.
    Gmt,
    /// Text in quotes.
    Quoted(String),
    /// Any other character, and one behind a backslash.
    Exact(char),
}

/// A piece of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Year,
    Month,
    Day,
    Era,
    Hour12,
    Hour24,
    Minute,
    Second,
    Fraction,
    /// A fraction without the zeros at its end.
    ShortFraction,
    /// AM or PM.
    Half,
    Offset,
    Kind,
}

impl Field {
    fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'y' => Self::Year,
            'M' => Self::Month,
            'd' => Self::Day,
            'g' => Self::Era,
            'h' => Self::Hour12,
            'H' => Self::Hour24,
            'm' => Self::Minute,
            's' => Self::Second,
            'f' => Self::Fraction,
            'F' => Self::ShortFraction,
            't' => Self::Half,
            'z' => Self::Offset,
            'K' => Self::Kind,
            _ => return None,
        })
    }
}

/// The most repetitions of a letter. None means anything beyond 16; the limit keeps what is printed short.
const LONGEST_RUN: usize = 16;

impl Format {
    /// Compiles a format for printing.
    ///
    /// # Errors
    /// A sentence, when .NET would refuse it or print something that nobody can mean.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let parts = compile(expanded(text)?)?;
        if parts.contains(&Part::Gmt) {
            return Err(
                "GMT without quotes prints the number of the month for its M; write 'GMT' in single quotes"
                    .into(),
            );
        }
        Ok(Self { parts })
    }
}

/// A standard format written out; any other as it is.
///
/// # Errors
/// A sentence, when it is empty or a single character that is no standard format.
pub(super) fn expanded(text: &str) -> Result<&str, String> {
    if text.trim().is_empty() {
        return Err("an empty format says nothing; write one such as yyyy-MM-dd".into());
    }
    let mut letters = text.chars();
    let (Some(letter), None) = (letters.next(), letters.next()) else { return Ok(text) };
    standard(letter).ok_or_else(|| match Field::of(letter) {
        Some(_) => format!("'{letter}' alone is no standard format of dates; write %{letter} for the letter itself"),
        None => {
            format!("'{letter}' alone is no format of dates; write one such as yyyy-MM-dd, or one of the letters d D f F g G M o R s t T u U y")
        }
    })
}

/// What the invariant culture has for a standard format.
fn standard(letter: char) -> Option<&'static str> {
    Some(match letter {
        'd' => "MM/dd/yyyy",
        'D' => "dddd, dd MMMM yyyy",
        'f' => "dddd, dd MMMM yyyy HH:mm",
        // In UTC already, as every moment here.
        'F' | 'U' => "dddd, dd MMMM yyyy HH:mm:ss",
        'g' => "MM/dd/yyyy HH:mm",
        'G' => "MM/dd/yyyy HH:mm:ss",
        'm' | 'M' => "MMMM dd",
        'o' | 'O' => "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK",
        'r' | 'R' => "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
        's' => "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
        't' => "HH:mm",
        'T' => "HH:mm:ss",
        'u' => "yyyy'-'MM'-'dd HH':'mm':'ss'Z'",
        'y' | 'Y' => "yyyy MMMM",
        _ => return None,
    })
}

/// The parts of a custom format.
///
/// # Errors
/// A sentence, when .NET would refuse it, or read and print it differently.
pub(super) fn compile(text: &str) -> Result<Vec<Part>, String> {
    let mut letters = text.chars().peekable();
    let mut parts = Vec::new();
    while let Some(letter) = letters.next() {
        parts.push(match letter {
            '\'' | '"' => Part::Quoted(quoted(letter, &mut letters)?),
            '\\' => Part::Exact(
                letters.next().ok_or("a backslash at the end escapes nothing; leave it out, or double it")?,
            ),
            '%' => {
                judge_percent(&letters)?;
                continue;
            }
            ' ' => Part::Blank,
            '.' => Part::Point,
            'Z' => Part::Zulu,
            'G' if take_rest_of_gmt(&mut letters) => Part::Gmt,
            _ => match Field::of(letter) {
                Some(Field::Kind) => Part::Field(Field::Kind, 1),
                Some(field) => Part::Field(field, run(field, letter, &mut letters)?),
                None => Part::Exact(letter),
            },
        });
    }
    Ok(parts)
}

/// How often a letter is repeated.
fn run(field: Field, letter: char, letters: &mut Peekable<Chars<'_>>) -> Result<usize, String> {
    let mut count = 1;
    while letters.next_if_eq(&letter).is_some() {
        count += 1;
    }
    let most = match field {
        Field::Fraction | Field::ShortFraction => FRACTION_DIGITS,
        _ => LONGEST_RUN,
    };
    if count > most {
        return Err(format!(
            "'{letter}' is repeated {count} times and means something only up to {most} times; shorten it"
        ));
    }
    Ok(count)
}

/// The text up to the closing quote; a backslash escapes here too.
fn quoted(quote: char, letters: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let unfinished = || {
        format!("the quote {quote} is never closed; close it, or write \\{quote} for the character itself")
    };
    let mut text = String::new();
    loop {
        match letters.next().ok_or_else(unfinished)? {
            letter if letter == quote => return Ok(text),
            '\\' => text.push(letters.next().ok_or_else(unfinished)?),
            letter => text.push(letter),
        }
    }
}

/// `%` makes a single letter a custom format. Before more, .NET reads it one way and prints it another.
fn judge_percent(behind: &Peekable<Chars<'_>>) -> Result<(), String> {
    let mut behind = behind.clone();
    match behind.next() {
        None | Some('%' | '\'' | '"' | '\\') => {
            Err("% stands before a single letter, as in %d; write \\% for the character itself".into())
        }
        Some(letter) if letter != 'K' && Field::of(letter).is_some() && behind.next() == Some(letter) => {
            Err(format!("% stands before a single letter; leave it out before '{letter}{letter}'"))
        }
        Some(_) => Ok(()),
    }
}

fn take_rest_of_gmt(letters: &mut Peekable<Chars<'_>>) -> bool {
    let mut ahead = letters.clone();
    let is_gmt = matches!((ahead.next(), ahead.next()), (Some('M' | 'm'), Some('T' | 't')));
    if is_gmt {
        *letters = ahead;
    }
    is_gmt
}
