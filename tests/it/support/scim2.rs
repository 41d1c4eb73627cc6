//! `scim2-server`, from PyPI: Python on pydantic, the RFCs followed closely.

use std::path::Path;
use std::process::Command;

use super::app_server::installed;

/// Where its SCIM service begins.
pub(super) const PATH: &str = "/v2";

/// Starts it on a port, for whoever knows the token. It logs each request to standard error.
pub(super) fn command(port: &str, token: &str) -> Command {
    let program = installed(Path::new("venv/bin/scim2-server"));
    let mut command = Command::new(program);
    command.args(["--hostname", "127.0.0.1", "--port", port, "--bearer-token", token]);
    command
}
