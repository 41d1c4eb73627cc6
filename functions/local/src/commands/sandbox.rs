//! `rollcall sandbox`: the sandbox app on its own, until Ctrl-C.

use std::time::Duration;

use serde_json::json;
use testkit::sandbox::{Faults, RateLimit, Settings};

use crate::cli::{Cli, Sandbox};
use crate::exit::{Exit, Refusal};
use crate::output;

pub(crate) async fn run(cli: &Cli, options: &Sandbox) -> anyhow::Result<Exit> {
    let faults = match &options.faults {
        Some(text) => serde_json::from_str::<Faults>(text)
            .map_err(|error| Refusal(format!("--faults cannot be used: {error}")))?,
        None => Faults::default(),
    };
    let settings = Settings {
        port: options.port,
        token: options.token.clone(),
        latency: Duration::from_millis(options.latency),
        page_cap: options.page_cap,
        rate: options.rate.map(|per_second| RateLimit { per_second, burst: options.burst }),
        faults,
        ..Settings::default()
    };
    let sandbox = testkit::sandbox::Sandbox::start(settings).await?;
    let url = sandbox.base_url();
    let control = url.replace("/scim/v2", "/_sandbox");
    if cli.json {
        output::json(&json!({ "url": url, "token": sandbox.token(), "control": control }))?;
    } else {
        output::line(format_args!("SCIM 2.0 at {url} with the bearer token '{}'", sandbox.token()))?;
        output::line(format_args!("Counters, faults and quirks at {control}"))?;
        output::line(format_args!("Ctrl-C ends it."))?;
    }
    tokio::signal::ctrl_c().await?;
    sandbox.shutdown().await;
    Ok(Exit::Done)
}
