//! Reading a text that has to follow a format, as `DateTime.ParseExact` does.

use std::iter::Peekable;
use std::slice::Iter;

use jiff::civil::DateTime;

use super::cursor::Cursor;
use super::format::{Field, Part, compile, expanded};
use super::pieces::{Half, Pieces};
use super::{ABBREVIATED, FRACTION_DIGITS, MONTHS, Moment, Styles, WEEKDAYS};

/// A compiled format for reading, with the styles to read it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reader {
    /// As it was written, for messages.
    format: String,
    parts: Vec<Part>,
    styles: Styles,
    /// The standard format `U`: what it reads is in UTC.
    is_universal: bool,
}

/// What went wrong while a text was read: nothing to say beyond that it does not follow the format.
pub(super) struct Mismatch;

type Matched = Result<(), Mismatch>;

impl Reader {
    /// Compiles a format for reading.
    ///
    /// # Errors
    /// A sentence, when .NET would refuse the format.
    pub(crate) fn new(format: &str, styles: Styles) -> Result<Self, String> {
        let mut parts = compile(expanded(format)?)?;
        if styles.trailing_white {
            trim_end(&mut parts);
        }
        if styles.leading_white {
            trim_start(&mut parts);
        }
        Ok(Self { format: format.to_owned(), parts, styles, is_universal: format == "U" })
    }

    /// Reads a text. What it does not say comes from `now`: today when it has no date at all, this year when it
    /// lacks the year.
    ///
    /// # Errors
    /// A sentence without the text itself.
    pub(crate) fn read(&self, text: &str, now: DateTime) -> Result<Moment, String> {
        let mut text = text;
        if self.styles.trailing_white {
            text = text.trim_end();
        }
        if self.styles.leading_white {
            text = text.trim_start();
        }
        let pieces = self.pieces(text).map_err(|Mismatch| {
            format!("does not follow the format \"{}\"; correct the value or the format", self.format)
        })?;
        pieces.settle(&self.styles, now)
    }

    fn pieces(&self, text: &str) -> Result<Pieces, Mismatch> {
        let mut pieces = Pieces::default();
        if self.is_universal {
            pieces.zulu()?;
        }
        let mut cursor = Cursor::new(text);
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            if self.styles.inner_white {
                cursor.skip_white();
            }
            self.part(part, &mut parts, &mut cursor, &mut pieces)?;
        }
        if text.is_empty() || !cursor.is_done() {
            return Err(Mismatch);
        }
        Ok(pieces)
    }

    fn part(
        &self,
        part: &Part,
        behind: &mut Peekable<Iter<'_, Part>>,
        cursor: &mut Cursor<'_>,
        pieces: &mut Pieces,
    ) -> Matched {
        match part {
            Part::Field(field, count) => field_of(*field, *count, cursor, pieces),
            Part::Exact(letter) => found(cursor.take(*letter)),
            Part::Quoted(text) => self.quoted(text, cursor),
            // A blank may be missing where white space at the end is allowed: .NET then goes on with the part behind
            // it, wherever that stands.
            Part::Blank if self.styles.inner_white => Ok(()),
            Part::Blank => found(cursor.take(' ') || (self.styles.trailing_white && behind.peek().is_some())),
            // Without its point, a fraction of F may be absent. .NET looks for the second F to tell, so that a single
            // one keeps its point.
            Part::Point if cursor.take('.') => Ok(()),
            Part::Point => {
                found(behind.next_if(|part| matches!(part, Part::Field(Field::ShortFraction, 2..))).is_some())
            }
            Part::Zulu => {
                pieces.zulu()?;
                found(take_zone_name(cursor, "GMT") || take_zone_name(cursor, "Z"))
            }
            Part::Gmt => {
                pieces.offset.is(0)?;
                found(cursor.take_exactly("GMT"))
            }
        }
    }

    fn quoted(&self, text: &str, cursor: &mut Cursor<'_>) -> Matched {
        for letter in text.chars() {
            if letter == ' ' && self.styles.inner_white {
                cursor.skip_white();
            } else {
                found(cursor.take(letter))?;
            }
        }
        Ok(())
    }
}

