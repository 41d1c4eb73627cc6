//! What a login left: a file for each service, for its owner alone.
//!
//! A login is a person's and not a data folder's, so it lies with the person's other settings: in
//! `$XDG_CONFIG_HOME/rollcall/`, else `~/.config/rollcall/`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context;
use control::vault::write_private;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::form_urlencoded;

use crate::client::Address;
use crate::data_dir::make_private;
use crate::exit::Refusal;

/// A token that ends so soon is renewed before it is shown: the request takes its time, and clocks differ.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// Who logged in where, with what it takes to go on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Login {
    /// The service.
    pub(super) url: String,
    /// Who gave the tokens, and to which client.
    pub(super) issuer: String,
    pub(super) client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) audience: Option<String>,
    /// Where it gives others.
    pub(super) token_endpoint: String,
    #[serde(serialize_with = "written", deserialize_with = "read")]
    pub(super) access_token: SecretString,
    #[serde(default, serialize_with = "written_if_any", deserialize_with = "read_if_any")]
    pub(super) refresh_token: Option<SecretString>,
    /// When the access token ends; when the issuer does not say, it is shown until it is refused.
    #[serde(default)]
    pub(super) expires: Option<Timestamp>,
}

impl Login {
    /// Whether its token still counts for a request that is made now.
    pub(super) fn counts(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| expires.duration_since(now) > MARGIN)
    }
}

/// The file of one service's login.
#[derive(Debug, Clone)]
pub(super) struct Place(PathBuf);

impl Place {
    /// Where the login of a service lies. `None` where nobody has a home.
    pub(super) fn of(address: &Address) -> Option<Self> {
        let folder = folder(std::env::var_os("XDG_CONFIG_HOME"), std::env::var_os("HOME"))?;
        Some(Self::within(&folder, address))
    }

    /// The same, below a folder.
    pub(super) fn within(folder: &Path, address: &Address) -> Self {
        // The whole address in the name: two services never share a file.
        let name: String = form_urlencoded::byte_serialize(address.to_string().as_bytes()).collect();
        Self(folder.join(format!("{name}.json")))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The login that lies there.
    pub(super) fn read(&self) -> anyhow::Result<Option<Login>> {
        let text = match fs::read(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", self.0.display())),
        };
        // The parser's own words could quote a token.
        serde_json::from_slice(&text).map(Some).map_err(|_| {
            let problem = format!("{} holds no login; remove it, and log in again", self.0.display());
            Refusal(problem).into()
        })
    }

    pub(super) fn write(&self, login: &Login) -> anyhow::Result<()> {
        if let Some(folder) = self.0.parent() {
            make_private(folder)?;
        }
        let text = SecretString::from(serde_json::to_string_pretty(login)?);
        write_private(&self.0, text.expose_secret())
            .with_context(|| format!("cannot write {}", self.0.display()))
    }

    /// Forgets the login. Whether there was one.
    pub(super) fn remove(&self) -> anyhow::Result<bool> {
        // What other commands waited for; it holds nothing.
        let _ = fs::remove_file(self.0.with_extension("lock"));
        match fs::remove_file(&self.0) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error).with_context(|| format!("cannot remove {}", self.0.display())),
        }
    }

    /// Keeps other commands from renewing it meanwhile: issuers take back everything when a token that was exchanged already
    /// comes a second time.
    pub(super) fn lock(&self) -> anyhow::Result<File> {
        let path = self.0.with_extension("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        Ok(file)
    }
}

/// Where a person's settings lie, after the XDG Base Directory Specification: a relative path there does not count.
fn folder(settings: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let settings = settings.map(PathBuf::from).filter(|path| path.is_absolute());
    let usual = || home.filter(|home| !home.is_empty()).map(|home| PathBuf::from(home).join(".config"));
    Some(settings.or_else(usual)?.join("rollcall"))
}

fn written<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

fn written_if_any<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(ExposeSecret::expose_secret).serialize(serializer)
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

fn read_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_lie_where_the_person_has_them() {
        let cases = [
            (Some("/etc/ada"), Some("/home/ada"), Some("/etc/ada/rollcall")),
            (None, Some("/home/ada"), Some("/home/ada/.config/rollcall")),
            (Some(""), Some("/home/ada"), Some("/home/ada/.config/rollcall")),
            (Some("relative"), Some("/home/ada"), Some("/home/ada/.config/rollcall")),
            (None, Some(""), None),
            (None, None, None),
        ];
        for (settings, home, expected) in cases {
            let found = folder(settings.map(OsString::from), home.map(OsString::from));
            assert_eq!(found, expected.map(PathBuf::from), "{settings:?} {home:?}");
        }
    }

    #[test]
    fn services_have_files_of_their_own() {
        let of = |url| Place::within(Path::new("/c"), &Address::parse(url).unwrap());
        let places =
            ["https://a.example", "https://a.example:8443", "https://a.example/prod", "http://127.0.0.1:80"];
        let places: std::collections::BTreeSet<_> = places.iter().map(|url| of(url).0).collect();
        assert_eq!(places.len(), 4);
        assert!(places.iter().all(|path| path.parent() == Some(Path::new("/c"))), "{places:?}");
        assert_eq!(of("https://a.example/v1.0/").path(), of("https://a.example").path());
    }
}
