//! Answers behind API Gateway, in Microsoft Graph's error envelope.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use aws_lambda_events::http::HeaderValue;
use serde_json::json;

/// 501: says that a path is not served by this version and what to use instead, so that nobody takes silence for an
/// empty log.
#[must_use]
pub fn not_built(request: &ApiGatewayV2httpRequest, instead: &str) -> ApiGatewayV2httpResponse {
    let path = request.raw_path.as_deref().unwrap_or_default();
    let message = format!("{path} is not served by this version; use the rollcall command: {instead}");
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = 501;
    response.headers.insert("content-type", HeaderValue::from_static("application/json"));
    response.body =
        Some(Body::Text(json!({ "error": { "code": "NotImplemented", "message": message } }).to_string()));
    response
}
