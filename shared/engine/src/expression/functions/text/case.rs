//! `ToLower`, `ToUpper` and `PCase`.
//!
//! .NET changes case character by character: what Unicode maps to several characters stays as it is (`ß`, `ŉ`), and
//! no mapping looks at its neighbours (`Σ` becomes `σ` also at the end of a word).

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::super::{ArgumentProblem, Arguments, Constant, Evaluated, Outcome, Prepared, Problem};
use super::{refused, unicode};

/// Whose rules for `i` apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// No culture: `ı` and `İ` have no counterpart.
    Invariant,
    /// Most cultures: `ı` is a small `I`, and `İ` a capital `i`.
    Common,
    /// Turkish and Azeri: `i` and `İ` are a pair, and so are `ı` and `I`.
    Turkic,
}

/// What is wrong with the name of a culture.
const NO_CULTURE: &str = "takes the name of a culture such as \"en-US\" or \"tr-TR\"";

impl Rules {
    /// The rules of a culture: a language of two or three letters, then perhaps a script, a region and variants, with
    /// hyphens between them (`tr-TR`, `az-Latn-AZ`, `es-419`). An empty name is .NET's invariant culture.
    pub(super) fn of(culture: &str) -> Option<Self> {
        if culture.is_empty() {
            return Some(Self::Invariant);
        }
        let mut parts = culture.split('-');
        let language = parts.next()?;
        if !matches!(language.len(), 2 | 3) || !language.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return None;
        }
        let mut last = Subtag::Language;
        for part in parts {
            let subtag = Subtag::of(part)?;
            if subtag < last || (subtag == last && subtag != Subtag::Variant) {
                return None;
            }
            last = subtag;
        }
        let is_turkic = ["tr", "az"].iter().any(|turkic| language.eq_ignore_ascii_case(turkic));
        Some(if is_turkic { Self::Turkic } else { Self::Common })
    }

    pub(super) fn upper(self, c: char) -> char {
        match (self, c) {
            (Self::Invariant, 'ı') => 'ı',
            (Self::Turkic, 'i') => 'İ',
            _ => simple_upper(c),
        }
    }

    pub(super) fn lower(self, c: char) -> char {
        match (self, c) {
            (Self::Invariant, 'İ') => 'İ',
            (Self::Turkic, 'I') => 'ı',
            // The only character with several in lower case (an `i` and its dot): one alone it is `i`.
            (_, 'İ') => 'i',
            _ => c.to_lowercase().next().unwrap_or(c),
        }
    }
}

/// The parts of a culture's name, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Subtag {
    Language,
    Script,
    Region,
    Variant,
}

impl Subtag {
    fn of(part: &str) -> Option<Self> {
        let are = |test: fn(&u8) -> bool| part.as_bytes().iter().all(test);
        match part.len() {
            2 if are(u8::is_ascii_alphabetic) => Some(Self::Region),
            3 if are(u8::is_ascii_digit) => Some(Self::Region),
            4 if are(u8::is_ascii_alphabetic) => Some(Self::Script),
            4 if are(u8::is_ascii_alphanumeric) && part.starts_with(|c: char| c.is_ascii_digit()) => {
                Some(Self::Variant)
            }
            5..=8 if are(u8::is_ascii_alphanumeric) => Some(Self::Variant),
            _ => None,
        }
    }
}

/// The one character that is its upper case; itself, when Unicode knows none or several.
pub(super) fn simple_upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => with_iota(c).unwrap_or(c),
    }
}

/// Greek vowels with a iota below: their full upper case writes the iota out, their simple one is a single character
/// that stands 8 or 9 places behind them.
fn with_iota(c: char) -> Option<char> {
    let distance = match c {
        '\u{1F80}'..='\u{1F87}' | '\u{1F90}'..='\u{1F97}' | '\u{1FA0}'..='\u{1FA7}' => 8,
        '\u{1FB3}' | '\u{1FC3}' | '\u{1FF3}' => 9,
        _ => return None,
    };
    char::from_u32(u32::from(c) + distance)
}

/// What begins a word. Digraphs have a form of their own, with only their first letter in upper case; Georgian
/// letters have capitals for whole words only.
fn title(c: char) -> char {
    match c {
        'Ǆ'..='ǆ' => 'ǅ',
        'Ǉ'..='ǉ' => 'ǈ',
        'Ǌ'..='ǌ' => 'ǋ',
        'Ǳ'..='ǳ' => 'ǲ',
        '\u{10D0}'..='\u{10FF}' => c,
        _ => Rules::Invariant.upper(c),
    }
}

/// Each word with its first letter in upper case and the others in lower case, words told apart as .NET does: a word
/// begins at a letter and ends at a separator; an apostrophe within it (`O'neil`) and digits belong to it.
pub(super) fn title_case(text: &str) -> String {
    let mut is_within = false;
    text.chars()
        .map(|c| Rules::Invariant.lower(c))
        .map(|c| {
            let was_within = is_within;
            is_within = unicode::is_letter(c) || (was_within && (c == '\'' || !unicode::is_separator(c)));
            if is_within && !was_within { title(c) } else { c }
        })
        .collect()
}

/// The same where exactly these characters separate words: the first character of each word is in upper case,
/// whatever it is.
pub(super) fn title_case_between(text: &str, separators: &str) -> String {
    let separators: BTreeSet<char> = separators.chars().collect();
    let mut is_within = false;
    text.chars()
        .map(|c| {
            let was_within = is_within;
            is_within = !separators.contains(&c);
            let c = Rules::Invariant.lower(c);
            if is_within && !was_within { title(c) } else { c }
        })
        .collect()
}

/// `PCase(source, wordSeparators)`
pub(super) fn pcase<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Some(source) = arguments.text(0)? else { return Ok(Evaluated::Null) };
    Ok(Evaluated::text(match arguments.text(1)? {
        Some(separators) => title_case_between(&source, &separators),
        None => title_case(&source),
    }))
}

/// `ToLower(source, culture)`
pub(super) fn to_lower<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    changed(arguments, Rules::lower)
}

/// `ToUpper(source, culture)`
pub(super) fn to_upper<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    changed(arguments, Rules::upper)
}

fn changed<'a>(arguments: &mut Arguments<'_, 'a>, change: fn(Rules, char) -> char) -> Outcome<'a> {
    let Some(source) = arguments.text(0)? else { return Ok(Evaluated::Null) };
    let rules = match arguments.text(1)? {
        None => Rules::Invariant,
        Some(culture) => Rules::of(&culture).ok_or_else(|| Problem::of(1, NO_CULTURE, culture))?,
    };
    let is_settled = source.chars().all(|c| change(rules, c) == c);
    Ok(Evaluated::Text(if is_settled {
        source
    } else {
        Cow::Owned(source.chars().map(|c| change(rules, c)).collect())
    }))
}

/// Judges a constant culture.
pub(super) fn to_lower_constants(constants: &[Constant<'_>]) -> Result<Prepared, ArgumentProblem> {
    culture("ToLower", constants)
}

/// Judges a constant culture.
pub(super) fn to_upper_constants(constants: &[Constant<'_>]) -> Result<Prepared, ArgumentProblem> {
    culture("ToUpper", constants)
}

fn culture(function: &str, constants: &[Constant<'_>]) -> Result<Prepared, ArgumentProblem> {
    match constants.get(1) {
        Some(Constant::Text(name)) if Rules::of(name).is_none() => {
            Err(refused(function, "culture", 1, NO_CULTURE))
        }
        _ => Ok(Prepared::Nothing),
    }
}
