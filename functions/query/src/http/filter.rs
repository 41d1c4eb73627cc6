//! `$filter` of the provisioning log: comparisons joined by `and`, as far as an index answers them.
//!
//! In: OData's text. Out: what was asked, or a refusal that says what can be. Graph also takes `or`, `contains` and
//! parentheses; they would read the whole log, so they are refused rather than answered slowly.

use engine::report::{Outcome, ProvisioningRecord};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// What `$filter` takes, for whoever wrote something else.
const ACCEPTED: &str = "$filter takes comparisons joined by 'and': id, changeId, cycleId, jobId, sourceIdentity/id, \
                        targetIdentity/id and provisioningStatusInfo/status with eq and a quoted text; \
                        activityDateTime with ge, gt, le or lt and a time such as 2026-03-01T08:00:00Z";

/// The longest `$filter`: all comparisons there are, with room for long ids.
const LONGEST: usize = 4_096;

/// What is asked for; everything that is set has to hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Filter {
    pub(super) id: Option<String>,
    pub(super) change: Option<String>,
    pub(super) cycle: Option<String>,
    pub(super) job: Option<String>,
    pub(super) source: Option<String>,
    pub(super) target: Option<String>,
    pub(super) status: Option<Outcome>,
    pub(super) from: Option<Bound>,
    pub(super) to: Option<Bound>,
}

/// One end of a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) at: Timestamp,
    /// Whether `at` itself belongs to it.
    pub(super) inclusive: bool,
}

impl Filter {
    /// Reads OData's text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("$filter is longer than {LONGEST} characters"));
        }
        let words = words(text)?;
        let mut filter = Self::default();
        for (number, comparison) in words.split(|word| *word == Word::Plain("and".into())).enumerate() {
            let [Word::Plain(property), Word::Plain(operator), value] = comparison else {
                return Err(format!("the comparison number {} cannot be read. {ACCEPTED}", number + 1));
            };
            filter.add(property, operator, value)?;
        }
        Ok(filter)
    }

    fn add(&mut self, property: &str, operator: &str, value: &Word) -> Result<(), String> {
        let text = match property {
            "id" => &mut self.id,
            "changeId" => &mut self.change,
            "cycleId" => &mut self.cycle,
            "jobId" => &mut self.job,
            "sourceIdentity/id" => &mut self.source,
            "targetIdentity/id" => &mut self.target,
            "provisioningStatusInfo/status" if operator == "eq" => {
                return once(property, &mut self.status, outcome(value)?);
            }
            "activityDateTime" => return self.bound(operator, moment(value)?),
            _ => return Err(format!("'{property}' cannot be compared. {ACCEPTED}")),
        };
        match (operator, value) {
            ("eq", Word::Quoted(value)) => once(property, text, value.clone()),
            ("eq", Word::Plain(_)) => {
                Err(format!("put the value of {property} into single quotes. {ACCEPTED}"))
            }
            _ => Err(format!("'{operator}' does not compare {property}. {ACCEPTED}")),
        }
    }

    fn bound(&mut self, operator: &str, at: Timestamp) -> Result<(), String> {
        let (end, inclusive) = match operator {
            "ge" => (&mut self.from, true),
            "gt" => (&mut self.from, false),
            "le" => (&mut self.to, true),
            "lt" => (&mut self.to, false),
            _ => return Err(format!("'{operator}' does not compare activityDateTime. {ACCEPTED}")),
        };
        once("activityDateTime", end, Bound { at, inclusive })
    }

    /// Whether a record is what was asked for.
    pub(super) fn holds(&self, record: &ProvisioningRecord) -> bool {
        let is = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|wanted| wanted == text);
        let at = record.activity_date_time;
        is(&self.id, &record.id.to_string())
            && is(&self.change, &record.change_id)
            && is(&self.cycle, &record.cycle_id)
            && is(&self.job, &record.job_id)
            && is(&self.source, &record.source_identity.id)
            && is(&self.target, &record.target_identity.id)
            && self.status.is_none_or(|status| status == record.provisioning_status_info.status)
            && self.from.is_none_or(|from| if from.inclusive { at >= from.at } else { at > from.at })
            && self.to.is_none_or(|to| if to.inclusive { at <= to.at } else { at < to.at })
    }
}

fn once<T>(property: &str, place: &mut Option<T>, value: T) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("{property} is compared twice the same way. {ACCEPTED}")),
    }
}

