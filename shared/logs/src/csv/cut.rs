//! A zip that is dropped is not finished.
//!
//! The writer of zips ends an archive also when it is dropped, with a table of contents of what there is by then. Of a
//! download that failed half-way that would be a file that opens, and lacks records.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A writer that takes nothing any more once its other half is gone.
pub(super) struct Cut<W> {
    out: W,
    cut: Arc<AtomicBool>,
}

/// The other half.
pub(super) struct CutOnDrop(Arc<AtomicBool>);

pub(super) fn new<W>(out: W) -> (CutOnDrop, Cut<W>) {
    let cut = Arc::new(AtomicBool::new(false));
    (CutOnDrop(cut.clone()), Cut { out, cut })
}

impl<W> Cut<W> {
    pub(super) fn into_inner(self) -> W {
        self.out
    }
}

impl Drop for CutOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<W: Write> Write for Cut<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Nobody is there to hear of an error.
        if self.cut.load(Ordering::Relaxed) { Ok(bytes.len()) } else { self.out.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.cut.load(Ordering::Relaxed) { Ok(()) } else { self.out.flush() }
    }
}
