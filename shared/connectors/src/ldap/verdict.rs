//! What a server's result codes mean, and what to do about them. Pure.
//!
//! In: a result and what was asked. Out: a failure that names the field of the document and the cure. What a server
//! writes as a message is repeated only where it is known to hold no values.

use std::fmt;

use ldap3::LdapResult;
use ldap3::controls::RawControl;

use super::client::Ask;
use super::error::LdapFailure;
use super::wire;

/// draft-behera-ldap-password-policy: tells why a bind was refused, and how long a password lasts.
const PASSWORD_POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// What of the document a search stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Users,
    Groups,
    /// rootDSE and schema.
    Server,
    /// Single entries that are referred to.
    Reference,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Users => "source.ldap.users",
            Self::Groups => "source.ldap.groups",
            Self::Server => "the rootDSE or the schema",
            Self::Reference => "an entry that is referred to",
        })
    }
}

/// Asks for the reason of a refused bind. Servers that do not know it ignore it.
pub(super) fn password_policy() -> RawControl {
    wire::control(PASSWORD_POLICY, false, None)
}

/// Whether a result of a search for one entry means that nobody is there: no such object, a name that cannot be one,
/// an entry that this account may not see or that lies on another server.
pub(super) fn is_nobody(code: u32) -> bool {
    matches!(code, 10 | 32 | 34 | 50)
}

/// What an answer to a bind means.
pub(super) fn of_bind(server: &str, answer: &LdapResult) -> Result<(), LdapFailure> {
    let policy = Policy::of(answer);
    let credentials = |problem: &str| {
        Err(LdapFailure::Credentials { server: server.to_owned(), problem: problem.to_owned() })
    };
    match (answer.rc, policy.problem) {
        (0, Some(ChangeAfterReset)) => credentials(MUST_CHANGE),
        (0, _) => {
            if let Some(seconds) = policy.expires_in {
                tracing::warn!(server, days = seconds / 86_400, "the bind account's password will expire; set a new one");
            }
            Ok(())
        }
        (_, Some(problem)) => credentials(problem.sentence()),
        (49, None) => credentials(active_directory(&answer.text).unwrap_or(
            "wrong name or password; correct source.ldap.bindDn or the secret that source.ldap.password refers to",
        )),
        (53, None) if answer.text.to_lowercase().contains("expired") => credentials(EXPIRED),
        (53, None) if answer.text.to_lowercase().contains("lock") => credentials(LOCKED),
        (8 | 13, _) => Err(LdapFailure::Refused(format!(
            "{server} wants an encrypted connection before anyone signs in (result {}); write ldaps:// into source.ldap.url, or startTls: true",
            answer.rc
        ))),
        (32 | 34 | 48 | 50 | 53, _) => credentials(
            "this account may not sign in with a name and password; check source.ldap.bindDn and the account",
        ),
        (51 | 52, _) => Err(LdapFailure::Busy { server: server.to_owned(), code: answer.rc }),
        (code, _) => Err(LdapFailure::Unreachable {
            server: server.to_owned(),
            problem: format!("the bind ended with result {code}"),
        }),
    }
}

const EXPIRED: &str = "the password of the bind account has expired; set a new one and put it where source.ldap.password refers to";
const MUST_CHANGE: &str = "the password of the bind account must be changed first; set one that is final and put it where source.ldap.password refers to";
const LOCKED: &str =
    "the bind account is locked; unlock it, and make sure nothing else signs in with an old password";

/// Active Directory names the reason inside the message: `…, data 532, v4563`.
fn active_directory(text: &str) -> Option<&'static str> {
    let code = text.split("data ").nth(1)?.split(',').next()?.trim();
    Some(match code {
        "525" | "52e" => {
            "wrong name or password; correct source.ldap.bindDn or the secret that source.ldap.password refers to"
        }
        "530" => "the bind account may not sign in at this time of day; allow it",
        "531" => "the bind account may not sign in to this server; allow it",
        "532" => EXPIRED,
        "533" => "the bind account is disabled; enable it",
        "701" => "the bind account has expired; prolong it",
        "773" => MUST_CHANGE,
        "775" => LOCKED,
        _ => return None,
    })
}

