//! What is looked for in the log, as it stands in the address: so that it can be sent to a colleague, or stand in a mail.
//!
//! In: the fields of the form. Out: the API's question, or what is wrong with a field. Promised: whatever stands in a field is
//! one text of the question and nothing else of it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

/// The times that are offered, in days, and what they are called.
pub(super) const TIMES: [(&str, &str); 3] = [("1", "24 hours"), ("7", "7 days"), ("30", "30 days")];

/// How far back is looked when nobody says.
const USUAL_TIME: &str = "7";

/// The outcomes that are offered.
pub(super) const STATUSES: [&str; 4] = ["success", "failure", "skipped", "warning"];

/// The actions that are offered.
pub(super) const ACTIONS: [&str; 6] = ["create", "update", "disable", "delete", "stagedDelete", "other"];

/// The longest text of a field: longer than any name or id.
const LONGEST: usize = 300;

/// The fields of the form. What is empty is not asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    /// The beginning of a word of a name, or an id in either system.
    pub(super) q: String,
    /// So many days back, unless a first or last day is given.
    pub(super) days: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) status: String,
    pub(super) action: String,
    /// An application's id.
    pub(super) application: String,
    pub(super) job: String,
    pub(super) cycle: String,
    pub(super) change: String,
    /// On later pages: since when the first one looked, so that the question is the same.
    pub(super) since: String,
    /// On later pages: where this one begins.
    pub(super) token: String,
}

/// The API's question.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(super) filter: String,
    /// Since when it looks.
    pub(super) since: Timestamp,
}

impl Filter {
    /// The API's question, or what is wrong, in a sentence.
    pub(super) fn question(&self, now: Timestamp) -> Result<Question, String> {
        for (name, text) in self.texts() {
            if text.chars().count() > LONGEST {
                return Err(format!("{name} is longer than {LONGEST} letters; nothing is called so."));
            }
        }
        let since = self.begins(now)?;
        let mut all = vec![format!("activityDateTime ge {since}")];
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
        all.extend(given.map(|(property, id)| format!("{property} eq '{}'", id.trim().replace('\'', "''"))));
        Ok(Question { filter: all.join(" and "), since })
    }

