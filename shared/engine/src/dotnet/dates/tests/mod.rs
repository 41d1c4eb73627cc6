//! What .NET documents, and what its source does where the documents are silent.

mod any;
mod printing;
mod properties;
mod reading;

use jiff::civil::DateTime;

use super::{Format, Kind, Moment, Reader, Styles};

/// A date in ISO 8601.
fn at(text: &str) -> DateTime {
    text.parse().unwrap()
}

/// The moment of most of .NET's samples, of no known zone.
fn moment(text: &str) -> Moment {
    Moment { civil: at(text), kind: Kind::Unspecified }
}

/// Prints a date of no known zone.
fn printed(format: &str, date: &str) -> String {
    Format::new(format).unwrap().print(&moment(date))
}

/// Reads with styles by name on 9 March 2026, and gives the civil date and the zone's mark.
fn read(text: &str, format: &str, styles: &str) -> Result<String, String> {
    let reader = Reader::new(format, Styles::new(styles)?)?;
    let moment = reader.read(text, at("2026-03-09T08:05:00"))?;
    let mark = match moment.kind {
        Kind::Unspecified => "",
        Kind::Utc => " UTC",
        Kind::Local => " local",
    };
    Ok(format!("{}{mark}", moment.civil))
}
