//! `FormatDateTime`: from one format to another. Formats and styles are compiled when the expression is saved.

use std::sync::Arc;

use jiff::tz::Offset;

use super::super::{
    ArgumentProblem, Arguments, Body, Constant, Function, Help, Kind, Nature, Outcome, Parameter,
};
use super::super::{Prepared, Problem};
use crate::dotnet::dates::{Format, Reader, Styles};
use crate::expression::Evaluated;

/// The row. The older form with three arguments has no styles: its formats stand one slot further left, so that the
/// third argument is the one that both forms have.
pub(super) const FORMAT_DATE_TIME: Function = Function {
    name: "FormatDateTime",
    parameters: &[
        Parameter::required("source", Kind::Text),
        Parameter::optional("dateTimeStyles", Kind::Text),
        Parameter::required("inputFormat", Kind::Text),
        Parameter::optional("outputFormat", Kind::Text),
    ],
    repeating: 0,
    returns: Kind::Text,
    nature: Nature::Pure,
    help: Help {
        says: "A date from one format in another, in .NET's notation; the styles between the two may be left out.",
        example: r#"FormatDateTime([employeeHireDate], , "yyyy-MM-ddTHH:mm:ssZ", "dd.MM.yyyy")"#,
    },
    prepare: Some(prepare),
    body: Body::Strict(format_date_time),
};

/// The longest text it reads, in bytes: dates have some 40, and formats may hold some words. A format of thousands of
/// letters looks at the digits of the text once a letter.
const LONGEST: usize = 1_000;

/// What `FormatDateTime` made ready.
#[derive(Debug)]
pub(in super::super::super) struct Formats {
    input: Reader,
    output: Format,
}

fn prepare(constants: &[Constant<'_>]) -> Result<Prepared, ArgumentProblem> {
    let slot = |position: usize| constants.get(position).copied().unwrap_or(Constant::Omitted);
    let (styles, input, output) = match slot(3) {
        Constant::Omitted => (None, 1, 2),
        _ => (Some(1), 2, 3),
    };
    if styles.is_none() && is_missing_output(slot(1)) {
        return Err(ArgumentProblem {
            argument: None,
            problem: "FormatDateTime lacks its output format; write it as the fourth argument, such as \"yyyy-MM-dd\"".into(),
        });
    }
    let styles = match styles {
        Some(position) => compiled(position, "styles", slot(position), Styles::new)?,
        None => Styles::DEFAULT,
    };
    let input = compiled(input, "input format", slot(input), |format| Reader::new(format, styles))?;
    let output = compiled(output, "output format", slot(output), Format::new)?;
    Ok(Prepared::Formats(Arc::new(Formats { input, output })))
}

/// Whether what would be the input format of the older form is really an empty slot or styles.
fn is_missing_output(second: Constant<'_>) -> bool {
    match second {
        Constant::Omitted => true,
        Constant::Text(text) => Styles::new(text).is_ok(),
        Constant::Computed => false,
    }
}

fn compiled<T>(
    position: usize,
    what: &str,
    slot: Constant<'_>,
    compile: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, ArgumentProblem> {
    let compiled = match slot {
        Constant::Text(text) => compile(text),
        Constant::Omitted => compile(""),
        Constant::Computed => Err(format!(
            "the {what} of FormatDateTime must be known when the expression is saved; write it in quotes, and choose between \
             several with IIF or Switch around whole calls"
        )),
    };
    compiled.map_err(|problem| ArgumentProblem { argument: Some(position), problem })
}

fn format_date_time<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Prepared::Formats(formats) = arguments.prepared else {
        return Err(Problem::new("was saved without its formats; save the mapping again"));
    };
    let Some(source) = arguments.text(0)? else { return Ok(Evaluated::Null) };
    if source.len() > LONGEST {
        return Err(Problem::of(
            0,
            "is longer than any date; take the date out of it with Mid or Word",
            source,
        ));
    }
    let now = Offset::UTC.to_datetime(arguments.context.now);
    match formats.input.read(&source, now) {
        Ok(moment) => Ok(Evaluated::text(formats.output.print(&moment))),
        Err(problem) => Err(Problem::of(0, problem, source)),
    }
}
