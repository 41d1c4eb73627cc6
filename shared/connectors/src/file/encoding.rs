//! From a raw copy to UTF-8.
//!
//! In: a [`Raw`] copy and the configured encoding. Out: the path of a UTF-8 copy, which is the raw one when it is
//! UTF-8 already. A byte order mark wins over the configuration, the configuration over a guess; and no guess is
//! made when part of the file is UTF-8, because it would turn those names into nonsense without a word.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

use super::config::TextEncoding;
use super::error::{FileError, Label};
use super::intake::{Raw, lines};
use crate::private;

/// Bytes decoded at a time: large enough for few calls, small enough for any stack of buffers.
const CHUNK: usize = 64 * 1024;

/// Makes sure the copy is UTF-8; `beside` is where a converted copy goes.
pub(super) fn to_utf8(
    raw: Raw,
    configured: TextEncoding,
    file: &Arc<Label>,
    beside: &Path,
) -> Result<PathBuf, FileError> {
    if raw.bytes == 0 {
        return Err(FileError::Empty { file: file.clone() });
    }
    let encoding = choose(&raw, configured, file)?;
    if encoding == UTF_8 {
        let bad = |line, encoding| FileError::BadText { file: file.clone(), line, encoding };
        if let Some(line) = raw.utf8.first_invalid {
            return Err(bad(line, UTF_8.name()));
        }
        return match raw.nul_line {
            Some(line) => Err(FileError::NotText { file: file.clone(), line }),
            None => Ok(raw.path),
        };
    }
    Transcoding { decoder: encoding.new_decoder_with_bom_removal(), encoding, file, line_ends: 0 }
        .run(&raw.path, beside)?;
    Ok(beside.to_owned())
}

fn choose(raw: &Raw, configured: TextEncoding, file: &Arc<Label>) -> Result<&'static Encoding, FileError> {
    if let Some(encoding) = raw.mark.or_else(|| configured.named()) {
        return Ok(encoding);
    }
    // A NUL byte settles it before any guess: `auto` reads no UTF-16 without a mark.
    if let Some(line) = raw.nul_line {
        return Err(FileError::NotText { file: file.clone(), line });
    }
    let Some(line) = raw.utf8.first_invalid else { return Ok(UTF_8) };
    // In text of one byte a character, two neighbours hardly ever look like UTF-8; in Asian encodings now and then.
    let mixed =
        if raw.guess.is_single_byte() { raw.utf8.wide > 0 } else { raw.utf8.wide >= raw.utf8.invalid };
    if mixed {
        return Err(FileError::MixedText { file: file.clone(), line });
    }
    let encoding = raw.guess.name();
    tracing::warn!(
        %file,
        encoding,
        "the file is not UTF-8 and its encoding was guessed; name it in {}.encoding",
        file.section
    );
    Ok(raw.guess)
}

struct Transcoding<'a> {
    decoder: Decoder,
    encoding: &'static Encoding,
    file: &'a Arc<Label>,
    line_ends: u64,
}

impl Transcoding<'_> {
    fn run(&mut self, from: &Path, to: &Path) -> Result<(), FileError> {
        let work = |cause: io::Error| FileError::WorkFolder { folder: to.display().to_string(), cause };
        let mut input = File::open(from).map_err(work)?;
        let mut output = private::create(to).map_err(work)?;
        let mut bytes = vec![0; CHUNK];
        loop {
            let read = input.read(&mut bytes).map_err(work)?;
            self.decode(&bytes[..read], read == 0, &mut output).map_err(|stop| match stop {
                Stop::Io(cause) => work(cause),
                Stop::Text(error) => error,
            })?;
            if read == 0 {
                return output.flush().map_err(work);
            }
        }
    }

    fn decode(&mut self, mut bytes: &[u8], last: bool, output: &mut File) -> Result<(), Stop> {
        let mut text = vec![0; CHUNK];
        loop {
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(bytes, &mut text, last);
            self.keep(&text[..written], output)?;
            bytes = &bytes[read..];
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    return Err(Stop::Text(FileError::BadText {
                        file: self.file.clone(),
                        line: self.line_ends + 1,
                        encoding: self.encoding.name(),
                    }));
                }
            }
        }
    }

    fn keep(&mut self, text: &[u8], output: &mut File) -> Result<(), Stop> {
        if let Some(position) = text.iter().position(|byte| *byte == 0) {
            let line = self.line_ends + lines(&text[..position]) + 1;
            return Err(Stop::Text(FileError::NotText { file: self.file.clone(), line }));
        }
        self.line_ends += lines(text);
        output.write_all(text).map_err(Stop::Io)
    }
}

enum Stop {
    Io(io::Error),
    Text(FileError),
}
