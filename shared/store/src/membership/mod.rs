//! Memberships: who belongs to a group, and who was put into it, for groups of any size.
//!
//! In: changes of single members. Out: the whole membership. Promised: what was answered is there, in the order in which
//! it was answered, wherever a worker dies.
//!
//! # Shape
//! A *base*, the whole membership packed into chunks ([`crate::blob`]), and a *log* of the changes since, a row for each
//! call. Reading is one query: the base, with the log applied to it. Once the log is half as long as the base, both are
//! folded into a new base.
//!
//! Chunks by the hash of the member, as the snapshot has them, would not do: a change of 500 members touches all of
//! the two hundred chunks that a group of 100,000 has, so that filling it would rewrite it two hundred times. Here one
//! member costs a unit, 500 cost what 500 are long, and filling a group of any size writes it about four times.
//!
//! # Guarantees
//! * A change is appended under the number after the last one, and only when nobody else did: an overtaken worker is
//!   refused as soon as the newer one wrote to the group.
//! * A new base counts from the single write of its head on, which says up to which number the log is in it; what is
//!   left of the log and of the old base is then deleted, and ignored until it is.

mod fold;
mod rows;

use engine::ids::IdHash;
use engine::membership::{MemberChange, Membership};
use engine::model::{JobId, SourceId};
use engine::ports::{Lease, StoreError};

use crate::item::{Draft, Stored, wrong};
use crate::keys::Place;
use crate::table::refused;
use crate::{DynamoStore, blob, keys};

/// Attributes: the group's id, on every row that can be the last.
const GROUP: &str = "group";
/// The changes of a row of the log, packed.
const CHANGES: &str = "changes";
/// How many rows and bytes of log there are since the base, with this one.
const ROWS: &str = "rows";
const LOGGED: &str = "logged";
/// How many bytes the base has.
const BASE: &str = "base";
/// Of a head: the number of the last change that is in the base.
const THROUGH: &str = "through";

/// How often a number is drawn again because another worker took it. There is one other worker at the most, and it is
/// refused at its next write.
const ATTEMPTS: u32 = 5;

/// How often a membership is read again because it was folded meanwhile: folds are minutes apart.
const READINGS: u32 = 3;

/// Where the log ends.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    /// The number of the last change.
    number: u64,
    /// Rows and bytes since the base.
    rows: u64,
    logged: u64,
    /// Bytes of the base.
    base: u64,
}

impl DynamoStore {
    /// See [`engine::ports::Store::membership`].
    pub(crate) async fn read_membership(
        &self,
        job: &JobId,
        group: &SourceId,
    ) -> Result<Membership, StoreError> {
        let place = keys::members(job, IdHash::of(group));
        for _ in 0..READINGS {
            let items = self.state.list(&place.pk, "").await?;
            if let Some((membership, _)) = rows::assemble(&place, group, &items)? {
                return Ok(membership);
            }
        }
        Err(wrong(&place.head(), "names chunks that are not there"))
    }

    /// See [`engine::ports::Store::change_membership`]: two requests for some thousand changes.
    pub(crate) async fn write_membership(
        &self,
        lease: &Lease,
        group: &SourceId,
        changes: &[MemberChange],
    ) -> Result<(), StoreError> {
        let place = keys::members(&lease.job, IdHash::of(group));
        for changes in rows::parts(changes) {
            let end = self.append(lease, &place, group, changes).await?;
            if end.wants_folding() {
                self.fold_membership(lease, &place, group).await?;
            }
        }
        Ok(())
    }

    /// See [`engine::ports::Store::forget_membership`].
    pub(crate) async fn forget_members(&self, lease: &Lease, group: &SourceId) -> Result<(), StoreError> {
        self.forget_members_of(lease, IdHash::of(group)).await
    }

    /// Forgets the membership of the group with this hash. The head goes first: without it nothing is torn.
    pub(crate) async fn forget_members_of(&self, lease: &Lease, group: IdHash) -> Result<(), StoreError> {
        let place = keys::members(&lease.job, group);
        self.state.delete_fenced(lease, &place.head()).await?;
        let rest = self.state.keys(&place.pk, "", usize::MAX).await?;
        self.state.delete_all_fenced(lease, rest).await?;
        self.state.delete_fenced(lease, &keys::group_with_members(&lease.job, group)).await
    }

    /// Writes changes behind the last ones.
    async fn append(
        &self,
        lease: &Lease,
        place: &Place,
        group: &SourceId,
        changes: &[MemberChange],
    ) -> Result<End, StoreError> {
        for _ in 0..ATTEMPTS {
            let last = self.state.last(&place.pk).await?;
            if last.is_none() {
                // Before the first change, so that no membership is without it.
                let row = keys::group_with_members(&lease.job, IdHash::of(group));
                self.state.put_fenced(lease, Draft::new(row).text(GROUP, group.as_str())).await?;
            }
            let end = last.map_or(Ok(End::default()), |last| End::read(lease, group, &last))?;
            let (end, draft) = rows::row(place, group, changes, end)?;
            if self.put_new(lease, draft).await? {
                return Ok(end);
            }
        }
        Err(StoreError::unavailable(format!("writing {}", place.pk), "another worker kept writing to it"))
    }

    /// Writes a row unless it is there. False when it is.
    async fn put_new(&self, lease: &Lease, draft: Draft) -> Result<bool, StoreError> {
        let key = draft.key().clone();
        let answer = self
            .state
            .client
            .put_item()
            .table_name(&self.state.name)
            .set_item(Some(draft.number("fence", lease.fence).into_item()))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error) if refused(&error) => Ok(false),
            Err(error) => Err(StoreError::unavailable(format!("writing {key}"), error)),
        }
    }
}

impl End {
    /// What the last row says. After a deletion that was cut a chunk can be the last: then there is no log.
    fn read(lease: &Lease, group: &SourceId, last: &Stored) -> Result<Self, StoreError> {
        if last.number::<u64>("fence")? > lease.fence {
            return Err(StoreError::Fenced(lease.job.clone()));
        }
        if last.has(THROUGH) {
            rows::check(group, last)?;
            return Ok(Self {
                number: last.number(THROUGH)?,
                base: last.number(blob::LENGTH)?,
                ..Self::default()
            });
        }
        let Some(number) = keys::member_log_number(&last.key().sk) else { return Ok(Self::default()) };
        rows::check(group, last)?;
        let (rows, logged, base) = (last.number(ROWS)?, last.number(LOGGED)?, last.number(BASE)?);
        Ok(Self { number, rows, logged, base })
    }
}
