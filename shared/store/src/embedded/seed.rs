//! Many records at once, for the bench: a million through the endpoint would take hours.
//!
//! In: records and names, as the engine hands them over. Out: the rows that the store writes, put into the file by the
//! database's library, a transaction for each call. A test of the contract compares the rows.

use aws_sdk_dynamodb::types::AttributeValue;
use dynoxide::ImportOptions;
use engine::model::JobId;
use engine::ports::{Identity, StoreError};
use engine::report::ProvisioningRecord;

use super::Embedded;
use crate::DynamoStore;
use crate::item::{Draft, wrong};

impl Embedded {
    /// Writes what [`append_records`](engine::ports::Store::append_records) of `store` would, past the endpoint. Nobody
    /// is told of the records. Keeps the thread busy.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the rows are refused, [`StoreError::Inconsistent`] when a record cannot be
    /// written.
    #[doc(hidden)]
    pub fn seed(
        &self,
        store: &DynamoStore,
        job: &JobId,
        records: &[ProvisioningRecord],
        names: &[Identity],
    ) -> Result<(), StoreError> {
        let rows = store.rows(job, records, names)?;
        let rows = rows.into_iter().map(item).collect::<Result<_, _>>()?;
        let written = self.database.import_items(&store.logs.name, rows, ImportOptions::default());
        written.map(drop).map_err(seeding)
    }

    /// Lets the file be written carelessly while it is seeded: what dies meanwhile leaves a file that is worth nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    #[doc(hidden)]
    pub fn careless(&self, careless: bool) -> Result<(), StoreError> {
        let set =
            if careless { self.database.enable_bulk_loading() } else { self.database.disable_bulk_loading() };
        set.map_err(seeding)
    }
}

fn seeding(error: impl std::fmt::Display) -> StoreError {
    StoreError::unavailable("seeding the log", error.to_string())
}

/// A row as the library takes it. The log's rows are made of texts, numbers and bytes.
fn item(row: Draft) -> Result<dynoxide::Item, StoreError> {
    let key = row.key().clone();
    let values = row.into_item().into_iter().map(|(name, value)| match value {
        AttributeValue::S(text) => Ok((name, dynoxide::AttributeValue::S(text))),
        AttributeValue::N(number) => Ok((name, dynoxide::AttributeValue::N(number))),
        AttributeValue::B(bytes) => Ok((name, dynoxide::AttributeValue::B(bytes.into_inner()))),
        _ => Err(wrong(&key, format!("attribute '{name}' cannot be seeded"))),
    });
    values.collect()
}
