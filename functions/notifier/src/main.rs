//! The `notifier` function's binary. It sends no mail yet: an event fails here, so that it is retried and then
//! kept in the dead-letter queue rather than lost.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_sdk_sesv2::Client;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    runtime::tracing::for_functions();
    let mail = Client::new(&runtime::aws::config().await);
    run(service_fn(|event| handle(&mail, event))).await
}

async fn handle(mail: &Client, event: LambdaEvent<EventBridgeEvent<Value>>) -> Result<Value, Error> {
    let name = event.payload.detail_type;
    let region = mail.config().region().map(ToString::to_string).unwrap_or_default();
    Err(format!("'{name}' was not mailed (SES in {region}): this version does not send mail yet").into())
}
