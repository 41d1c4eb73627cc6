//! The `ldap:` section of an application document.
//!
//! In: what the administrator wrote. Out: [`LdapConfig`].

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::application::{Humane, SecretRef};

/// A full reading at least this often unless the document says otherwise: what no change feed tells (rights that
/// changed, subtrees that moved) is seen within a day.
const FULL_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Entries a page: half of what Active Directory allows, and small enough for slow links.
const PAGE_SIZE: u32 = 500;

/// An LDAP directory as the source of people.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LdapConfig {
    /// The server: `ldaps://host`, or `ldap://host` with `startTls: true`. Plain `ldap://` is accepted on the same
    /// machine only.
    #[schemars(extend("pattern" = r"^\s*ldaps?://[^/?#@]+/?\s*$", "examples" = ["ldaps://dc1.tessera.example"]))]
    pub url: String,
    /// Whether a connection that begins in clear text on `ldap://` is encrypted (StartTLS) before anyone signs in.
    #[serde(default, skip_serializing_if = "is_false")]
    pub start_tls: bool,
    /// A PEM file with the only authorities to trust for this server, for one with a private certificate. The
    /// certificate is always verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The account that reads: its DN, or in Active Directory also `name@domain`.
    #[schemars(extend("pattern" = r"\S"))]
    pub bind_dn: String,
    /// Where the account's password is kept: `env:NAME` or `file:PATH`. Never the password itself.
    #[schemars(with = "SecretRef")]
    pub password: String,
    /// Which entries are people.
    pub users: Selection,
    /// Which entries are groups. They are read when the document has a section `groups`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Selection>,
    /// The attribute that never changes and is never given to someone else. Found out when left out: `objectGUID`
    /// in Active Directory, `entryUUID` elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
    /// By what an account shows that it is switched on. Left out: `userAccountControl` in Active Directory;
    /// elsewhere everybody listed is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<EnabledRule>,
    /// How changes are learnt.
    #[serde(default)]
    pub changes: Changes,
    /// Everyone is read at least so often, whatever the changes say: `24h`; from 1 hour to 30 days.
    #[serde(
        default = "full_every",
        serialize_with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required::serialize",
        deserialize_with = "humane"
    )]
    #[schemars(with = "Humane")]
    pub full_every: Duration,
    /// Entries asked for per page, 1 to 1000.
    #[serde(default = "page_size")]
    #[schemars(range(min = 1, max = 1000))]
    pub page_size: u32,
}

/// Reads a duration as people write it; jiff's own message speaks of its grammar.
fn humane<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    jiff::fmt::serde::unsigned_duration::friendly::compact::required::deserialize(deserializer)
        .map_err(|_| D::Error::custom("write a number with its unit, such as 12h, 24h or 168h"))
}

fn full_every() -> Duration {
    FULL_EVERY
}

fn page_size() -> u32 {
    PAGE_SIZE
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Entries below a base that match a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Selection {
    /// The subtree that is searched: `ou=people,dc=tessera,dc=example`.
    #[schemars(extend("pattern" = "="))]
    pub base: String,
    /// Which of its entries count (RFC 4515). Left out: `(objectClass=inetOrgPerson)` for users and the usual group
    /// classes for groups; in Active Directory `(&(objectCategory=person)(objectClass=user))` and
    /// `(objectClass=group)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

/// The attribute that identifies an entry for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Anchor {
    /// `entryUUID` (RFC 4530).
    #[serde(rename = "entryUUID")]
    EntryUuid,
    /// `objectGUID` of Active Directory and Samba.
    #[serde(rename = "objectGUID")]
    ObjectGuid,
}

impl Anchor {
    /// The attribute's name.
    #[must_use]
    pub fn attribute(self) -> &'static str {
        match self {
            Self::EntryUuid => "entryUUID",
            Self::ObjectGuid => "objectGUID",
        }
    }
}

/// By what an account shows that it is switched on. With the attribute alone, its value says so: `true`, `yes`,
/// `1`, `active`, `enabled`, or the opposite (`userAccountControl` is understood by its bit).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnabledRule {
    /// The attribute that is looked at.
    pub attribute: String,
    /// Switched on when the attribute has one of these values, whatever their case; without a value switched off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub is: Vec<String>,
    /// Switched on unless the attribute has one of these values; without a value switched on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub is_not: Vec<String>,
    /// Switched on while the entry does not have the attribute, as with `pwdAccountLockedTime`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub absent: bool,
}

/// How changes are learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Changes {
    /// What the server offers: `usnChanged` in Active Directory, `sync` where there is RFC 4533, otherwise
    /// `modifyTimestamp`.
    #[default]
    Auto,
    /// Content synchronization (RFC 4533): changed and deleted entries by name. OpenLDAP: overlay syncprov.
    Sync,
    /// Entries changed since, by their time stamps, and a listing of who is there.
    ModifyTimestamp,
    /// Active Directory's DirSync control; the account needs the right "Replicating Directory Changes".
    DirSync,
    /// Active Directory's counter of changes, and its deleted objects.
    UsnChanged,
    /// Not at all: every reading is a full one.
    None,
}

impl LdapConfig {
    /// A server with an account and a base for users, otherwise the defaults.
    #[must_use]
    pub fn new(
        url: impl Into<String>,
        bind_dn: impl Into<String>,
        password: impl Into<String>,
        users: impl Into<String>,
    ) -> Self {
        Self {
            url: url.into(),
            start_tls: false,
            ca_file: None,
            bind_dn: bind_dn.into(),
            password: password.into(),
            users: Selection { base: users.into(), filter: None },
            groups: None,
            anchor: None,
            enabled: None,
            changes: Changes::Auto,
            full_every: FULL_EVERY,
            page_size: PAGE_SIZE,
        }
    }

    /// The server's host, as written.
    #[must_use]
    pub fn host(&self) -> String {
        let url = Url::parse(self.url.trim()).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| self.url.clone())
    }
}

/// A filter that can stand inside another one.
pub(super) fn parenthesised(filter: &str) -> String {
    let filter = filter.trim();
    if filter.starts_with('(') { filter.to_owned() } else { format!("({filter})") }
}

impl fmt::Debug for LdapConfig {
    /// Leaves `password` out: someone may have pasted the secret where its reference belongs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LdapConfig")
            .field("url", &self.url)
            .field("start_tls", &self.start_tls)
            .field("bind_dn", &self.bind_dn)
            .field("users", &self.users)
            .field("groups", &self.groups)
            .field("anchor", &self.anchor)
            .field("enabled", &self.enabled)
            .field("changes", &self.changes)
            .field("full_every", &self.full_every)
            .field("page_size", &self.page_size)
            .finish_non_exhaustive()
    }
}
