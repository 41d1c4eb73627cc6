//! What people mistype, and what to tell them: habits from spreadsheets, other languages, word processors and web
//! pages. Only words are chosen here; what is accepted is decided by the parsers.

use std::borrow::Cow;

use super::super::shortened;
use super::tokens::outside_quotes;
use super::{DEEPEST, Input, LONGEST, Refusal, next, rest};

pub(super) const EMPTY: &str =
    "the expression is empty; write an attribute such as [mail], a text in quotes, or a function";

pub(super) const DOUBLED_QUOTE: &str =
    r#"two quotes in a row; a quote within a text is written \", and between two texts stands a comma or &"#;

pub(super) const UNCLOSED_BRACKET: &str = "this '[' is not closed; add ']' behind the attribute's name";

pub(super) const SECOND_COMPARISON: &str = "a comparison cannot be compared again just like that; put the first one in parentheses, or write IIF within IIF";

pub(super) fn too_deep() -> String {
    format!("this is nested more than {DEEPEST} deep; use Switch in place of IIF within IIF")
}

pub(super) fn too_long(length: usize) -> String {
    format!(
        "the expression has {length} characters, and at most {LONGEST} are allowed; shorten it, for example with one Switch in place of many IIF"
    )
}

/// For words that are texts or attributes without their marks.
pub(super) fn bare(word: &str) -> String {
    let word = &*shortened(word);
    if let Some(name) = word.strip_suffix(':') {
        return format!("arguments have no names, only an order; leave out '{name}:'");
    }
    format!("'{word}' stands alone; write [{word}] for the attribute or \"{word}\" for the text")
}

pub(super) fn no_parentheses(word: &str) -> String {
    let word = &*shortened(word);
    format!(
        "the arguments of a function stand in parentheses: {word}(…); a text stands in quotes: \"{word}\""
    )
}

/// Whether a character that follows a word or a number without a blank was meant to belong to it.
pub(super) fn may_stick_to_a_word(c: char) -> bool {
    let means_something =
        matches!(c, '(' | ')' | '[' | ']' | '"' | ',' | '&' | '=' | '<' | '>' | '!' | '|' | '+' | '*' | ';');
    let is_apostrophe = matches!(c, '\'' | '’');
    is_apostrophe || !means_something && !c.is_whitespace() && foreign_sign(c).is_none()
}

/// Why a text is not closed.
pub(super) fn unclosed_text(text: &str) -> &'static str {
    if text.contains(['“', '”', '„']) {
        r#"this text is not closed; it holds a typographic quote, and a text ends with a straight one: ""#
    } else if text.contains("\\\"") {
        r#"this text is not closed; \" is a quote within a text, so a text that ends with a backslash has two of them: \\""#
    } else {
        r#"this text is not closed; add " at its end"#
    }
}

/// What cannot be an attribute's name.
pub(super) fn within_a_name(name: &str) -> Option<&'static str> {
    if name.trim().is_empty() {
        return Some("these brackets are empty; write an attribute's name between them, such as [mail]");
    }
    if name.trim() != name {
        return Some("there is a blank behind '[' or before ']'; write the attribute's name without it");
    }
    outside_quotes(name).find_map(|(at, c)| match c {
        '“' | '”' | '„' => {
            Some(r#"this attribute's name holds a typographic quote; write straight ones: ""#)
        }
        // `[givenName, [surname]]` balances, and yet the first bracket was forgotten.
        '[' if name[..at].trim_end().ends_with([',', '&', '=', '<', '>', '(', ';']) => {
            Some("this '[' is not closed before the next one opens; add ']' behind the attribute's name")
        }
        _ if is_invisible(c) => {
            Some("this attribute's name holds an invisible character; type the name anew")
        }
        _ => None,
    })
}

/// What is wrong where a value should stand.
pub(super) fn instead_of_a_value(input: &Input<'_>) -> Refusal {
    let rest = rest(input);
    let problem: Cow<'static, str> = match rest.chars().next() {
        None => "a value is missing here at the end".into(),
        Some('-') => "a minus stands directly before a number's digits; there is no arithmetic".into(),
        Some('.') => "a number begins with a digit: 0.5 instead of .5".into(),
        Some('&') if is_entity(rest) => ENTITY.into(),
        Some('&') if rest.starts_with("&h") || rest.starts_with("&H") => {
            "a hexadecimal number is written with a capital H and its digits: &H1C".into()
        }
        Some('{') => "an attribute stands in square brackets, such as [mail]".into(),
        Some(sign) => match foreign_sign(sign) {
            Some(problem) => problem.into(),
            None => format!(
                "a value is missing before {}; write an attribute such as [mail], a text in quotes, or a function",
                shown(sign)
            )
            .into(),
        },
    };
    Refusal::here(input, problem)
}

/// What is wrong where the expression has ended and something else goes on.
pub(super) fn behind_the_end(input: &Input<'_>, sign: char) -> Refusal {
    match sign {
        ')' => Refusal::here(input, "this ')' closes nothing; remove it, or add the '(' it belongs to"),
        ',' => Refusal::here(
            input,
            "the expression ends before this comma; commas separate a function's arguments, within its parentheses",
        ),
        _ => behind_a_value(input, sign),
    }
}

