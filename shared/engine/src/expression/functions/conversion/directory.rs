//! What directories hold: distinguished names (RFC 4514) and security identifiers (MS-DTYP 2.4.2).

use super::super::text::{number, refused, whole_number};
use super::super::{ArgumentProblem, Arguments, Constant, Evaluated, Outcome, Prepared, Problem};
use super::encodings::decoded;

/// What the number of a component must be.
const FROM_ONE: &str = "counts from 1, which is the leftmost component";

/// `DNComponent(dn, ComponentNumber)`: null when the name has fewer components.
pub(super) fn dn_component<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Some(dn) = arguments.text(0)? else { return Ok(Evaluated::Null) };
    let number = whole_number(arguments, 1)?;
    let before = number.checked_sub(1).and_then(|before| usize::try_from(before).ok());
    let before = before.ok_or_else(|| Problem::of(1, FROM_ONE, number.to_string()))?;
    let mut components = components(&dn).map_err(|problem| Problem::of(0, problem, &*dn))?;
    if before >= components.len() {
        return Ok(Evaluated::Null);
    }
    Ok(Evaluated::text(components.swap_remove(before)))
}

/// Judges a constant number.
pub(super) fn dn_component_constants(constants: &[Constant<'_>]) -> Result<Prepared, ArgumentProblem> {
    match number(constants, 1) {
        Some(number) if number < 1 => Err(refused("DNComponent", "ComponentNumber", 1, FROM_ONE)),
        _ => Ok(Prepared::Nothing),
    }
}

/// What is wrong with a distinguished name.
const NO_NAME: &str =
    "is no distinguished name; it is made of parts such as cn=Kim, with commas between them";

/// The value of each component, from the left. Of a component of several parts (`cn=Kim+uid=7`), the first part's.
pub(super) fn components(dn: &str) -> Result<Vec<String>, &'static str> {
    let mut values = Vec::new();
    if dn.trim().is_empty() {
        return Ok(values);
    }
    let mut rest = dn;
    let mut is_first_part = true;
    loop {
        let (name, behind) = rest.split_once('=').ok_or(NO_NAME)?;
        let name = name.trim();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')) {
            return Err(NO_NAME);
        }
        let (value, end) = value(behind.as_bytes())?;
        if is_first_part {
            values.push(value);
        }
        let Some(separator) = behind.as_bytes().get(end) else { return Ok(values) };
        is_first_part = *separator == b',';
        rest = behind.get(end + 1..).unwrap_or_default();
    }
}

/// The value at the beginning of a text without its escapes, and the place of the separator behind it.
fn value(text: &[u8]) -> Result<(String, usize), &'static str> {
    let mut bytes = Vec::new();
    // Spaces around a value are not part of it, unless they are escaped.
    let mut kept = 0;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b',' | b'+' => {
                at -= 1;
                break;
            }
            // Older notations, in which they enclose a value or separate components.
            b'"' | b';' => {
                return Err("holds a quotation mark or semicolon that needs a backslash before it");
            }
            b'\\' => {
                let (byte, length) = escaped(text.get(at..).unwrap_or_default())
                    .ok_or("holds a backslash that escapes nothing; a backslash itself is written twice")?;
                bytes.push(byte);
                kept = bytes.len();
                at += length;
            }
            b' ' if bytes.is_empty() => {}
            byte => {
                bytes.push(byte);
                if byte != b' ' {
                    kept = bytes.len();
                }
            }
        }
    }
    bytes.truncate(kept);
    let value = String::from_utf8(bytes).map_err(|_| "holds escaped bytes that are no UTF-8")?;
    Ok((value, at))
}

/// The byte that an escape stands for, and the length of what follows its backslash: two hexadecimal digits, or one
/// of the characters that must or may be escaped.
fn escaped(behind: &[u8]) -> Option<(u8, usize)> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match behind {
        [high, low, ..] if digit(*high).is_some() && digit(*low).is_some() => {
            Some((digit(*high)? << 4 | digit(*low)?, 2))
        }
        [byte, ..] if b" \"#+,;<=>\\".contains(byte) => Some((*byte, 1)),
        _ => None,
    }
}

/// `StringFromSid(ObjectSID)`: of the binary identifier, which sources hand over in base64.
pub(super) fn string_from_sid<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Some(sid) = arguments.text(0)? else { return Ok(Evaluated::Null) };
    let text = decoded(&sid).and_then(|bytes| sid_text(&bytes));
    text.map(Evaluated::text).ok_or_else(|| {
        Problem::of(
            0,
            "takes a binary security identifier in base64; one that is text already needs no conversion",
            sid,
        )
    })
}

/// `S-1-5-21-…`: revision, authority (high byte first), then the sub-authorities (low byte first).
pub(super) fn sid_text(bytes: &[u8]) -> Option<String> {
    /// How many sub-authorities there may be.
    const MOST: u8 = 15;
    let (&[revision, count, a, b, c, d, e, f], sub_authorities) = bytes.split_first_chunk()?;
    let (sub_authorities, rest) = sub_authorities.as_chunks();
    if revision != 1 || count > MOST || sub_authorities.len() != usize::from(count) || !rest.is_empty() {
        return None;
    }
    let authority = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    let authority = match u32::try_from(authority) {
        Ok(authority) => authority.to_string(),
        Err(_) => format!("0x{authority:012x}"),
    };
    let sub_authorities = sub_authorities.iter().map(|bytes| format!("-{}", u32::from_le_bytes(*bytes)));
    Some(format!("S-1-{authority}{}", sub_authorities.collect::<String>()))
}
