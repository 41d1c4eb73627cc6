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
pub(crate) use command::{Said, command, function, symbols_of};
pub(crate) use office::{HEADER, Office, Person, application};
pub(crate) use sandbox::App;
pub(crate) use serve::{Serve, eventually};

/// Lets HTTP clients of this process speak TLS. Fails when a provider is installed already, and then that one is used.
pub(crate) fn tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A port for a server that takes a number and no socket. No other test gets it meanwhile.
pub(crate) fn free_port() -> String {
    testkit::servers::free_port().expect("a port is free").to_string()
}
