//! Mail into a folder: one RFC 5322 file each, for a person or another program to take from there.
//!
//! In: a letter. Out: `<time>-<application>-<id>.eml`, for its owner alone, whole from the moment it is there. Promised:
//! names sort by time; a letter that is sent again replaces itself.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use crate::letter::{Letter, Mailer, SendError, Sender};
use crate::message::message;

/// A folder that takes mail.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    sender: Sender,
}

impl Folder {
    /// A folder, which need not be there yet.
    #[must_use]
    pub fn new(path: PathBuf, sender: Sender) -> Self {
        Self { path, sender }
    }
}

#[async_trait]
impl Mailer for Folder {
    async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        let (folder, name) = (self.path.clone(), file_name(letter));
        let failed = format!("cannot write {name} into {}", folder.display());
        // Under its name a file is there whole, or not at all.
        let refused = |error: &dyn std::fmt::Display| SendError::Refused(format!("{failed}: {error}"));
        let message = message(letter, &self.sender).map_err(|error| refused(&error))?.formatted();
        match tokio::task::spawn_blocking(move || write(&folder, &name, &message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(refused(&error)),
            Err(error) => Err(SendError::Unanswered(format!("{failed}: {error}"))),
        }
    }
}

fn file_name(letter: &Letter) -> String {
    let harmless = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let application: String =
        letter.application.chars().map(|letter| if harmless(letter) { letter } else { '_' }).collect();
    let id = letter.id.as_fields().0;
    format!("{}-{application}-{id:08x}.eml", letter.at.strftime("%Y%m%dT%H%M%S.%3fZ"))
}

/// Writes a file under another name first, so that nobody reads half of it, and to the disk, so that a mail that is
/// confirmed is there after a power cut.
fn write(folder: &Path, name: &str, content: &[u8]) -> std::io::Result<()> {
    let (mut folders, mut options) = (DirBuilder::new(), OpenOptions::new());
    folders.recursive(true);
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        folders.mode(0o700);
        options.mode(0o600);
    }
    folders.create(folder)?;
    let draft = folder.join(format!(".{name}.new"));
    // One that a dead process left has whatever rights and content.
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = options.open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&draft, folder.join(name))?;
    #[cfg(unix)]
    if let Err(error) = std::fs::File::open(folder).and_then(|folder| folder.sync_all()) {
        tracing::warn!("{name} is written, and may be gone after a power cut: {error}");
    }
    Ok(())
}
