//! Distinguished names (RFC 4514). Pure.
//!
//! In: a DN as a server or an administrator writes it. Out: its parts in one spelling, so that two spellings of the
//! same name are equal.

use engine::ids::digest16;

/// The parts of a DN from the entry up to the root, each in one spelling; `None` when it is no DN.
pub(super) fn parse(dn: &str) -> Option<Vec<String>> {
    if dn.trim().is_empty() {
        return Some(Vec::new());
    }
    split(dn, ',').into_iter().map(rdn).collect()
}

/// A DN without the `<GUID=…>;<SID=…>;` that Active Directory puts in front where it is asked to.
pub(super) fn plain(dn: &str) -> &str {
    match dn.strip_prefix('<').and_then(|rest| rest.split_once(">;")) {
        Some((_, rest)) => plain(rest),
        None => dn,
    }
}

/// Sixteen bytes that stand for a DN, whatever its spelling.
pub(super) fn hash(dn: &str) -> [u8; 16] {
    match parse(dn) {
        Some(parts) => digest16(&[parts.join(",").as_bytes()]),
        None => digest16(&[dn.to_lowercase().as_bytes()]),
    }
}

/// Whether a DN is `base` or lies below it. What is no DN lies everywhere: the careful answer.
pub(super) fn is_within(dn: &str, base: &str) -> bool {
    match (parse(dn), parse(base)) {
        (Some(dn), Some(base)) => dn.ends_with(&base),
        _ => true,
    }
}

/// One part; those with several values (`cn=x+uid=y`) have no order.
fn rdn(text: &str) -> Option<String> {
    let mut values = split(text, '+').into_iter().map(assertion).collect::<Option<Vec<String>>>()?;
    values.sort_unstable();
    Some(values.join("+"))
}

fn assertion(text: &str) -> Option<String> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim();
    if name.is_empty()
        || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
    {
        return None;
    }
    Some(format!("{}={}", name.to_ascii_lowercase(), escaped(&unescaped(value)?)))
}

/// Cuts at a character that is neither escaped nor quoted.
fn split(text: &str, at: char) -> Vec<&str> {
    let (mut parts, mut start, mut escape) = (Vec::new(), 0, false);
    for (position, character) in text.char_indices() {
        if escape {
            escape = false;
        } else if character == '\\' {
            escape = true;
        } else if character == at {
            parts.push(&text[start..position]);
            start = position + 1;
        }
    }
    parts.push(&text[start..]);
    parts
}

/// A value without escapes, in lower case, with single spaces: as caseIgnoreMatch compares.
fn unescaped(value: &str) -> Option<String> {
    let bytes = trimmed(value).as_bytes();
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            plain.push(bytes[at]);
            at += 1;
        } else if let Some(byte) = hex_pair(bytes.get(at + 1..at + 3)) {
            plain.push(byte);
            at += 3;
        } else {
            plain.push(*bytes.get(at + 1)?);
            at += 2;
        }
    }
    let plain = String::from_utf8(plain).ok()?.to_lowercase();
    Some(plain.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Without the white space around it, unless the last one is escaped.
fn trimmed(value: &str) -> &str {
    let value = value.trim_start();
    let bare = value.trim_end();
    let backslashes = bare.bytes().rev().take_while(|byte| *byte == b'\\').count();
    if backslashes % 2 == 1 && bare.len() < value.len() { &value[..=bare.len()] } else { bare }
}

fn hex_pair(pair: Option<&[u8]>) -> Option<u8> {
    let pair = std::str::from_utf8(pair?).ok()?;
    pair.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u8::from_str_radix(pair, 16).ok())?
}

/// Parts are joined by commas and pluses, so those of a value must differ from them.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace(',', "\\,").replace('+', "\\+")
}
