//! Where a command works: the data folder's engine, or a DynamoDB endpoint given by flag.

use std::path::PathBuf;
use std::sync::Arc;

use runtime::clock::{SystemClock, SystemIds, new_id};
use store::{DynamoStore, StoredApplication, TableNames, Worker};
use sync::bus::LogBus;
use sync::context::Context;

use crate::cli::Cli;
use crate::data_dir::DataDir;
use crate::exit::Refusal;

/// The tables' prefix on a laptop.
const PREFIX: &str = "rollcall";

/// Everything a command needs, and the engine it keeps running meanwhile.
pub(crate) struct Home {
    pub(crate) context: Context,
    _data: DataDir,
}

impl Home {
    /// Opens the store that the command line names, with its tables.
    pub(crate) async fn open(cli: &Cli) -> anyhow::Result<Self> {
        let data = DataDir::open(cli.data_dir()).await?;
        let names = TableNames::with_prefix(PREFIX);
        let owner = format!(
            "{} {}",
            std::env::var("HOSTNAME").unwrap_or_else(|_| "laptop".into()),
            std::process::id()
        );
        let (client, boot) = match cli.endpoint.as_deref() {
            None => (store::client::for_endpoint(data.endpoint()), Some(data.boot())),
            Some("aws") => (store::client::for_aws(&runtime::aws::config().await), None),
            Some(endpoint) if endpoint.starts_with("http://") || endpoint.starts_with("https://") => {
                (store::client::for_endpoint(endpoint), None)
            }
            Some(other) => {
                let problem =
                    format!("--endpoint '{other}' is neither a URL such as http://127.0.0.1:8000 nor aws");
                return Err(Refusal(problem).into());
            }
        };
        store::tables::create(&client, &names).await?;
        let store = DynamoStore::new(client, names, Worker { owner, boot });
        let tenant = store.tenant(new_id()).await?;
        let context = Context {
            store,
            bus: Arc::new(LogBus),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            s3: s3().await,
            work: data.work(),
            tenant,
        };
        Ok(Self { context, _data: data })
    }

    /// The application of a name or a job's id.
    pub(crate) async fn application(&self, job: &str) -> anyhow::Result<StoredApplication> {
        let store = &self.context.store;
        if let Some(found) = store.application_by_name(job).await? {
            return Ok(found);
        }
        let all = store.applications().await?;
        if let Some(known) = all.iter().find(|application| application.job.as_str() == job)
            && let Some(found) = store.application(&known.id).await?
        {
            return Ok(found);
        }
        let names: Vec<&str> = all.iter().map(|application| application.name.as_str()).collect();
        let known = match names.is_empty() {
            true => "there is none yet; save one with: rollcall apply FILE".to_owned(),
            false => format!("known are {}", names.join(", ")),
        };
        Err(Refusal(format!("there is no application or job '{job}'; {known}")).into())
    }

    /// A folder for files that a command writes for itself.
    pub(crate) fn work(&self) -> PathBuf {
        self.context.work.clone()
    }
}

/// S3, when the environment says which region's. Credentials are looked for at the first request only.
async fn s3() -> Option<aws_sdk_s3::Client> {
    let named = |name| runtime::env::optional(name).ok().flatten().is_some();
    if !["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"].into_iter().any(named) {
        return None;
    }
    Some(aws_sdk_s3::Client::new(&runtime::aws::config().await))
}