    fn begins(&self, now: Timestamp) -> Result<Timestamp, String> {
        if !self.token.is_empty() {
            let broken = |_| "this address was cut; begin the search again.".to_owned();
            return self.since.parse().map_err(broken);
        }
        if let Some(first) = day("the first day", &self.from)? {
            return midnight(first);
        }
        let days = match self.days.trim() {
            // With a last day alone, all before it.
            "" if !self.to.trim().is_empty() => return Ok(Timestamp::UNIX_EPOCH),
            "" => USUAL_TIME,
            days => days,
        };
        if !TIMES.iter().any(|(known, _)| *known == days) {
            return Err(format!("the time '{days}' is none of those offered."));
        }
        let hours = 24 * days.parse::<i64>().unwrap_or(1);
        // By the minute: whoever loads a page again asks the same.
        let minute = Timestamp::from_second(now.as_second() / 60 * 60).unwrap_or(now);
        Ok(minute.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    fn texts(&self) -> [(&'static str, &String); 5] {
        [
            ("name or id", &self.q),
            ("the application", &self.application),
            ("the job id", &self.job),
            ("the cycle id", &self.cycle),
            ("the change id", &self.change),
        ]
    }

    /// Which time is chosen.
    pub(super) fn time(&self) -> &str {
        let ranged = !(self.from.trim().is_empty() && self.to.trim().is_empty());
        match self.days.trim() {
            _ if ranged => "",
            "" => USUAL_TIME,
            days => days,
        }
    }

    /// Whether anything is asked about that the form shows only when it is opened.
    pub(super) fn asks_more(&self) -> bool {
        [&self.from, &self.to, &self.job, &self.cycle, &self.change]
            .iter()
            .any(|text| !text.trim().is_empty())
    }

    /// The address of the next page.
    pub(super) fn next(&self, token: &str, since: Timestamp) -> String {
        let mut next = self.clone();
        (next.token, next.since) = (token.to_owned(), since.to_string());
        next.address("/logs")
    }

    /// The address of this, further back in time.
    pub(super) fn wider(&self) -> Option<String> {
        (self.time() != "30" && self.from.is_empty()).then(|| {
            Self { days: "30".to_owned(), to: String::new(), token: String::new(), ..self.clone() }
                .address("/logs")
        })
    }

    /// The address of a file of all of it.
    pub(super) fn file(&self, format: &str) -> String {
        let first = Self { token: String::new(), since: String::new(), ..self.clone() };
        let address = first.address("/logs/download");
        let more = if address.contains('?') { '&' } else { '?' };
        format!("{address}{more}format={format}")
    }

    fn address(&self, path: &str) -> String {
        let fields = [
            ("q", &self.q),
            ("days", &self.days),
            ("from", &self.from),
            ("to", &self.to),
            ("status", &self.status),
            ("action", &self.action),
            ("application", &self.application),
            ("job", &self.job),
            ("cycle", &self.cycle),
            ("change", &self.change),
            ("since", &self.since),
            ("token", &self.token),
        ];
        let given: Vec<_> = fields.into_iter().filter(|(_, text)| !text.trim().is_empty()).collect();
        if given.is_empty() {
            return path.to_owned();
        }
        format!("{path}?{}", Serializer::new(String::new()).extend_pairs(given).finish())
    }
}

/// A condition on one of some words.
fn among(field: &str, given: &str, known: &[&str], property: &str) -> Result<Option<String>, String> {
    match given.trim() {
        "" => Ok(None),
        given if known.contains(&given) => Ok(Some(format!("{property} eq '{given}'"))),
        given => Err(format!("the {field} '{given}' is none of those offered.")),
    }
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
    use super::*;

    fn noon() -> Timestamp {
        "2026-03-08T12:00:30Z".parse().unwrap()
    }

    fn filter(query: &str) -> Filter {
        serde_json::from_value(serde_json::Value::Object(
            url::form_urlencoded::parse(query.as_bytes())
                .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
                .collect(),
        ))
        .unwrap()
    }

    #[test]
    fn fields_become_one_question_of_the_api() {
        let cases = [
            ("", "activityDateTime ge 2026-03-01T12:00:00Z"),
            (
                "days=1&status=failure",
                "activityDateTime ge 2026-03-07T12:00:00Z and provisioningStatusInfo/status eq 'failure'",
            ),
            (
                "from=2026-03-01&to=2026-03-02&action=stagedDelete",
                "activityDateTime ge 2026-03-01T00:00:00Z and activityDateTime lt 2026-03-03T00:00:00Z and provisioningAction eq 'stagedDelete'",
            ),
            (
                "to=2026-03-02",
                "activityDateTime ge 1970-01-01T00:00:00Z and activityDateTime lt 2026-03-03T00:00:00Z",
            ),
            (
                "application=x' or 'a' eq 'a&cycle= c ",
                "activityDateTime ge 2026-03-01T12:00:00Z and servicePrincipal/id eq 'x'' or ''a'' eq ''a' and cycleId eq 'c'",
            ),
            ("token=t&since=2026-03-01T11:00:00Z", "activityDateTime ge 2026-03-01T11:00:00Z"),
        ];
        for (query, expected) in cases {
            assert_eq!(
                filter(query).question(noon()).map(|question| question.filter).as_deref(),
                Ok(expected),
                "{query}"
            );
        }
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
            ("token=t&since=x", "this address was cut"),
            (&long, "name or id is longer"),
        ];
        for (query, expected) in cases {
            let told = filter(query).question(noon()).unwrap_err();
            assert!(told.starts_with(expected), "{query}: {told}");
        }
    }

    #[test]
    fn an_address_leads_to_the_same_question() {
        let one = filter("q=Zoë %26 co&status=failure&days=30");
        let next = one.next("t=k&n", noon());
        let (path, query) = next.split_once('?').unwrap();
        assert_eq!(path, "/logs");
        let again = filter(query);
        assert_eq!(
            (again.q.as_str(), again.token.as_str(), again.since.as_str()),
            ("Zoë & co", "t=k&n", "2026-03-08T12:00:30Z")
        );
        assert_eq!(again.file("csv"), "/logs/download?q=Zo%C3%AB+%26+co&days=30&status=failure&format=csv");
        assert_eq!(Filter::default().file("json"), "/logs/download?format=json");
        assert_eq!((one.wider(), Filter::default().wider().as_deref()), (None, Some("/logs?days=30")));
    }
}
