//! What can be wrong with the `ldap:` section without looking at the directory. Pure.
//!
//! In: [`LdapConfig`]. Out: every problem, with its field and its cure.

use std::time::Duration;

use url::{Host, Url};

use super::config::{Anchor, Changes, EnabledRule, LdapConfig, parenthesised};
use crate::application::SecretRef;

/// The longest time between two full readings.
const FULL_AT_MOST_EVERY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What Active Directory allows at most (MaxPageSize).
const LARGEST_PAGE: u32 = 1000;

impl LdapConfig {
    /// Everything wrong that can be seen without the directory: field, and problem with its cure.
    #[must_use]
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        let mut add = |field: &str, problem: Option<String>| {
            problems.extend(problem.map(|problem| (field.to_owned(), problem)));
        };
        add("url", url_problem(&self.url, self.start_tls));
        add("bindDn", bind_problem(&self.bind_dn));
        add("password", self.password.parse::<SecretRef>().err().map(|error| error.to_string()));
        for (name, selection) in [("users", Some(&self.users)), ("groups", self.groups.as_ref())] {
            let Some(selection) = selection else { continue };
            add(&format!("{name}.base"), base_problem(&selection.base));
            add(&format!("{name}.filter"), selection.filter.as_deref().and_then(filter_problem));
        }
        if let Some(rule) = &self.enabled {
            add("enabled.attribute", attribute_problem(&rule.attribute));
            add("enabled", rule.problem());
        }
        add("changes", self.changes_problem());
        add("fullEvery", every_problem(self.full_every));
        add("pageSize", page_problem(self.page_size));
        problems
    }

    fn changes_problem(&self) -> Option<String> {
        (self.changes == Changes::Sync && self.anchor == Some(Anchor::ObjectGuid)).then(|| {
            "names entries by entryUUID while anchor is objectGUID; choose another way or leave anchor out".into()
        })
    }
}

impl EnabledRule {
    fn problem(&self) -> Option<String> {
        let chosen = [!self.is.is_empty(), !self.is_not.is_empty(), self.absent];
        (chosen.iter().filter(|chosen| **chosen).count() > 1)
            .then(|| "has more than one of is, isNot and absent; keep one".into())
    }
}

fn url_problem(text: &str, start_tls: bool) -> Option<String> {
    let url = match Url::parse(text.trim()) {
        Ok(url) => url,
        Err(error) => {
            return Some(format!("cannot be read ({error}); write ldaps://host or ldaps://host:port"));
        }
    };
    if url.host_str().is_none_or(str::is_empty) {
        return Some("names no host; write ldaps://host".into());
    }
    match url.scheme() {
        "ldaps" if start_tls => {
            return Some(
                "is encrypted from the start with ldaps://; remove startTls, or write ldap://".into(),
            );
        }
        "ldaps" => {}
        "ldap" if start_tls || is_loopback(&url) => {}
        "ldap" => {
            return Some(
                "the password would travel in clear text over ldap://; write ldaps://, or add startTls: true"
                    .into(),
            );
        }
        other => return Some(format!("'{other}' is not spoken here; write ldaps://host")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("carries a user name or password; remove them, bindDn and password sign in".into());
    }
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    (!bare).then(|| {
        "names more than a server; write the base into users.base, and only ldaps://host here".into()
    })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // Of a scheme that the URL standard does not know, an address is a name.
        Some(Host::Domain(name)) => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn bind_problem(name: &str) -> Option<String> {
    name.trim().is_empty().then(|| {
        "is empty, so the server would be asked without signing in; write the account's DN, for example cn=rollcall,ou=services,dc=example".into()
    })
}

fn base_problem(base: &str) -> Option<String> {
    if base.trim().is_empty() {
        return Some("is empty; write the subtree to read, for example ou=people,dc=example".into());
    }
    super::dn::parse(base)
        .is_none()
        .then(|| "is no distinguished name; write it as ou=people,dc=example".to_owned())
}

fn filter_problem(filter: &str) -> Option<String> {
    ldap3::parse_filter(parenthesised(filter)).is_err().then(|| {
        "is no LDAP filter; check its parentheses, and write \\28 and \\29 for those inside a value, for example (objectClass=inetOrgPerson)".into()
    })
}

fn attribute_problem(name: &str) -> Option<String> {
    let sound = name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b';' | b'.' | b'_'));
    (!sound).then(|| "is no attribute's name; write one, for example employeeStatus".into())
}

fn every_problem(every: Duration) -> Option<String> {
    let hour = Duration::from_secs(60 * 60);
    (!(hour..=FULL_AT_MOST_EVERY).contains(&every))
        .then(|| "must lie between 1h and 720h (30 days); 24h suits most directories".into())
}

fn page_problem(size: u32) -> Option<String> {
    (!(1..=LARGEST_PAGE).contains(&size))
        .then(|| format!("{size} is out of range; write a number from 1 to {LARGEST_PAGE}"))
}
