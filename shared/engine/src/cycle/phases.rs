//! The phases of a cycle, each a loop over pages that can stop between any two.

use std::collections::BTreeSet;

use super::plan::{Item, PagePlan, Pass, UnreadableRow, plan_items};
use super::{Definition, Ending, Run, Session, Stop, commit, finish, intent, mapping_version, veil};
use crate::fingerprint::Fingerprint;
use crate::guard::{Verdict, shrunken_because};
use crate::ids::{IdHash, change_id};
use crate::job::{EventDetail, Phase, QuarantineReason, Side};
use crate::model::{Cursor, SourceId, Watermark};
use crate::ports::{FingerprintChange, Reading, SourceError, SourcePage};

/// Objects of one page where Rollcall itself cuts them (retries, leavers, removals). Five hundred: an intent of
/// some forty kilobytes, and at most five hundred questions to the target after a kill.
pub(super) const PAGE: usize = 500;

/// Works on the cycle until it is complete or the deadline comes.
pub(super) async fn slice(run: &Run<'_>, session: &mut Session) -> Result<Ending, Stop> {
    prove_health(run, session).await?;
    if session.checkpoint.intent {
        let mut plan = intent::load(run).await?;
        veil::lift(run, &mut plan).await?;
        load_waiting(run, session).await?;
        commit::execute_page(run, session, plan, true).await?;
    }
    begin_again_if_the_mapping_changed(run, session);
    load_waiting(run, session).await?;
    loop {
        if run.deadline_has_come() {
            return hand_over(run, session).await;
        }
        match session.checkpoint.phase.clone() {
            Phase::Pages { cursor: None } => open(run, session).await?,
            Phase::Pages { cursor: Some(cursor) } => page(run, session, &cursor).await?,
            Phase::Leavers { after } => leavers(run, session, after).await?,
            Phase::Retries => retries(run, session).await?,
            Phase::Removals => {
                if removals(run, session).await? {
                    return finish::complete(run, session).await;
                }
            }
        }
    }
}

/// A job in quarantine for its target's sake begins with a probe: as long as that fails, it is the only call.
async fn prove_health(run: &Run<'_>, session: &Session) -> Result<(), Stop> {
    let targets_trouble = session.state.quarantine.as_ref().is_some_and(|quarantine| {
        quarantine.reason == QuarantineReason::EncounteredQuarantineException
            && quarantine.side != Some(Side::Source)
    });
    if targets_trouble {
        run.before_call().await?;
        run.ports.target.probe().await.map_err(Stop::Target)?;
        run.target_is_well();
    }
    Ok(())
}

async fn hand_over(run: &Run<'_>, session: &mut Session) -> Result<Ending, Stop> {
    let detail =
        EventDetail::CycleContinues { cycle: session.checkpoint.cycle, slice: session.checkpoint.slice + 1 };
    let event = session.tell(&run.definition.job, run.ports.clock.now(), detail);
    session.count_calls(run.ports);
    let mut state = session.state.clone();
    state.checkpoint = Some(session.checkpoint.clone());
    state.next_due = run.ports.clock.now();
    run.desk.release(state, &[event]).await?;
    Ok(Ending::Continues)
}

/// A cycle that was cut and whose mapping was edited since looks at everyone again. It keeps its time, and with it its
/// day: expressions are given the same one in all slices.
fn begin_again_if_the_mapping_changed(run: &Run<'_>, session: &mut Session) {
    let version = mapping_version(run.definition);
    if session.state.mapping_version.as_ref() == Some(&version) {
        return;
    }
    tracing::info!(job.id = %run.definition.job, "the mapping changed during a cycle; it begins again");
    session.checkpoint = super::new_cycle(&mut session.state, run.definition, run.ports, run.began);
}

async fn load_waiting(run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
    if session.state.counts.staged > 0 && session.waiting.staged.is_empty() {
        let staged = run.ports.store.staged(&run.definition.job).await?;
        session.waiting.staged = staged.into_iter().map(|row| (IdHash::of(&row.source_id), row)).collect();
    }
    if session.state.counts.escrowed > 0 && session.waiting.escrows.is_empty() {
        let escrows = run.ports.store.escrows(&run.definition.job).await?;
        session.waiting.escrows =
            escrows.into_iter().map(|entry| (IdHash::of(&entry.source_id), entry)).collect();
    }
    Ok(())
}

