//! What every slice needs, made once at the cold start.

use std::path::PathBuf;
use std::sync::Arc;

use aws_config::SdkConfig;
use engine::ports::{Clock, Ids};
use jiff::SignedDuration;
pub use logs::exports::Exports;
use runtime::clock::{SystemClock, SystemIds};
use runtime::env;
use runtime::metrics::Metrics;
use runtime::secrets::Secrets;
use store::{DynamoStore, TableNames, Worker};
use uuid::Uuid;

use crate::measure;
use crate::records::Records;
use runtime::bus::{Bus, EventBridge};

/// Time kept at the end of an invocation for the page under way, the checkpoint and the hand-over: a page of five
/// hundred people at ten a second. An app that is slower, or a function with a shorter time-out, sets
/// `ROLLCALL_RESERVE_SECONDS`.
pub const RESERVE: SignedDuration = SignedDuration::from_secs(60);

/// Store, bus, secrets, time, and where private copies of files lie.
#[derive(Clone)]
pub struct Context {
    /// Everything remembered.
    pub store: DynamoStore,
    /// Where events go.
    pub bus: Arc<dyn Bus>,
    /// Where tokens and keys come from.
    pub secrets: Secrets,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// For sources in S3; `None` where there are no AWS credentials.
    pub s3: Option<aws_sdk_s3::Client>,
    /// A folder for private copies of source files, one folder below it for each application.
    pub work: PathBuf,
    /// Where files of the log wait for those who asked for them.
    pub exports: Exports,
    /// The stack's tenant.
    pub tenant: Uuid,
    /// How long before the end of its invocation a slice hands over.
    pub reserve: SignedDuration,
    /// Who is told how it goes; nobody on a laptop.
    pub metrics: Metrics,
    /// Where provisioning records are told as lines.
    pub records: Records,
}

/// A context with a folder of its own, which is gone with it.
pub struct Beside {
    /// The context.
    pub context: Context,
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Not there when the source needed no copies; what cannot be removed is removed with the folder around it.
        let _ = std::fs::remove_dir_all(&self.context.work);
    }
}

impl Context {
    /// A context whose sources keep their private copies apart from those of a cycle that runs meanwhile. `purpose` is what
    /// the folder's name begins with.
    #[must_use]
    pub fn beside(&self, purpose: &str) -> Beside {
        let work = self.work.join(format!("{purpose}-{}", runtime::clock::new_id()));
        Beside { context: Self { work, ..self.clone() } }
    }

    /// The context of the Lambda function.
    ///
    /// | Variable | Holds |
    /// |---|---|
    /// | `ROLLCALL_TABLE_PREFIX` | the tables are `<prefix>-state` and `<prefix>-logs` |
    /// | `ROLLCALL_EVENT_BUS` | the bus's name |
    /// | `ROLLCALL_EXPORT_BUCKET` | the bucket for files of the log |
    /// | `ROLLCALL_LOG_RETENTION_DAYS` | how long provisioning records are kept; 30 when absent |
    /// | `ROLLCALL_RESERVE_SECONDS` | how long before the end of its invocation a slice hands over; 60 when absent |
    ///
    /// # Errors
    /// When a variable is absent or not what it should be, or the state table does not answer.
    pub async fn from_env(config: &SdkConfig, metrics: Metrics, records: Records) -> anyhow::Result<Self> {
        let [prefix, bus, bucket] =
            env::all_required(["ROLLCALL_TABLE_PREFIX", "ROLLCALL_EVENT_BUS", "ROLLCALL_EXPORT_BUCKET"])?;
        let reserve = env::seconds("ROLLCALL_RESERVE_SECONDS")?.unwrap_or(RESERVE);
        let retention = env::days("ROLLCALL_LOG_RETENTION_DAYS")?.unwrap_or(store::RETENTION);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let worker = Worker { owner: format!("lambda {}", runtime::clock::new_id()), boot: None };
        let client = store::client::for_aws(config);
        let store = DynamoStore::new(client, TableNames::with_prefix(&prefix), worker)
            .with_retention(retention)
            .with_clock(clock.clone())
            .telling({
                let (metrics, clock, told) = (metrics.clone(), clock.clone(), records.clone());
                move |records| {
                    told.take(records, clock.now());
                    measure::records(&metrics, records, clock.now());
                }
            });
        let s3 = aws_sdk_s3::Client::new(config);
        let tenant = store.tenant(runtime::clock::new_id()).await?;
        store.fix_token_key(runtime::clock::new_key()).await?;
        Ok(Self {
            store,
            bus: Arc::new(EventBridge::new(aws_sdk_eventbridge::Client::new(config), bus)),
            secrets: Secrets::new(clock.clone()),
            clock,
            ids: Arc::new(SystemIds),
            s3: Some(s3.clone()),
            work: std::env::temp_dir().join("rollcall"),
            exports: Exports::Bucket { client: s3, name: bucket },
            tenant,
            reserve,
            metrics,
            records,
        })
    }
}
