//! When changes are followed, and what is said when the store fails. What a reading shows is tested over the store, where
//! `sync` connects both.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use engine::ids::IdHash;
use engine::model::{SourceId, SourceObject, Watermark};
use engine::ports::{Reading, Source, SourceError, StoreError};
use serde_json::json;

use crate::inbound::{Extent, InboundSource, Uploads};

/// So many uploads, each of which changed one person; or a store that does not answer.
struct Counted(Option<u64>);

impl Counted {
    fn ask(&self) -> Result<u64, StoreError> {
        self.0.ok_or_else(|| StoreError::unavailable("reading the head", "no answer"))
    }
}

#[async_trait]
impl Uploads for Counted {
    async fn extent(&self) -> Result<Extent, StoreError> {
        Ok(Extent { sequence: self.ask()?, people: 1 })
    }

    async fn everyone(&self, _: Option<IdHash>, _: usize) -> Result<Vec<SourceObject>, StoreError> {
        self.ask().map(|_| Vec::new())
    }

    async fn changed(&self, after: u64, to: u64) -> Result<Option<BTreeSet<SourceId>>, StoreError> {
        self.ask().map(|_| Some((after..to).map(|number| SourceId::new(number.to_string())).collect()))
    }

    async fn people(&self, _: &[SourceId]) -> Result<Vec<SourceObject>, StoreError> {
        self.ask().map(|_| Vec::new())
    }
}

#[tokio::test]
async fn more_uploads_than_a_day_has_are_not_followed() {
    for (behind, followed) in [(1, true), (2_500, true), (2_501, false)] {
        let source = InboundSource::new(Arc::new(Counted(Some(10_000))));
        let watermark = Watermark(json!({ "version": 1, "sequence": 10_000 - behind }));
        let reading = source.open(Some(&watermark), None).await.unwrap();
        match reading {
            Reading::Delta { total, .. } if followed => assert_eq!(total, Some(behind)),
            Reading::Full { total, .. } if !followed => assert_eq!(total, Some(1)),
            other => panic!("{behind} behind: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_a_source_that_does_not() {
    let source = InboundSource::new(Arc::new(Counted(None)));
    let failed =
        SourceError::Unavailable("the uploaded people cannot be read: reading the head failed".into());
    assert_eq!(source.open(None, None).await.unwrap_err(), failed);
    assert_eq!(source.get(&[SourceId::new("E1")]).await.unwrap_err(), failed);
}
