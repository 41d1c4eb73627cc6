//! What a search asks of the API.
//!
//! In: the fields of the form, and the time. Out: the API's `$filter`, or what is wrong with a field. Promised: whatever stands
//! in a field is one text of the question and nothing else of it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::filter::Filter;

/// The times that are offered, in days, and what they are called.
pub(super) const TIMES: [(&str, &str); 3] = [("1", "24 hours"), ("7", "7 days"), ("30", "30 days")];

/// How far back is looked when nobody says.
pub(super) const USUAL_TIME: &str = "7";

/// The outcomes that are offered.
pub(super) const STATUSES: [&str; 4] = ["success", "failure", "skipped", "warning"];

/// The actions that are offered.
pub(super) const ACTIONS: [&str; 6] = ["create", "update", "disable", "delete", "stagedDelete", "other"];

/// The longest text of a field: longer than any name or id.
const LONGEST: usize = 300;

/// The API's question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(super) filter: String,
    /// Since when it looks.
    pub(super) since: Timestamp,
    /// Until when: what happens while somebody reads is not in their file.
    pub(super) until: Timestamp,
}

impl Filter {
    /// The API's question, or what is wrong, in a sentence.
    pub(super) fn question(&self, now: Timestamp) -> Result<Question, String> {
        for (name, text) in self.texts() {
            if text.chars().count() > LONGEST {
                return Err(format!("{name} is longer than {LONGEST} letters; nothing is called so."));
            }
        }
        let (since, until) = self.times(now)?;
        let mut all = vec![format!("activityDateTime ge {since}"), format!("activityDateTime le {until}")];
        if let Some(last) = day("the last day", &self.to)? {
            let end = last.checked_add(1.day()).map_err(|_| "the last day is beyond all time.".to_owned())?;
            all.push(format!("activityDateTime lt {}", midnight(end)?));
        }
        all.extend(among("status", &self.status, &STATUSES, "provisioningStatusInfo/status")?);
        all.extend(among("action", &self.action, &ACTIONS, "provisioningAction")?);
        let ids = [
            ("servicePrincipal/id", &self.application),
            ("jobId", &self.job),
            ("cycleId", &self.cycle),
            ("changeId", &self.change),
        ];
        let given = ids.into_iter().filter(|(_, id)| !id.trim().is_empty());
        all.extend(given.map(|(property, id)| format!("{property} eq {}", quoted(id.trim()))));
        all.extend(system("sourceSystem", &self.source));
        all.extend(system("targetSystem", &self.target));
        Ok(Question { filter: all.join(" and "), since, until })
    }

    /// Between which times is looked: on later pages and for files those of the first page.
    fn times(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), String> {
        let first = [&self.since, &self.until, &self.token].iter().all(|text| text.is_empty());
        if first {
            return Ok((self.begins(now)?, now));
        }
        let broken = |_| "this address was cut; begin the search again.".to_owned();
        Ok((self.since.parse().map_err(broken)?, self.until.parse().map_err(broken)?))
    }

