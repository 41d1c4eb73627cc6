//! Reading the source page by page.

use std::collections::BTreeSet;

use crate::cycle::plan::{Item, PagePlan, Pass, UnreadableRow, plan_items};
use crate::cycle::{Definition, Run, Session, Stop, commit, day_of};
use crate::fingerprint::Fingerprint;
use crate::ids::{IdHash, change_id};
use crate::job::Phase;
use crate::mapping::Mapping;
use crate::model::{Cursor, SourceId, SourceObject, Watermark, elements};
use crate::ports::{FingerprintChange, Reading, SourceError, SourcePage};

/// Of so few changed objects only the fingerprints are read: their chunks of the snapshot come in one request, however
/// many people are in the others.
const FEW: u64 = 100;

/// Opens the source and finds the first page, or learns that nothing changed.
pub(super) async fn open(run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
    if session.state.unfolded && session.checkpoint.page == 0 {
        run.ports.store.fold_fingerprints(&run.desk.lease().await?).await?;
        session.state.unfolded = false;
    }
    let watermark = session.state.watermark.clone();
    let reading = run.ports.source.open(watermark.as_ref(), None).await.map_err(Stop::Source)?;
    session.state.proofs.source = Some(run.ports.clock.now());
    session.checkpoint.delta = !matches!(reading, Reading::Full { .. });
    match reading {
        Reading::Unchanged { watermark } => {
            session.checkpoint.next_watermark = watermark;
            session.checkpoint.phase = Phase::Stored { after: None };
            Ok(())
        }
        Reading::Delta { cursor, total, watermark } => begin(run, session, cursor, total, watermark).await,
        Reading::Full { cursor, total, attributes, watermark } => {
            check_attributes(run.definition, attributes).map_err(Stop::Source)?;
            begin(run, session, cursor, total, watermark).await
        }
    }
}

async fn begin(
    run: &Run<'_>,
    session: &mut Session,
    cursor: Cursor,
    total: Option<u64>,
    watermark: Watermark,
) -> Result<(), Stop> {
    session.checkpoint.next_watermark = Some(watermark);
    session.checkpoint.total += total.unwrap_or(0);
    session.checkpoint.phase = Phase::Pages { cursor: Some(cursor) };
    session.shows_few = session.checkpoint.delta && total.is_some_and(|total| total <= FEW);
    if !session.shows_few {
        session.snapshot = Some(run.ports.store.snapshot(&run.definition.job).await?);
    }
    run.save(session, &[]).await
}

/// A mapping that reads an attribute the source cannot have would write nothing, silently, for everyone.
pub(in crate::cycle) fn check_attributes(
    definition: &Definition,
    attributes: Option<BTreeSet<String>>,
) -> Result<(), SourceError> {
    let Some(known) = attributes else { return Ok(()) };
    let missing: Vec<&str> = definition
        .mapping
        .needed_attributes()
        .iter()
        .filter(|name| !known.contains(*name))
        .map(String::as_str)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    Err(SourceError::Refused(format!(
        "the mapping reads '{}', which {} does not have; it has {}. Correct the mapping or the source",
        missing.join("', '"),
        definition.naming.source_name,
        known.join(", ")
    )))
}

/// Reads, plans and executes the page at `cursor`.
pub(super) async fn page(run: &Run<'_>, session: &mut Session, cursor: &Cursor) -> Result<(), Stop> {
    if session.snapshot.is_none() && !session.shows_few && !reopen(run, session, cursor).await? {
        return Ok(());
    }
    let mut page = run.ports.source.read(cursor).await.map_err(Stop::Source)?;
    if session.shows_few {
        let shown = page.objects.iter().map(|object| &object.id).chain(&page.gone).map(IdHash::of);
        let shown: Vec<IdHash> = shown.collect();
        session.snapshot = Some(run.ports.store.fingerprints(&run.definition.job, &shown).await?);
    }
    let next = match &page.next {
        Some(cursor) => Phase::Pages { cursor: Some(cursor.clone()) },
        None if session.checkpoint.delta => Phase::Stored { after: None },
        None => Phase::Leavers { after: None },
    };
    let mut plan = PagePlan::new(next);
    plan.objects = (page.objects.len() + page.unreadable.len() + page.present.len() + page.gone.len()) as u64;
    session.checkpoint.presence |= !page.present.is_empty();
    let present = std::mem::take(&mut page.present);
    let gone = std::mem::take(&mut page.gone);
    meet(run, session, present, &mut page, &mut plan).await?;
    page.objects.retain(|object| run.definition.manages(object.object_type));
    run.veil(&mut page.objects);
    plan.imported = page.objects.len() as u64 + plan.unchanged;
    session.checkpoint.read += plan.imported;
    unreadable(session, &page, &mut plan);
    let mut items = changed(run, session, page, &mut plan);
    items.extend(known_leavers(run, session, gone, &mut plan).await?);
    let left = session.checkpoint.total.saturating_sub(session.checkpoint.done);
    let expected = if session.state.initial_completed.is_none() { left } else { items.len() as u64 };
    plan_items(run, session, Pass::Page, items, expected, &mut plan).await?;
    if session.shows_few {
        // What was read is of this page only.
        session.snapshot = None;
    }
    commit::execute_page(run, session, plan, false).await
}

