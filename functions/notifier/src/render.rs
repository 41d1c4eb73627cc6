//! What a mail says, as plain text and as a page.
//!
//! In: [`Content`]. Out: both, with the same words. Promised: whatever stands in a text of others, it is text on the page.

use std::fmt::Write as _;

use askama::Template;
use jiff::Timestamp;
use lettre::Address;
use store::StoredApplication;
use uuid::Uuid;

use crate::letter::Letter;
use crate::wording::{Content, Tone};

/// The mail that says it.
pub(crate) fn letter(
    content: &Content,
    stored: &StoredApplication,
    id: Uuid,
    to: Vec<Address>,
    at: Timestamp,
) -> Letter {
    Letter {
        id,
        at,
        about: stored.id.clone(),
        application: content.name.clone(),
        to,
        subject: format!("[Rollcall] {}: {}", content.name, content.headline),
        text: text(content),
        html: html(content),
    }
}

/// The text, for whoever reads mail in a terminal, or by ear.
fn text(content: &Content) -> String {
    let mut text = format!("{}: {}.\n\n{} {}\n", content.name, content.headline, content.name, content.lead);
    if !content.facts.is_empty() {
        text.push('\n');
    }
    for (name, value) in &content.facts {
        line(&mut text, format_args!("{name}: {value}"));
    }
    if !content.outlook.is_empty() {
        line(&mut text, format_args!("\n{}", content.outlook));
    }
    section(&mut text, "Besides:", content.besides.iter().cloned());
    section(&mut text, "Since the last mail, newest first:", content.history.iter().cloned());
    let links = content.links.iter().map(|(words, address)| format!("{words}:\n  {address}"));
    let commands = content.commands.iter().map(|command| format!("  {command}"));
    section(&mut text, "To see more:", links.chain(commands));
    section(&mut text, "--", content.footer.iter().cloned());
    text
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        line(text, format_args!("\n{title}"));
    }
    for one in lines {
        line(text, format_args!("{one}"));
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing into a text cannot fail.
    let _ = writeln!(text, "{line}");
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Page<'a> {
    content: &'a Content,
}

impl Page<'_> {
    /// Text and line, dark enough to be read on white by anybody.
    fn colour(&self) -> &'static str {
        match self.content.tone {
            Tone::Bad => "#a4262c",
            Tone::Soon => "#8a5300",
            Tone::Good => "#0b6a0b",
        }
    }
}

/// The page. One that could not be made holds the text.
fn html(content: &Content) -> String {
    Page { content }.render().unwrap_or_else(|error| {
        tracing::error!("a mail has no page: {error}");
        askama::filters::escape(text(content), askama::filters::Html)
            .map(|escaped| format!("<pre>{escaped}</pre>"))
            .unwrap_or_default()
    })
}