fn field_of(field: Field, count: usize, cursor: &mut Cursor<'_>, pieces: &mut Pieces) -> Matched {
    match field {
        Field::Year => {
            pieces.has_short_year |= count <= 2;
            pieces.year.is(number(cursor, count)?)
        }
        Field::Month if count <= 2 => pieces.month.is(number(cursor, count)?),
        Field::Month => pieces.month.is(name(cursor, &MONTHS, count)? + 1),
        Field::Day if count <= 2 => pieces.day.is(number(cursor, count)?),
        Field::Day => pieces.weekday.is(name(cursor, &WEEKDAYS, count)?),
        Field::Era => found(cursor.take_word("A.D.") || cursor.take_word("AD")),
        Field::Hour12 => {
            pieces.has_hour12 = true;
            pieces.hour.is(number(cursor, count.min(2))?)
        }
        Field::Hour24 => pieces.hour.is(number(cursor, count.min(2))?),
        Field::Minute => pieces.minute.is(number(cursor, count.min(2))?),
        Field::Second => pieces.second.is(number(cursor, count.min(2))?),
        Field::Fraction => {
            let digits = cursor.take_digits(count, count).ok_or(Mismatch)?;
            pieces.ticks.is(ticks(digits))
        }
        Field::ShortFraction => pieces.ticks.is(ticks(cursor.take_digits(0, count).unwrap_or_default())),
        Field::Half if count == 1 => pieces.half.is(half_letter(cursor)?),
        Field::Half => pieces.half.is(half_word(cursor)?),
        Field::Offset => pieces.offset.is(offset(cursor, count)?),
        Field::Kind if cursor.take('Z') => pieces.zulu(),
        Field::Kind if matches!(cursor.peek(), Some('+' | '-')) => pieces.offset.is(offset(cursor, 3)?),
        Field::Kind => Ok(()),
    }
}

/// A single letter reads one digit or two; more letters as many digits.
fn number(cursor: &mut Cursor<'_>, count: usize) -> Result<u32, Mismatch> {
    let most = if count == 1 { 2 } else { count };
    cursor.take_number(count, most).ok_or(Mismatch)
}

fn name(cursor: &mut Cursor<'_>, names: &[&str], count: usize) -> Result<u32, Mismatch> {
    let letters = if count > ABBREVIATED { usize::MAX } else { ABBREVIATED };
    let place = cursor.take_one_of(names, letters).ok_or(Mismatch)?;
    u32::try_from(place).map_err(|_| Mismatch)
}

/// A letter alone is read in upper case only; the whole word in any.
fn half_letter(cursor: &mut Cursor<'_>) -> Result<Half, Mismatch> {
    if cursor.take('A') {
        Ok(Half::Morning)
    } else if cursor.take('P') {
        Ok(Half::Afternoon)
    } else {
        Err(Mismatch)
    }
}

fn half_word(cursor: &mut Cursor<'_>) -> Result<Half, Mismatch> {
    if cursor.take_word("AM") {
        Ok(Half::Morning)
    } else if cursor.take_word("PM") {
        Ok(Half::Afternoon)
    } else {
        Err(Mismatch)
    }
}

/// Seconds ahead of UTC. From three letters on there are minutes, and their colon may be missing.
fn offset(cursor: &mut Cursor<'_>, count: usize) -> Result<i64, Mismatch> {
    let sign = cursor.take_sign().ok_or(Mismatch)?;
    let hours = number(cursor, if count == 2 { 2 } else { 1 })?;
    let minutes = if count > 2 {
        cursor.take(':');
        number(cursor, 2)?
    } else {
        0
    };
    found(minutes < 60)?;
    Ok(sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
}

/// `GMT` or `Z`, unless it is the beginning of a longer word.
fn take_zone_name(cursor: &mut Cursor<'_>, name: &str) -> bool {
    let mut ahead = cursor.clone();
    let is_name = ahead.take_word(name) && !ahead.peek().is_some_and(char::is_alphabetic);
    if is_name {
        *cursor = ahead;
    }
    is_name
}

/// Ten-millionths of a second.
fn ticks(digits: &str) -> u32 {
    format!("{digits:0<FRACTION_DIGITS$}").parse().unwrap_or_default()
}

fn found(is_found: bool) -> Matched {
    if is_found { Ok(()) } else { Err(Mismatch) }
}

/// Where white space at the end is allowed, what the format has of it there counts for nothing.
fn trim_end(parts: &mut Vec<Part>) {
    while parts.last().is_some_and(is_white) {
        parts.pop();
    }
    if let Some(Part::Quoted(text)) = parts.last_mut() {
        text.truncate(text.trim_end().len());
    }
}

fn trim_start(parts: &mut Vec<Part>) {
    let white = parts.iter().take_while(|part| is_white(part)).count();
    parts.drain(..white);
    if let Some(Part::Quoted(text)) = parts.first_mut() {
        *text = text.trim_start().to_owned();
    }
}

fn is_white(part: &Part) -> bool {
    match part {
        Part::Blank => true,
        Part::Exact(letter) => letter.is_whitespace(),
        _ => false,
    }
}