    fn begins(&self, now: Timestamp) -> Result<Timestamp, String> {
        if let Some(first) = day("the first day", &self.from)? {
            return midnight(first);
        }
        let days = match self.time() {
            // With a last day alone, all before it.
            "" => return Ok(Timestamp::UNIX_EPOCH),
            days => days,
        };
        if !TIMES.iter().any(|(known, _)| *known == days) {
            return Err(format!("the time '{days}' is none of those offered."));
        }
        let hours = 24 * days.parse::<i64>().unwrap_or(1);
        Ok(now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    fn texts(&self) -> [(&'static str, &String); 7] {
        [
            ("name or id", &self.q),
            ("the application", &self.application),
            ("the source system", &self.source),
            ("the target system", &self.target),
            ("the job id", &self.job),
            ("the cycle id", &self.cycle),
            ("the change id", &self.change),
        ]
    }
}

/// A text as a filter writes it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A condition on one of some words.
fn among(field: &str, given: &str, known: &[&str], property: &str) -> Result<Option<String>, String> {
    match given.trim() {
        "" => Ok(None),
        given if known.contains(&given) => Ok(Some(format!("{property} eq '{given}'"))),
        given => Err(format!("the {field} '{given}' is none of those offered.")),
    }
}

/// A condition on a system, by a part of its name in any case, or by its id.
fn system(property: &str, given: &str) -> Option<String> {
    let given = Some(given.trim()).filter(|given| !given.is_empty())?;
    let (name, id) = (quoted(&given.to_lowercase()), quoted(given));
    Some(format!("(contains(tolower({property}/displayName),{name}) or {property}/id eq {id})"))
}

fn day(field: &str, given: &str) -> Result<Option<Date>, String> {
    match given.trim() {
        "" => Ok(None),
        given => given.parse().map(Some).map_err(|_| format!("{field} is no date such as 2026-03-02.")),
    }
}

fn midnight(day: Date) -> Result<Timestamp, String> {
    let midnight = day.to_zoned(TimeZone::UTC).map_err(|_| format!("{day} is beyond all time."))?;
    Ok(midnight.timestamp())
}

#[cfg(test)]
mod tests {
    use super::super::fields::read;
    use super::*;

    fn question(query: &str) -> Result<String, String> {
        let filter: Filter = read(Some(query)).unwrap();
        filter.question("2026-03-08T12:00:30Z".parse().unwrap()).map(|question| question.filter)
    }

    #[test]
    fn fields_become_one_question_of_the_api() {
        let (week, always) = ("2026-03-01T12:00:30Z", "1970-01-01T00:00:00Z");
        let cases = [
            ("", week, ""),
            (
                "days=1&status=failure",
                "2026-03-07T12:00:30Z",
                " and provisioningStatusInfo/status eq 'failure'",
            ),
            (
                "from=2026-03-01&to=2026-03-02&action=stagedDelete",
                "2026-03-01T00:00:00Z",
                " and activityDateTime lt 2026-03-03T00:00:00Z and provisioningAction eq 'stagedDelete'",
            ),
            ("to=2026-03-02", always, " and activityDateTime lt 2026-03-03T00:00:00Z"),
            ("change=h&cycle=+c+", always, " and cycleId eq 'c' and changeId eq 'h'"),
            ("application=x'+or+'a'+eq+'a", week, " and servicePrincipal/id eq 'x'' or ''a'' eq ''a'"),
            (
                "source=HR's",
                week,
                " and (contains(tolower(sourceSystem/displayName),'hr''s') or sourceSystem/id eq 'HR''s')",
            ),
            (
                "target=Ledgerly",
                week,
                " and (contains(tolower(targetSystem/displayName),'ledgerly') or targetSystem/id eq 'Ledgerly')",
            ),
        ];
        for (query, since, more) in cases {
            let expected =
                format!("activityDateTime ge {since} and activityDateTime le 2026-03-08T12:00:30Z{more}");
            assert_eq!(question(query), Ok(expected), "{query}");
        }
        let later = question("token=t&since=2026-03-01T11:00:00Z&until=2026-03-02T11:00:00Z");
        let times = "activityDateTime ge 2026-03-01T11:00:00Z and activityDateTime le 2026-03-02T11:00:00Z";
        assert_eq!(later.as_deref(), Ok(times));
    }

    #[test]
    fn what_is_wrong_with_a_field_is_told() {
        let long = format!("q={}", "x".repeat(301));
        let cases = [
            ("days=9", "the time '9'"),
            ("status=failed", "the status 'failed'"),
            ("action=<b>", "the action '<b>'"),
            ("from=yesterday", "the first day is no date"),
            ("to=2026-02-30", "the last day is no date"),
            ("to=9999-12-31", "the last day is beyond"),
            ("token=t&since=x&until=2026-03-02T11:00:00Z", "this address was cut"),
            ("since=2026-03-02T11:00:00Z", "this address was cut"),
            ("token=t", "this address was cut"),
            (&long, "name or id is longer"),
        ];
        for (query, expected) in cases {
            let told = question(query).unwrap_err();
            assert!(told.starts_with(expected), "{query}: {told}");
        }
    }
}
