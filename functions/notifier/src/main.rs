//! The `notifier` function's binary: tracing, environment, handler.
//!
//! | Variable | Holds |
//! |---|---|
//! | `ROLLCALL_TABLE_PREFIX` | the tables are `<prefix>-state` and `<prefix>-logs` |
//! | `ROLLCALL_EVENT_BUS` | the bus on which an overdue job is told |
//! | `ROLLCALL_MAIL_FROM` | the address that mails come from, of an identity that SES verified; without it none is sent |
//! | `ROLLCALL_MAIL_IDENTITY` | that identity, a domain or an address |
//! | `ROLLCALL_MAIL_REPLY_TO` | the address that answers go to; none when absent |
//! | `ROLLCALL_MAIL_CONFIGURATION_SET` | the configuration set whose events tell what became of a mail |
//! | `ROLLCALL_PUBLIC_URL` | where the console and the API are, for links; none when absent |

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use lambda_runtime::{Error, run, service_fn};
use lettre::Address;
use notifier::handler::handle;
use notifier::{Calls, Mailer, NoSender, Notifier, Place, Sender, Ses};
use runtime::bus::EventBridge;
use runtime::clock::SystemClock;
use runtime::env;
use runtime::invocation;
use runtime::secrets::Secrets;
use store::{DynamoStore, TableNames, Worker};

#[tokio::main]
async fn main() -> ExitCode {
    runtime::tracing::ended(serve().await)
}

async fn serve() -> Result<(), Error> {
    let metrics = runtime::tracing::for_function("notifier")?;
    let [prefix, bus] = env::all_required(["ROLLCALL_TABLE_PREFIX", "ROLLCALL_EVENT_BUS"])?;
    let config = runtime::aws::config().await;
    let worker = Worker { owner: format!("notifier {}", runtime::clock::new_id()), boot: None };
    let store = DynamoStore::new(store::client::for_aws(&config), TableNames::with_prefix(&prefix), worker);
    let place = env::optional("ROLLCALL_PUBLIC_URL")?.map(|text| Place::parse(&text)).transpose();
    let place = place.map_err(|problem| anyhow!("in ROLLCALL_PUBLIC_URL: {problem}"))?;
    let calls = Calls::new(Secrets::new(Arc::new(SystemClock)));
    let bus = EventBridge::new(aws_sdk_eventbridge::Client::new(&config), bus);
    let notifier =
        Notifier::new(store, mailer(&config)?, calls, place).announcing(Arc::new(bus)).measuring(metrics);
    run(service_fn(|event| invocation::ended(handle(&notifier, &SystemClock, event)))).await
}

fn mailer(config: &aws_config::SdkConfig) -> anyhow::Result<Arc<dyn Mailer>> {
    let reply_to = address("ROLLCALL_MAIL_REPLY_TO")?;
    let identity = env::optional("ROLLCALL_MAIL_IDENTITY")?;
    let set = env::optional("ROLLCALL_MAIL_CONFIGURATION_SET")?;
    let Some(from) = address("ROLLCALL_MAIL_FROM")? else { return Ok(Arc::new(NoSender)) };
    let config = aws_sdk_sesv2::config::Config::from(config);
    Ok(Arc::new(Ses::new(&config, Sender { from, reply_to }, identity, set)))
}

fn address(name: &str) -> anyhow::Result<Option<Address>> {
    let text = env::optional(name)?;
    let problem = || format!("{name} holds no mail address, such as rollcall@example.com");
    text.map(|text| text.trim().parse().with_context(problem)).transpose()
}