/// Opens the source and finds the first page, or learns that nothing changed.
async fn open(run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
    if session.state.unfolded && session.checkpoint.page == 0 {
        run.ports.store.fold_fingerprints(&run.desk.lease().await).await?;
        session.state.unfolded = false;
    }
    let watermark = session.state.watermark.clone();
    let reading = run.ports.source.open(watermark.as_ref(), None).await.map_err(Stop::Source)?;
    session.checkpoint.delta = !matches!(reading, Reading::Full { .. });
    match reading {
        Reading::Unchanged { watermark } => {
            session.checkpoint.next_watermark = watermark;
            session.checkpoint.phase = Phase::Retries;
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
    session.snapshot = Some(run.ports.store.snapshot(&run.definition.job).await?);
    run.save(session, &[]).await
}

/// A mapping that reads an attribute the source cannot have would write nothing, silently, for everyone.
pub(super) fn check_attributes(
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
async fn page(run: &Run<'_>, session: &mut Session, cursor: &Cursor) -> Result<(), Stop> {
    if session.snapshot.is_none() && !reopen(run, session, cursor).await? {
        return Ok(());
    }
    let mut page = run.ports.source.read(cursor).await.map_err(Stop::Source)?;
    let next = match &page.next {
        Some(cursor) => Phase::Pages { cursor: Some(cursor.clone()) },
        None if session.checkpoint.delta => Phase::Retries,
        None => Phase::Leavers { after: None },
    };
    let mut plan = PagePlan::new(next);
    plan.objects = (page.objects.len() + page.unreadable.len() + page.present.len() + page.gone.len()) as u64;
    let present = std::mem::take(&mut page.present);
    let gone = std::mem::take(&mut page.gone);
    meet(run, session, present, &mut page, &mut plan).await?;
    run.veil(&mut page.objects);
    plan.imported = page.objects.len() as u64 + plan.unchanged;
    session.checkpoint.read += plan.imported;
    unreadable(session, &page, &mut plan);
    let mut items = changed(run, session, page, &mut plan);
    items.extend(known_leavers(run, session, gone, &mut plan).await?);
    let left = session.checkpoint.total.saturating_sub(session.checkpoint.done);
    let expected = if session.state.initial_completed.is_none() { left } else { items.len() as u64 };
    plan_items(run, session, Pass::Page, items, expected, &mut plan).await?;
    commit::execute_page(run, session, plan, false).await
}

/// Goes on with a reading that a former slice began. `false` when it has to begin again.
async fn reopen(run: &Run<'_>, session: &mut Session, cursor: &Cursor) -> Result<bool, Stop> {
    let watermark = session.state.watermark.clone();
    match run.ports.source.open(watermark.as_ref(), Some(cursor)).await {
        Ok(_) => {
            session.snapshot = Some(run.ports.store.snapshot(&run.definition.job).await?);
            Ok(true)
        }
        Err(SourceError::Moved(why)) => {
            tracing::info!(job.id = %run.definition.job, "the reading begins again: {why}");
            // Whom the former reading showed and was processed shows as unchanged in the next one, however often a
            // long reading is cut.
            if session.state.unfolded {
                run.ports.store.fold_fingerprints(&run.desk.lease().await).await?;
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
            Ok(position) if !session.waiting.staged.contains_key(&hash) => {
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
async fn gone_items(
    run: &Run<'_>,
    session: &Session,
    gone: &[IdHash],
    plan: &mut PagePlan,
) -> Result<Vec<Item>, Stop> {
    let links = run.ports.store.links(&run.definition.job, gone).await?;
    let mut items = Vec::new();
    for hash in gone {
        let link = links.get(hash).map(|link| &link.source_id);
        match link.or_else(|| session.waiting.escrows.get(hash).map(|entry| &entry.source_id)) {
            Some(id) => items.push(Item { id: id.clone(), object: None, fingerprint: None }),
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
        let fingerprint = Fingerprint::of(&object, &run.definition.mapping, super::day_of(run.began));
        let known = snapshot.binary_search_by_key(&fingerprint.id, |known| known.id).ok();
        if let Some(position) = known {
            session.checkpoint.seen.mark(position);
        }
        let same = known.is_some_and(|position| snapshot[position] == fingerprint);
        if same && !session.waiting.staged.contains_key(&fingerprint.id) {
            plan.unchanged += 1;
            continue;
        }
        items.push(Item {
            id: object.id.clone(),
            object: Some(object),
            fingerprint: (!same).then_some(fingerprint),
        });
    }
    items
}

/// Tries again what is due in escrow and was not tried in this cycle.
async fn retries(run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
    if session.checkpoint.no_inference.is_some() && session.snapshot.is_none() {
        session.snapshot = Some(run.ports.store.snapshot(&run.definition.job).await?);
    }
    let now = run.ports.clock.now();
    let began = session.checkpoint.began;
    let due: Vec<Item> = session
        .waiting
        .escrows
        .values()
        .filter(|entry| entry.last_failed < began && entry.next_attempt.is_some_and(|at| at <= now))
        .filter(|entry| !session.retried.contains(&IdHash::of(&entry.source_id)))
        .filter(|entry| !is_missing(session, &entry.source_id))
        .take(PAGE)
        .map(|entry| Item { id: entry.source_id.clone(), object: entry.object.clone(), fingerprint: None })
        .collect();
    if due.is_empty() {
        session.checkpoint.phase = Phase::Removals;
        return Ok(());
    }
    let mut plan = PagePlan::new(Phase::Retries);
    plan.objects = due.len() as u64;
    session.checkpoint.total += plan.objects;
    let tried: Vec<IdHash> = due.iter().map(|item| IdHash::of(&item.id)).collect();
    let expected = plan.objects;
    plan_items(run, session, Pass::Retry, due, expected, &mut plan).await?;
    session.retried.extend(tried);
    commit::execute_page(run, session, plan, false).await
}

/// Whether this cycle's full reading did not show an object. It may be gone, and is not tried until it is seen
/// again.
fn is_missing(session: &Session, source: &SourceId) -> bool {
    if session.checkpoint.delta {
        return false;
    }
    let hash = IdHash::of(source);
    let known =
        session.snapshot.as_deref().and_then(|known| known.binary_search_by_key(&hash, |k| k.id).ok());
    known.is_some_and(|position| !session.checkpoint.seen.has(position))
}

/// Stages those whom a complete reading did not show.
async fn leavers(run: &Run<'_>, session: &mut Session, after: Option<IdHash>) -> Result<(), Stop> {
    if !may_infer_leavers(run, session) {
        session.checkpoint.phase = Phase::Retries;
        return Ok(());
    }
    if session.snapshot.is_none() {
        session.snapshot = Some(run.ports.store.snapshot(&run.definition.job).await?);
    }
    let seen = &session.checkpoint.seen;
    let gone: Vec<IdHash> = session
        .snapshot
        .as_deref()
        .unwrap_or_default()
        .iter()
        .enumerate()
        .filter(|(position, known)| !seen.has(*position) && after.is_none_or(|after| known.id > after))
        .map(|(_, known)| known.id)
        .take(PAGE)
        .collect();
    let Some(last) = gone.last().copied() else {
        session.checkpoint.phase = Phase::Retries;
        return Ok(());
    };
    let mut plan = PagePlan::new(Phase::Leavers { after: Some(last) });
    let items = gone_items(run, session, &gone, &mut plan).await?;
    plan_items(run, session, Pass::Page, items, 0, &mut plan).await?;
    commit::execute_page(run, session, plan, false).await
}

fn may_infer_leavers(run: &Run<'_>, session: &mut Session) -> bool {
    if session.checkpoint.next_watermark.is_none() {
        return false;
    }
    let shrunken = shrunken_because(session.state.last_total, session.checkpoint.read);
    session.state.suspect_reading = shrunken.filter(|_| run.request.approved_by.is_none());
    if let Some(reason) = &session.state.suspect_reading {
        session.checkpoint.no_inference.get_or_insert_with(|| reason.clone());
    }
    session.checkpoint.no_inference.is_none()
}

/// Executes staged removals, once the guard agreed to their total. `true` when there is nothing left to do.
async fn removals(run: &Run<'_>, session: &mut Session) -> Result<bool, Stop> {
    if session.waiting.staged.is_empty() {
        return Ok(true);
    }
    let items: Vec<Item> = session
        .waiting
        .staged
        .values()
        .map(|row| Item { id: row.source_id.clone(), object: row.object.clone(), fingerprint: None })
        .collect();
    if session.checkpoint.verdict.is_none() {
        session.checkpoint.verdict = Some(Verdict {
            removals: items.len() as u64,
            managed: session.state.counts.linked,
            thresholds: run.definition.thresholds,
            approved_by: run.request.approved_by.clone(),
            at: run.ports.clock.now(),
        });
        session.checkpoint.total += items.len() as u64;
        run.save(session, &[]).await?;
    }
    let held = session.checkpoint.verdict.as_ref().and_then(Verdict::held_because).is_some();
    if held {
        hold(run, session, items).await?;
        return Ok(true);
    }
    let page: Vec<Item> = items.into_iter().take(PAGE).collect();
    let mut plan = removal_plan(run, session, page).await?;
    // Whatever became of them, they no longer wait.
    plan.unstage = plan.work.iter().map(|planned| planned.source_id.clone()).collect();
    commit::execute_page(run, session, plan, false).await?;
    Ok(false)
}

/// Tells of every held removal once, however many cycles it waits.
async fn hold(run: &Run<'_>, session: &mut Session, items: Vec<Item>) -> Result<(), Stop> {
    session.checkpoint.figures.held = items.len() as u64;
    let untold: Vec<Item> = items
        .into_iter()
        .filter(|item| {
            session.waiting.staged.get(&IdHash::of(&item.id)).is_some_and(|row| row.held_record.is_none())
        })
        .collect();
    for page in untold.chunks(PAGE) {
        let mut plan = removal_plan(run, session, page.to_vec()).await?;
        plan.held = std::mem::take(&mut plan.work);
        plan.unstage.clear();
        plan.fingerprints.clear();
        commit::execute_page(run, session, plan, false).await?;
    }
    Ok(())
}

async fn removal_plan(run: &Run<'_>, session: &mut Session, page: Vec<Item>) -> Result<PagePlan, Stop> {
    let mut plan = PagePlan::new(Phase::Removals);
    plan.objects = page.len() as u64;
    plan_items(run, session, Pass::Removal, page, 0, &mut plan).await?;
    Ok(plan)
}
