//! The `control` function's binary. Its HTTPS routes are not built yet: every request is answered 501, in Graph's
//! error envelope, and changes nothing.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Error> {
    runtime::tracing::for_functions();
    run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<ApiGatewayV2httpRequest>) -> Result<ApiGatewayV2httpResponse, Error> {
    let path = event.payload.raw_path.unwrap_or_default();
    let body = json!({ "error": {
        "code": "NotImplemented",
        "message": format!("{path} is not served by this version; use the rollcall command: apply, cycle"),
    }});
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = 501;
    response.headers.insert("content-type", "application/json".parse()?);
    response.body = Some(Body::Text(body.to_string()));
    Ok(response)
}
