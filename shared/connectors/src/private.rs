//! Private files in a source's work folder.
//!
//! In: the folder, which belongs to one source. Out: files that only this user may read, and a folder that does not
//! fill up.
//!
//! # Assumptions
//! Files under way are called `incoming-….part`; finished ones by 32 hexadecimal digits.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Creates a file that only this user may read: it holds people's data.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether a finished file is called so.
pub(crate) fn is_name(stem: &str) -> bool {
    stem.len() == 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Deletes files that came to nothing, and finished ones of these kinds but the one to keep. With none to keep, all
/// finished ones stay. Failing is no harm: the next reading tries again.
pub(crate) fn sweep(folder: &Path, keep: Option<&str>, kinds: &[&str]) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let ours = match path.extension().and_then(|extension| extension.to_str()) {
            Some("part") => stem.starts_with("incoming-"),
            Some(kind) if kinds.contains(&kind) => is_name(stem) && keep.is_some_and(|keep| keep != stem),
            _ => false,
        };
        if ours {
            let _ = fs::remove_file(path);
        }
    }
}
