//! The `control` function's binary: the router of the library behind API Gateway.
//!
//! | Variable | Holds |
//! |---|---|
//! | `ROLLCALL_TABLE_PREFIX` | the tables are `<prefix>-state` and `<prefix>-logs` |
//! | `ROLLCALL_SYNC_FUNCTION` | the function that takes leases and speaks to outside systems |
//! | `ROLLCALL_NOTIFIER_FUNCTION` | the function that sends mail |
//! | `ROLLCALL_SECRET_PREFIX` | the names of secrets begin like this; credentials are put away there |
//!
//! Those of [`api::access`] say whose tokens are taken; with those of [`Issuer::from_env`] the console's forms are answered,
//! too, for cookies that `query` sealed with the key that both read from the state table.

use std::process::ExitCode;
use std::sync::Arc;

use api::Access;
use control::http::{References, Settings, router};
use control::lambda::Function;
use control::vault::SecretsManager;
use engine::ports::Clock;
use runtime::clock::SystemClock;
use store::{DynamoStore, TableNames, Worker};
use webconsole::{Console, Issuer};

#[tokio::main]
async fn main() -> ExitCode {
    runtime::tracing::ended(serve().await)
}

async fn serve() -> Result<(), lambda_http::Error> {
    runtime::tracing::for_function("control")?;
    let [prefix, sync, notifier, secrets] = runtime::env::all_required([
        "ROLLCALL_TABLE_PREFIX",
        "ROLLCALL_SYNC_FUNCTION",
        "ROLLCALL_NOTIFIER_FUNCTION",
        "ROLLCALL_SECRET_PREFIX",
    ])?;
    let config = runtime::aws::config().await;
    // Never takes a lease.
    let worker = Worker { owner: "control".to_owned(), boot: None };
    let store = DynamoStore::new(store::client::for_aws(&config), TableNames::with_prefix(&prefix), worker);
    let tenant = store.tenant(runtime::clock::new_id()).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let access = Access::from_env(clock.clone())?;
    let issuer = Issuer::from_env()?;
    let key = store.token_key().await?.unwrap_or_else(runtime::clock::new_key);
    let functions = aws_sdk_lambda::config::Config::from(&config);
    let settings = Settings {
        store,
        worker: Arc::new(Function::new(&functions, sync)),
        notifier: Arc::new(Function::new(&functions, notifier)),
        vault: Arc::new(SecretsManager::new(aws_sdk_secretsmanager::Client::new(&config), secrets)),
        clock: clock.clone(),
        tenant,
        references: References::Managed,
    };
    let api = router(settings, access.clone());
    let Some(issuer) = issuer else { return lambda_http::run(api).await };
    let console = Console::new(api.clone(), access, issuer, &key, clock);
    lambda_http::run(webconsole::forms(console).fallback_service(api)).await
}
