//! Who is written to when an application is in trouble.
//!
//! In: the addresses of a document, and when they are written to. Out: nothing, or what is wrong with each of them. An address is what any mail
//! system takes without quoting: ASCII, one `@`, and nothing that would mean something in a header.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::SecretRef;

/// More addresses than these are what distribution lists are for, and mail services take fifty at once.
const MOST: usize = 50;

/// One interval is what a job takes that runs as it should; a thousand of the shortest are three days.
const INTERVALS: std::ops::RangeInclusive<u64> = 2..=1_000;

/// The longest address, and the longest parts of it: RFC 5321 §4.5.3.1, RFC 1035 §2.3.4.
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;
const LONGEST_LABEL: usize = 63;

/// Who is told about trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend(
    "if" = { "not": { "required": ["webhook"] } },
    "then" = { "required": ["to"], "properties": { "to": { "minItems": 1 } } }
))]
pub struct Notification {
    /// Mail addresses, 1 to 50; none where there is a webhook. A distribution list is one address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 50),
        inner(
            length(max = 254),
            regex(
                pattern = r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$"
            )
        )
    )]
    pub to: Vec<String>,
    /// A program that is told, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// Whether anybody is told. Off, the addresses are kept for later.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub enabled: bool,
    /// After how many intervals without a cycle that went through somebody is told, 2 to 1000; without it 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 1000))]
    pub overdue_intervals: Option<u64>,
}

/// A program that is told by a signed call, as Standard Webhooks has it: <https://www.standardwebhooks.com>.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Webhook {
    /// Where it is called. Must be https; http is accepted on the same machine only.
    #[schemars(extend(
        "pattern" = r"^(https://|http://(localhost|127\.[0-9.]+|\[::1\])([:/]|$))",
        "examples" = ["https://alerts.tessera.example/rollcall"]
    ))]
    pub url: String,
    /// Where the key of its signatures is kept: `env:NAME`, `file:PATH` or `secretsmanager:ARN`. The key is `whsec_` and 24 to
    /// 64 bytes in base64.
    #[schemars(with = "SecretRef")]
    pub secret: String,
}

impl Webhook {
    fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        if let Err(problem) = address_of(&self.url) {
            problems.push(("webhook.url".to_owned(), problem.to_owned()));
        }
        if let Err(problem) = self.secret.parse::<SecretRef>() {
            problems.push(("webhook.secret".to_owned(), problem.to_string()));
        }
        problems
    }
}

/// What is wrong with a webhook's address is said without it: its path is often the only thing that keeps others from calling.
fn address_of(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text)
        .map_err(|_| "is no address; write one such as https://alerts.example.com/rollcall")?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if !(url.scheme() == "https" || (url.scheme() == "http" && is_here)) {
        return Err("must begin with https://: what went wrong is nobody else's business");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or a password; calls are signed instead, take them away");
    }
    Ok(url)
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_yes(enabled: &bool) -> bool {
    *enabled
}

impl Notification {
    /// What is wrong: the field, and the problem with its cure.
    pub(super) fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        let least = usize::from(self.webhook.is_none());
        if !(least..=MOST).contains(&self.to.len()) {
            let problem = format!(
                "must hold 1 to {MOST} addresses; use a distribution list for more, and leave 'notification' out, or write enabled: false, to tell nobody"
            );
            problems.push(("to".to_owned(), problem));
        }
        if self.overdue_intervals.is_some_and(|intervals| !INTERVALS.contains(&intervals)) {
            let problem = format!(
                "must lie between {} and {}; 2 tells of a job that missed two cycles",
                INTERVALS.start(),
                INTERVALS.end()
            );
            problems.push(("overdueIntervals".to_owned(), problem));
        }
        let wrong = self.to.iter().enumerate().filter(|(_, address)| !is_address(address));
        problems.extend(wrong.map(|(index, _)| {
            let problem = "is no mail address; write one address an entry, without name, blanks or brackets, such as it-ops@example.com (a domain with other letters in its xn-- form)";
            (format!("to[{index}]"), problem.to_owned())
        }));
        problems.extend(self.webhook.iter().flat_map(Webhook::problems));
        problems
    }
}

fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    text.len() <= LONGEST
        && local.len() <= LONGEST_LOCAL
        && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_of_atom))
        && domain.split('.').all(is_label)
}

