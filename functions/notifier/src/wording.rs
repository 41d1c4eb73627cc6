//! The words of a mail: what happened, since when, why exactly, what to do, where to look.
//!
//! In: the news about an application. Out: its [`Content`], from which text and page are made. Promised: text of others (names,
//! answers of apps) is one line each, and no value of a person's attribute is among it: causes hold calls without values.

pub(crate) mod causes;
mod text;

use engine::job::{Cause, JobState, Quarantine, Side};
use jiff::Timestamp;
use store::{Fact, Mailbox, StoredApplication};

use self::causes::{Words, of_overdue, of_trouble};
use self::text::in_shell;
pub(crate) use self::text::{long, moment, one_line};
use crate::links::Place;
use crate::news::{News, Subject};
use crate::overdue::Overdue;

/// How many of the merged events are listed: a screen of a phone.
const LISTED: usize = 8;

/// How urgent it is; the colour of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something is to be done.
    Bad,
    /// Something is to be done soon.
    Soon,
    /// Nothing is to be done.
    Good,
}

/// What a mail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) tone: Tone,
    /// The application's name.
    pub(crate) name: String,
    /// Behind the name, in the subject and above all: the state.
    pub(crate) headline: String,
    /// One sentence.
    pub(crate) lead: String,
    /// What is known, a name and a value each.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// What comes of it, a paragraph.
    pub(crate) outlook: String,
    /// What else is about to go wrong.
    pub(crate) besides: Vec<String>,
    /// What happened since the last mail, newest first.
    pub(crate) history: Vec<String>,
    /// What can be looked at: in words, and the address.
    pub(crate) links: Vec<(&'static str, String)>,
    /// What can be typed where the command line is.
    pub(crate) commands: Vec<String>,
    pub(crate) footer: Vec<String>,
}

/// All there is to say it about.
pub(crate) struct Case<'a> {
    pub(crate) stored: &'a StoredApplication,
    pub(crate) state: &'a JobState,
    pub(crate) seen: &'a Mailbox,
    pub(crate) news: &'a News<'a>,
    pub(crate) place: Option<&'a Place>,
    pub(crate) now: Timestamp,
}

impl Case<'_> {
    /// What the mail says.
    pub(crate) fn content(&self) -> Content {
        let name = one_line(&self.stored.name);
        let named = in_shell(&name);
        let mut content = match &self.news.subject {
            Subject::Trouble(quarantine, disabled) => self.trouble(quarantine, *disabled, &named),
            Subject::Overdue(overdue) => self.overdue(overdue),
            Subject::Resolved { since, until } => self.resolved(*since, *until),
            Subject::Expiring => self.expiring(),
        };
        content.name = name;
        content.commands.push(format!("rollcall status {named}"));
        if content.tone == Tone::Bad {
            content.commands.push(format!("rollcall logs {named} --status failure"));
        }
        content.besides = self.besides();
        content.history = history(&self.seen.facts());
        content.links = self.links(content.tone);
        content.footer = self.footer();
        content
    }

    fn trouble(&self, quarantine: &Quarantine, disabled: Option<Timestamp>, named: &str) -> Content {
        let words = match disabled {
            None => of_trouble(quarantine, named),
            Some(since) => causes::of_disabled(since, named),
        };
        let mut facts =
            vec![("Cause", one_line(&quarantine.message)), ("Since", moment(quarantine.series_began))];
        facts.extend(quarantine.cause.as_ref().into_iter().flat_map(of_cause));
        facts.extend(self.figures());
        // How long it has been off is the second day's news, not how long it was ill before.
        let since = disabled.unwrap_or(quarantine.series_began);
        Content { facts, ..plain(Tone::Bad, words, day_of(since, self.now)) }
    }

    fn overdue(&self, overdue: &Overdue) -> Content {
        let mut facts = Vec::new();
        match overdue.began {
            Some(began) => facts.push(("Cycle", format!("began {} and has not ended", moment(began)))),
            None => facts.push(("Cycle", format!("was due {} and did not begin", moment(overdue.due)))),
        }
        if let (Some(_), Some(progress)) = (overdue.began, self.state.progress) {
            let done = format!("{} of {} objects", progress.completed_units, progress.total_units);
            facts.push(("Done", format!("{done}, seen {}", moment(progress.observed_at))));
        }
        facts.extend(self.figures());
        Content { facts, ..plain(Tone::Bad, of_overdue(overdue, self.now), day_of(overdue.due, self.now)) }
    }

    fn resolved(&self, since: Option<Timestamp>, until: Option<Timestamp>) -> Content {
        let mut facts = Vec::new();
        facts.extend(since.map(|since| ("In trouble since", moment(since))));
        facts.extend(until.map(|until| ("Healthy since", moment(until))));
        facts.extend(self.figures());
        let words = Words {
            headline: "recovered - cycles run again".to_owned(),
            lead: "is healthy again: a cycle went through, and there is nothing to do.".to_owned(),
            outlook: String::new(),
        };
        Content { facts, ..plain(Tone::Good, words, None) }
    }

    fn expiring(&self) -> Content {
        let is_over = self.news.expiring.iter().any(|(_, expires)| *expires <= self.now);
        let headline =
            if is_over { "credentials have ended - renew them" } else { "credentials end soon - renew them" };
        let words = Words {
            headline: headline.to_owned(),
            lead: format!("needs new credentials. {}", self.ends().join(" ")),
            outlook: "Put the new ones where the application's file points; nothing else has to be done."
                .to_owned(),
        };
        Content { facts: self.figures(), ..plain(Tone::Soon, words, None) }
    }

    /// How many accounts are concerned, and when things went well last and are tried next.
    fn figures(&self) -> Vec<(&'static str, String)> {
        let counts = &self.state.counts;
        let mut facts = Vec::new();
        let last = self.state.succeeded().map_or_else(|| "none yet".to_owned(), moment);
        facts.push(("Last complete cycle", last));
        if self.state.runs() {
            let next = self.state.next_due;
            let next = if next <= self.now { "due now".to_owned() } else { moment(next) };
            facts.push(("Next cycle", next));
        }
        facts.push(("Accounts", counts.linked.to_string()));
        if counts.escrowed > 0 {
            facts.push(("Wait to be tried again", counts.escrowed.to_string()));
        }
        if counts.staged > 0 {
            facts.push(("Removals that wait", counts.staged.to_string()));
        }
        facts
    }

    fn besides(&self) -> Vec<String> {
        let ends = if self.news.subject == Subject::Expiring { Vec::new() } else { self.ends() };
        let overdue = self.news.overdue.as_ref();
        let overdue =
            overdue.map(|overdue| format!("No cycle has gone through since {}.", moment(overdue.due)));
        ends.into_iter().chain(overdue).collect()
    }

    /// A sentence for each credential that ends.
    fn ends(&self) -> Vec<String> {
        let sentence = |(side, expires): &(Side, Timestamp)| {
            let whose = match side {
                Side::Source => "The source's credentials",
                Side::Target => "The app's credentials",
            };
            let when = if *expires <= self.now { "ended" } else { "end" };
            format!("{whose} {when} on {}.", moment(*expires))
        };
        self.news.expiring.iter().map(sentence).collect()
    }

    fn links(&self, tone: Tone) -> Vec<(&'static str, String)> {
        let Some(place) = self.place else { return Vec::new() };
        let id = &self.stored.id;
        let mut links = vec![("See the report", place.application(id))];
        if tone == Tone::Bad {
            links.push(("What failed, record by record", place.failures(id)));
        }
        links.push(("The same from the API", place.job(id, &self.stored.job)));
        links
    }

    fn footer(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.seen.is_unconfirmed() {
            lines.push("An earlier mail may not have reached you; this one takes its place.".to_owned());
        }
        let further = self.seen.facts().len().saturating_sub(1);
        if further > 0 {
            let more = if self.seen.is_full() { " or more" } else { "" };
            let events = if further == 1 { "event was" } else { "events were" };
            lines.push(format!("{further}{more} further {events} merged into this mail."));
        }
        lines.push("At most one mail about an application is written in 24 hours.".to_owned());
        lines
    }
}

