//! From the sections of a document to connectors: the one place that knows all systems.

use std::path::Path;
use std::sync::Arc;

use aws_sdk_s3::Client;
use engine::ports::{Clock, Source, SourceError, Target};
use secrecy::SecretString;

use super::{SourceConfig, TargetConfig};
use crate::file::FileSource;
use crate::scim::{ConfigError, ScimTarget};

/// The source of a document that lies in `base`. `work` is a folder for this application alone: its source keeps
/// private copies there and deletes what is old. `s3` is needed by sources in S3.
///
/// # Errors
/// See [`FileSource::connect`]. Nothing is read yet.
pub fn connect_source(
    config: &SourceConfig,
    base: &Path,
    work: &Path,
    s3: Option<Client>,
) -> Result<Box<dyn Source>, SourceError> {
    match config {
        SourceConfig::File(file) => Ok(Box::new(FileSource::connect(file.clone(), base, work, s3)?)),
    }
}

/// The target of a document, with its token.
///
/// # Errors
/// See [`ScimTarget::connect`]. Nobody is called yet.
pub fn connect_target(
    config: &TargetConfig,
    token: SecretString,
    clock: Arc<dyn Clock>,
) -> Result<Box<dyn Target>, ConfigError> {
    match config {
        TargetConfig::Scim(scim) => Ok(Box::new(ScimTarget::connect(scim, token, clock)?)),
    }
}
