//! Where credentials are put away.
//!
//! In: a credential and whose it is. Out: the reference that a document holds. Promised: what was put away is not read here,
//! and each credential of an application has a place of its own, so that one can be replaced without knowing the others.

use std::io::Write;
use std::path::PathBuf;

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use secrecy::{ExposeSecret, SecretString};

/// A place for credentials.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Puts a credential away, in place of an earlier one. The reference to it.
    ///
    /// # Errors
    /// [`VaultError`].
    async fn put(&self, application: &str, key: &str, secret: &SecretString) -> Result<String, VaultError>;
}

/// A credential was not put away. Says why, and nothing of the credential.
#[derive(Debug, thiserror::Error)]
#[error("the credential could not be put away: {0}")]
pub struct VaultError(String);

/// AWS Secrets Manager: a secret for each credential, below the stack's prefix.
pub struct SecretsManager {
    client: Client,
    prefix: String,
}

impl SecretsManager {
    /// Secrets whose names begin with `prefix`.
    #[must_use]
    pub fn new(client: Client, prefix: String) -> Self {
        Self { client, prefix }
    }
}

#[async_trait]
impl Vault for SecretsManager {
    async fn put(&self, application: &str, key: &str, secret: &SecretString) -> Result<String, VaultError> {
        let name = format!("{}{application}/{key}", self.prefix);
        let made = self.client.create_secret().name(&name).secret_string(secret.expose_secret()).send().await;
        let arn = match made {
            Ok(made) => made.arn,
            Err(error) if error.code() == Some("ResourceExistsException") => {
                let request = self.client.put_secret_value().secret_id(&name);
                let put = request.secret_string(secret.expose_secret()).send().await;
                put.map_err(|error| told(&error))?.arn
            }
            Err(error) => return Err(told(&error)),
        };
        arn.map(|arn| format!("secretsmanager:{arn}"))
            .ok_or_else(|| VaultError("AWS Secrets Manager told no ARN".to_owned()))
    }
}

fn told(error: &impl ProvideErrorMetadata) -> VaultError {
    let code = error.code().unwrap_or("no answer");
    VaultError(format!("AWS Secrets Manager says {code}: {}", error.message().unwrap_or("no reason given")))
}

/// A folder, for one process on a laptop: a file for each credential, for its owner alone.
pub struct Folder(pub PathBuf);

#[async_trait]
impl Vault for Folder {
    async fn put(&self, application: &str, key: &str, secret: &SecretString) -> Result<String, VaultError> {
        let folder = self.0.join(application);
        let path = folder.join(key);
        let written = make_private(&folder).and_then(|()| write_private(&path, secret.expose_secret()));
        written.map_err(|error| VaultError(format!("{}: {error}", path.display())))?;
        Ok(format!("file:{}", path.display()))
    }
}

fn make_private(folder: &std::path::Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// Writes a file that only its owner can read: beside the old one and then in its place, so that whoever reads sees the
/// old credential, or the new one.
///
/// # Errors
/// What the file system says.
pub fn write_private(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    let draft = path.with_extension("new");
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(&draft)?.write_all(text.as_bytes())?;
    std::fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_credential_in_a_folder_is_its_owners_alone_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Folder(folder.path().join("vault"));
        for token in ["first", "second"] {
            let reference = vault.put("app", "SecretToken", &SecretString::from(token)).await.unwrap();
            let path = reference.strip_prefix("file:").unwrap();
            assert_eq!(std::fs::read_to_string(path).unwrap(), token);
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
            }
        }
    }
}
