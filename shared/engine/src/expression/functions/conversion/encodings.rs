//! Texts as bytes in base64 or hexadecimal digits, and back.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::super::text::bounded;
use super::super::{Arguments, Evaluated, Outcome, Problem};

/// As .NET reads and writes it: with padding, and without minding bits behind the last byte.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Encodings of texts by .NET's names; its `Unicode` is UTF-16, low byte first.
pub(super) const ENCODINGS: &[&str] = &["Unicode", "ASCII", "UTF8"];

/// The bytes behind base64, in which white space counts for nothing.
pub(super) fn decoded(base64: &str) -> Option<Vec<u8>> {
    let digits: String = base64.chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).collect();
    BASE64.decode(digits).ok()
}

/// `ConvertToBase64(source)`: of the text in UTF-16, low byte first.
pub(super) fn to_base64<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Some(source) = arguments.text(0)? else { return Ok(Evaluated::Null) };
    let bytes: Vec<u8> = source.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bounded(BASE64.encode(bytes)).map(Evaluated::text)
}

/// `ConvertFromBase64(source, Encoding)`. Bytes that are no text in that encoding fail the person: .NET would put
/// question marks in their place, and an account would get them.
pub(super) fn from_base64<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Some(source) = arguments.text(0)? else { return Ok(Evaluated::Null) };
    let encoding = match arguments.text(1)? {
        None => Encoding::Utf16,
        Some(name) => Encoding::named(&name)
            .ok_or_else(|| Problem::of(1, format!("is one of {}", ENCODINGS.join(", ")), name))?,
    };
    let bytes = decoded(&source).ok_or_else(|| Problem::of(0, "takes base64", &*source))?;
    encoding.text(bytes).map(Evaluated::text).ok_or_else(|| {
        Problem::of(
            0,
            format!("holds no text in {encoding}; name the encoding it has as the second argument"),
            source,
        )
    })
}

/// `ConvertToUTF8Hex(source)`: two digits a byte, in upper case.
pub(super) fn to_utf8_hex<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Some(source) = arguments.text(0)? else { return Ok(Evaluated::Null) };
    let mut hex = String::with_capacity(source.len() * 2);
    for byte in source.bytes() {
        // Writing into a text cannot fail.
        let _ = write!(hex, "{byte:02X}");
    }
    bounded(hex).map(Evaluated::text)
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Utf16,
    Ascii,
    Utf8,
}

impl Encoding {
    fn named(name: &str) -> Option<Self> {
        let at = ENCODINGS.iter().position(|known| known.eq_ignore_ascii_case(name))?;
        [Self::Utf16, Self::Ascii, Self::Utf8].get(at).copied()
    }

    fn text(self, bytes: Vec<u8>) -> Option<String> {
        match self {
            Self::Utf16 => {
                let (pairs, rest) = bytes.as_chunks::<2>();
                let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
                if rest.is_empty() { String::from_utf16(&units).ok() } else { None }
            }
            Self::Ascii if !bytes.is_ascii() => None,
            Self::Ascii | Self::Utf8 => String::from_utf8(bytes).ok(),
        }
    }
}

impl std::fmt::Display for Encoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Utf16 => "UTF-16 (Unicode)",
            Self::Ascii => "ASCII",
            Self::Utf8 => "UTF-8",
        })
    }
}
