//! SCIMMY, from npm: JavaScript on Express. Unlike `scim2-server` it answers a change that changes nothing with
//! 204, gives locations without a host, and sends no version of a resource.

use std::path::Path;
use std::process::Command;

use super::app_server::installed;

/// Where its SCIM service begins.
pub(super) const PATH: &str = "/scim/v2";

/// Starts it on a port, for whoever knows the token. It logs each request to standard output.
pub(super) fn command(port: &str, token: &str) -> Command {
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("servers/scimmy/server.cjs");
    let mut command = Command::new("node");
    command.arg(server).env("NODE_PATH", installed(Path::new("scimmy/node_modules")));
    command.env("PORT", port).env("TOKEN", token);
    command
}
