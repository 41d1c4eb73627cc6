//! From the sections of a document to connectors: the one place that knows all systems.

use std::path::Path;
use std::sync::Arc;

use aws_sdk_s3::Client;
use engine::mapping::Mapping;
use engine::ports::{Clock, Source, SourceError, Target, TargetError};
use secrecy::SecretString;

use super::{SourceConfig, TargetConfig};
use crate::file::{FileConfig, FileSource};
use crate::inbound::{InboundSource, Uploads};
use crate::ldap::{LdapSource, Wanted};
use crate::scim::{ConfigError, Description, ScimTarget};

/// What a source is given besides its section of the document.
pub struct Surroundings<'a> {
    /// The folder that relative paths of the document begin at.
    pub base: &'a Path,
    /// A folder for this application alone: its source keeps private copies there and deletes what is old.
    pub work: &'a Path,
    /// Needed by sources in S3.
    pub s3: Option<Client>,
    /// What [`SourceConfig::secret`] refers to.
    pub secret: Option<SecretString>,
    /// What was uploaded for this application; needed by sources that people are uploaded to.
    pub uploads: Option<Arc<dyn Uploads>>,
    /// What will be made of users: a source reads no attribute that nobody asks for.
    pub mapping: &'a Mapping,
    /// What will be made of groups; without it groups are not read.
    pub groups: Option<&'a Mapping>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The source of a document.
///
/// # Errors
/// When its section cannot be used as it is. Nothing is read yet.
pub fn connect_source(
    config: &SourceConfig,
    surroundings: Surroundings<'_>,
) -> Result<Box<dyn Source>, SourceError> {
    let Surroundings { base, work, s3, secret, uploads, mapping, groups, clock } = surroundings;
    match config {
        SourceConfig::File(file) => {
            Ok(Box::new(FileSource::connect(with_groups(file, groups.is_some())?, base, work, s3)?))
        }
        SourceConfig::Ldap(ldap) => {
            let (users, groups) = (Wanted::by(mapping), groups.map(Wanted::by));
            Ok(Box::new(LdapSource::connect(ldap.clone(), base, work, secret, users, groups, clock)?))
        }
        SourceConfig::Inbound(_) => match uploads {
            Some(uploads) => Ok(Box::new(InboundSource::new(uploads))),
            None => Err(SourceError::Unavailable(
                "what was uploaded cannot be read from here; run this where the application's store is"
                    .into(),
            )),
        },
    }
}

/// The section with its groups where they are read, and without where they are not: then their file need not exist.
fn with_groups(file: &FileConfig, wanted: bool) -> Result<FileConfig, SourceError> {
    match (&file.groups, wanted) {
        (None, true) => Err(SourceError::Refused(
            "source.file.groups is missing although the document has a groups section; write where their file is".into(),
        )),
        (_, true) => Ok(file.clone()),
        (_, false) => Ok(FileConfig { groups: None, ..file.clone() }),
    }
}

/// The target of a document, with its token; one that provisions groups also proves that it offers them.
///
/// # Errors
/// See [`ScimTarget::connect`]. Nobody is called yet.
pub fn connect_target(
    config: &TargetConfig,
    token: SecretString,
    groups: bool,
    clock: Arc<dyn Clock>,
) -> Result<Box<dyn Target>, ConfigError> {
    match config {
        TargetConfig::Scim(scim) => {
            let target = ScimTarget::connect(scim, token, clock)?;
            Ok(Box::new(if groups { target.with_groups() } else { target }))
        }
    }
}

/// Why a target did not say what it can hold.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    /// Its section cannot be used as it is.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// It failed, or does not describe itself.
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// Asks the target of a document what it can hold.
///
/// # Errors
/// [`DescribeError`].
pub async fn describe_target(
    config: &TargetConfig,
    token: SecretString,
    clock: Arc<dyn Clock>,
) -> Result<Description, DescribeError> {
    match config {
        TargetConfig::Scim(scim) => Ok(ScimTarget::connect(scim, token, clock)?.describe().await?),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use testkit::time::TestClock;

    use super::super::Application;
    use super::*;
    use crate::file::GroupsFile;
    use crate::inbound::InboundConfig;
    use crate::ldap::LdapConfig;

    #[test]
    fn a_source_of_groups_needs_a_section_that_says_where_they_are() {
        let document =
            Application::from_yaml(include_str!("fixtures/ledgerly.yaml"), "ledgerly.yaml").unwrap();
        let mapping = document.check().unwrap().mapping;
        let connected = |source: SourceConfig, groups| {
            let surroundings = Surroundings {
                base: Path::new("/nowhere"),
                work: Path::new("/nowhere"),
                s3: None,
                secret: Some("secret".to_owned().into()),
                uploads: None,
                mapping: &mapping,
                groups,
                clock: Arc::new(TestClock::at(Timestamp::UNIX_EPOCH)),
            };
            connect_source(&source, surroundings).map(drop)
        };
        let file = FileConfig::new("people.csv", "id");
        let ldap = LdapConfig::new("ldaps://dc1.tessera.example", "cn=x", "env:LDAP", "dc=example");
        let cases = [
            (SourceConfig::File(file.clone()), "source.file.groups is missing", "where their file is"),
            (SourceConfig::Ldap(ldap), "source.ldap.groups is missing", "write their base"),
        ];
        for (source, problem, cure) in cases {
            connected(source.clone(), None).unwrap();
            let error = connected(source, Some(&mapping)).unwrap_err().to_string();
            assert!(error.contains(problem) && error.contains(cure), "{error}");
        }
        let elsewhere = FileConfig { groups: Some(GroupsFile::new("s3://bucket/groups.csv", "id")), ..file };
        connected(SourceConfig::File(elsewhere.clone()), None)
            .expect("a section that nobody reads needs nothing");
        let error = connected(SourceConfig::File(elsewhere), Some(&mapping)).unwrap_err().to_string();
        assert!(error.contains("no S3 client"), "{error}");
    }

    #[test]
    fn uploads_are_read_where_they_are_kept() {
        let document =
            Application::from_yaml(include_str!("fixtures/ledgerly.yaml"), "ledgerly.yaml").unwrap();
        let surroundings = Surroundings {
            base: Path::new("/nowhere"),
            work: Path::new("/nowhere"),
            s3: None,
            secret: None,
            uploads: None,
            mapping: &document.check().unwrap().mapping,
            groups: None,
            clock: Arc::new(TestClock::at(Timestamp::UNIX_EPOCH)),
        };
        let error = connect_source(&SourceConfig::Inbound(InboundConfig::default()), surroundings).err();
        assert!(matches!(error, Some(SourceError::Unavailable(why)) if why.contains("run this where")));
    }
}