/// What is wrong where a comma or a call's end should stand.
pub(super) fn within_a_call(input: &Input<'_>, open: usize, name: &str) -> Refusal {
    match next(input) {
        None => Refusal::new(open, format!("this '(' is not closed; add ')' where {name} ends")),
        Some(sign) => behind_a_value(input, sign),
    }
}

/// What is wrong where the parenthesis around a value should end.
pub(super) fn within_a_group(input: &Input<'_>, open: usize) -> Refusal {
    match next(input) {
        None => Refusal::new(open, "this '(' is not closed; add ')'"),
        Some(',') => Refusal::here(
            input,
            "these parentheses hold one value, because no function's name stands before them; add the name, or remove the comma",
        ),
        Some(sign) => behind_a_value(input, sign),
    }
}

/// What is wrong where a value has ended and something else goes on with this sign.
fn behind_a_value(input: &Input<'_>, sign: char) -> Refusal {
    let problem: Cow<'static, str> = match sign {
        '"' | '[' | '(' => "a comma is missing before this, or & to join both".into(),
        _ if sign.is_alphanumeric() => {
            let rest = rest(input);
            let word = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(rest);
            let word = shortened(word);
            format!("a comma is missing before '{word}', or quotes around a text with blanks").into()
        }
        _ => match foreign_sign(sign) {
            Some(problem) => problem.into(),
            None => {
                format!("{} cannot follow a value; a comma, ')', & or a comparison can", shown(sign)).into()
            }
        },
    };
    Refusal::here(input, problem)
}

/// Signs that the language does not have outside texts and names.
fn foreign_sign(sign: char) -> Option<&'static str> {
    Some(match sign {
        '“' | '”' | '„' | '«' | '»' | '＂' => {
            r#"this is a typographic quote, as word processors make them; write a straight one: ""#
        }
        '\'' | '‘' | '’' | '‚' | '`' | '´' => r#"a text stands in double quotes: "text""#,
        ';' => "arguments are separated by commas, not by ';'",
        '，' | '、' => "this is not a plain comma; write ','",
        '–' | '—' | '−' => {
            "this is a dash, not a minus; a text stands in quotes, and a number has a plain '-'"
        }
        ']' => "this ']' closes nothing; write '[' before the attribute's name",
        _ if is_invisible(sign) => {
            "there is an invisible character here, as web pages and chats leave them; delete it"
        }
        _ => return None,
    })
}

/// Whether a character shows nowhere: soft hyphens, blanks of no width, marks of direction and of byte order. Joiners
/// are not among them, because some languages spell with them.
fn is_invisible(sign: char) -> bool {
    matches!(
        sign,
        '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}'
    )
}

/// Operators as other languages write them, signs before words.
pub(super) fn foreign_operator(rest: &str) -> Option<&'static str> {
    const AND: &str = "there is no AND; write IIF within IIF: IIF(first, IIF(second, yes, no), no)";
    const OR: &str = "there is no OR; write IIF within IIF: IIF(first, yes, IIF(second, yes, no))";
    const ARITHMETIC: &str = "there is no arithmetic; texts are joined with & or Join";
    const SIGNS: [(&str, &str); 12] = [
        ("==", "'equal' is written ="),
        ("!=", "'not equal' is written <>"),
        ("=>", "'greater or equal' is written >="),
        ("=<", "'less or equal' is written <="),
        ("><", "'not equal' is written <>"),
        ("&&", AND),
        ("||", OR),
        ("+", ARITHMETIC),
        ("-", ARITHMETIC),
        ("*", ARITHMETIC),
        ("/", ARITHMETIC),
        ("%", ARITHMETIC),
    ];
    const WORDS: [(&str, &str); 12] = [
        ("and", AND),
        ("or", OR),
        ("-and", AND),
        ("-or", OR),
        ("eq", "'equal' is written ="),
        ("-eq", "'equal' is written ="),
        ("ne", "'not equal' is written <>"),
        ("-ne", "'not equal' is written <>"),
        ("-gt", "'greater' is written >"),
        ("-ge", "'greater or equal' is written >="),
        ("-lt", "'less' is written <"),
        ("-le", "'less or equal' is written <="),
    ];
    if is_entity(rest) {
        return Some(ENTITY);
    }
    if rest.strip_prefix("&H").is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_hexdigit())) {
        return Some(
            "&H begins a hexadecimal number; put a blank behind & to join, or a comma before the number",
        );
    }
    let length = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_')).unwrap_or(rest.len());
    let word = &rest[..length];
    let foreign = WORDS.iter().find(|(foreign, _)| foreign.eq_ignore_ascii_case(word));
    let foreign = foreign.or_else(|| SIGNS.iter().find(|(foreign, _)| rest.starts_with(foreign)));
    foreign.map(|(_, problem)| *problem)
}

const ENTITY: &str =
    "this is a sign as HTML and XML spell it, such as &quot; or &amp;; write the sign itself";

/// Whether a text begins as `&amp;` and `&#34;` do.
fn is_entity(text: &str) -> bool {
    let Some(name) = text.strip_prefix('&') else { return false };
    let name = name.strip_prefix('#').unwrap_or(name);
    let length = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    length > 0 && name[length..].starts_with(';')
}

fn shown(sign: char) -> String {
    if sign.is_control() { format!("the character U+{:04X}", u32::from(sign)) } else { format!("'{sign}'") }
}
