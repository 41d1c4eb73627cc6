//! The `query` function's binary: the router of the library behind API Gateway.
//!
//! | Variable | Holds |
//! |---|---|
//! | `ROLLCALL_TABLE_PREFIX` | the tables are `<prefix>-state` and `<prefix>-logs` |
//! | `ROLLCALL_EXPORT_BUCKET` | the bucket in which `sync` puts files of the log |
//! | `ROLLCALL_LOG_RETENTION_DAYS` | how long provisioning records are shown; 30 when absent |
//!
//! Those of [`api::access`] say whose tokens are taken, those of [`Issuer::from_env`] where people sign in to the console.
//!
//! Tokens of next links are signed with the key in the state table, which `sync` put there, and cookies sealed with one made
//! from it. Until it did, within minutes of the first deployment, each process has a key of its own: a link may then lead to
//! a refusal that says to begin again, and a page to another sign-in.

use std::process::ExitCode;
use std::sync::Arc;

use api::Access;
use api::token::Signer;
use logs::exports::Exports;
use query::http::{Settings, function};
use runtime::clock::SystemClock;
use store::{DynamoStore, TableNames, Worker};
use webconsole::{Console, Issuer};

#[tokio::main]
async fn main() -> ExitCode {
    runtime::tracing::ended(serve().await)
}

async fn serve() -> Result<(), lambda_http::Error> {
    runtime::tracing::for_function("query")?;
    let [prefix, bucket] = runtime::env::all_required(["ROLLCALL_TABLE_PREFIX", "ROLLCALL_EXPORT_BUCKET"])?;
    let retention = runtime::env::days("ROLLCALL_LOG_RETENTION_DAYS")?.unwrap_or(store::RETENTION);
    let clock = Arc::new(SystemClock);
    let access = Access::from_env(clock.clone())?;
    let config = runtime::aws::config().await;
    let client = store::client::for_aws(&config);
    // Never takes a lease.
    let worker = Worker { owner: "query".to_owned(), boot: None };
    let store = DynamoStore::new(client, TableNames::with_prefix(&prefix), worker)
        .with_retention(retention)
        .with_clock(clock.clone());
    let key = store.token_key().await?.unwrap_or_else(runtime::clock::new_key);
    let exports = Exports::Bucket { client: aws_sdk_s3::Client::new(&config), name: bucket };
    let signer = Signer::new(&key);
    let settings = Settings { access: access.clone(), clock: clock.clone(), signer, limited: true, exports };
    let api = function(store, settings);
    let Some(issuer) = Issuer::from_env()? else { return lambda_http::run(api).await };
    let console = Console::new(api.clone(), access, issuer, &key, clock);
    lambda_http::run(webconsole::pages(console).fallback_service(api)).await
}
