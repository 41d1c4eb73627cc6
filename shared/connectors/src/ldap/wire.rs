//! From BER to entries and controls. Pure, and without a panic: the library's own readers stop the process when a
//! server sends something else than expected.
//!
//! In: the tags of one message. Out: a [`Message`], or `None` when it is not what the protocol says.

use ldap3::ResultEntry;
use ldap3::asn1::{ASNTag, Enumerated, Integer, OctetString, PL, Sequence, StructureTag, Tag, parse_tag};
use ldap3::controls::RawControl;

/// RFC 2696.
pub(super) const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";

/// Active Directory: names of entries with their GUIDs (`<GUID=…>;<SID=…>;CN=…`).
pub(super) const EXTENDED_DN: &str = "1.2.840.113556.1.4.529";

const ENTRY: u64 = 4;
const REFERENCE: u64 = 19;
const INTERMEDIATE: u64 = 25;

/// What a search sends before its result.
#[derive(Debug, Clone)]
pub(super) enum Message {
    Entry(Entry),
    /// A part of the subtree lies elsewhere: LDAP URLs.
    Reference(Vec<String>),
    /// An intermediate response: its OID and value.
    Intermediate {
        oid: String,
        value: Option<Vec<u8>>,
    },
}

/// One entry of a search.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    pub(super) dn: String,
    /// Name as the server spells it, options included, and values in the server's order.
    pub(super) attributes: Vec<(String, Vec<Vec<u8>>)>,
    /// Controls that came with this entry (RFC 4533 Sync State).
    pub(super) controls: Vec<RawControl>,
}

impl Entry {
    /// The values of an attribute, whatever the case of its name; none when it is not there.
    pub(super) fn values(&self, name: &str) -> &[Vec<u8>] {
        let found = self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or(&[], |(_, values)| values)
    }

    /// The first value of an attribute, when it is text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.values(name).first()?).ok()
    }
}

/// Understands a message of a search.
pub(super) fn message(raw: ResultEntry) -> Option<Message> {
    let (tag, controls) = (raw.0, raw.1);
    let id = tag.id;
    let mut parts = constructed(tag)?.into_iter();
    match id {
        ENTRY => {
            let dn = text(parts.next()?)?;
            let attributes = constructed(parts.next()?)?.into_iter().map(attribute).collect::<Option<_>>()?;
            let controls = controls.into_iter().map(|control| control.1).collect();
            Some(Message::Entry(Entry { dn, attributes, controls }))
        }
        REFERENCE => Some(Message::Reference(parts.map(text).collect::<Option<_>>()?)),
        INTERMEDIATE => {
            let (mut oid, mut value) = (String::new(), None);
            for part in parts {
                match part.id {
                    0 => oid = text(part)?,
                    1 => value = Some(primitive(part)?),
                    _ => {}
                }
            }
            Some(Message::Intermediate { oid, value })
        }
        _ => None,
    }
}

fn attribute(tag: StructureTag) -> Option<(String, Vec<Vec<u8>>)> {
    let mut parts = constructed(tag)?.into_iter();
    let name = text(parts.next()?)?;
    let values = constructed(parts.next()?)?.into_iter().map(primitive).collect::<Option<_>>()?;
    Some((name, values))
}

/// The parts of a constructed value.
pub(super) fn constructed(tag: StructureTag) -> Option<Vec<StructureTag>> {
    match tag.payload {
        PL::C(parts) => Some(parts),
        PL::P(_) => None,
    }
}

/// The bytes of a primitive value.
pub(super) fn primitive(tag: StructureTag) -> Option<Vec<u8>> {
    match tag.payload {
        PL::P(bytes) => Some(bytes),
        PL::C(_) => None,
    }
}

fn text(tag: StructureTag) -> Option<String> {
    String::from_utf8(primitive(tag)?).ok()
}

/// The parts of a control's or message's value that is a sequence.
pub(super) fn sequence(value: &[u8]) -> Option<Vec<StructureTag>> {
    let (_, tag) = parse_tag(value).ok()?;
    constructed(tag)
}

/// A whole number, two's complement.
pub(super) fn integer(tag: StructureTag) -> Option<i64> {
    let bytes = primitive(tag)?;
    let negative = bytes.first()? & 0x80 != 0;
    (bytes.len() <= 8).then(|| {
        bytes.iter().fold(if negative { -1 } else { 0 }, |number: i64, byte| number << 8 | i64::from(*byte))
    })
}

/// A request control.
pub(super) fn control(oid: &str, critical: bool, value: Option<Tag>) -> RawControl {
    let val = value.map(|value| {
        let mut bytes = Vec::new();
        encode(&value.into_structure(), &mut bytes);
        bytes
    });
    RawControl { ctype: oid.to_owned(), crit: critical, val }
}

/// A control's value that is a sequence of numbers and texts.
pub(super) fn sequence_of(parts: Vec<Tag>) -> Tag {
    Tag::Sequence(Sequence { inner: parts, ..Default::default() })
}

/// A whole number of a control's value.
pub(super) fn number(inner: i64) -> Tag {
    Tag::Integer(Integer { inner, ..Default::default() })
}

/// An enumerated number of a control's value.
pub(super) fn enumerated(inner: i64) -> Tag {
    Tag::Enumerated(Enumerated { inner, ..Default::default() })
}

/// Bytes of a control's value.
pub(super) fn octets(inner: Vec<u8>) -> Tag {
    Tag::OctetString(OctetString { inner, ..Default::default() })
}

/// The request for a page.
pub(super) fn page_control(size: u32, cookie: Vec<u8>) -> RawControl {
    control(PAGED_RESULTS, true, Some(sequence_of(vec![number(size.into()), octets(cookie)])))
}

/// The request for extended names, their GUIDs written with hyphens.
pub(super) fn extended_dn_control() -> RawControl {
    control(EXTENDED_DN, false, Some(sequence_of(vec![number(1)])))
}

/// The cookie with which the next page is asked for; empty after the last page. `None` when the server did not page.
pub(super) fn page_cookie(controls: &[RawControl]) -> Option<Vec<u8>> {
    let control = controls.iter().find(|control| control.ctype == PAGED_RESULTS)?;
    primitive(sequence(control.val.as_deref()?)?.into_iter().nth(1)?)
}

/// Definite lengths, shortest form.
fn encode(tag: &StructureTag, into: &mut Vec<u8>) {
    let (constructed, content) = match &tag.payload {
        PL::P(bytes) => (0, bytes.clone()),
        PL::C(parts) => {
            let mut content = Vec::new();
            parts.iter().for_each(|part| encode(part, &mut content));
            (0x20, content)
        }
    };
    into.push(((tag.class as u8) << 6) | constructed | (tag.id as u8 & 0x1f));
    if content.len() < 0x80 {
        into.push(content.len() as u8);
    } else {
        let length = content.len().to_be_bytes();
        let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
        into.push(0x80 | length.len() as u8);
        into.extend_from_slice(length);
    }
    into.extend_from_slice(&content);
}
