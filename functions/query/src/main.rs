//! The `query` function's binary. Its HTTPS routes are not built yet: every request is answered 501.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    runtime::tracing::for_functions();
    run(service_fn(async |event: LambdaEvent<ApiGatewayV2httpRequest>| {
        Ok::<_, Error>(runtime::gateway::not_built(&event.payload, "status, logs"))
    }))
    .await
}
