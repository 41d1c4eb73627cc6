//! Staged removals.

use engine::guard::{Removed, StagedKey, StagedRemoval};
use engine::model::SourceId;

use super::samples::{object, removal};
use super::{Subject, lease};

async fn staged(subject: &impl Subject) -> Vec<StagedRemoval> {
    let mut staged = subject.store().staged(&subject.job()).await.unwrap();
    staged.sort_by_key(StagedRemoval::key);
    staged
}

/// A group that goes, and members that leave it, are two removals.
pub async fn a_group_and_its_members_are_staged_side_by_side(subject: &impl Subject) {
    let (store, lease) = (subject.store(), lease(subject, 0).await);
    let (group, members) = (removal("sales", Removed::Groups, 1), removal("sales", Removed::Memberships, 12));
    let person = removal("ann", Removed::Users, 1);
    store.stage(&lease, &[group.clone(), members.clone(), person.clone()]).await.unwrap();
    assert_eq!(staged(subject).await, [person.clone(), group.clone(), members.clone()]);
    store.unstage(&lease, &[group.key()]).await.unwrap();
    assert_eq!(staged(subject).await, [person.clone(), members.clone()]);
    let never = StagedKey { source_id: SourceId::new("ann"), members: true };
    store.unstage(&lease, &[members.key(), never]).await.unwrap();
    assert_eq!(staged(subject).await, [person]);
}

/// The last staging counts.
pub async fn a_removal_staged_again_replaces_its_row(subject: &impl Subject) {
    let (store, lease) = (subject.store(), lease(subject, 0).await);
    let first = removal("sales", Removed::Memberships, 12);
    let again = StagedRemoval { count: 3, label: "Sales".to_owned(), ..first.clone() };
    let disabled =
        StagedRemoval { object: Some(object("ann", "Sales")), ..removal("ann", Removed::Users, 1) };
    let deleted = removal("ann", Removed::Users, 1);
    store.stage(&lease, &[first, disabled]).await.unwrap();
    store.stage(&lease, &[again.clone(), deleted.clone()]).await.unwrap();
    assert_eq!(staged(subject).await, [deleted, again]);
}
