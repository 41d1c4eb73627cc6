//! The intent of a page: its plan, stored before its first export.
//!
//! In: a plan. Out: bytes (JSON, deflated: a page of five hundred people shrinks to some forty kilobytes). The
//! checkpoint says that there is an intent only once all of it was stored, so a torn one is never followed.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::plan::PagePlan;
use super::{Run, Session, Stop};
use crate::ports::StoreError;

/// No intent is larger than this once inflated: a page of five hundred people with a hundred kilobytes each.
/// A stored item that claims more was not written by Rollcall.
const LARGEST: u64 = 64 * 1024 * 1024;

pub(super) async fn store(run: &Run<'_>, session: &mut Session, plan: &PagePlan) -> Result<(), Stop> {
    let bytes = pack(plan).map_err(|error| StoreError::unavailable("packing a page's intent", error))?;
    run.ports.store.put_intent(&run.desk.lease().await, &bytes).await?;
    session.checkpoint.intent = true;
    run.save(session, &[]).await
}

pub(super) async fn load(run: &Run<'_>) -> Result<PagePlan, Stop> {
    let inconsistent = |problem: String| StoreError::Inconsistent {
        key: format!("intent of job {}", run.definition.job),
        problem,
    };
    let bytes = run.ports.store.intent(&run.definition.job).await?;
    let bytes =
        bytes.ok_or_else(|| inconsistent("the checkpoint names an intent, and there is none".into()))?;
    Ok(unpack(&bytes).map_err(|error| inconsistent(error.to_string()))?)
}

fn pack(plan: &PagePlan) -> std::io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    // In one piece: fed a few bytes at a time, the compressor spends its time starting over.
    encoder.write_all(&serde_json::to_vec(plan)?)?;
    encoder.finish()
}

fn unpack(bytes: &[u8]) -> std::io::Result<PagePlan> {
    let mut json = Vec::new();
    DeflateDecoder::new(bytes).take(LARGEST).read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}
