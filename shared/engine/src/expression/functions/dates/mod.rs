//! Dates: reading, moving, comparing and writing them.
//!
//! In: text in any usual form, or in the one that a format names. Out: the language's own form,
//! `3/16/2026 7:00:00 AM` in UTC, unless a format says otherwise. Null stays null everywhere.

mod format;
mod interval;
#[cfg(test)]
mod tests;

use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::{Arguments, Body, Function, Help, Kind, Nature, Outcome, Parameter, Problem};
use crate::dotnet::dates::{UNREADABLE, language_form, read_any};
use crate::expression::Evaluated;

pub(in super::super) use format::Formats;
use interval::{INTERVALS, Interval};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "Now",
        parameters: &[],
        repeating: 0,
        returns: Kind::DateTime,
        nature: Nature::Time,
        help: Help { says: "The current date and time in UTC.", example: "Now()" },
        prepare: None,
        body: Body::Strict(now),
    },
    Function {
        name: "CDate",
        parameters: &[Parameter::required("expression", Kind::DateTime)],
        repeating: 0,
        returns: Kind::DateTime,
        nature: Nature::Pure,
        help: Help { says: "A text as a date and time in UTC.", example: "CDate([employeeHireDate])" },
        prepare: None,
        body: Body::Strict(c_date),
    },
    Function {
        name: "DateAdd",
        parameters: &[
            Parameter::required("interval", Kind::Enumeration(INTERVALS)),
            Parameter::required("value", Kind::Integer),
            Parameter::required("dateTime", Kind::DateTime),
        ],
        repeating: 0,
        returns: Kind::DateTime,
        nature: Nature::Pure,
        help: Help {
            says: "A date so many years (yyyy), months (m), weeks (ww), days (d), hours (h), minutes (n) or seconds (s) later.",
            example: r#"DateAdd("d", -7, CDate([employeeHireDate]))"#,
        },
        prepare: None,
        body: Body::Strict(date_add),
    },
    Function {
        name: "DateDiff",
        parameters: &[
            Parameter::required("interval", Kind::Enumeration(INTERVALS)),
            Parameter::required("date1", Kind::DateTime),
            Parameter::required("date2", Kind::DateTime),
        ],
        repeating: 0,
        returns: Kind::Integer,
        nature: Nature::Pure,
        help: Help {
            says: "How many intervals lie between two dates; negative when the second is the earlier.",
            example: r#"DateDiff("d", Now(), CDate([employeeHireDate]))"#,
        },
        prepare: None,
        body: Body::Strict(date_diff),
    },
    Function {
        name: "DateFromNum",
        parameters: &[Parameter::required("value", Kind::Integer)],
        repeating: 0,
        returns: Kind::DateTime,
        nature: Nature::Pure,
        help: Help {
            says: "Active Directory's number for a date, as a date.",
            example: "DateFromNum([accountExpires])",
        },
        prepare: None,
        body: Body::Strict(date_from_num),
    },
    Function {
        name: "NumFromDate",
        parameters: &[Parameter::required("value", Kind::DateTime)],
        repeating: 0,
        returns: Kind::Integer,
        nature: Nature::Pure,
        help: Help {
            says: "A date as Active Directory's number for it.",
            example: "NumFromDate([employeeLeaveDateTime])",
        },
        prepare: None,
        body: Body::Strict(num_from_date),
    },
    format::FORMAT_DATE_TIME,
];

/// Where Active Directory's numbers begin: they count ticks of 100 nanoseconds.
const FIRST: DateTime = DateTime::constant(1601, 1, 1, 0, 0, 0, 0);

/// Ticks a second.
const TICKS: i64 = 10_000_000;

fn now<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    Ok(written(Offset::UTC.to_datetime(arguments.context.now)))
}

fn c_date<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    Ok(date(arguments, 0)?.map_or(Evaluated::Null, written))
}

fn date_add<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let (Some(interval), Some(amount), Some(date)) =
        (interval(arguments)?, arguments.integer(1)?, date(arguments, 2)?)
    else {
        return Ok(Evaluated::Null);
    };
    let moved = interval.add(amount, date);
    moved.map(written).ok_or_else(|| {
        Problem::of(1, "leaves the years 1 to 9999; choose a smaller amount", amount.to_string())
    })
}

fn date_diff<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let (Some(interval), Some(from), Some(to)) =
        (interval(arguments)?, date(arguments, 1)?, date(arguments, 2)?)
    else {
        return Ok(Evaluated::Null);
    };
    Ok(Evaluated::Integer(interval.between(from, to)))
}

fn date_from_num<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Some(number) = arguments.integer(0)? else { return Ok(Evaluated::Null) };
    // The language writes seconds, so that the rest of the ticks would not show.
    let date = if number < 0 { None } else { Interval::Second.add(number / TICKS, FIRST) };
    date.map(written).ok_or_else(|| {
        let problem = "is no date of Active Directory, which counts from 1601 to 9999; where it stands for 'never', test for it with IIF";
        Problem::of(0, problem, number.to_string())
    })
}

fn num_from_date<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Some(date) = date(arguments, 0)? else { return Ok(Evaluated::Null) };
    let since = date.duration_since(FIRST);
    if since.is_negative() {
        let problem = "lies before 1601, where Active Directory's dates begin; correct the value";
        return Err(Problem::of(0, problem, language_form(date)));
    }
    Ok(Evaluated::Integer(since.as_secs() * TICKS + i64::from(since.subsec_nanos()) / 100))
}

/// A slot as a date in UTC; `None` for null.
fn date(arguments: &mut Arguments<'_, '_>, position: usize) -> Result<Option<DateTime>, Problem> {
    let Some(text) = arguments.text(position)? else { return Ok(None) };
    match read_any(&text) {
        Some(date) => Ok(Some(date)),
        None => Err(Problem::of(position, UNREADABLE, text)),
    }
}

/// The first slot as an interval; `None` for null.
fn interval(arguments: &mut Arguments<'_, '_>) -> Result<Option<Interval>, Problem> {
    let Some(name) = arguments.text(0)? else { return Ok(None) };
    match Interval::named(&name) {
        Some(interval) => Ok(Some(interval)),
        None => Err(Problem::of(0, format!("is one of {}", INTERVALS.join(", ")), name)),
    }
}

fn written<'a>(date: DateTime) -> Evaluated<'a> {
    Evaluated::text(language_form(date))
}
