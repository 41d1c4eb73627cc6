//! What is looked for in the log, as it stands in the address: so that it can be sent to a colleague, or stand in a mail.
//!
//! In: the fields of the form. Out: the addresses of the same search further on, as a file, and back in time; what it asks is
//! in `question.rs`.

use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::question::{Question, USUAL_TIME};
use crate::asking::step;

/// The fields of the form. What is empty is not asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
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
    /// A part of a system's name, or its id.
    pub(super) source: String,
    pub(super) target: String,
    pub(super) job: String,
    pub(super) cycle: String,
    pub(super) change: String,
    /// On later pages and for files: the times between which the first page looked, so that the question is the same.
    pub(super) since: String,
    pub(super) until: String,
    /// On later pages: where this one begins.
    pub(super) token: String,
}

impl Filter {
    /// Which time is chosen: so many days, or none of those offered.
    pub(super) fn time(&self) -> &str {
        match self.days.trim() {
            _ if self.is_ranged() => "",
            // There is one cycle and one change of an id, whenever it was.
            "" if self.is_single() => "",
            "" => USUAL_TIME,
            days => days,
        }
    }

    /// What the time is called when it is none of those offered.
    pub(super) fn other_time(&self) -> Option<&'static str> {
        match self.time() {
            "" if self.is_ranged() => Some("from, to"),
            "" => Some("all"),
            _ => None,
        }
    }

    fn is_ranged(&self) -> bool {
        !(self.from.trim().is_empty() && self.to.trim().is_empty())
    }

    fn is_single(&self) -> bool {
        !(self.cycle.trim().is_empty() && self.change.trim().is_empty())
    }

    /// Whether anything is asked about that the form shows only when it is opened.
    pub(super) fn asks_more(&self) -> bool {
        let more = [&self.source, &self.target, &self.job, &self.cycle, &self.change];
        self.is_ranged() || more.iter().any(|text| !text.trim().is_empty())
    }

    /// The same search among the records of an application that is known: an index answers for its job.
    pub(super) fn within(&self, application: &str, job: &str) -> Self {
        let job = if self.job.trim().is_empty() { job.to_owned() } else { self.job.clone() };
        Self { application: application.to_owned(), job, ..self.clone() }
    }

    /// The address of the next page.
    pub(super) fn next(&self, token: &str, question: &Question) -> String {
        Self { token: token.to_owned(), ..self.at(question) }.address("/logs")
    }

    /// The address of this, further back in time.
    pub(super) fn wider(&self) -> Option<String> {
        let first = Self { since: String::new(), until: String::new(), token: String::new(), ..self.clone() };
        (!matches!(self.time(), "" | "30")).then(|| Self { days: "30".to_owned(), ..first }.address("/logs"))
    }

    /// The address of a file of all of it, below the path of files.
    pub(super) fn file(&self, path: &str, format: &str, question: &Question) -> String {
        Self { token: String::new(), ..self.at(question) }.address(&format!("{path}/{}", step(format)))
    }

    /// The same search, as old as its first page.
    fn at(&self, question: &Question) -> Self {
        Self { since: question.since.to_string(), until: question.until.to_string(), ..self.clone() }
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
            ("source", &self.source),
            ("target", &self.target),
            ("job", &self.job),
            ("cycle", &self.cycle),
            ("change", &self.change),
            ("since", &self.since),
            ("until", &self.until),
            ("token", &self.token),
        ];
        let given: Vec<_> = fields.into_iter().filter(|(_, text)| !text.trim().is_empty()).collect();
        if given.is_empty() {
            return path.to_owned();
        }
        format!("{path}?{}", Serializer::new(String::new()).extend_pairs(given).finish())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields::read;
    use super::*;

    fn filter(query: &str) -> Filter {
        read(Some(query)).unwrap()
    }

    fn noon() -> jiff::Timestamp {
        "2026-03-08T12:00:30Z".parse().unwrap()
    }

    #[test]
    fn a_later_page_and_a_file_look_at_the_times_of_the_first_page() {
        let one = filter("q=Zo%C3%AB+%26+co&status=failure&days=30&source=hr");
        let question = one.question(noon()).unwrap();
        let next = one.next("t=k&n", &question);
        let (path, query) = next.split_once('?').unwrap();
        assert_eq!(path, "/logs");
        let again = filter(query);
        assert_eq!((again.q.as_str(), again.token.as_str()), ("Zoë & co", "t=k&n"));
        let an_hour_later = noon() + jiff::SignedDuration::from_hours(1);
        assert_eq!(again.question(an_hour_later), Ok(question.clone()));
        let file = one.file("/logs/download", "csv", &question);
        let (path, query) = file.split_once('?').unwrap();
        assert_eq!((path, filter(query).token.as_str()), ("/logs/download/csv", ""));
        assert_eq!(filter(query).question(an_hour_later), Ok(question));
    }

    #[test]
    fn a_search_is_widened_to_a_month_and_not_beyond_what_was_said() {
        let cases = [
            ("", Some("/logs?days=30")),
            ("q=zo&days=1&since=x&until=y&token=z", Some("/logs?q=zo&days=30")),
            ("days=30", None),
            ("from=2026-03-01", None),
            ("to=2026-03-01", None),
            ("cycle=c", None),
        ];
        for (query, expected) in cases {
            assert_eq!(filter(query).wider().as_deref(), expected, "{query}");
        }
    }

    #[test]
    fn the_time_that_is_shown_is_the_one_that_is_asked_about() {
        let cases = [
            ("", "7", None),
            ("days=1", "1", None),
            ("days=1&from=2026-03-01", "", Some("from, to")),
            ("cycle=c", "", Some("all")),
            ("change=c&days=30", "30", None),
        ];
        for (query, time, other) in cases {
            let filter = filter(query);
            assert_eq!((filter.time(), filter.other_time()), (time, other), "{query}");
        }
    }
}
