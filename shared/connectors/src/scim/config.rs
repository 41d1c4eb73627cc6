//! What an administrator writes about a SCIM target in an application's document.
//!
//! In: the `scim` part of the YAML document. Out: a checked [`Connection`], or a [`ConfigError`] that names the
//! field and its cure. Promise: after the check nothing about the configuration can be wrong any more, except
//! that nobody answers at the URL.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use url::{Host, Url};

use crate::application::SecretRef;
use crate::limiter::Width;

/// A SCIM 2.0 target.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScimConfig {
    /// The tenant URL: where `/Users` hangs. Must be https; http is accepted on the same machine only.
    #[schemars(extend(
        "pattern" = r"^(https://|http://(localhost|127\.[0-9.]+|\[::1\])([:/]|$))",
        "examples" = ["https://ledgerly.example/scim/v2"]
    ))]
    pub url: String,
    /// Where the bearer token is kept: `env:NAME`, `file:PATH` or `secretsmanager:ARN`. Never the token itself.
    #[schemars(with = "SecretRef")]
    pub token: String,
    /// How requests are spelled.
    #[serde(default)]
    pub dialect: Dialect,
    /// Whether several operations may travel in one request where the target offers that.
    #[serde(default)]
    pub bulk: BulkUse,
    /// Accounts asked for per page of a listing, 1 to 1000.
    #[serde(default = "default_page_size")]
    #[schemars(range(min = 1, max = 1000))]
    pub page_size: u32,
    /// Calls under way at once, 1 to 64. Without it 8 at first, and then as many as the target answers well, up to 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 64))]
    pub concurrency: Option<u32>,
    /// The most calls a second, 0.1 to 1000, where the app's maker names a limit. Without it the limit is learnt from
    /// the target's refusals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 1000))]
    pub rate_limit: Option<Number>,
    /// Seconds until an unanswered request is given up, 1 to 300.
    #[serde(default = "default_timeout")]
    #[schemars(range(min = 1, max = 300))]
    pub timeout: u32,
    /// A PEM file with the only authorities to trust for this target, for one with a private certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_bundle: Option<PathBuf>,
    /// How accounts are looked for.
    #[serde(default)]
    pub match_by: MatchBy,
    /// Members that one request puts into a group or takes out of it, 1 to 1000. Targets have caps of their own; a
    /// request that is too large for one is cut in halves.
    #[serde(default = "default_members_per_call")]
    #[schemars(range(min = 1, max = 1000))]
    pub members_per_call: u32,
    /// How members are taken out of a group.
    #[serde(default)]
    pub member_removal: MemberRemoval,
    /// How a person's manager is written.
    #[serde(default)]
    pub manager_form: ManagerForm,
}

/// 100: what most servers cap a page at anyway.
fn default_page_size() -> u32 {
    100
}

/// 100: what AWS takes at most, and what apps behind Entra are tested with.
fn default_members_per_call() -> u32 {
    100
}

/// 8: at 300 ms an answer this is the 25 requests a second that a gallery app must sustain.
const CONCURRENCY: usize = 8;

/// 30 s: longer than slow servers take for a create, shorter than their load balancers' idle limit of 60 s.
fn default_timeout() -> u32 {
    30
}

/// How requests are spelled. Entra's two dialects join in a later version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "&'static str")]
#[schemars(extend("enum" = ["rfc7644"]))]
pub enum Dialect {
    /// As RFC 7644 has it.
    #[default]
    Rfc7644,
}

impl TryFrom<String> for Dialect {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        match name.as_str() {
            "rfc7644" => Ok(Self::Rfc7644),
            _ => Err(format!(
                "dialect '{name}' is not known to this version; leave the field out or write rfc7644"
            )),
        }
    }
}

impl From<Dialect> for &'static str {
    fn from(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Rfc7644 => "rfc7644",
        }
    }
}

/// Whether bulk requests (RFC 7644 §3.7) are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BulkUse {
    /// Where the target says it offers them.
    #[default]
    Auto,
    /// Not at all.
    Never,
}

/// How accounts are looked for in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MatchBy {
    /// By whichever takes fewer calls.
    #[default]
    Auto,
    /// By listing everyone: for a target that cannot filter.
    List,
    /// By a filter each: for a target that cannot list.
    Filter,
}

/// How members are taken out of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MemberRemoval {
    /// Each by a filter in the path, `members[value eq "id"]`. No server reads that as "everybody".
    #[default]
    Filtered,
    /// All in a list beside the path `members`, as Entra's older dialect does. Only for an app that documents it:
    /// several servers do not look at the list and empty the group.
    Value,
}

/// How a person's manager is written. Read back are both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ManagerForm {
    /// As an object with the id in it, `{"value": "id"}`: RFC 7643.
    #[default]
    Object,
    /// As the bare id, as Entra does: for an app that refuses the object.
    Text,
}

/// A configuration that cannot work. `Display` names the field and the cure, and never quotes a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct ConfigError {
    /// The field, as spelled in the document.
    pub field: &'static str,
    /// What is wrong and how to mend it.
    pub problem: String,
}

