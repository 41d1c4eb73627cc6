//! SCIM 2.0 (RFC 7643, RFC 7644): accounts are made over HTTP in whatever app speaks it.
//!
//! In: mapped attributes by path, and members, from the engine. Out: accounts and groups in the app, and answers in the
//! engine's closed list of failures.
//!
//! ```text
//!  engine ──operation──▶ target ──▶ execute · members · bulk ──▶ convert::write ──body──▶ client ──▶ the app
//!                                                                                           │
//!  engine ◀──account or error── target ◀── convert::read · answer · error ◀────answer────────
//! ```
//!
//! | Module | Does | I/O |
//! |---|---|---|
//! | `config` | the administrator's part, checked | |
//! | `path`, `schema` | which values of a user and of a group there are | |
//! | `kind` | what differs between the two on the wire | |
//! | `convert` | attributes to JSON and back | |
//! | `error`, `retry` | what an answer means, and whether to ask again | |
//! | `mask` | what no error may show | |
//! | `client`, `transport` | requests, deadlines, throttling; TLS | yes |
//! | `learnt` | what this target was found to take | yes |
//! | `groups` | who may change which group when | |
//! | `describe` | what a target says of itself, when somebody asks | yes |
//! | `target`, `listing`, `execute`, `members`, `bulk` | the engine's port, put together from the above | yes |
//!
//! # What a change says
//!
//! | Change | PATCH | PUT |
//! |---|---|---|
//! | a value | `add` where nothing was, else `replace` | in its place |
//! | a list as a whole, such as `roles` | `replace` | in its place |
//! | values that join a list | `add` | those that are not there |
//! | no value | `remove` by path | left out |
//!
//! Clearing the `value` of an element of a list, `emails[type eq "work"].value`, removes the element: what is left would
//! be a shell that names a type and nothing of it. Other parts are cleared alone.
//!
//! Passwords and other hidden values leave Rollcall in the body of a request and nowhere else: they are not read back,
//! not looked for, and blotted out where an answer quotes them. One that lost its text fails its operation.
//!
//! # Groups
//!
//! A group is created without members. Who joins is added by a PATCH, who leaves is taken out by one, many at a time; a
//! removal always names whom it removes (`members`). Nobody else in the group is touched, unless the target
//! leaves no other way than to write the list as a whole: then it must show the list first.
//!
//! One dialect is spoken so far, the RFC's own.

mod bulk;
mod client;
mod config;
mod convert;
mod describe;
mod error;
mod execute;
mod groups;
mod kind;
mod learnt;
mod listing;
mod mask;
mod members;
mod path;
mod retry;
mod schema;
mod target;
#[cfg(test)]
mod tests;
mod transport;

pub use config::{BulkUse, ConfigError, Dialect, ManagerForm, MatchBy, MemberRemoval, ScimConfig};
pub use describe::Description;
pub(crate) use kind::CORE_GROUP;
pub use path::{PathError, ScimPath};
pub(crate) use schema::ENTERPRISE;
pub use schema::{ScimGroupSchema, ScimSchema};
pub use target::ScimTarget;
