//! Comparing a group of the target with who belongs to it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::BATCH;
use super::managers::label;
use super::nested::{Belonging, belonging};
use crate::cycle::{Nested, Run, Session, Stop};
use crate::escrow::Failure;
use crate::ids::IdHash;
use crate::mapping::Mapping;
use crate::membership::{MemberChange, Membership, PendingReference};
use crate::model::{Link, ObjectType, SourceId, SourceObject, TargetId};
use crate::ports::TargetErrorKind;

/// What is to be done about the members of one group.
#[derive(Debug)]
pub(super) struct Compared {
    pub(super) group: SourceId,
    pub(super) object: Option<SourceObject>,
    pub(super) label: String,
    pub(super) display_name: Option<String>,
    /// The group in the target; `None` when nothing is to be called.
    pub(super) target: Option<TargetId>,
    /// What turned out about the membership without a call.
    pub(super) notes: Vec<MemberChange>,
    pub(super) noted: i64,
    /// How many memberships are given.
    pub(super) given: u64,
    /// To be put in.
    pub(super) add: VecDeque<(SourceId, TargetId)>,
    /// To be taken out, once the guard agreed.
    pub(super) leaving: VecDeque<(SourceId, TargetId)>,
    pub(super) unresolved: Vec<SourceId>,
    pub(super) left_out: Vec<SourceId>,
    pub(super) waits: Vec<PendingReference>,
    pub(super) waited: Vec<PendingReference>,
    pub(super) failure: Option<Failure>,
}

/// Compares a group with what it was given.
pub(super) async fn compare(run: &Run<'_>, session: &Session, group: &SourceId) -> Result<Compared, Stop> {
    let hash = IdHash::of(group);
    let link = run.ports.store.links(&run.definition.job, &[hash]).await?.remove(&hash);
    let account = link.as_ref().and_then(|link| link.target_id.clone());
    let mapping = run.definition.mapping_of(ObjectType::Group);
    let mut compared = Compared::of(group, link.as_ref(), mapping);
    let is_left_alone = |link: &Link| !link.in_scope || link.unmanaged || session.waiting.waits(group);
    if account.is_some() && (link.as_ref().is_some_and(is_left_alone) || !mapping.allows_members()) {
        return Ok(compared);
    }
    let mut membership = run.ports.store.membership(&run.definition.job, group).await?;
    let given = membership.given().count();
    compared.given = given as u64;
    let rows = session.references.waiting_of(group);
    let Some(account) = account else {
        // Nobody is in a group that is not there, and whoever waits for it is found again once it is.
        compared.note(&mut membership, |membership| {
            membership.changes_as_found(&BTreeSet::new(), &BTreeMap::new())
        });
        compared.waited = rows.into_iter().collect();
        return Ok(compared);
    };
    compared.target = Some(account.clone());
    let mut is_hidden = false;
    if rows.iter().any(PendingReference::is_moved) {
        match found(run, &account).await? {
            Ok(Some((shown, owners))) => {
                compared.note(&mut membership, |membership| membership.changes_as_found(&shown, &owners));
            }
            Ok(None) => is_hidden = true,
            Err(failure) => {
                compared.failure = Some(failure);
                return Ok(compared);
            }
        }
    }
    let belonging = belonging(run, group, &membership).await?;
    if is_hidden {
        compared.note(&mut membership, |membership| doubtful(membership, &belonging));
    }
    let leaving = compared.settle(&mut membership, belonging, &rows);
    if mapping.removes_members() {
        compared.leaving = unprotected(run, link.as_ref(), leaving).await?;
    }
    Ok(compared)
}

impl Compared {
    /// A group about which nothing is to be done.
    fn of(group: &SourceId, link: Option<&Link>, mapping: &Mapping) -> Self {
        Self {
            group: group.clone(),
            object: link.and_then(|link| link.object.clone()),
            label: link.map_or_else(|| group.to_string(), |link| label(link, mapping)),
            display_name: link.and_then(|link| link.display_name.clone()),
            target: None,
            notes: Vec::new(),
            noted: 0,
            given: 0,
            add: VecDeque::new(),
            leaving: VecDeque::new(),
            unresolved: Vec::new(),
            left_out: Vec::new(),
            waits: Vec::new(),
            waited: Vec::new(),
            failure: None,
        }
    }

    /// Takes changes of the membership that need no call.
    fn note(&mut self, membership: &mut Membership, changes: impl FnOnce(&Membership) -> Vec<MemberChange>) {
        let before = membership.given().count();
        let changes = changes(membership);
        changes.iter().for_each(|change| membership.apply(change));
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.noted += signed(membership.given().count()) - signed(before);
        self.notes.extend(changes);
    }

