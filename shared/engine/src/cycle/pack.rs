//! Bytes made small before they are stored, and back.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// Nothing is larger than this once inflated: a page of five hundred people with a hundred kilobytes each, a listing of
/// a hundred thousand accounts with a kilobyte each. A stored item that claims more was not written by Rollcall.
const LARGEST: u64 = 128 * 1024 * 1024;

pub(super) fn deflated(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    // In one piece: fed a few bytes at a time, the compressor spends its time starting over.
    encoder.write_all(bytes)?;
    encoder.finish()
}

pub(super) fn inflated(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut inflated = Vec::new();
    DeflateDecoder::new(bytes).take(LARGEST).read_to_end(&mut inflated)?;
    Ok(inflated)
}
