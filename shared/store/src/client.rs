//! Clients: one for AWS, one for an endpoint somebody names, such as the embedded engine's.
//!
//! Both repeat what a table pushes back on: throttling paces a cycle, it does not fail it.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region, SharedHttpClient};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder as HttpBuilder, tls};

/// How often a request is sent before it fails. With gaps doubling to 5 s that is half a minute, the time an
/// on-demand table needs to take twice the load it had before.
const ATTEMPTS: u32 = 12;

/// The longest gap between two attempts.
const LONGEST_GAP: Duration = Duration::from_secs(5);

/// The longest one attempt may take. DynamoDB answers in milliseconds; what takes ten seconds is lost.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(10);

/// A client for AWS: hand in the `&SdkConfig` that the deployment's environment gave.
pub fn for_aws(config: impl Into<Builder>) -> Client {
    Client::from_conf(patient(config.into(), RetryConfig::adaptive()).build())
}

/// A client for the DynamoDB engine at `endpoint`, which asks for no credentials: the embedded one, or one that
/// somebody runs beside Rollcall.
#[must_use]
pub fn for_endpoint(endpoint: &str) -> Client {
    let config = Builder::new()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(endpoint)
        .region(Region::new("local"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .http_client(http_client(endpoint));
    Client::from_conf(patient(config, RetryConfig::standard()).build())
}

/// Plain HTTP where the endpoint is, so that the laptop loads no certificates.
fn http_client(endpoint: &str) -> SharedHttpClient {
    if endpoint.starts_with("https:") {
        HttpBuilder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build_https()
    } else {
        HttpBuilder::new().build_http()
    }
}

fn patient(config: Builder, retry: RetryConfig) -> Builder {
    config
        .retry_config(retry.with_max_attempts(ATTEMPTS).with_max_backoff(LONGEST_GAP))
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(LONGEST_ATTEMPT).build())
}