    /// Takes what is to be done; who leaves, whether or not they may.
    fn settle(
        &mut self,
        membership: &mut Membership,
        belonging: Belonging,
        rows: &BTreeSet<PendingReference>,
    ) -> Vec<(SourceId, TargetId)> {
        let mut difference = membership.difference(&belonging.wanted);
        self.note(membership, |_| difference.lost.drain(..).map(MemberChange::Taken).collect());
        let group = &self.group;
        let waits = difference.unresolved.iter().chain(&belonging.left_out).chain(&belonging.opened);
        let waits: BTreeSet<PendingReference> =
            waits.map(|member| PendingReference::member(member.clone(), group.clone())).collect();
        let is_news =
            |member: &SourceId| !rows.contains(&PendingReference::member(member.clone(), group.clone()));
        self.unresolved = difference.unresolved.into_iter().filter(is_news).collect();
        self.left_out = belonging.left_out.into_iter().filter(is_news).collect();
        self.waits = waits.difference(rows).cloned().collect();
        self.waited = rows.difference(&waits).cloned().collect();
        self.add = difference.add.into();
        difference.leaving
    }

    /// Leaves to the next comparison what is not about those who leave.
    pub(super) fn forget_news(&mut self) {
        self.notes.clear();
        self.noted = 0;
        self.unresolved.clear();
        self.left_out.clear();
        self.waits.clear();
        self.waited.clear();
    }
}

/// Those who leave, without whom the guard protects: nobody leaves a protected group, and protected people stay in theirs.
async fn unprotected(
    run: &Run<'_>,
    group: Option<&Link>,
    leaving: Vec<(SourceId, TargetId)>,
) -> Result<VecDeque<(SourceId, TargetId)>, Stop> {
    let protected = &run.definition.protected;
    if protected.is_nobody() {
        return Ok(leaving.into());
    }
    let is_covered = |link: &Link| protected.covers_link(link, run.definition.mapping_of(link.object_type));
    if group.is_some_and(is_covered) {
        return Ok(VecDeque::new());
    }
    let mut free = VecDeque::new();
    for batch in leaving.chunks(BATCH) {
        let hashes: Vec<IdHash> = batch.iter().map(|(member, _)| IdHash::of(member)).collect();
        let links = run.ports.store.links(&run.definition.job, &hashes).await?;
        let is_free = |(member, _): &&(SourceId, TargetId)| match links.get(&IdHash::of(member)) {
            Some(link) => !is_covered(link),
            None => !protected.covers(member, []),
        };
        free.extend(batch.iter().filter(is_free).cloned());
    }
    Ok(free)
}

/// How somebody changed the members of a group in the target; nothing when it does not show them, or cannot be asked. An
/// account of nobody we know is not ours to judge.
pub(in crate::cycle) async fn meddled(run: &Run<'_>, group: &Link) -> Result<Vec<MemberChange>, Stop> {
    let mapping = run.definition.mapping_of(ObjectType::Group);
    let Some(account) = group.target_id.as_ref().filter(|_| mapping.allows_members()) else {
        return Ok(Vec::new());
    };
    let membership = run.ports.store.membership(&run.definition.job, &group.source_id).await?;
    let Ok(Some((shown, owners))) = found(run, account).await? else { return Ok(Vec::new()) };
    let mut changes = membership.changes_as_found(&shown, &owners);
    // Who belongs to it will be put in, and whom nobody may take out stays.
    let belongs =
        |member: &SourceId| membership.members.get(&IdHash::of(member)).is_some_and(|one| one.wanted);
    changes.retain(|change| match change {
        MemberChange::Given(member, _) => mapping.removes_members() && !belongs(member),
        _ => true,
    });
    Ok(changes)
}

/// What is remembered of those who belong to a group that does not show who is in it: they are put in once more, and who
/// does not belong is taken out once more. Neither does harm.
fn doubtful(membership: &Membership, belonging: &Belonging) -> Vec<MemberChange> {
    let wanted = membership.given().filter(|(member, _)| belonging.wanted.contains(member));
    wanted.map(|(member, _)| MemberChange::Taken(member.clone())).collect()
}

type Found = (BTreeSet<TargetId>, BTreeMap<TargetId, SourceId>);

/// Who is in a group of the target, and to whom of ours these accounts belong; `None` when the target does not show it.
async fn found(run: &Run<'_>, group: &TargetId) -> Result<Result<Option<Found>, Failure>, Stop> {
    run.before_call().await?;
    let shown = match run.ports.target.members(group).await {
        Ok(shown) => shown,
        Err(error) if error.kind == TargetErrorKind::NotFound => {
            run.judged(error)?;
            return Ok(Err(super::enrol::gone()));
        }
        Err(error) => return run.judged(error).map(Err),
    };
    run.target_is_well();
    let Some(shown) = shown else { return Ok(Ok(None)) };
    let accounts: Vec<TargetId> = shown.iter().cloned().collect();
    let kinds: &[ObjectType] = match run.definition.nested() {
        Nested::Member => &[ObjectType::Group, ObjectType::User],
        Nested::Skip | Nested::Expand => &[ObjectType::User],
    };
    let mut owners = BTreeMap::new();
    for batch in accounts.chunks(BATCH) {
        for kind in kinds {
            owners.extend(run.ports.store.owners(&run.definition.job, *kind, batch).await?);
        }
    }
    Ok(Ok(Some((shown, owners))))
}
