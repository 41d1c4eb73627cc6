//! What every slice needs, made once at the cold start.

use std::path::PathBuf;
use std::sync::Arc;

use engine::ports::{Clock, Ids};
use runtime::clock::{SystemClock, SystemIds};
use runtime::env;
use store::{DynamoStore, TableNames, Worker};
use uuid::Uuid;

use crate::bus::{Bus, EventBridge};

/// Store, bus, time, and where private copies of files lie.
#[derive(Clone)]
pub struct Context {
    /// Everything remembered.
    pub store: DynamoStore,
    /// Where events go.
    pub bus: Arc<dyn Bus>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// For sources in S3; `None` where there are no AWS credentials.
    pub s3: Option<aws_sdk_s3::Client>,
    /// A folder for private copies of source files, one folder below it for each application.
    pub work: PathBuf,
    /// The stack's tenant.
    pub tenant: Uuid,
}

impl Context {
    /// The context of the Lambda function.
    ///
    /// | Variable | Holds |
    /// |---|---|
    /// | `ROLLCALL_TABLE_PREFIX` | the tables are `<prefix>-state` and `<prefix>-logs` |
    /// | `ROLLCALL_EVENT_BUS` | the bus's name |
    ///
    /// # Errors
    /// When a variable is absent, or the state table does not answer.
    pub async fn from_env() -> anyhow::Result<Self> {
        let prefix = env::required("ROLLCALL_TABLE_PREFIX")?;
        let bus = env::required("ROLLCALL_EVENT_BUS")?;
        let config = runtime::aws::config().await;
        let worker = Worker { owner: format!("lambda {}", runtime::clock::new_id()), boot: None };
        let client = store::client::for_aws(&config);
        let store = DynamoStore::new(client, TableNames::with_prefix(&prefix), worker);
        let tenant = store.tenant(runtime::clock::new_id()).await?;
        Ok(Self {
            store,
            bus: Arc::new(EventBridge::new(aws_sdk_eventbridge::Client::new(&config), bus)),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            s3: Some(aws_sdk_s3::Client::new(&config)),
            work: std::env::temp_dir().join("rollcall"),
            tenant,
        })
    }
}
