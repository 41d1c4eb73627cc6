//! From the sections of a document to connectors: the one place that knows all systems.

use std::path::Path;
use std::sync::Arc;

use aws_sdk_s3::Client;
use engine::mapping::Mapping;
use engine::model::ObjectType;
use engine::ports::{Clock, Source, SourceError, Target};
use secrecy::SecretString;

use super::{SourceConfig, TargetConfig};
use crate::file::FileSource;
use crate::ldap::LdapSource;
use crate::scim::{ConfigError, ScimTarget};

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
    /// What will be made of the objects: a source reads no attribute that nobody asks for.
    pub mapping: &'a Mapping,
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
    let Surroundings { base, work, s3, secret, mapping, clock } = surroundings;
    match config {
        SourceConfig::File(file) => Ok(Box::new(FileSource::connect(file.clone(), base, work, s3)?)),
        SourceConfig::Ldap(ldap) => {
            let (wanted, types) = (mapping.source_attributes(), [ObjectType::User]);
            let source = LdapSource::connect(ldap.clone(), base, work, secret, wanted, &types, clock)?;
            let optional = wanted.difference(mapping.needed_attributes()).cloned().collect();
            Ok(Box::new(source.doing_without(optional)))
        }
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
