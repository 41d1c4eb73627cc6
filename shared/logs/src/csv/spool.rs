//! What cannot be written yet, on disk and compressed.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// A file without a name, which is gone with this value or with the process.
pub(super) struct Spool(DeflateEncoder<BufWriter<File>>);

impl Spool {
    pub(super) fn new(work: &Path) -> io::Result<Self> {
        let file = BufWriter::new(tempfile::tempfile_in(work)?);
        // Read once, a moment later: what costs least.
        Ok(Self(DeflateEncoder::new(file, Compression::fast())))
    }

    /// What was written, from its beginning.
    pub(super) fn read(self) -> io::Result<impl Read> {
        let mut file = self.0.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(DeflateDecoder::new(BufReader::new(file)))
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    /// Nothing yet: each flush of the encoder would begin a block of its own.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
