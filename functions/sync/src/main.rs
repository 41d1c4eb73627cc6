//! The `sync` function's binary: tracing, context, handler.
//!
//! Besides what [`Context::from_env`] reads, `ROLLCALL_RECORD_LOG_GROUP` is the log group of provisioning records; without it
//! they are lines of the function's own log.

use std::process::ExitCode;

use lambda_runtime::{Error, run, service_fn};
use runtime::invocation;
use sync::context::Context;
use sync::handler::handle;
use sync::records::Records;

#[tokio::main]
async fn main() -> ExitCode {
    runtime::tracing::ended(serve().await)
}

async fn serve() -> Result<(), Error> {
    let metrics = runtime::tracing::for_function("sync")?;
    let config = runtime::aws::config().await;
    let records = match runtime::env::optional("ROLLCALL_RECORD_LOG_GROUP")? {
        Some(group) => Records::in_group(aws_sdk_cloudwatchlogs::Client::new(&config), group),
        None => Records::printed(),
    };
    let context = Context::from_env(&config, metrics, records).await?;
    run(service_fn(async |event| {
        let outcome = invocation::ended(handle(&context, event)).await;
        // Nothing runs on when an invocation ends.
        context.records.flush().await;
        outcome
    }))
    .await
}
