//! Applications: the document an administrator applied, its versions, and its unique name.
//!
//! In: a document and the version it was made from. Out: it is the current one, an older version is kept, and its name
//! leads to it. Beside it lies what its target was found to have. Promised: two people who change the same version do
//! not overwrite one another; two applications never share a name.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use engine::model::JobId;
use engine::ports::StoreError;
use engine::schema::Discovered;

use crate::item::{Draft, Stored, key_item};
use crate::job::{JobView, view};
use crate::pack::pack;
use crate::table::failed;
use crate::{DynamoStore, keys};

/// An application as it was applied.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredApplication {
    /// Its id: opaque, never changes.
    pub id: String,
    /// Its name: unique, whatever its case.
    pub name: String,
    /// Counts from 1 with every change.
    pub version: u32,
    /// The document.
    pub document: serde_json::Value,
    /// Its job.
    pub job: JobId,
}

/// An application by name, without its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationName {
    /// Its id.
    pub id: String,
    /// Its name, as it was last written.
    pub name: String,
    /// Its job.
    pub job: JobId,
    /// Who owns it; `None` where that stands in the document alone, because it was saved by an earlier version.
    pub owners: Option<Vec<String>>,
    /// Whether a webhook is told of trouble.
    pub webhook: bool,
}

impl ApplicationName {
    /// What orders applications. Two spellings that differ in case are one name.
    #[must_use]
    pub fn key(&self) -> String {
        keys::name(&self.name).sk
    }
}

/// Why an application was not saved.
#[derive(Debug, thiserror::Error)]
pub enum ApplicationError {
    /// Another application has the name.
    #[error("another application is called '{0}'; choose another name")]
    NameTaken(String),
    /// Somebody changed the application since the version this change was made from.
    #[error("application '{name}' was changed by somebody else; read it again and repeat the change")]
    Changed {
        /// The application.
        name: String,
    },
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const DISCOVERED: &str = "discovered";

/// Rows of an application deleted in one go; few have more versions.
const ROWS_AT_ONCE: usize = 1_000;

impl DynamoStore {
    /// Saves an application: a new one when `expected` is `None`, otherwise the one whose version is `expected`.
    ///
    /// # Errors
    /// [`ApplicationError::NameTaken`]; [`ApplicationError::Changed`] when the version now is another one (also
    /// when a new application exists already).
    pub async fn save_application(
        &self,
        application: &StoredApplication,
        expected: Option<u32>,
    ) -> Result<(), ApplicationError> {
        let before = self.application(&application.id).await?;
        if before.as_ref().map(|before| before.version) != expected {
            return Err(ApplicationError::Changed { name: application.name.clone() });
        }
        let name = keys::name(&application.name);
        let old_name = before.map(|before| keys::name(&before.name)).filter(|old| *old != name);

        let version = keys::application_version(&application.id, application.version);
        let mut writes = vec![
            self.put_document(application, expected)?,
            self.put(draft(version, application)?, "attribute_not_exists(pk)", None)?,
            self.put_name(application)?,
        ];
        if let Some(old) = old_name {
            let delete = Delete::builder().table_name(&self.state.name).set_key(Some(key_item(&old)));
            let delete = delete.build().map_err(failed("saving an application"))?;
            writes.push(TransactWriteItem::builder().delete(delete).build());
        }
        let request = self.state.client.transact_write_items().set_transact_items(Some(writes));
        let Err(error) = request.send().await else { return Ok(()) };
        match error.as_service_error().and_then(first_condition_failed) {
            // In the order of `writes` above.
            Some(0 | 1) => Err(ApplicationError::Changed { name: application.name.clone() }),
            Some(_) => Err(ApplicationError::NameTaken(application.name.clone())),
            None => {
                let operation = format!("saving application '{}'", application.name);
                Err(StoreError::unavailable(operation, error).into())
            }
        }
    }

    /// Deletes an application: its name, its document and all its versions. Deleting what is gone succeeds.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn delete_application(&self, application: &StoredApplication) -> Result<(), StoreError> {
        let place = keys::application(&application.id).pk;
        self.state.delete_batches(vec![keys::name(&application.name)]).await?;
        loop {
            let rows = self.state.keys(&place, "", ROWS_AT_ONCE).await?;
            if rows.is_empty() {
                return Ok(());
            }
            self.state.delete_batches(rows).await?;
        }
    }

    fn put_document(
        &self,
        application: &StoredApplication,
        expected: Option<u32>,
    ) -> Result<TransactWriteItem, StoreError> {
        let draft = draft(keys::application(&application.id), application)?;
        match expected {
            None => self.put(draft, "attribute_not_exists(pk)", None),
            Some(version) => self.put(draft, "version = :this", Some(AttributeValue::N(version.to_string()))),
        }
    }

    fn put_name(&self, application: &StoredApplication) -> Result<TransactWriteItem, StoreError> {
        let draft = Draft::new(keys::name(&application.name))
            .text("application", &application.id)
            .text("name", &application.name)
            .text("job", application.job.as_str())
            .json("owners", &application.document.get("owners").unwrap_or(&serde_json::json!([])))?;
        let webhook = application.document.pointer("/notification/webhook").is_some();
        // Most have none, and all rows of names are read at once.
        let draft = if webhook { draft.json("webhook", &true)? } else { draft };
        let mine = AttributeValue::S(application.id.clone());
        self.put(draft, "attribute_not_exists(pk) OR application = :this", Some(mine))
    }

