//! Looking at what a document would do, before it is saved.
//!
//! In: an application as it would be saved. Out: its consequences ([`sync::preview`]), or why nothing can be known. Shows on a
//! terminal how far it is.

use std::io::IsTerminal;
use std::time::Duration;

use engine::cycle::CycleError;
use engine::cycle::preview::Consequences;
use engine::ports::SourceError;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sync::cycle::SliceError;

use super::save::{Draft, Outcome};
use crate::exit::Refusal;
use crate::home::Home;

/// What the next cycle would do once `draft` is saved.
pub(super) async fn consequences(home: &Home, draft: &Draft, quiet: bool) -> anyhow::Result<Consequences> {
    let bar = bar(&draft.stored.name, quiet);
    let found = look(home, draft, &bar).await;
    bar.finish_and_clear();
    found.map_err(|error| {
        let refused = matches!(&error, SliceError::Cycle(CycleError::Source(SourceError::Refused(_))));
        let why = format!(
            "{}: {}. Nothing was saved; --offline saves without looking at source and target",
            draft.stored.name,
            error.to_string().trim_end_matches('.')
        );
        if refused { Refusal(why).into() } else { anyhow::Error::from(error).context(why) }
    })
}

async fn look(home: &Home, draft: &Draft, bar: &ProgressBar) -> Result<Consequences, SliceError> {
    let progress = |read: u64, total: Option<u64>| {
        if let Some(total) = total {
            bar.set_length(total);
        }
        bar.set_position(read);
    };
    sync::preview::consequences(&home.context, &draft.stored, draft.outcome != Outcome::Added, &progress)
        .await
}

fn bar(name: &str, quiet: bool) -> ProgressBar {
    let bar = ProgressBar::no_length();
    if quiet || !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template("{prefix} {spinner} {pos} people looked at  {elapsed}") {
        bar.set_style(style);
    }
    bar.set_prefix(name.to_owned());
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
