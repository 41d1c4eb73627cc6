//! What the functions behind API Gateway have in common: who may ask, how one is refused, how pages and links look.
//!
//! In: a request. Out: an answer that carries a `request-id`, in the words of Microsoft Graph. The routes themselves are
//! in `query`, which reads, and in `control`, which changes.
//!
//! | Module | Does |
//! |---|---|
//! | [`access`] | lets a request through, or not, by Graph's permission names |
//! | [`error`] | refusals, in Graph's one envelope |
//! | [`frame`] | what every request and answer gets: ids, limits, headers |
//! | [`answer`] | what an answer says about itself: context and links |
//! | [`pages`] | pages of short lists |
//! | [`token`] | what the token of a next link is bound to |
//! | [`rate`] | how often one caller may ask |
//! | [`segments`] | `jobs('id')` means `jobs/id` |
//! | [`openapi`] | routes together with their description |
//! | [`web`] | requests to somebody else's address, bounded |
//! | [`find`] | the application and the job that a path names |

pub mod access;
pub mod answer;
pub mod error;
pub mod find;
pub mod frame;
pub mod openapi;
pub mod pages;
pub mod rate;
pub mod segments;
pub mod token;
pub mod web;

pub use self::access::{Access, Caller};
pub use self::error::ApiError;
