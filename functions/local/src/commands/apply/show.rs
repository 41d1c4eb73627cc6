//! Showing what would happen, before it does: plain sentences, counts, and some names.

use connectors::application::differences::Difference;
use engine::cycle::preview::Consequences;
use serde_json::Value;

use super::Application;
use super::save::Outcome;
use crate::output;

/// What a document changes and what comes of it.
pub(super) fn print(application: &Application) -> std::io::Result<()> {
    let Application { name, outcome, differences, notices, consequences, .. } = application;
    match outcome {
        Outcome::Unchanged => return Ok(()),
        Outcome::Added => output::line(format_args!("{name} is new."))?,
        Outcome::Changed if differences.is_empty() => {
            output::line(format_args!("{name} changes in the order of its attributes."))?;
        }
        Outcome::Changed => {
            output::line(format_args!("{name} changes:"))?;
            for Difference { field, old, new } in differences {
                output::line(format_args!("  {field}: {} → {}", text(old), text(new)))?;
            }
        }
    }
    for notice in notices {
        output::line(format_args!("Notice: {}", plain(notice)))?;
    }
    match consequences {
        Some(found) => consequences_of(name, found),
        None => output::line(application.not_looked()),
    }
}

fn text(value: &Option<Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => plain(text),
        Some(other) => other.to_string(),
    }
}

fn people(count: u64) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// A name or text without what would steer a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn consequences_of(name: &str, found: &Consequences) -> std::io::Result<()> {
    let Consequences { read, in_scope, into_scope, out_of_scope, .. } = found;
    output::line(format_args!(
        "Its next cycle reads {}, {in_scope} of them in scope; {into_scope} come into scope, {out_of_scope} leave it:",
        people(*read)
    ))?;
    output::line(counts(found))?;
    if !found.attributes.is_empty() {
        let mut table = output::table(&["attribute that is rewritten", "accounts"]);
        for (path, count) in &found.attributes {
            table.add_row([path.clone(), count.to_string()]);
        }
        output::line(table)?;
    }
    samples(found)?;
    for (reason, count) in &found.skipped {
        output::line(format_args!("{} without a write: {}.", people(*count), reason.sentence()))?;
    }
    for (code, count) in &found.failed {
        let cure = code.recommended_action().map(|cure| format!(" {cure}.")).unwrap_or_default();
        output::line(format_args!("{} failing with {code}.{cure}", people(*count)))?;
    }
    if found.waiting > 0 {
        output::line(format_args!("{} in escrow, to be tried again later.", people(found.waiting)))?;
    }
    if let Some(reason) = &found.no_inference {
        output::line(format_args!("Nobody is taken as gone: {}.", plain(reason)))?;
    }
    if found.cycle_under_way {
        output::line("A cycle is under way: the counts may be off by what it has in hand.")?;
    }
    output::line(next(name, found))
}

fn counts(found: &Consequences) -> comfy_table::Table {
    let mut table = output::table(&[
        "created",
        "taken over",
        "updated",
        "switched off",
        "deleted",
        "unchanged",
        "skipped",
        "failed",
        "unreadable",
    ]);
    let sum = |counts: &mut dyn Iterator<Item = &u64>| counts.sum::<u64>();
    let row = [
        found.joining,
        found.matched,
        found.rewritten,
        found.switched_off,
        found.deleted,
        found.unchanged,
        sum(&mut found.skipped.values()),
        sum(&mut found.failed.values()),
        found.unreadable,
    ];
    table.add_row(row.map(|count| count.to_string()));
    table
}

fn samples(found: &Consequences) -> std::io::Result<()> {
    let samples = &found.samples;
    let failed = found.failed.values().sum();
    let kinds = [
        ("created", &samples.joining, found.joining, ", "),
        ("taken over", &samples.matched, found.matched, ", "),
        ("updated", &samples.rewritten, found.rewritten, ", "),
        ("switched off", &samples.switched_off, found.switched_off, ", "),
        ("deleted", &samples.deleted, found.deleted, ", "),
        ("failing", &samples.failed, failed, "\n  "),
        ("unreadable", &samples.unreadable, found.unreadable, "\n  "),
    ];
    for (kind, names, count, between) in kinds {
        if names.is_empty() {
            continue;
        }
        let names: Vec<String> = names.iter().map(|name| plain(name)).collect();
        let more = count.saturating_sub(names.len() as u64);
        let more = if more > 0 { format!("{between}and {more} more") } else { String::new() };
        let before = if between == ", " { " " } else { between };
        output::line(format_args!("{kind}:{before}{}{more}", names.join(between)))?;
    }
    Ok(())
}

/// What happens once it is saved.
fn next(name: &str, found: &Consequences) -> String {
    match (&found.held, found.removals()) {
        (Some(reason), _) => format!(
            "The guard would hold what is switched off and deleted until a person approves with rollcall cycle {name} --allow-removals: {reason}."
        ),
        (None, 0) if found.is_quiet() => "Nothing would be sent to the app.".to_owned(),
        (None, 0) => "Nobody would lose an account.".to_owned(),
        (None, removals) => format!(
            "{} would lose the account, or the use of it, in the next cycle, without anybody being asked again.",
            people(removals)
        ),
    }
}
