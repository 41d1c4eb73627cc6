//! What the end-to-end tests stand on: the real `rollcall` command, files as an administrator writes them, and apps
//! to provision into.
//!
//! Nothing here looks into Rollcall's own data: what it did is read back from the app, what it says from its output.

mod app_server;
mod command;
mod office;
mod sandbox;
mod scim2;
mod scimmy;
mod serve;

pub(crate) use app_server::{AppServer, Make, TOKEN};
pub(crate) use command::{Said, command};
pub(crate) use office::{HEADER, Office, Person, application};
pub(crate) use sandbox::App;
pub(crate) use serve::{Serve, eventually};
