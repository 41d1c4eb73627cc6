//! Secrets by reference: what is stored and logged is where a secret lies, never the secret.
//!
//! In: `env:NAME`, `file:PATH`, or `secretsmanager:ARN`, behind whose ARN `#NAME` picks one value of a JSON document.
//! Out: a [`SecretString`], which prints as `[REDACTED]`; or the secret is gone, where it was put away for an application.
//! Errors name the reference and the cure.
//!
//! # Guarantees
//! Nothing is asked of AWS before a reference needs it. What Secrets Manager answered is kept for five minutes, so
//! that slices which follow one another ask once, and a rotated secret is known at the next cycle. What failed is
//! not kept.

mod manager;

use std::collections::HashMap;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use engine::ports::Clock;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;

use crate::env;

/// The largest secret file: tokens are some hundred bytes, signed ones a few thousand.
const LARGEST: u64 = 64 * 1024;

/// How long an answer of Secrets Manager is kept. Shorter than the shortest interval between two cycles.
const KEPT: SignedDuration = SignedDuration::from_mins(5);

/// Why a secret could not be had. Names the reference and the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret '{reference}' cannot be had: {problem}")]
pub struct SecretError {
    /// The reference as it was written.
    pub reference: String,
    /// What is wrong and how to mend it.
    pub problem: String,
}

/// Why a secret may still be there. Names the reference and the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret '{reference}' was not deleted: {problem}")]
pub struct NotForgotten {
    /// The reference as it was written.
    pub reference: String,
    /// What is wrong and how to mend it.
    pub problem: String,
}

/// Resolves references. Cloning it is cheap, and clones share what they know.
#[derive(Clone)]
pub struct Secrets(Arc<Shared>);

struct Shared {
    clock: Arc<dyn Clock>,
    client: OnceCell<aws_sdk_secretsmanager::Client>,
    /// Whole documents by ARN, and since when they are known.
    known: Mutex<HashMap<String, (Timestamp, SecretString)>>,
}

impl Secrets {
    /// A resolver that finds AWS by the environment, once it has to.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::over(clock, OnceCell::new())
    }

    /// A resolver that asks this client.
    #[must_use]
    pub fn with_client(clock: Arc<dyn Clock>, client: aws_sdk_secretsmanager::Client) -> Self {
        Self::over(clock, OnceCell::new_with(Some(client)))
    }

    fn over(clock: Arc<dyn Clock>, client: OnceCell<aws_sdk_secretsmanager::Client>) -> Self {
        Self(Arc::new(Shared { clock, client, known: Mutex::default() }))
    }

    /// The same resolver, which knows nothing yet: what was changed a moment ago is seen.
    #[must_use]
    pub fn afresh(&self) -> Self {
        Self::over(self.0.clock.clone(), self.0.client.clone())
    }

    /// Resolves a reference.
    ///
    /// # Errors
    /// [`SecretError`] when there is nothing there, or nothing that can be read.
    pub async fn resolve(&self, reference: &str) -> Result<SecretString, SecretError> {
        let found = match reference.split_once(':') {
            Some(("env", name)) => env::required(name).map_err(|error| error.to_string()),
            Some(("file", path)) => read(Path::new(path)),
            Some(("secretsmanager", place)) => self.managed(place).await,
            _ => Err("write env:NAME, file:PATH or secretsmanager:ARN".to_owned()),
        };
        let text = found.and_then(|text| match text.trim() {
            "" => Err("it is empty".to_owned()),
            text => Ok(SecretString::from(text)),
        });
        text.map_err(|problem| SecretError { reference: reference.to_owned(), problem })
    }

    /// Deletes a secret that was put away for `owner`, in a place below theirs: `…/<owner>/<key>`. One that lies elsewhere was put
    /// there by others, and stays. One that is gone is as it should be.
    ///
    /// # Errors
    /// [`NotForgotten`] when it may still be there.
    pub async fn forget(&self, reference: &str, owner: &str) -> Result<(), NotForgotten> {
        let Some((kind, place)) = reference.split_once(':') else { return Ok(()) };
        let folder = Path::new(place).parent();
        let owned = folder.and_then(Path::to_str).is_some_and(|folder| folder.ends_with(owner));
        let gone = match kind {
            "file" if owned => delete(Path::new(place)),
            "secretsmanager" if owned => manager::delete(self.client().await, place).await,
            _ => Ok(()),
        };
        gone.map_err(|problem| NotForgotten { reference: reference.to_owned(), problem })
    }

    /// One value in Secrets Manager: `ARN`, or `ARN#NAME` for one of several in a JSON document.
    async fn managed(&self, place: &str) -> Result<String, String> {
        // The name of a secret holds no '#'.
        let (arn, name) = place.split_once('#').map_or((place, None), |(arn, name)| (arn, Some(name)));
        let document = match self.known(arn) {
            Some(document) => document,
            None => {
                let document = manager::fetch(self.client().await, arn).await?;
                self.remember(arn, &document);
                document
            }
        };
        manager::pick(document.expose_secret(), name)
    }

    async fn client(&self) -> &aws_sdk_secretsmanager::Client {
        let connect = async || aws_sdk_secretsmanager::Client::new(&crate::aws::config().await);
        self.0.client.get_or_init(connect).await
    }

    fn known(&self, arn: &str) -> Option<SecretString> {
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, document) = known.get(arn)?;
        (self.0.clock.now().duration_since(*since) < KEPT).then(|| document.clone())
    }

    fn remember(&self, arn: &str, document: &SecretString) {
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(arn.to_owned(), (self.0.clock.now(), document.clone()));
    }
}

fn read(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut text = String::new();
    let read = file.take(LARGEST + 1).read_to_string(&mut text);
    match read {
        Ok(length) if length as u64 > LARGEST => {
            Err(format!("{} is larger than a secret can be", path.display()))
        }
        Ok(_) => Ok(text),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// Deletes a file, and its folder with the last one.
fn delete(path: &Path) -> Result<(), String> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(format!("{}: {error}", path.display()));
        }
        _ => {}
    }
    // Not empty while others lie there.
    let _ = path.parent().map(std::fs::remove_dir);
    Ok(())
}

#[cfg(test)]
mod tests;
