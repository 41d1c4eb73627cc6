//! The commands, one file each.

pub(crate) mod apply;
pub(crate) mod cycle;
pub(crate) mod explain;
pub(crate) mod expr;
pub(crate) mod import;
pub(crate) mod logs;
pub(crate) mod mail;
pub(crate) mod sandbox;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod status;
