//! The `sync` function's binary: tracing, context, handler.

use lambda_runtime::{Error, run, service_fn};
use sync::context::Context;
use sync::handler::handle;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let metrics = runtime::tracing::for_function("sync")?;
    let context = Context::from_env(metrics).await?;
    run(service_fn(|event| handle(&context, event))).await
}