impl ConfigError {
    pub(super) fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self { field, problem: problem.into() }
    }
}

/// A checked [`ScimConfig`].
#[derive(Debug, Clone)]
pub(super) struct Connection {
    /// Without a trailing slash, query or fragment.
    pub(super) base: Url,
    pub(super) bulk: BulkUse,
    pub(super) page_size: u32,
    /// `None`: as many as the target answers well.
    pub(super) concurrency: Option<usize>,
    pub(super) rate_limit: Option<f64>,
    pub(super) timeout: Duration,
    pub(super) ca_bundle: Option<PathBuf>,
    pub(super) match_by: MatchBy,
    pub(super) members_per_call: usize,
    pub(super) member_removal: MemberRemoval,
    pub(super) manager_form: ManagerForm,
}

/// What Entra's administrators append to a tenant URL to choose a dialect; it is not meant for the target.
const ENTRA_FLAGS: [&str; 2] = ["aadoptscim062020", "azureadscimpatch2017"];

impl ScimConfig {
    /// Checks everything that can be checked without asking the target. Does no I/O.
    ///
    /// # Errors
    /// The first field that cannot work, and its cure.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.checked().map(|_| ())
    }

    pub(super) fn checked(&self) -> Result<Connection, ConfigError> {
        reference(&self.token)?;
        Ok(Connection {
            base: base(&self.url)?,
            bulk: self.bulk,
            page_size: within("pageSize", self.page_size, 1000)?,
            concurrency: self
                .concurrency
                .map(|width| within("concurrency", width, 64))
                .transpose()?
                .map(|width| width as usize),
            rate_limit: self.rate_limit.as_ref().map(calls_a_second).transpose()?,
            timeout: Duration::from_secs(within("timeout", self.timeout, 300)?.into()),
            ca_bundle: self.ca_bundle.clone(),
            match_by: self.match_by,
            members_per_call: within("membersPerCall", self.members_per_call, 1000)? as usize,
            member_removal: self.member_removal,
            manager_form: self.manager_form,
        })
    }
}

fn within(field: &'static str, value: u32, most: u32) -> Result<u32, ConfigError> {
    if (1..=most).contains(&value) {
        Ok(value)
    } else {
        Err(ConfigError::new(field, format!("{value} is out of range; write a number from 1 to {most}")))
    }
}

/// One call in ten seconds is the slowest: of more than a few under way at once, the last would wait longer than a call
/// may take.
fn calls_a_second(rate: &Number) -> Result<f64, ConfigError> {
    rate.as_f64().filter(|rate| (0.1..=1000.0).contains(rate)).ok_or_else(|| {
        let problem =
            "is out of range; write calls a second, a number from 0.1 to 1000, or leave the field out";
        ConfigError::new("rateLimit", format!("{rate} {problem}"))
    })
}

/// A pasted token is recognised by what it lacks: the kind of place in front.
fn reference(token: &str) -> Result<(), ConfigError> {
    let kind = token.split_once(':').filter(|(_, place)| !place.is_empty()).map(|(kind, _)| kind);
    match kind {
        Some(kind)
            if !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') =>
        {
            Ok(())
        }
        _ => Err(ConfigError::new(
            "token",
            "write where the token is kept, env:NAME or file:PATH, not the token itself",
        )),
    }
}

fn base(text: &str) -> Result<Url, ConfigError> {
    let refuse = |problem: String| ConfigError::new("url", problem);
    let mut url = Url::parse(text.trim())
        .map_err(|error| refuse(format!("cannot be read ({error}); write https://host/scim/v2")))?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => {
            return Err(refuse("the token would travel in clear text over http; write https://".into()));
        }
        other => return Err(refuse(format!("'{other}' is not spoken here; write https://"))),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("carries a user name or password; remove them, the token signs in".into()));
    }
    if let Some((name, _)) =
        url.query_pairs().find(|(name, _)| !ENTRA_FLAGS.contains(&name.to_ascii_lowercase().as_str()))
    {
        return Err(refuse(format!(
            "carries the query parameter '{name}'; a tenant URL has none, remove it"
        )));
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

impl Connection {
    /// How many calls may be under way at once.
    pub(super) fn width(&self) -> Width {
        self.concurrency.map_or_else(|| Width::from_preset(CONCURRENCY), Width::fixed)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl fmt::Debug for ScimConfig {
    /// Leaves `token` out: someone may have pasted the secret where its reference belongs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScimConfig")
            .field("url", &self.url)
            .field("dialect", &self.dialect)
            .field("bulk", &self.bulk)
            .field("page_size", &self.page_size)
            .field("concurrency", &self.concurrency)
            .field("rate_limit", &self.rate_limit)
            .field("timeout", &self.timeout)
            .field("ca_bundle", &self.ca_bundle)
            .field("match_by", &self.match_by)
            .field("members_per_call", &self.members_per_call)
            .field("member_removal", &self.member_removal)
            .field("manager_form", &self.manager_form)
            .finish_non_exhaustive()
    }
}
