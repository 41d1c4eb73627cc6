//! Looking at what a document would do, before it is saved.
//!
//! In: an application as it would be saved. Out: its consequences, or why nothing can be known. Reads source, target and
//! store, and writes nothing; private copies of a file lie in a folder of their own that is gone afterwards, so that a cycle
//! that runs meanwhile keeps its own.

use connectors::application::CheckedApplication;
use connectors::application::differences::{Difference, concern_nobody, differences};
use engine::cycle::CycleError;
use engine::cycle::preview::{Consequences, Sight, preview};
use runtime::ask::Refusal;
use serde::Serialize;
use serde_json::Value;
use store::StoredApplication;

use crate::ask::{of_slice, refused};
use crate::context::Context;
use crate::cycle::{Connected, SliceError, connect};

/// The largest document that is looked at, in bytes of JSON. The answer holds it with all that differs, and lies in one item
/// of at most 400 KB; a mapping of a thousand attributes takes half of this.
const LARGEST: usize = 100 * 1024;

/// What would come of a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The version it was compared with.
    version: u32,
    differences: Vec<Difference>,
    /// What is worth a second look in the document.
    notices: Vec<String>,
    /// Absent when the differences change nothing for anybody's account.
    consequences: Option<Consequences>,
    /// The document that was looked at.
    document: Value,
}

/// What the next cycle would do once `stored`'s document is saved. `known` is whether its job is there already; `progress`
/// hears how many people were read, and of how many where that is known.
///
/// # Errors
/// [`SliceError`]: its systems cannot be used, or the store does not answer.
pub async fn consequences(
    context: &Context,
    stored: &StoredApplication,
    known: bool,
    progress: &(dyn Fn(u64, Option<u64>) + Sync),
) -> Result<Consequences, SliceError> {
    let beside = context.beside("preview");
    let context = &beside.context;
    let Connected { definition, source, target } = connect(context, stored).await?;
    let job = match known {
        true => Some(context.store.job(&definition.job).await.map_err(CycleError::Store)?.state),
        false => None,
    };
    let sight = Sight {
        source: source.as_ref(),
        target: Some(target.as_ref()),
        store: &context.store,
        job: job.as_ref(),
        now: context.clock.now(),
        progress,
    };
    Ok(preview(&sight, &definition).await?)
}

/// What would come of another document of an application.
pub(crate) async fn of(
    context: &Context,
    stored: &StoredApplication,
    document: &Value,
) -> Result<Preview, Refusal> {
    if document.to_string().len() > LARGEST {
        let cure = "save it without a look, or make it smaller";
        return Err(refused(
            413,
            "DocumentTooLarge",
            format!("the document is larger than {LARGEST} bytes; {cure}"),
        ));
    }
    let draft = StoredApplication { document: document.clone(), ..stored.clone() };
    let checked: CheckedApplication = crate::cycle::document(&draft).map_err(of_slice)?;
    let consequences = match concern_nobody(&stored.document, document) {
        true => None,
        false => Some(consequences(context, &draft, true, &|_, _| ()).await.map_err(of_slice)?),
    };
    Ok(Preview {
        version: stored.version,
        differences: differences(&stored.document, document),
        notices: checked.notices().iter().map(ToString::to_string).collect(),
        consequences,
        document: document.clone(),
    })
}