fn outcome(value: &Word) -> Result<Outcome, String> {
    match value {
        Word::Quoted(text) if text.eq_ignore_ascii_case("success") => Ok(Outcome::Success),
        Word::Quoted(text) if text.eq_ignore_ascii_case("failure") => Ok(Outcome::Failure),
        Word::Quoted(text) if text.eq_ignore_ascii_case("skipped") => Ok(Outcome::Skipped),
        Word::Quoted(text) if text.eq_ignore_ascii_case("warning") => Ok(Outcome::Warning),
        _ => Err("provisioningStatusInfo/status is 'success', 'failure', 'skipped' or 'warning'".to_owned()),
    }
}

/// A time, or a day: its first moment in UTC. Unquoted in OData; scripts quote it all the same.
fn moment(value: &Word) -> Result<Timestamp, String> {
    let (Word::Plain(text) | Word::Quoted(text)) = value;
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    text.parse::<Timestamp>().ok().or_else(day).ok_or_else(|| {
        format!("'{text}' is no time; write 2026-03-01T08:00:00Z or 2026-03-01, and %2B for a plus sign")
    })
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// A property, an operator, a time.
    Plain(String),
    /// A text in single quotes, without them.
    Quoted(String),
}

fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end;
        if let Some(quoted) = rest.strip_prefix('\'') {
            let length = closing_quote(quoted).ok_or("a quoted text in $filter does not end")?;
            words.push(Word::Quoted(quoted[..length].replace("''", "'")));
            end = length + 2;
            if !rest[end..].is_empty() && !rest[end..].starts_with(char::is_whitespace) {
                return Err(format!("after a quoted text comes a space. {ACCEPTED}"));
            }
        } else {
            end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            words.push(Word::Plain(rest[..end].to_owned()));
        }
        rest = rest[end..].trim_start();
    }
    Ok(words)
}

/// Where a quoted text ends; a doubled quote is one of its letters.
fn closing_quote(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let quote = from + text[from..].find('\'')?;
        if !text[quote + 1..].starts_with('\'') {
            return Some(quote);
        }
        from = quote + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_are_read_as_graph_writes_them() {
        let text = "jobId eq 'scim.x' and sourceIdentity/id eq 'O''Neill and sons' and \
                    activityDateTime gt 2026-03-01 and activityDateTime le 2026-03-02T08:00:00Z and \
                    provisioningStatusInfo/status eq 'Failure'";
        let expected = Filter {
            job: Some("scim.x".to_owned()),
            source: Some("O'Neill and sons".to_owned()),
            status: Some(Outcome::Failure),
            from: Some(Bound { at: "2026-03-01T00:00:00Z".parse().unwrap(), inclusive: false }),
            to: Some(Bound { at: "2026-03-02T08:00:00Z".parse().unwrap(), inclusive: true }),
            ..Filter::default()
        };
        assert_eq!(Filter::parse(text), Ok(expected));
        let all = "id eq '1' and changeId eq '2' and cycleId eq '3' and targetIdentity/id eq ''";
        let filter = Filter::parse(all).unwrap();
        let read = [filter.id, filter.change, filter.cycle, filter.target];
        assert_eq!(read.map(Option::unwrap), ["1", "2", "3", ""]);
    }

    #[test]
    fn what_no_index_answers_is_refused_with_what_one_does() {
        let cases = [
            ("", "cannot be read"),
            ("jobId eq 'a' or jobId eq 'b'", "cannot be read"),
            ("(jobId eq 'a')", "comes a space"),
            ("contains(jobId,'a')", "cannot be read"),
            ("jobId ne 'a'", "'ne' does not compare jobId"),
            ("jobId eq a", "single quotes"),
            ("jobId eq 'a", "does not end"),
            ("jobId eq 'a'b", "comes a space"),
            ("jobId eq 'a' and", "number 2 cannot be read"),
            ("jobId eq 'a' and jobId eq 'b'", "compared twice"),
            ("tenantId eq 'a'", "'tenantId' cannot be compared"),
            ("activityDateTime eq 2026-03-01", "'eq' does not compare activityDateTime"),
            ("activityDateTime gt yesterday", "'yesterday' is no time"),
            ("provisioningStatusInfo/status eq 'bad'", "'success', 'failure'"),
            ("provisioningStatusInfo/status gt 'failure'", "cannot be compared"),
        ];
        for (text, expected) in cases {
            let problem = Filter::parse(text).unwrap_err();
            assert!(problem.contains(expected), "{text}: {problem}");
        }
        assert!(Filter::parse(&"a".repeat(LONGEST + 1)).unwrap_err().contains("longer"));
    }
}