/// Content without anything that is known.
pub(crate) fn plain(tone: Tone, words: Words, day: Option<i64>) -> Content {
    let Words { mut headline, lead, outlook } = words;
    if let Some(day) = day {
        headline = format!("{headline} (day {day})");
    }
    Content {
        tone,
        name: String::new(),
        headline,
        lead,
        facts: Vec::new(),
        outlook,
        besides: Vec::new(),
        history: Vec::new(),
        links: Vec::new(),
        commands: Vec::new(),
        footer: Vec::new(),
    }
}

/// The how manieth day of a trouble it is; `None` on the first.
fn day_of(since: Timestamp, now: Timestamp) -> Option<i64> {
    let days = now.duration_since(since).as_hours() / 24;
    (days > 0).then_some(days + 1)
}

/// What is known of a cause beyond its words.
fn of_cause(cause: &Cause) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let (true, Some(last)) = (cause.seen > 1, cause.last) {
        facts.push(("Seen", format!("{} times, the last time at {}", cause.seen, moment(last))));
    }
    if let Some(request) = &cause.request {
        let answer = cause.status.map(|status| format!(", answered with {status}")).unwrap_or_default();
        facts.push(("Call", format!("{}{answer}", one_line(request))));
    }
    if let Some(object) = &cause.object {
        facts.push(("Whom", format!("{}, for example", one_line(object.as_str()))));
    }
    if let Some(advice) = &cause.advice {
        facts.push(("To do", one_line(advice)));
    }
    facts
}

/// What happened, newest first; what went away since says so. A single event is what the mail is about.
fn history(facts: &[Fact]) -> Vec<String> {
    if facts.len() < 2 {
        return Vec::new();
    }
    let well = facts.iter().filter(|fact| fact.kind == "Job Recovered").map(|fact| fact.sequence).max();
    let line = |fact: &Fact| {
        let is_over = fact.kind != "Job Recovered" && well.is_some_and(|well| well > fact.sequence);
        let over = if is_over { " (resolved)" } else { "" };
        format!("{}  {}{over}", moment(fact.at), causes::of_event(&fact.kind))
    };
    facts.iter().rev().take(LISTED).map(line).collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn the_first_day_of_a_trouble_is_not_counted() {
        let began: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        for (hours, day) in [(0, None), (23, None), (24, Some(2)), (71, Some(3)), (72, Some(4))] {
            assert_eq!(day_of(began, began + SignedDuration::from_hours(hours)), day, "{hours}");
        }
    }
}
