//! `rollcall schema`: the JSON Schema of application files, for editors.

use crate::exit::Exit;
use crate::output;

pub(crate) fn run() -> anyhow::Result<Exit> {
    output::json(&connectors::application::schema())?;
    Ok(Exit::Done)
}
