//! Where a command works: the data folder's engine, or a DynamoDB endpoint given by flag.

use std::path::PathBuf;
use std::sync::Arc;

use notifier::Notifier;
use runtime::bus::{Bus, LogBus};
use runtime::clock::{SystemClock, SystemIds, new_id};
use runtime::metrics::Metrics;
use runtime::secrets::Secrets;
use store::{DynamoStore, StoredApplication, TableNames, Worker};
use sync::context::{Context, Exports, RESERVE};
use sync::records::Records;

use crate::cli::Cli;
use crate::data_dir::DataDir;
use crate::exit::Refusal;
use crate::mail::{MailBus, OUTBOX, notifier};

/// The tables' prefix in a data folder.
const PREFIX: &str = "rollcall";

/// Everything a command needs, and the engine it keeps running meanwhile.
pub(crate) struct Home {
    pub(crate) context: Context,
    /// Who tells people about trouble.
    pub(crate) notifier: Notifier,
    data: DataDir,
}

impl Home {
    /// Opens the store that the command line names, with its tables.
    pub(crate) async fn open(cli: &Cli) -> anyhow::Result<Self> {
        // Over tables that are shared, mail is the service's affair: whoever writes one uses up the day's.
        let mails = cli.endpoint.is_none();
        Self::over(cli, DataDir::open(cli.data_dir()).await?, mails).await
    }

    /// The same, for a process that must have the data folder to itself.
    pub(crate) async fn own(cli: &Cli) -> anyhow::Result<Self> {
        Self::over(cli, DataDir::own(cli.data_dir()).await?, true).await
    }

    async fn over(cli: &Cli, data: DataDir, mails: bool) -> anyhow::Result<Self> {
        let prefix = if cli.endpoint.is_some() { &cli.table_prefix } else { PREFIX };
        let names = TableNames::with_prefix(prefix);
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
        match cli.endpoint.as_deref() {
            // A stack has its tables. Others would be empty, and stay for years.
            Some("aws") if !store::tables::are_made(&client, &names).await? => {
                return Err(no_stack(&names).into());
            }
            Some("aws") => {}
            // Looking closely at the tables costs the embedded engine seconds once they are large; nobody else makes
            // tables there.
            None if store::tables::are_made(&client, &names).await? => {}
            _ => store::tables::create(&client, &names).await?,
        }
        let clock = Arc::new(SystemClock);
        let store = DynamoStore::new(client, names, Worker { owner, boot })
            .with_retention(cli.log_retention())
            .with_clock(clock.clone());
        let tenant = store.tenant(new_id()).await?;
        let notifier = notifier(store.clone(), data.file(OUTBOX))?;
        let bus: Arc<dyn Bus> = if mails {
            Arc::new(MailBus { notifier: notifier.clone(), clock: clock.clone() })
        } else {
            Arc::new(LogBus)
        };
        let context = Context {
            store,
            bus,
            secrets: Secrets::new(clock.clone()),
            clock,
            ids: Arc::new(SystemIds),
            s3: s3().await,
            work: data.work(),
            exports: Exports::Folder(data.file("files")),
            tenant,
            reserve: RESERVE,
            metrics: Metrics::default(),
            records: Records::printed(),
        };
        Ok(Self { context, notifier, data })
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

    /// A file of the data folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.data.file(name)
    }

    /// A folder for files that a command writes for itself.
    pub(crate) fn work(&self) -> PathBuf {
        self.context.work.clone()
    }
}

fn no_stack(names: &TableNames) -> Refusal {
    Refusal(format!(
        "--endpoint aws: there is no table {} in the account and region of the environment; see AWS_REGION and AWS_PROFILE, deploy the stack first, or give its name as --table-prefix",
        names.state
    ))
}

/// S3, when the environment says which region's. Credentials are looked for at the first request only.
async fn s3() -> Option<aws_sdk_s3::Client> {
    let named = |name| runtime::env::optional(name).ok().flatten().is_some();
    if !["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"].into_iter().any(named) {
        return None;
    }
    Some(aws_sdk_s3::Client::new(&runtime::aws::config().await))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use engine::model::JobId;
    use engine::ports::Store as _;
    use engine::report::ProvisioningRecord;
    use jiff::SignedDuration;
    use serde_json::json;
    use store::{By, RecordQuery};

    use super::*;

    fn record(at: jiff::Timestamp) -> ProvisioningRecord {
        let (named, identity) = (json!({ "id": "a", "displayName": "A" }), "User");
        let identity = json!({ "id": "E1", "displayName": "Ada", "identityType": identity, "details": {} });
        let system = json!({ "id": "s", "displayName": "S", "details": {} });
        let record = json!({
            "id": new_id(), "activityDateTime": at, "tenantId": "t", "jobId": "j", "cycleId": new_id(),
            "changeId": new_id(), "provisioningAction": "create", "durationInMilliseconds": 1,
            "servicePrincipal": named, "sourceSystem": system, "targetSystem": system,
            "initiatedBy": { "id": "", "displayName": "Rollcall", "initiatorType": "system" },
            "sourceIdentity": identity, "targetIdentity": identity,
            "provisioningStatusInfo": { "status": "success", "errorInformation": null },
            "provisioningSteps": [], "modifiedProperties": [],
        });
        serde_json::from_value(record).unwrap()
    }

    #[tokio::test]
    async fn the_log_is_kept_for_as_long_as_the_command_line_says() {
        let folder = tempfile::tempdir().unwrap();
        let with = |days: &str| {
            let folder = folder.path().to_str().unwrap();
            Cli::parse_from(["rollcall", "--data-dir", folder, "--log-retention-days", days, "jobs"])
        };
        // Written once, under the longest of these.
        let home = Home::open(&with("90")).await.unwrap();
        let at = home.context.clock.now() - SignedDuration::from_hours(40 * 24);
        home.context.store.append_records(&JobId::new("j"), &[record(at)], &[]).await.unwrap();
        for (days, seen) in [("90", 1), ("41", 1), ("39", 0), ("1", 0)] {
            let home = Home::open(&with(days)).await.unwrap();
            let query = RecordQuery {
                job: None,
                by: By::All,
                since: None,
                until: None,
                oldest_first: false,
                page_size: 10,
                token: None,
            };
            let found = home.context.store.records(&query).await.unwrap();
            assert_eq!(found.records.len(), seen, "{days} days");
        }
    }
}