/// Goes on with a reading that a former slice began. `false` when it has to begin again.
async fn reopen(run: &Run<'_>, session: &mut Session, cursor: &Cursor) -> Result<bool, Stop> {
    let watermark = session.state.watermark.clone();
    match run.ports.source.open(watermark.as_ref(), Some(cursor)).await {
        Ok(_) => {
            session.state.proofs.source = Some(run.ports.clock.now());
            session.snapshot = Some(run.ports.store.snapshot(&run.definition.job).await?);
            Ok(true)
        }
        Err(SourceError::Moved(why)) => {
            tracing::info!(job.id = %run.definition.job, "the reading begins again: {why}");
            // Whom the former reading showed and was processed shows as unchanged in the next one, however often a
            // long reading is cut.
            if session.state.unfolded {
                run.ports.store.fold_fingerprints(&run.desk.lease().await?).await?;
                session.state.unfolded = false;
            }
            session.checkpoint.phase = Phase::Pages { cursor: None };
            session.checkpoint.seen = crate::fingerprint::Seen::default();
            session.checkpoint.no_inference = None;
            session.checkpoint.read = 0;
            session.checkpoint.total = session.checkpoint.done;
            Ok(false)
        }
        Err(error) => Err(Stop::Source(error)),
    }
}

fn unreadable(session: &mut Session, page: &SourcePage, plan: &mut PagePlan) {
    for row in &page.unreadable {
        let name = row.id.clone().unwrap_or_else(|| SourceId::new(row.place.clone()));
        plan.unreadable.push(UnreadableRow {
            change_id: change_id(session.checkpoint.cycle, &name, Pass::Page as u8),
            id: row.id.clone(),
            place: row.place.clone(),
            reason: row.reason.clone(),
        });
    }
    if let Some(row) = page.unreadable.first() {
        session.checkpoint.no_inference.get_or_insert_with(|| {
            format!("{} cannot be read ({}); until it can, nobody is taken as gone", row.place, row.reason)
        });
    }
}

/// Marks the objects that a full reading shows by id alone. Those that nothing is known of, or whose removal is
/// staged, are read now.
async fn meet(
    run: &Run<'_>,
    session: &mut Session,
    present: Vec<SourceId>,
    page: &mut SourcePage,
    plan: &mut PagePlan,
) -> Result<(), Stop> {
    let snapshot = session.snapshot.as_deref().unwrap_or_default();
    let mut wanted = Vec::new();
    for id in present {
        let hash = IdHash::of(&id);
        match snapshot.binary_search_by_key(&hash, |known| known.id) {
            Ok(position) if !session.waiting.waits(&id) => {
                session.checkpoint.seen.mark(position);
                plan.unchanged += 1;
            }
            _ => wanted.push(id),
        }
    }
    if !wanted.is_empty() {
        page.objects.extend(run.ports.source.get(&wanted).await.map_err(Stop::Source)?);
    }
    Ok(())
}

/// Those a delta names as gone, as far as anything is known of them.
async fn known_leavers(
    run: &Run<'_>,
    session: &Session,
    gone: Vec<SourceId>,
    plan: &mut PagePlan,
) -> Result<Vec<Item>, Stop> {
    let snapshot = session.snapshot.as_deref().unwrap_or_default();
    let known = |hash: &IdHash| snapshot.binary_search_by_key(hash, |known| known.id).is_ok();
    let hashes: Vec<IdHash> = gone.iter().map(IdHash::of).filter(known).collect();
    gone_items(run, session, &hashes, plan).await
}

/// What is to be planned for objects that are gone; those without link and escrow are only forgotten.
pub(super) async fn gone_items(
    run: &Run<'_>,
    session: &Session,
    gone: &[IdHash],
    plan: &mut PagePlan,
) -> Result<Vec<Item>, Stop> {
    let links = run.ports.store.links(&run.definition.job, gone).await?;
    let mut items = Vec::new();
    for hash in gone {
        let link = links.get(hash).map(|link| (&link.object_type, &link.source_id));
        let waiting =
            || session.waiting.escrows.get(hash).map(|entry| (&entry.object_type, &entry.source_id));
        match link.or_else(waiting) {
            Some((kind, _)) if !run.definition.manages(*kind) => {}
            Some((kind, id)) => items.push(Item::gone(*kind, id.clone())),
            None => plan.fingerprints.push(FingerprintChange::Gone(*hash)),
        }
    }
    Ok(items)
}

/// The objects of a page that differ from what was processed last, or that wait for something.
fn changed(run: &Run<'_>, session: &mut Session, page: SourcePage, plan: &mut PagePlan) -> Vec<Item> {
    let snapshot = session.snapshot.as_deref().unwrap_or_default();
    let mut items = Vec::new();
    for object in page.objects {
        let mapping = run.definition.mapping_of(object.object_type);
        let fingerprint = Fingerprint::of(&object, mapping, day_of(run.began), session.state.generation);
        let known = snapshot.binary_search_by_key(&fingerprint.id, |known| known.id).ok();
        if let Some(position) = known {
            session.checkpoint.seen.mark(position);
        }
        let same = known.is_some_and(|position| snapshot[position] == fingerprint);
        if same && !session.waiting.waits(&object.id) {
            plan.unchanged += 1;
            continue;
        }
        items.push(Item { fingerprint: (!same).then_some(fingerprint), ..item_of(run.definition, object) });
    }
    items
}

/// An object that was read, reduced to what its mapping reads.
pub(in crate::cycle) fn item_of(definition: &Definition, mut object: SourceObject) -> Item {
    let mapping = definition.mapping_of(object.object_type);
    let members = take_members(&mut object, mapping);
    object.attributes.retain(|name, _| mapping.reads(name));
    Item { members, ..Item::present(object) }
}

/// Takes the members out of a group: there may be a hundred thousand of them, and they are remembered apart.
fn take_members(object: &mut SourceObject, mapping: &Mapping) -> Option<Vec<SourceId>> {
    let members = object.attributes.remove(mapping.members()?)?;
    let texts = elements(&members).iter();
    Some(texts.map(|member| SourceId::new(member.to_string())).collect())
}
