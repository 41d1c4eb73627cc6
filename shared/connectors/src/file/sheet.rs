//! One of the files outside: where it lies, what it is called in messages, how it is written.
//!
//! In: the configuration. Out: [`Sheet`]. Nothing is looked at.

use std::path::Path;
use std::sync::Arc;

use aws_sdk_s3::Client;

use super::client::Origin;
use super::config::{Dialect, FileConfig, GroupsFile, s3};
use super::error::{FileError, Label};
use super::s3::S3Object;

/// One of the files outside.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) origin: Origin,
    pub(super) label: Arc<Label>,
    pub(super) dialect: Dialect,
}

impl Sheet {
    /// The file of people.
    pub(super) fn of_people(
        config: &FileConfig,
        base: &Path,
        client: Option<Client>,
    ) -> Result<Self, FileError> {
        Self::new(&config.path, "source.file", config.dialect(), base, client)
    }

    /// The file of groups.
    pub(super) fn of_groups(
        config: &GroupsFile,
        base: &Path,
        client: Option<Client>,
    ) -> Result<Self, FileError> {
        Self::new(&config.path, "source.file.groups", config.dialect(), base, client)
    }

    fn new(
        path: &str,
        section: &'static str,
        dialect: Dialect,
        base: &Path,
        client: Option<Client>,
    ) -> Result<Self, FileError> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let label = |place: String| Arc::new(Label { place, name, section });
        let origin = match s3(path) {
            None => Origin::Local(base.join(path)),
            Some((bucket, key)) => match client {
                Some(client) => {
                    Origin::S3(Box::new(S3Object { client, bucket: bucket.to_owned(), key: key.to_owned() }))
                }
                None => return Err(FileError::NoS3Client { file: label(path.to_owned()) }),
            },
        };
        Ok(Self { label: label(origin.place()), origin, dialect })
    }
}
