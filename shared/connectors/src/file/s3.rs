//! The bytes of one version of an object in S3.
//!
//! In: bucket and key, and what was read last time. Out: a raw copy, fetched under the `ETag` that was looked at, or that
//! nothing changed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::client::{ATTEMPTS, Fresh, Sink};
use super::copies::Part;
use super::error::{FileError, Label};
use super::intake::Raw;

/// An object in a bucket.
#[derive(Debug, Clone)]
pub(super) struct S3Object {
    pub(super) client: Client,
    pub(super) bucket: String,
    pub(super) key: String,
}

/// What a `HeadObject` said.
struct Seen {
    etag: Option<String>,
    version_id: Option<String>,
}

impl S3Object {
    /// Brings one version to `to`; `None` when its `ETag` still is the one `known`.
    pub(super) async fn fetch(
        &self,
        label: &Arc<Label>,
        to: &Path,
        known: Option<&Part>,
        max: u64,
        calls: &AtomicU64,
    ) -> Result<Option<Fresh>, FileError> {
        for _ in 0..ATTEMPTS {
            let seen = self.look(label, calls).await?;
            if seen.etag.is_some() && known.is_some_and(|known| known.etag == seen.etag) {
                return Ok(None);
            }
            if let Some(raw) = self.get(label, &seen, to, max, calls).await? {
                let Seen { etag, version_id } = seen;
                let part = Part { sha256: raw.sha256.clone(), etag, version_id };
                return Ok(Some(Fresh { raw, part, stamp: None }));
            }
        }
        Err(FileError::Changing { file: label.clone(), attempts: ATTEMPTS })
    }

    /// The `ETag` of the object as it is now.
    pub(super) async fn etag(
        &self,
        label: &Arc<Label>,
        calls: &AtomicU64,
    ) -> Result<Option<String>, FileError> {
        Ok(self.look(label, calls).await?.etag)
    }

    async fn look(&self, label: &Arc<Label>, calls: &AtomicU64) -> Result<Seen, FileError> {
        calls.fetch_add(1, Ordering::Relaxed);
        let head = self.client.head_object().bucket(&self.bucket).key(&self.key).send().await;
        let head = head.map_err(|error| failed(label, &error))?;
        Ok(Seen { etag: head.e_tag, version_id: head.version_id })
    }

    /// Fetches the version seen; `None` when another has taken its place.
    async fn get(
        &self,
        label: &Arc<Label>,
        seen: &Seen,
        to: &Path,
        max: u64,
        calls: &AtomicU64,
    ) -> Result<Option<Raw>, FileError> {
        calls.fetch_add(1, Ordering::Relaxed);
        let request = self.client.get_object().bucket(&self.bucket).key(&self.key);
        let mut object = match request.set_if_match(seen.etag.clone()).send().await {
            Ok(object) => object,
            Err(error) if status(&error) == Some(412) => return Ok(None),
            Err(error) => return Err(failed(label, &error)),
        };
        let broken = |problem: String| FileError::S3Failed { file: label.clone(), problem };
        let mut sink = Sink::begin(to, label, max)?;
        // Chunks are tens of kilobytes and go to a local disk: not worth a hop to another thread each.
        while let Some(chunk) = object.body.try_next().await.map_err(|error| broken(error.to_string()))? {
            sink.push(&chunk)?;
        }
        let raw = sink.finish()?;
        match object.content_length.and_then(|length| u64::try_from(length).ok()) {
            Some(length) if length != raw.bytes => {
                Err(broken(format!("{} of {length} bytes arrived", raw.bytes)))
            }
            _ => Ok(Some(raw)),
        }
    }
}

fn failed<E>(label: &Arc<Label>, error: &SdkError<E, HttpResponse>) -> FileError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let file = label.clone();
    match (status(error), error.code()) {
        (Some(404), _) => FileError::Missing { file },
        (Some(status @ (401 | 403)), _) => FileError::S3Refused { file, status },
        (Some(status), Some("ExpiredToken" | "InvalidToken")) => FileError::S3Refused { file, status },
        (Some(status), code) => {
            let code = code.unwrap_or("no code");
            FileError::S3Failed { file, problem: format!("it answered {status} ({code})") }
        }
        (None, _) => FileError::S3Failed { file, problem: DisplayErrorContext(error).to_string() },
    }
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}