/// Why a password policy refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PolicyProblem {
    Expired,
    Locked,
    ChangeAfterReset,
}
use PolicyProblem::{ChangeAfterReset, Expired, Locked};

impl PolicyProblem {
    fn sentence(self) -> &'static str {
        match self {
            Expired => EXPIRED,
            Locked => LOCKED,
            ChangeAfterReset => MUST_CHANGE,
        }
    }
}

#[derive(Debug, Default)]
struct Policy {
    expires_in: Option<i64>,
    problem: Option<PolicyProblem>,
}

impl Policy {
    /// Reads the response control: `SEQUENCE { warning [0] CHOICE { [0] seconds, [1] graces }, error [1] }`.
    fn of(answer: &LdapResult) -> Self {
        let mut policy = Self::default();
        let control = answer.ctrls.iter().find(|control| control.1.ctype == PASSWORD_POLICY);
        let value = control.and_then(|control| control.1.val.as_deref());
        for part in value.and_then(wire::sequence).unwrap_or_default() {
            if part.id == 0 {
                let warning = wire::constructed(part).and_then(|parts| parts.into_iter().next());
                policy.expires_in = warning.filter(|warning| warning.id == 0).and_then(wire::integer);
            } else {
                policy.problem = match wire::integer(part) {
                    Some(0) => Some(Expired),
                    Some(1) => Some(Locked),
                    Some(2) => Some(ChangeAfterReset),
                    _ => None,
                };
            }
        }
        policy
    }
}

/// What the end of a search means that is no success.
pub(super) fn of_search(server: &str, ask: &Ask, code: u32, text: &str, refs: &[String]) -> LdapFailure {
    let (place, base) = (ask.place, &ask.base);
    let configured = matches!(place, Place::Users | Place::Groups);
    match code {
        51 | 52 => LdapFailure::Busy { server: server.to_owned(), code },
        32 | 34 if configured => LdapFailure::Refused(format!(
            "{server} has no entry '{base}', or the bind account may not see it; correct {place}.base or give the account read access"
        )),
        10 if configured => LdapFailure::Refused(format!(
            "'{base}' lies on another server ({}), and referrals are not followed; write that server into source.ldap.url, or another subtree into {place}.base",
            hosts(refs)
        )),
        50 if configured => LdapFailure::Refused(format!(
            "the bind account may not search '{base}' on {server}; give it read access to {place}.base"
        )),
        18 if configured => LdapFailure::Refused(format!(
            "{server} cannot evaluate {place}.filter; compare only by rules that its schema defines"
        )),
        _ => LdapFailure::Result {
            server: server.to_owned(),
            place: place.to_string(),
            code,
            text: known(text),
        },
    }
}

/// A limit that a listing ran into, in words.
pub(super) fn limit(server: &str, place: Place, code: u32) -> Option<LdapFailure> {
    let sentence = match code {
        3 => format!(
            "{server} ended the listing of {place} at its time limit; raise the limit for the bind account, index the attributes of {place}.filter, or lower source.ldap.pageSize"
        ),
        4 | 11 => format!(
            "{server} ended the listing of {place} at its size limit, so the list is incomplete; raise the limit for the bind account (OpenLDAP: limits … size.pr=unlimited size.prtotal=unlimited), or lower source.ldap.pageSize"
        ),
        12 => format!(
            "{server} does not offer paged results or the wanted way to learn changes for {place}; set source.ldap.changes to modifyTimestamp or none"
        ),
        _ => return None,
    };
    Some(LdapFailure::Refused(sentence))
}

/// The hosts of LDAP URLs.
pub(super) fn hosts(references: &[String]) -> String {
    let host = |reference: &String| {
        let url = url::Url::parse(reference).ok()?;
        Some(format!("{}://{}", url.scheme(), url.host_str()?))
    };
    let hosts: Vec<String> = references.iter().filter_map(host).collect();
    if hosts.is_empty() { "it does not say which".into() } else { hosts.join(", ") }
}

/// A server's message, cut short; control characters would break the log's line.
fn known(text: &str) -> String {
    let plain: String = text.chars().filter(|character| !character.is_control()).take(120).collect();
    if plain.is_empty() { "no message".into() } else { plain }
}
