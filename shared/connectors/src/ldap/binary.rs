//! Values that are no text: GUIDs and SIDs. Pure.

use uuid::Uuid;

use super::config::Anchor;

/// A GUID as Active Directory stores it: the first three parts with their lowest byte first.
pub(super) fn guid(bytes: &[u8]) -> Option<Uuid> {
    Some(Uuid::from_bytes_le(bytes.try_into().ok()?))
}

/// The anchor's value as sixteen bytes.
pub(super) fn anchor(attribute: Anchor, value: &[u8]) -> Option<Uuid> {
    match attribute {
        Anchor::EntryUuid => Uuid::try_parse(std::str::from_utf8(value).ok()?).ok(),
        Anchor::ObjectGuid => guid(value),
    }
}

/// The anchor as a filter asks for it.
pub(super) fn anchor_filter(attribute: Anchor, id: Uuid) -> String {
    match attribute {
        Anchor::EntryUuid => format!("(entryUUID={id})"),
        Anchor::ObjectGuid => {
            let escaped: String = id.to_bytes_le().iter().map(|byte| format!("\\{byte:02x}")).collect();
            format!("(objectGUID={escaped})")
        }
    }
}

/// `S-1-5-21-…`: revision, count, a big-endian authority of six bytes, little-endian parts of four.
pub(super) fn sid(bytes: &[u8]) -> Option<String> {
    let (revision, count) = (*bytes.first()?, usize::from(*bytes.get(1)?));
    if bytes.len() != 8 + 4 * count {
        return None;
    }
    let authority = bytes[2..8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let parts = bytes[8..].chunks_exact(4).map(|part| {
        let number = part.iter().rev().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        format!("-{number}")
    });
    Some(format!("S-{revision}-{authority}{}", parts.collect::<String>()))
}
