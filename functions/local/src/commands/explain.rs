//! `rollcall explain`: one person through the eyes of scope and mapping, and what the next cycle would do.
//!
//! In: a job and a person. Out: assignment and clauses, each attribute with its value and how it came about, the
//! account, the operation. Source and app are read, nothing is written.

use engine::cycle::CycleError;
use engine::cycle::preview::{Person, Sight, person};
use engine::decide::Operation;
use engine::expression::Trace;
use engine::mapping::{AttributeTrace, Explanation};
use engine::model::{AttributeChange, SourceId, SourceObject};
use engine::ports::{Reading, Source};
use sync::cycle::{Connected, connect};

use crate::cli::Cli;
use crate::exit::{Exit, Refusal};
use crate::home::Home;
use crate::output;

pub(crate) async fn run(cli: &Cli, job: &str, wanted: &str) -> anyhow::Result<Exit> {
    let home = Home::open(cli).await?;
    let stored = home.application(job).await?;
    let beside = home.context.beside("explain");
    let context = &beside.context;
    let Connected { definition, source, target } = connect(context, &stored).await?;
    let state = context.store.job(&stored.job).await?.state;
    let sight = Sight {
        source: source.as_ref(),
        target: Some(target.as_ref()),
        store: &context.store,
        job: Some(&state),
        now: context.clock.now(),
        progress: &|_, _| (),
    };
    let by_id = person(&sight, &definition, &SourceId::new(wanted)).await?;
    let person = match by_id {
        Some(person) => person,
        None => {
            let id = search(source.as_ref(), wanted, &definition.naming.source_name).await?;
            let found = person(&sight, &definition, &id).await?;
            found.ok_or_else(|| {
                Refusal(format!("{id} disappeared from the source while it was read; try again"))
            })?
        }
    };
    if cli.json {
        output::json(&person)?;
    } else {
        show(&person, &definition.naming.source_name, &stored.name)?;
    }
    Ok(Exit::Done)
}

/// At most this many people are listed when a word means several.
const LISTED: usize = 10;

/// The one person whom a word means: by a word of the name, or the whole value of an attribute.
async fn search(source: &dyn Source, wanted: &str, place: &str) -> anyhow::Result<SourceId> {
    let mut found: Vec<(SourceId, Option<String>)> = Vec::new();
    let opened = source.open(None, None).await.map_err(CycleError::Source)?;
    let mut next = match opened {
        Reading::Full { cursor, .. } | Reading::Delta { cursor, .. } => Some(cursor),
        Reading::Unchanged { .. } => None,
    };
    let wanted = wanted.to_lowercase();
    while let Some(cursor) = next.filter(|_| found.len() <= LISTED) {
        let page = source.read(&cursor).await.map_err(CycleError::Source)?;
        let meant = page.objects.into_iter().filter(|object| is_meant(object, &wanted));
        found.extend(meant.map(|object| (object.id, object.display_name)));
        next = page.next;
    }
    match found.as_slice() {
        [] => Err(Refusal(format!(
            "{place} has nobody with the id or name '{wanted}', and nobody was provisioned under that id"
        ))
        .into()),
        [(id, _)] => Ok(id.clone()),
        several => {
            let named = |(id, name): &(SourceId, Option<String>)| match name {
                Some(name) => format!("{id} ({name})"),
                None => id.to_string(),
            };
            let names: Vec<String> = several.iter().take(LISTED).map(named).collect();
            let more = if several.len() > LISTED { ", …" } else { "" };
            Err(Refusal(format!(
                "'{wanted}' means several people; give one's id: {}{more}",
                names.join(", ")
            ))
            .into())
        }
    }
}

fn is_meant(object: &SourceObject, wanted: &str) -> bool {
    let name = object.display_name.as_deref().unwrap_or_default().to_lowercase();
    let by_name = name == wanted || name.split_whitespace().any(|word| word == wanted);
    by_name || object.attributes.values().any(|value| value.to_string().to_lowercase() == wanted)
}

