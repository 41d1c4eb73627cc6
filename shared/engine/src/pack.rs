//! Bytes made small before they are stored, and back.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::thread::LocalKey;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// Nothing is larger than this once inflated: a page of five hundred people with a hundred kilobytes each, a listing of
/// a hundred thousand accounts with a kilobyte each. A stored item that claims more was not written by Rollcall.
const LARGEST: u64 = 128 * 1024 * 1024;

type Encoder = RefCell<DeflateEncoder<Vec<u8>>>;

fn encoder(level: Compression) -> Encoder {
    RefCell::new(DeflateEncoder::new(Vec::new(), level))
}

// Each thread keeps its own: to make one takes a quarter of a megabyte that is zeroed, and longer than to deflate a record.
thread_local! {
    static SMALL: Encoder = encoder(Compression::default());
    static QUICK: Encoder = encoder(Compression::fast());
}

/// Deflated bytes (RFC 1951), for what is kept, and paid for by its size.
///
/// # Errors
/// None that is known of: it is written to memory.
pub fn deflated(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    deflated_by(&SMALL, bytes)
}

/// The same in less time and more bytes, for what is large and soon replaced.
pub(crate) fn quickly_deflated(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    deflated_by(&QUICK, bytes)
}

fn deflated_by(encoder: &'static LocalKey<Encoder>, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    encoder.with_borrow_mut(|encoder| {
        // In one piece: fed a few bytes at a time, the compressor spends its time starting over.
        encoder.write_all(bytes)?;
        encoder.reset(Vec::new())
    })
}

/// What was deflated; cut off where no more can have been meant.
///
/// # Errors
/// When it was not deflated.
pub fn inflated(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut inflated = Vec::new();
    DeflateDecoder::new(bytes).take(LARGEST).read_to_end(&mut inflated)?;
    Ok(inflated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_the_same_whatever_was_deflated_before_and_come_back() {
        type Deflate = fn(&[u8]) -> std::io::Result<Vec<u8>>;
        let ways: [(Deflate, _); 2] =
            [(deflated, Compression::default()), (quickly_deflated, Compression::fast())];
        let texts = [b"a".repeat(300_000), Vec::new(), (0..=255).collect(), b"a".to_vec()];
        for (deflate, level) in ways {
            for text in texts.iter().chain(&texts) {
                let bytes = deflate(text).unwrap();
                let mut alone = DeflateEncoder::new(Vec::new(), level);
                alone.write_all(text).unwrap();
                assert_eq!(bytes, alone.finish().unwrap());
                assert_eq!(&inflated(&bytes).unwrap(), text);
            }
        }
    }
}
