//! The commands, one file each.

pub(crate) mod apply;
pub(crate) mod control;
pub(crate) mod cycle;
pub(crate) mod doctor;
pub(crate) mod escrow;
pub(crate) mod explain;
pub(crate) mod expr;
pub(crate) mod import;
pub(crate) mod jobs;
pub(crate) mod logs;
pub(crate) mod mail;
pub(crate) mod plan;
pub(crate) mod provision;
pub(crate) mod removals;
pub(crate) mod sandbox;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod status;
