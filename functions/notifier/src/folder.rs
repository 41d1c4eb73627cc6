//! Mail into a folder: one RFC 5322 file each, for a person or another program to take from there.
//!
//! In: a letter. Out: `<time>-<application>-<id>.eml`, for its owner alone, whole from the moment it is there. Promised:
//! names sort by time; a letter that is sent again replaces itself; whatever stands in a letter, its headers are the ones
//! written here.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::{Address, Message};

use crate::{Letter, Mailer};

/// Keeps automatic answers away: RFC 3834 §5.
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// A folder that takes mail.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// A folder, which need not be there yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

#[async_trait]
impl Mailer for Folder {
    async fn send(&self, letter: &Letter) -> anyhow::Result<()> {
        let (folder, name, message) = (self.path.clone(), file_name(letter), message(letter)?);
        let failed = format!("cannot write {name} into {}", folder.display());
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &message)).await;
        written.map_err(std::io::Error::other).flatten().context(failed)
    }
}

fn message(letter: &Letter) -> anyhow::Result<Vec<u8>> {
    let from = Mailbox::new(Some("Rollcall".to_owned()), Address::new("rollcall", "localhost")?);
    let mut message = Message::builder()
        .from(from)
        .date(SystemTime::from(letter.at))
        .message_id(Some(format!("<{}@rollcall>", letter.id)))
        .subject(&letter.subject)
        .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned()))
        .header(ContentType::TEXT_PLAIN);
    for to in &letter.to {
        message = message.to(Mailbox::new(None, to.clone()));
    }
    Ok(message.body(letter.text.clone())?.formatted())
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
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}
