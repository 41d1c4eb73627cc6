//! Where files of the log wait for those who asked for them.
//!
//! In: a finished file, from `sync`. Out: a link that works for five minutes, or the file itself, from `query`. On AWS that
//! is a bucket that deletes after a week, on a laptop a folder.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, SdkError};
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use jiff::Timestamp;
use uuid::Uuid;

use crate::Format;

/// How long a link works: the time to follow it. Whoever comes later asks for another one.
const VALID: Duration = Duration::from_secs(5 * 60);

/// Where.
#[derive(Debug, Clone)]
pub enum Exports {
    /// A bucket.
    Bucket {
        /// Whoever speaks to it.
        client: Client,
        /// Its name.
        name: String,
    },
    /// A folder, which is made when it is needed.
    Folder(PathBuf),
}

/// A link to a file, for whoever has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where.
    pub url: String,
    /// Until when.
    pub expires: Timestamp,
}

/// What a file's name ends with: texts are compressed, because the disk of a function is small.
#[must_use]
pub fn extension(format: Format) -> &'static str {
    match format {
        Format::Csv => "zip",
        Format::Json => "json.gz",
        Format::Ndjson => "ndjson.gz",
    }
}

/// What HTTP calls such a file.
#[must_use]
pub fn content_type(format: Format) -> &'static str {
    match format {
        Format::Csv => format.content_type(),
        Format::Json | Format::Ndjson => "application/gzip",
    }
}

/// The header under which a browser saves such a file.
#[must_use]
pub fn disposition(format: Format) -> String {
    format!("attachment; filename=\"provisioning-logs.{}\"", extension(format))
}

/// The key of an export.
#[must_use]
pub fn key(operation: Uuid, format: Format) -> String {
    format!("exports/{operation}.{}", extension(format))
}

impl Exports {
    /// Puts a finished file there. One of the same key is replaced.
    ///
    /// # Errors
    /// When it is not taken.
    pub async fn put(&self, operation: Uuid, format: Format, file: &Path) -> io::Result<()> {
        let key = key(operation, format);
        match self {
            Self::Bucket { client, name } => {
                let body = ByteStream::from_path(file).await.map_err(io::Error::other)?;
                let request = client.put_object().bucket(name).key(&key).body(body);
                let request =
                    request.content_type(content_type(format)).content_disposition(disposition(format));
                let answer = request.send().await;
                answer.map(drop).map_err(|error| refused(name, &error))
            }
            Self::Folder(folder) => {
                let path = folder.join(&key);
                let part = path.with_extension("part");
                tokio::fs::create_dir_all(path.parent().unwrap_or(folder)).await?;
                tokio::fs::copy(file, &part).await?;
                tokio::fs::rename(&part, &path).await
            }
        }
    }

    /// Writes a file of a few bytes among the others, to see whether that works; a folder is made when it is needed.
    ///
    /// # Errors
    /// When the bucket does not take it.
    pub async fn try_out(&self) -> io::Result<()> {
        let Self::Bucket { client, name } = self else { return Ok(()) };
        let request =
            client.put_object().bucket(name).key("exports/checkup").body(ByteStream::from_static(b"works"));
        request.send().await.map(drop).map_err(|error| refused(name, &error))
    }

    /// A link to a file in a bucket; `None` where files lie in a folder.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub async fn link(&self, operation: Uuid, format: Format, now: Timestamp) -> io::Result<Option<Link>> {
        let Self::Bucket { client, name } = self else { return Ok(None) };
        let signed = PresigningConfig::builder().start_time(now.into()).expires_in(VALID).build();
        let request = client.get_object().bucket(name).key(key(operation, format));
        let request = request.response_content_disposition(disposition(format));
        let request = request.presigned(signed.map_err(io::Error::other)?).await;
        let request = request.map_err(|error| io::Error::other(DisplayErrorContext(&error).to_string()))?;
        let expires = now.saturating_add(VALID).unwrap_or(now);
        Ok(Some(Link { url: request.uri().to_owned(), expires }))
    }

    /// Where a file lies on this machine; `None` where files lie in a bucket.
    #[must_use]
    pub fn path(&self, operation: Uuid, format: Format) -> Option<PathBuf> {
        match self {
            Self::Bucket { .. } => None,
            Self::Folder(folder) => Some(folder.join(key(operation, format))),
        }
    }
}

fn refused(bucket: &str, error: &SdkError<PutObjectError>) -> io::Error {
    io::Error::other(format!("bucket '{bucket}': {}", DisplayErrorContext(error)))
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};

    use super::*;

    #[tokio::test]
    async fn a_link_into_a_bucket_works_for_five_minutes_and_for_one_file() {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
            .build();
        let exports =
            Exports::Bucket { client: Client::from_conf(config), name: "rollcall-exports".to_owned() };
        let noon: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let link = exports.link(Uuid::from_u128(9), Format::Json, noon).await.unwrap().unwrap();
        assert_eq!(link.expires, "2026-03-02T12:05:00Z".parse().unwrap());
        let file = "/exports/00000000-0000-0000-0000-000000000009.json.gz?";
        for part in [file, "X-Amz-Expires=300", "X-Amz-Date=20260302T120000Z", "provisioning-logs.json.gz"] {
            assert!(link.url.contains(part), "{part}: {}", link.url);
        }
        assert!(!link.url.contains("secret"), "{}", link.url);
        assert_eq!(exports.path(Uuid::from_u128(9), Format::Json), None);
    }
}
