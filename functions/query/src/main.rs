//! The `query` function's binary: the router of the library behind API Gateway.
//!
//! | Variable | Holds |
//! |---|---|
//! | `ROLLCALL_TABLE_PREFIX` | the tables are `<prefix>-state` and `<prefix>-logs` |
//!
//! Those of [`api::access`] say whose tokens are taken.

use std::sync::Arc;

use api::Access;
use query::http::router;
use runtime::clock::SystemClock;
use store::{DynamoStore, TableNames, Worker};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    runtime::tracing::for_functions();
    let prefix = runtime::env::required("ROLLCALL_TABLE_PREFIX")?;
    let clock = Arc::new(SystemClock);
    let access = Access::from_env(clock.clone())?;
    let client = store::client::for_aws(&runtime::aws::config().await);
    // Never takes a lease.
    let worker = Worker { owner: "query".to_owned(), boot: None };
    let store = DynamoStore::new(client, TableNames::with_prefix(&prefix), worker);
    lambda_http::run(router(store, access, clock)).await
}