fn show(person: &Person, source: &str, application: &str) -> std::io::Result<()> {
    let name = person.display_name.as_deref().unwrap_or_default();
    output::line(format_args!("{name} ({}) in {source}", person.source_id))?;
    match &person.explanation {
        Some(explanation) => {
            scope(explanation)?;
            attributes(explanation)?;
        }
        None => output::line("  is no longer there")?,
    }
    output::line(format_args!("\n{application}"))?;
    let account = person.link.as_ref().and_then(|link| link.target_id.as_ref());
    match (account, &person.matched_by) {
        (Some(id), _) => output::line(format_args!("  account                {id}"))?,
        (None, Some(path)) => output::line(format_args!("  account                one matches by {path}"))?,
        (None, None) => output::line("  account                none")?,
    }
    if let Some(escrow) = &person.escrow {
        output::line(format_args!(
            "  failed {} times, last {}",
            escrow.attempts,
            output::moment(escrow.last_failed)
        ))?;
        output::line(format_args!("    {}", escrow.failure.reason))?;
    }
    output::line(format_args!("  the next cycle         {}", next(&person.operation)))?;
    changes(&person.operation)
}

fn scope(explanation: &Explanation) -> std::io::Result<()> {
    let yes = |holds: Option<bool>| match holds {
        Some(true) => "yes",
        Some(false) => "no",
        None => "?",
    };
    output::line(format_args!("  active in the source   {}", yes(Some(explanation.active_in_source))))?;
    output::line(format_args!("  in scope               {}", yes(explanation.scope.holds)))?;
    if let Some(assignment) = &explanation.scope.assignment {
        output::line(format_args!("    {:4} {}", yes(assignment.holds), assignment.reason))?;
    }
    for group in &explanation.scope.groups {
        output::line(format_args!("    {:4} {}", yes(group.holds), group.name))?;
        for clause in &group.clauses {
            let note = clause.note.as_deref().map(|note| format!("; {note}")).unwrap_or_default();
            output::line(format_args!(
                "      {:4} {}   (it is {}{note})",
                yes(clause.holds),
                clause.clause,
                clause.value
            ))?;
        }
    }
    output::line(format_args!("  IsSoftDeleted          {}\n", yes(Some(explanation.is_soft_deleted))))
}

fn attributes(explanation: &Explanation) -> std::io::Result<()> {
    let mut table = output::table(&["target attribute", "from", "value"]);
    for attribute in &explanation.attributes {
        table.add_row([target(attribute), attribute.source.clone(), value(attribute)]);
    }
    output::line(table)?;
    for attribute in &explanation.attributes {
        if let Some(trace) = &attribute.trace {
            output::line(format_args!("\n{}", attribute.target))?;
            tree(trace, 1)?;
        }
    }
    Ok(())
}

fn target(attribute: &AttributeTrace) -> String {
    match attribute.matching_priority {
        Some(priority) => format!("{} (matches, {priority})", attribute.target),
        None => attribute.target.clone(),
    }
}

fn value(attribute: &AttributeTrace) -> String {
    match (&attribute.value, &attribute.note) {
        (Some(value), _) => value.clone(),
        (None, Some(note)) => format!("({note})"),
        (None, None) => String::new(),
    }
}

fn tree(trace: &Trace, depth: usize) -> std::io::Result<()> {
    output::line(format_args!("{}{} = {}", "  ".repeat(depth), trace.part, trace.result))?;
    trace.steps.iter().try_for_each(|step| tree(step, depth + 1))
}

fn next(operation: &Operation) -> String {
    match operation {
        Operation::Create(_) => "creates an account".into(),
        Operation::Update(..) => "updates it".into(),
        Operation::Disable(..) => "switches it off, once the guard agrees".into(),
        Operation::Delete(_) => "deletes it, once the guard agrees".into(),
        Operation::Adopt(_) => "takes it over as it is".into(),
        Operation::Skip(reason) => format!("sends nothing: {}", reason.sentence()),
        Operation::Fail(failure) => format!("fails: {}", failure.reason),
        Operation::Forget => "forgets the person".into(),
        Operation::Ask(_) | Operation::Choose(_) => "asks the app first".into(),
    }
}

fn changes(operation: &Operation) -> std::io::Result<()> {
    let (Operation::Update(_, changes) | Operation::Disable(_, changes)) = operation else { return Ok(()) };
    for AttributeChange { path, old, new, adds } in changes {
        let told = |value: &Option<engine::model::Value>| {
            value.as_ref().map_or("nothing".into(), |value| format!("'{value}'"))
        };
        let arrow = if *adds { "and" } else { "→" };
        output::line(format_args!("    {path}: {} {arrow} {}", told(old), told(new)))?;
    }
    Ok(())
}
