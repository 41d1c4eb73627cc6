//! One folder per outside system: sources that people are read from, targets that accounts are made in.
//!
//! In: a section of an application's document and a secret. Out: an implementation of the engine's ports
//! ([`engine::ports::Source`], [`engine::ports::Target`]). A connector alone speaks its system's wire and answers
//! with the closed lists of failures that the engine judges; it decides nothing about people.
//!
//! | System | Folder | Reads people | Makes accounts |
//! |---|---|---|---|
//! | CSV file, on a disk or in S3 | [`mod@file`] | yes | |
//! | LDAP directory: OpenLDAP, Active Directory | [`ldap`] | yes | |
//! | SCIM 2.0 | [`scim`] | | yes |
//! | whoever uploads people (`bulkUpload`) | [`inbound`] | yes | |
//!
//! Each folder has the same files: `mod` (the story), `config` (the section of the document), `client` (the wire),
//! `convert` (pure, both ways), `source` or `target` (the port), `error`, `tests`.
//!
//! `limiter` is shared: it learns how fast a target may be called.
//!
//! [`application`] is the document itself, and the factory from its sections to connectors.

pub mod application;
pub mod file;
pub mod inbound;
pub mod ldap;
mod limiter;
mod private;
pub mod scim;
