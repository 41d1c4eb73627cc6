//! What is kept of groups beside their members.

use engine::ids::IdHash;
use engine::model::{ObjectType, SourceId, TargetId};
use engine::ports::ClaimOutcome;

use super::{Subject, lease};

/// Ids of accounts and groups are two worlds.
pub async fn an_account_and_a_group_of_one_id_are_claimed_apart(subject: &impl Subject) {
    let (store, job, lease) = (subject.store(), subject.job(), lease(subject, 0).await);
    let (target, ann, sales) = (TargetId::new("7"), SourceId::new("ann"), SourceId::new("sales"));
    let claims = [(ObjectType::User, &ann, &sales), (ObjectType::Group, &sales, &ann)];
    for (kind, owner, other) in claims {
        assert_eq!(store.claim(&lease, kind, &target, owner).await.unwrap(), ClaimOutcome::Granted);
        let held = store.claim(&lease, kind, &target, other).await.unwrap();
        assert_eq!(held, ClaimOutcome::HeldBy(owner.clone()));
    }
    store.release_claim(&lease, ObjectType::Group, &target, &sales).await.unwrap();
    let asked = [target.clone(), TargetId::new("of nobody")];
    let owners = store.owners(&job, ObjectType::User, &asked).await.unwrap();
    assert_eq!(owners.into_iter().collect::<Vec<_>>(), [(target, ann)]);
    assert!(store.owners(&job, ObjectType::Group, &asked).await.unwrap().is_empty());
}

/// In the order of their hashes, whenever they were noted.
pub async fn unsettled_groups_are_noted_once_and_crossed_out(subject: &impl Subject) {
    let (store, job, lease) = (subject.store(), subject.job(), lease(subject, 0).await);
    let mut groups: Vec<SourceId> = (0..60).map(|number| SourceId::new(format!("group-{number}"))).collect();
    store.mark_unsettled(&lease, &groups).await.unwrap();
    store.mark_unsettled(&lease, groups.split_at(30).1).await.unwrap();
    store.mark_unsettled(&lease, &[]).await.unwrap();
    groups.sort_by_key(IdHash::of);
    assert_eq!(store.unsettled(&job).await.unwrap(), groups);
    let settled = groups.remove(20);
    store.settle(&lease, &settled).await.unwrap();
    store.settle(&lease, &settled).await.unwrap();
    assert_eq!(store.unsettled(&job).await.unwrap(), groups);
}