/// RFC 5322 §3.2.3.
fn is_of_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn is_label(label: &str) -> bool {
    (1..=LONGEST_LABEL).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(to: Vec<String>) -> Notification {
        Notification { to, webhook: None, enabled: true, overdue_intervals: None }
    }

    #[track_caller]
    fn check(address: &str, sound: bool) {
        let problems = of(vec![address.to_owned()]).problems();
        assert_eq!(problems.is_empty(), sound, "{address:?}: {problems:?}");
    }

    #[test]
    fn an_address_is_one_that_needs_no_quoting() {
        let (local, label) = ("l".repeat(64), "d".repeat(63));
        let domain_of = |length: usize| format!("{label}.{label}.{}", "d".repeat(length - 128));
        for sound in [
            "it-ops@tessera.example",
            "a@b",
            "first.last+tag@mail.tessera.example",
            "o'hara_{x}@xn--bcher-kva.example",
            "all@10.example",
            &format!("{local}@{label}"),
            &format!("{local}@{}", domain_of(189)),
        ] {
            check(sound, true);
        }
        for wrong in [
            "",
            "it-ops",
            "@",
            "@tessera.example",
            "it-ops@",
            "a@b@c",
            "it ops@tessera.example",
            " it-ops@tessera.example",
            "it-ops@tessera.example ",
            "it-ops@tessera.example\n",
            "it-ops@tessera.example\r\nBcc: eve@evil.example",
            "it-ops\u{0}@tessera.example",
            "it\tops@tessera.example",
            "a@b.example,c@d.example",
            "a@b.example;c@d.example",
            "IT <it-ops@tessera.example>",
            "<it-ops@tessera.example>",
            "\"it ops\"@tessera.example",
            "it-ops(x)@tessera.example",
            "it-ops@[127.0.0.1]",
            ".a@b",
            "a.@b",
            "a..b@c",
            "a@.b",
            "a@b.",
            "a@b..c",
            "a@-b",
            "a@b-",
            "a@b_c",
            "ops@büro.example",
            "büro@tessera.example",
            &format!("l{local}@b"),
            &format!("a@d{label}"),
            &format!("{local}@{}", domain_of(190)),
        ] {
            check(wrong, false);
        }
    }

    #[test]
    fn a_job_may_miss_2_to_1000_cycles() {
        for (intervals, sound) in [(0, false), (1, false), (2, true), (1_000, true), (1_001, false)] {
            let overdue_intervals = Some(intervals);
            let problems =
                Notification { overdue_intervals, ..of(vec!["a@b.example".to_owned()]) }.problems();
            assert_eq!(problems.is_empty(), sound, "{intervals}: {problems:?}");
        }
    }

    #[test]
    fn there_are_1_to_50_of_them_and_each_wrong_one_is_named() {
        let many = |count: usize| of(vec!["it-ops@tessera.example".to_owned(); count]);
        for (count, sound) in [(0, false), (1, true), (50, true), (51, false)] {
            assert_eq!(many(count).problems().is_empty(), sound, "{count}");
        }
        let mut mixed = many(4);
        mixed.to[1] = "hunter2".to_owned();
        mixed.to[3] = "a@b, c@d".to_owned();
        let problems = mixed.problems();
        let places: Vec<&str> = problems.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, ["to[1]", "to[3]"]);
        assert!(!format!("{problems:?}").contains("hunter2"), "a token may stand where an address belongs");
    }

    #[test]
    fn a_webhook_is_called_at_an_https_address_and_its_key_is_kept_elsewhere() {
        let key = "env:WEBHOOK_KEY";
        for (url, secret, wrong) in [
            ("https://alerts.tessera.example/rollcall?team=it", key, ""),
            ("http://127.0.0.1:8080/hook", key, ""),
            ("http://localhost/hook", key, ""),
            ("http://[::1]/hook", "file:/run/secrets/hook", ""),
            ("http://alerts.tessera.example/rollcall", key, "webhook.url"),
            ("http://localhost.evil.example/", key, "webhook.url"),
            ("ftp://127.0.0.1/hook", key, "webhook.url"),
            ("alerts.tessera.example", key, "webhook.url"),
            ("https://ada:hunter2@alerts.tessera.example/", key, "webhook.url"),
            ("", key, "webhook.url"),
            ("https://alerts.tessera.example/", "whsec_aHVudGVyMg==", "webhook.secret"),
            ("https://alerts.tessera.example/", "", "webhook.secret"),
        ] {
            let webhook = Webhook { url: url.to_owned(), secret: secret.to_owned() };
            let problems = Notification { webhook: Some(webhook), ..of(Vec::new()) }.problems();
            let places: Vec<&str> = problems.iter().map(|(place, _)| place.as_str()).collect();
            assert_eq!(places, Vec::from_iter((!wrong.is_empty()).then_some(wrong)), "{url} {secret}");
            assert!(!format!("{problems:?}").contains("hunter2"), "{problems:?}");
        }
    }
}
