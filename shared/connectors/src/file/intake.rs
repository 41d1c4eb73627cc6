//! What is learnt about a file while its bytes pass by once: size, hash, and which text it is.
//!
//! In: chunks. Out: the same bytes on disk, and [`Raw`]. Memory does not grow with the file.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;
use sha2::{Digest, Sha256};

use crate::private;

/// How much text the encoding is guessed from: a megabyte holds the accents of ten thousand names, more would
/// only take time.
const GUESS_FROM: usize = 1 << 20;

/// Takes the bytes of one version of the file.
pub(super) struct Intake {
    file: File,
    path: PathBuf,
    hash: Sha256,
    bytes: u64,
    head: Vec<u8>,
    utf8: Utf8Check,
    guess: EncodingDetector,
    guessed_from: usize,
    nul_line: Option<u64>,
}

/// A raw copy, and what is known of it.
#[derive(Debug)]
pub(super) struct Raw {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub(super) sha256: String,
    /// How many bytes.
    pub(super) bytes: u64,
    /// The encoding its byte order mark names.
    pub(super) mark: Option<&'static Encoding>,
    /// Whether and where it is not UTF-8.
    pub(super) utf8: Utf8Check,
    /// What it probably is, should it not be UTF-8.
    pub(super) guess: &'static Encoding,
    /// The first line with a NUL byte.
    pub(super) nul_line: Option<u64>,
}

impl Intake {
    /// Begins a raw copy at `path`.
    pub(super) fn begin(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: private::create(path)?,
            path: path.to_owned(),
            hash: Sha256::new(),
            bytes: 0,
            head: Vec::new(),
            utf8: Utf8Check::default(),
            guess: EncodingDetector::new(Iso2022JpDetection::Deny),
            guessed_from: 0,
            nul_line: None,
        })
    }

    /// Bytes taken so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.hash.update(chunk);
        self.bytes += chunk.len() as u64;
        // The longest byte order mark has three bytes.
        let missing = 3_usize.saturating_sub(self.head.len()).min(chunk.len());
        self.head.extend(&chunk[..missing]);
        if self.nul_line.is_none()
            && let Some(position) = chunk.iter().position(|byte| *byte == 0)
        {
            self.nul_line = Some(self.utf8.line() + lines(&chunk[..position]));
        }
        if !chunk.is_ascii() && self.guessed_from < GUESS_FROM {
            self.guess.feed(chunk, false);
            self.guessed_from += chunk.len();
        }
        self.utf8.feed(chunk);
        self.file.write_all(chunk)
    }

    /// Ends the copy.
    pub(super) fn finish(mut self) -> io::Result<Raw> {
        self.file.flush()?;
        self.utf8.end();
        self.guess.feed(&[], true);
        Ok(Raw {
            path: self.path,
            sha256: hex(&self.hash.finalize()),
            bytes: self.bytes,
            mark: Encoding::for_bom(&self.head).map(|(encoding, _)| encoding),
            utf8: self.utf8,
            guess: self.guess.guess(None, Utf8Detection::Deny),
            nul_line: self.nul_line,
        })
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Line ends in `bytes`.
pub(super) fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// Checks UTF-8 chunk by chunk.
#[derive(Debug, Default)]
pub(super) struct Utf8Check {
    /// The first line with a byte that is not UTF-8.
    pub(super) first_invalid: Option<u64>,
    /// How many sequences are not UTF-8.
    pub(super) invalid: u64,
    /// How many characters beyond ASCII are.
    pub(super) wide: u64,
    /// The beginning of a character whose end is in the next chunk.
    carry: Vec<u8>,
    line_ends: u64,
}

impl Utf8Check {
    /// The line the next byte is on.
    pub(super) fn line(&self) -> u64 {
        self.line_ends + 1
    }

    fn feed(&mut self, chunk: &[u8]) {
        if self.carry.is_empty() {
            return self.check(chunk);
        }
        let mut joined = std::mem::take(&mut self.carry);
        joined.extend(chunk);
        self.check(&joined);
    }

    fn check(&mut self, mut rest: &[u8]) {
        loop {
            let (good, broken) = match std::str::from_utf8(rest) {
                Ok(_) => (rest, None),
                Err(error) => (&rest[..error.valid_up_to()], Some(error.error_len())),
            };
            self.count(good);
            let bad = &rest[good.len()..];
            match broken {
                None => return,
                Some(None) => return self.carry.extend(bad),
                Some(Some(length)) => {
                    self.reject();
                    rest = &bad[length..];
                }
            }
        }
    }

    fn count(&mut self, good: &[u8]) {
        self.line_ends += lines(good);
        // Every character beyond ASCII has exactly one byte of the form 11xxxxxx.
        self.wide += good.iter().filter(|byte| **byte >= 0xC0).count() as u64;
    }

    fn reject(&mut self) {
        self.invalid += 1;
        self.first_invalid.get_or_insert(self.line_ends + 1);
    }

    /// A character whose end never came is no character.
    fn end(&mut self) {
        if !self.carry.is_empty() {
            self.carry.clear();
            self.reject();
        }
    }
}
