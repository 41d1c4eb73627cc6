//! `rollcall mail`: what lies in the outbox, and whether mail arrives.

use reqwest::Method;

use crate::cli::Cli;
use crate::client::Client;
use crate::exit::{Exit, Refusal};
use crate::mail::{Mail, OUTBOX, read_all};
use crate::output;

pub(crate) fn run(cli: &Cli, which: Option<&str>) -> anyhow::Result<Exit> {
    let mails = read_all(&cli.data_dir().join(OUTBOX))?;
    match (which, cli.json) {
        (Some(which), json) => {
            let mail = find(&mails, which)?;
            if json { output::json(mail)? } else { output::line(whole(mail).trim_end())? }
        }
        (None, true) => output::json(&mails)?,
        (None, false) if mails.is_empty() => output::line("No mail was written.")?,
        (None, false) => {
            let mut table = output::table(&["", "time (UTC)", "to", "subject"]);
            for (number, mail) in (1..).zip(&mails) {
                table.add_row([number.to_string(), time(mail), mail.to.join(", "), mail.subject.clone()]);
            }
            output::line(table)?;
        }
    }
    Ok(Exit::Done)
}

/// Sends a mail that tells of no trouble.
pub(crate) async fn test(cli: &Cli, job: &str) -> anyhow::Result<Exit> {
    let client = Client::open(cli).await?;
    let known = client.application(job).await?;
    let told = client
        .change(Method::POST, &format!("{}/synchronization/notification/test", known.path()), None)
        .await?;
    if cli.json {
        output::json(&told)?;
    } else {
        let to: Vec<&str> =
            told["to"].as_array().into_iter().flatten().filter_map(|one| one.as_str()).collect();
        output::line(format_args!("A test mail of {} is on its way to {}", known.name, to.join(", ")))?;
    }
    Ok(Exit::Done)
}

/// A mail by its number in the list or the name of its file.
fn find<'a>(mails: &'a [Mail], which: &str) -> Result<&'a Mail, Refusal> {
    let number = which.parse().ok().and_then(|number: usize| number.checked_sub(1));
    let found = match number {
        Some(index) => mails.get(index),
        None => mails.iter().find(|mail| mail.file == which),
    };
    found.ok_or_else(|| {
        Refusal(format!(
            "there is no mail '{which}' among {}; rollcall mail lists them by number, 1 being the newest",
            mails.len()
        ))
    })
}

fn whole(mail: &Mail) -> String {
    let Mail { file, to, subject, text, .. } = mail;
    format!(
        "File:    {file}\nTime:    {} UTC\nTo:      {}\nSubject: {subject}\n\n{text}",
        time(mail),
        to.join(", ")
    )
}

fn time(mail: &Mail) -> String {
    mail.time.map(output::moment).unwrap_or_default()
}