    fn put(
        &self,
        draft: Draft,
        condition: &str,
        this: Option<AttributeValue>,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut put = Put::builder()
            .table_name(&self.state.name)
            .set_item(Some(draft.into_item()))
            .condition_expression(condition);
        if let Some(this) = this {
            put = put.expression_attribute_values(":this", this);
        }
        let put = put.build().map_err(failed("saving an application"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// An application by id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn application(&self, id: &str) -> Result<Option<StoredApplication>, StoreError> {
        self.state.get(&keys::application(id)).await?.as_ref().map(read).transpose()
    }

    /// An application by its name, whatever its case.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn application_by_name(&self, name: &str) -> Result<Option<StoredApplication>, StoreError> {
        match self.state.get(&keys::name(name)).await? {
            Some(stored) => self.application(stored.text("application")?).await,
            None => Ok(None),
        }
    }

    /// An application as it was in an earlier version.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn application_version(
        &self,
        id: &str,
        version: u32,
    ) -> Result<Option<StoredApplication>, StoreError> {
        self.state.get(&keys::application_version(id, version)).await?.as_ref().map(read).transpose()
    }

    /// Keeps what an application's target was found to have, in the place of what was found before.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when the application is gone; [`StoreError::Unavailable`].
    pub async fn keep_discovered(
        &self,
        application: &StoredApplication,
        found: &Discovered,
    ) -> Result<(), StoreError> {
        // A target may take minutes to answer; whoever is deleted meanwhile leaves nothing behind.
        if self.application(&application.id).await?.is_none() {
            return Err(StoreError::Missing(application.job.clone()));
        }
        let key = keys::discovered(&application.id);
        let bytes = pack(&key, DISCOVERED, found)?;
        let request = self.state.client.put_item().table_name(&self.state.name);
        let item = Draft::new(key).bytes(DISCOVERED, bytes).into_item();
        let kept = request.set_item(Some(item)).send().await;
        let operation = || format!("keeping what the target of '{}' has", application.name);
        kept.map(drop).map_err(|error| StoreError::unavailable(operation(), error))
    }

    /// What an application's target was found to have, where it was asked.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn discovered(&self, application: &str) -> Result<Option<Discovered>, StoreError> {
        let stored = self.state.get(&keys::discovered(application)).await?;
        stored.map(|stored| stored.packed(DISCOVERED)).transpose()
    }

    /// All applications, by name, without their documents: one request for some five thousand.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn applications(&self) -> Result<Vec<ApplicationName>, StoreError> {
        let names = self.state.list(&keys::names(), "").await?;
        names.iter().map(named).collect()
    }

    /// At most so many applications by name, after the one with this [key](ApplicationName::key), without their documents.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn applications_after(
        &self,
        key: Option<&str>,
        most: usize,
    ) -> Result<Vec<ApplicationName>, StoreError> {
        let names = self.state.after(&keys::names(), key, most).await?;
        names.iter().map(named).collect()
    }

    /// The applications with these ids, in this order: one request for a hundred. Those that are not there are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn applications_of(&self, ids: &[&str]) -> Result<Vec<StoredApplication>, StoreError> {
        let found = self.state.get_many(ids.iter().map(|id| keys::application(id)).collect()).await?;
        let found: Vec<StoredApplication> = found.iter().map(read).collect::<Result<_, _>>()?;
        let mut found: BTreeMap<String, StoredApplication> =
            found.into_iter().map(|application| (application.id.clone(), application)).collect();
        Ok(ids.iter().filter_map(|id| found.remove(*id)).collect())
    }

    /// The jobs of applications, by their ids: one request for a hundred. Those that are not there are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn jobs_of(
        &self,
        applications: &[StoredApplication],
    ) -> Result<BTreeMap<JobId, JobView>, StoreError> {
        let found = self.state.get_many(applications.iter().map(|one| keys::job(&one.job)).collect()).await?;
        let read = |stored: &Stored| {
            let job = keys::job_of(&stored.key().pk).ok_or_else(|| stored.wrong("pk", "is not a job's"))?;
            Ok((job, view(stored)?))
        };
        found.iter().map(read).collect()
    }
}

fn named(stored: &Stored) -> Result<ApplicationName, StoreError> {
    Ok(ApplicationName {
        id: stored.text("application")?.to_owned(),
        name: stored.text("name")?.to_owned(),
        job: JobId::new(stored.text("job")?),
        owners: stored.json_if_any("owners")?,
        webhook: stored.json_if_any("webhook")?.unwrap_or(false),
    })
}

fn draft(key: keys::Key, application: &StoredApplication) -> Result<Draft, StoreError> {
    Draft::new(key)
        .text("application", &application.id)
        .text("name", &application.name)
        .text("job", application.job.as_str())
        .number("version", application.version)
        .json("document", &application.document)
}

fn read(stored: &Stored) -> Result<StoredApplication, StoreError> {
    Ok(StoredApplication {
        id: stored.text("application")?.to_owned(),
        name: stored.text("name")?.to_owned(),
        version: stored.number("version")?,
        document: stored.json("document")?,
        job: JobId::new(stored.text("job")?),
    })
}

/// Which write of a transaction met a condition that did not hold.
fn first_condition_failed(error: &TransactWriteItemsError) -> Option<usize> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else { return None };
    let failed = |reason: &aws_sdk_dynamodb::types::CancellationReason| {
        reason.code() == Some("ConditionalCheckFailed")
    };
    cancelled.cancellation_reasons().iter().position(failed)
}

/// Whether a transaction met a condition that did not hold.
pub(crate) fn condition_failed(error: &TransactWriteItemsError) -> bool {
    first_condition_failed(error).is_some()
}
