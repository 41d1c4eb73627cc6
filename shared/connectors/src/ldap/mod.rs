//! An LDAP directory as the source of people and groups: OpenLDAP and its relatives, Active Directory, Samba.
//!
//! In: the `ldap:` section of an application document and the bind account's password. Out: a reading of everyone
//! selected, or of what changed since the watermark, or one sentence that says why not.
//!
//! ```text
//!  server ──client──▶ messages ──changes──▶ draft ──references──▶ spool ──read──▶ pages of 500
//!           bind, TLS   wire     full, since  convert, duplicates  DN → anchor   private file
//! ```
//!
//! | File | What it does |
//! |---|---|
//! | `config`, `check` | the `ldap:` section of an application document, and what can be wrong with it |
//! | `client` | the wire: connect, bind, search, page; counts operations |
//! | `gate` | keeps the library from reading ahead of us |
//! | `wire` | from BER to entries and controls, without a panic |
//! | `server` | what the rootDSE says: which directory it is, what it can do |
//! | `schema`, `plan` | which attributes are asked for, and how their values are to be understood |
//! | `convert`, `binary`, `time`, `dn` | from an entry to an object. Pure |
//! | `reader` | one bound connection with its server and plan: listings, lookups |
//! | `changes` | the ways to learn what changed, one file each |
//! | `draft`, `references`, `spool` | what came, checked for duplicates, references resolved, kept in a private file |
//! | `late` | groups that name people who came only now |
//! | `watermark` | what is handed in next time |
//! | `range` | long attribute values of Active Directory, fetched in slices |
//! | `reading` | one reading, from signing in to the spool |
//! | `source` | the port: `open`, `read`, `get` |
//! | `error` | everything that can go wrong, each as one sentence |
//!
//! # Guarantees
//! * A reading is taken for complete only when every page of every search ended with success: `open` reads to the
//!   end before anything is exported. A connection that breaks, a size limit, a referral into the listed subtree
//!   fail `open`, and nobody counts as gone.
//! * An entry that cannot be understood fails alone, and is named by its anchor.
//! * Only attributes that someone asks for travel.
//! * Users come before groups, changed ones and those named by anchor alone.
//! * Memory does not grow with the directory, but for some 60 bytes an entry.
//!
//! # Assumptions
//! The work folder belongs to this one source: spools of former readings in it are deleted.

mod binary;
mod changes;
mod check;
mod client;
mod config;
mod convert;
mod dn;
mod draft;
mod error;
mod gate;
mod late;
mod plan;
mod range;
mod reader;
mod reading;
mod references;
mod schema;
mod server;
mod source;
mod spool;
#[cfg(test)]
mod tests;
mod time;
mod tls;
mod verdict;
mod watermark;
mod wire;

pub use config::{Anchor, Changes, EnabledRule, LdapConfig, Selection};
pub use plan::Wanted;
pub use source::LdapSource;
