//! Reading the outbox: what lies in it, newest first.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use mail_parser::MessageParser;
use serde::Serialize;

/// A mail as it lies there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mail {
    /// The name of its file.
    pub(crate) file: String,
    /// When it was written.
    pub(crate) time: Option<Timestamp>,
    /// Whom it is for.
    pub(crate) to: Vec<String>,
    /// What it is about.
    pub(crate) subject: String,
    /// What it says.
    pub(crate) text: String,
}

/// All mails of a folder, newest first. A folder that is not there holds none.
pub(crate) fn read_all(folder: &Path) -> anyhow::Result<Vec<Mail>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read {}", folder.display()))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".eml") {
            names.push(name);
        }
    }
    names.sort_by(|one, other| other.cmp(one));
    names.into_iter().map(|name| read(folder, name)).collect()
}

fn read(folder: &Path, file: String) -> anyhow::Result<Mail> {
    let path = folder.join(&file);
    let content = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let message = MessageParser::default().parse(&content);
    let message = message.with_context(|| format!("{} is no mail; remove it", path.display()))?;
    let to = message.to().into_iter().flat_map(|to| to.iter());
    Ok(Mail {
        time: message.date().and_then(|date| Timestamp::from_second(date.to_timestamp()).ok()),
        to: to.filter_map(|to| to.address().map(str::to_owned)).collect(),
        subject: message.subject().unwrap_or_default().to_owned(),
        text: message.body_text(0).unwrap_or_default().replace("\r\n", "\n"),
        file,
    })
}
