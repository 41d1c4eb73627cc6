//! Memberships, compared with [`Membership::apply`].

use engine::ids::digest16;
use engine::membership::{MemberChange, Membership};
use engine::model::{SourceId, TargetId};

use super::{Subject, lease};

/// What the membership must be after these changes.
#[must_use]
pub fn model(changes: &[MemberChange]) -> Membership {
    let mut membership = Membership::default();
    changes.iter().for_each(|change| membership.apply(change));
    membership
}

/// Somebody wanted, put in, taken out; of a group of its own, and twice like once.
pub async fn a_membership_follows_its_changes(subject: &impl Subject) {
    let (store, job, lease) = (subject.store(), subject.job(), lease(subject, 0).await);
    let (sales, ann, account) = (SourceId::new("sales"), SourceId::new("ann"), TargetId::new("7"));
    assert_eq!(store.membership(&job, &sales).await.unwrap(), Membership::default());
    let changes = [
        MemberChange::Wanted(ann.clone()),
        MemberChange::Given(ann.clone(), account.clone()),
        MemberChange::Unwanted(ann.clone()),
        MemberChange::Taken(ann.clone()),
    ];
    for known in 1..=changes.len() {
        for _ in 0..2 {
            store.change_membership(&lease, &sales, &changes[known - 1..known]).await.unwrap();
            let membership = store.membership(&job, &sales).await.unwrap();
            assert_eq!(membership, model(&changes[..known]), "after {known} changes");
        }
    }
    store.change_membership(&lease, &sales, &[]).await.unwrap();
    assert_eq!(store.membership(&job, &SourceId::new("other")).await.unwrap(), Membership::default());
}

/// Hundreds of changes that chance chose, in calls of any size, of few members so that they meet one another.
pub async fn any_changes_lead_where_the_model_leads(subject: &impl Subject) {
    let (store, job, lease) = (subject.store(), subject.job(), lease(subject, 0).await);
    let group = SourceId::new("sales");
    for seed in 0..3_u8 {
        let mut all = Vec::new();
        for call in 0..12_u8 {
            let changes: Vec<MemberChange> =
                (0..=30 * (call % 4)).map(|at| chosen([seed, call, at])).collect();
            store.change_membership(&lease, &group, &changes).await.unwrap();
            all.extend(changes);
            let membership = store.membership(&job, &group).await.unwrap();
            assert_eq!(membership, model(&all), "seed {seed}, after call {call}");
        }
        store.forget_membership(&lease, &group).await.unwrap();
    }
}

/// A change that these bytes choose.
fn chosen(bytes: [u8; 3]) -> MemberChange {
    let [what, who, account, ..] = digest16(&[&bytes]);
    let member = SourceId::new(format!("person-{}", who % 40));
    match what % 4 {
        0 => MemberChange::Wanted(member),
        1 => MemberChange::Unwanted(member),
        2 => MemberChange::Given(member, TargetId::new(format!("account-{}", account % 3))),
        _ => MemberChange::Taken(member),
    }
}

/// Thousands of members, in calls of 500.
pub async fn a_large_group_is_filled_and_emptied(subject: &impl Subject) {
    let (store, job, lease) = (subject.store(), subject.job(), lease(subject, 0).await);
    let group = SourceId::new("everyone");
    let members: Vec<SourceId> = (0..4_000_u32)
        .map(|number| {
            let [a, b, c, d, ..] = digest16(&[&number.to_be_bytes()]);
            SourceId::new(format!("{number:08}-{a:02x}{b:02x}-{c:02x}{d:02x}"))
        })
        .collect();
    let wanted: Vec<MemberChange> = members.iter().cloned().map(MemberChange::Wanted).collect();
    for changes in wanted.chunks(500) {
        store.change_membership(&lease, &group, changes).await.unwrap();
    }
    assert_eq!(store.membership(&job, &group).await.unwrap(), model(&wanted));
    let gone: Vec<MemberChange> = members.iter().skip(1).cloned().map(MemberChange::Unwanted).collect();
    store.change_membership(&lease, &group, &gone).await.unwrap();
    assert_eq!(store.membership(&job, &group).await.unwrap(), model(&wanted[..1]));
}

/// Nothing of it comes back.
pub async fn a_forgotten_membership_is_empty_and_can_begin_again(subject: &impl Subject) {
    let (store, job, lease) = (subject.store(), subject.job(), lease(subject, 0).await);
    let (group, other) = (SourceId::new("sales"), SourceId::new("support"));
    let wanted = |name: &str| [MemberChange::Wanted(SourceId::new(name))];
    store.forget_membership(&lease, &group).await.unwrap();
    for (group, name) in [(&group, "ann"), (&group, "ben"), (&other, "cas")] {
        store.change_membership(&lease, group, &wanted(name)).await.unwrap();
    }
    store.forget_membership(&lease, &group).await.unwrap();
    assert_eq!(store.membership(&job, &group).await.unwrap(), Membership::default());
    assert_eq!(store.membership(&job, &other).await.unwrap(), model(&wanted("cas")));
    store.change_membership(&lease, &group, &wanted("dan")).await.unwrap();
    assert_eq!(store.membership(&job, &group).await.unwrap(), model(&wanted("dan")));
}
