//! The `control` function's binary: the router of the library behind API Gateway.
//!
//! | Variable | Holds |
//! |---|---|
//! | `ROLLCALL_TABLE_PREFIX` | the tables are `<prefix>-state` and `<prefix>-logs` |
//! | `ROLLCALL_SYNC_FUNCTION` | the function that takes leases and speaks to outside systems |
//! | `ROLLCALL_SECRET_PREFIX` | the names of secrets begin like this; credentials are put away there |
//!
//! And those of [`api::Access::from_env`].

use std::sync::Arc;

use api::Access;
use control::http::{References, Settings, router};
use control::lambda::SyncFunction;
use control::vault::SecretsManager;
use engine::ports::Clock;
use runtime::clock::SystemClock;
use store::{DynamoStore, TableNames, Worker};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    runtime::tracing::for_functions();
    let prefix = runtime::env::required("ROLLCALL_TABLE_PREFIX")?;
    let sync = runtime::env::required("ROLLCALL_SYNC_FUNCTION")?;
    let secrets = runtime::env::required("ROLLCALL_SECRET_PREFIX")?;
    let config = runtime::aws::config().await;
    // Never takes a lease.
    let worker = Worker { owner: "control".to_owned(), boot: None };
    let store = DynamoStore::new(store::client::for_aws(&config), TableNames::with_prefix(&prefix), worker);
    let tenant = store.tenant(runtime::clock::new_id()).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let access = Access::from_env(clock.clone())?;
    let settings = Settings {
        store,
        worker: Arc::new(SyncFunction::new(&aws_sdk_lambda::config::Config::from(&config), sync)),
        vault: Arc::new(SecretsManager::new(aws_sdk_secretsmanager::Client::new(&config), secrets)),
        clock,
        tenant,
        references: References::Managed,
    };
    lambda_http::run(router(settings, access)).await
}
