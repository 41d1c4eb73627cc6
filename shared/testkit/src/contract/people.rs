//! What people do while a cycle runs: nobody's word is lost.

use engine::escrow::EscrowEntry;
use engine::guard::{HumanDecision, Removed, StagedRemoval};
use engine::job::JobState;
use engine::model::SourceId;
use engine::ports::Orders;

use super::samples::{decision, escrow, removal};
use super::{People, Subject, after, lease, noon};

async fn decided(subject: &impl Subject) -> Vec<(String, Option<HumanDecision>)> {
    let mut staged = subject.store().staged(&subject.job()).await.unwrap();
    staged.sort_by_key(StagedRemoval::key);
    staged.into_iter().map(|removal| (removal.source_id.to_string(), removal.decision)).collect()
}

/// Staging neither takes a decision away nor brings one back; with the row it goes.
pub async fn a_decision_stays_with_a_removal_that_is_staged_again(subject: &impl People) {
    let (store, lease) = (subject.store(), lease(subject, 0).await);
    let removals = ["ann", "ben"].map(|id| removal(id, Removed::Users, 1));
    store.stage(&lease, &removals).await.unwrap();
    let (yes, no) = (decision(true), decision(false));
    assert_eq!(subject.decide(&[removals[0].key()], Some(&yes)).await, 1);
    assert_eq!(subject.decide(&[removals[1].key()], Some(&no)).await, 1);
    store.stage(&lease, &removals).await.unwrap();
    let both = [("ann".to_owned(), Some(yes.clone())), ("ben".to_owned(), Some(no))];
    assert_eq!(decided(subject).await, both);

    // Read before the decision was taken back, and staged after it.
    let read = StagedRemoval { decision: Some(yes), ..removals[0].clone() };
    assert_eq!(subject.decide(&[removals[0].key()], None).await, 1);
    store.stage(&lease, &[read]).await.unwrap();
    assert_eq!(decided(subject).await, [("ann".to_owned(), None), both[1].clone()]);

    store.unstage(&lease, &[removals[1].key()]).await.unwrap();
    store.stage(&lease, &removals).await.unwrap();
    assert_eq!(decided(subject).await, [("ann".to_owned(), None), ("ben".to_owned(), None)]);
}

/// A removal that was executed meanwhile does not come back as a decision.
pub async fn a_decision_about_what_is_not_staged_is_told(subject: &impl People) {
    let (store, lease) = (subject.store(), lease(subject, 0).await);
    let (group, members) = (removal("sales", Removed::Groups, 1), removal("sales", Removed::Memberships, 9));
    store.stage(&lease, std::slice::from_ref(&members)).await.unwrap();
    let asked = [group.key(), members.key(), members.key()];
    assert_eq!(subject.decide(&asked, Some(&decision(true))).await, 1);
    assert_eq!(decided(subject).await, [("sales".to_owned(), Some(decision(true)))]);
    assert_eq!(subject.decide(&[group.key()], None).await, 0);
}

async fn only(subject: &impl Subject) -> EscrowEntry {
    let mut escrows = subject.store().escrows(&subject.job()).await.unwrap();
    assert_eq!(escrows.len(), 1);
    escrows.pop().unwrap()
}

/// Failing again, as it was, changes nothing; failing as another object is news, and so is failing after success.
pub async fn an_ignored_escrow_stays_ignored_until_its_object_changes(subject: &impl People) {
    let (store, lease, ann) = (subject.store(), lease(subject, 0).await, SourceId::new("ann"));
    let no = decision(false);
    assert!(!subject.ignore(&ann, Some(&no)).await);
    store.put_escrow(&lease, &escrow("ann", "Sales", 0)).await.unwrap();
    assert!(subject.ignore(&ann, Some(&no)).await);
    store.put_escrow(&lease, &escrow("ann", "Sales", 5)).await.unwrap();
    let ignored = EscrowEntry { ignored: Some(no.clone()), ..escrow("ann", "Sales", 5) };
    assert_eq!(only(subject).await, ignored);
    assert!(subject.ignore(&ann, None).await);
    // The worker read it before that.
    store.put_escrow(&lease, &ignored).await.unwrap();
    assert_eq!(only(subject).await, escrow("ann", "Sales", 5));

    assert!(subject.ignore(&ann, Some(&no)).await);
    store.put_escrow(&lease, &escrow("ann", "Support", 6)).await.unwrap();
    assert_eq!(only(subject).await, escrow("ann", "Support", 6));

    assert!(subject.ignore(&ann, Some(&no)).await);
    store.delete_escrow(&lease, &ann).await.unwrap();
    assert!(!subject.ignore(&ann, Some(&no)).await);
    store.put_escrow(&lease, &escrow("ann", "Support", 7)).await.unwrap();
    assert_eq!(only(subject).await, escrow("ann", "Support", 7));
}

/// Now, even if it was ignored; and until it was tried, not until the worker finishes an attempt begun before.
pub async fn an_escrow_is_tried_again_when_a_person_says_so(subject: &impl People) {
    let (store, lease, ann) = (subject.store(), lease(subject, 0).await, SourceId::new("ann"));
    assert!(!subject.retry(&ann, after(3)).await);
    store.put_escrow(&lease, &escrow("ann", "Sales", 0)).await.unwrap();
    assert!(subject.ignore(&ann, Some(&decision(false))).await);
    assert!(subject.retry(&ann, after(3)).await);
    let now = |entry: EscrowEntry| EscrowEntry { next_attempt: Some(after(3)), ..entry };
    assert_eq!(only(subject).await, now(escrow("ann", "Sales", 0)));
    store.put_escrow(&lease, &escrow("ann", "Sales", 2)).await.unwrap();
    assert_eq!(only(subject).await, now(escrow("ann", "Sales", 2)));
    store.put_escrow(&lease, &escrow("ann", "Sales", 4)).await.unwrap();
    assert_eq!(only(subject).await, escrow("ann", "Sales", 4));
}

/// Given at any time, told with the next save, and only what was taken over is cleared.
pub async fn orders_are_told_with_every_save_until_they_are_cleared(subject: &impl People) {
    let (store, lease, state) = (subject.store(), lease(subject, 0).await, JobState::new(noon()));
    let save = |release| store.save(&lease, &state, &[], release);
    let [ann, ben] = ["ann", "ben"].map(SourceId::new);
    assert_eq!(save(false).await.unwrap(), Orders::default());
    assert!(subject.order(std::slice::from_ref(&ann)).await);
    assert!(subject.order(std::slice::from_ref(&ann)).await);
    subject.pause(true).await;
    let first = Orders { pause: true, now: vec![ann] };
    assert_eq!(save(false).await.unwrap(), first);
    assert_eq!(save(false).await.unwrap(), first);

    assert!(subject.order(std::slice::from_ref(&ben)).await);
    subject.clear(&first).await;
    let second = Orders { pause: false, now: vec![ben] };
    assert_eq!(save(false).await.unwrap(), second);
    subject.pause(true).await;
    subject.pause(false).await;
    assert_eq!(save(false).await.unwrap(), second);
    subject.clear(&second).await;
    assert_eq!(save(true).await.unwrap(), Orders::default());
}

/// An order that is too long is refused whole.
pub async fn a_hundred_orders_may_wait_and_no_more(subject: &impl People) {
    let (store, lease) = (subject.store(), lease(subject, 0).await);
    let people: Vec<SourceId> = (0..101).map(|number| SourceId::new(format!("person-{number:03}"))).collect();
    assert!(!subject.order(&people).await);
    assert!(subject.order(&people[..60]).await);
    assert!(subject.order(&people[40..100]).await);
    assert!(!subject.order(&people[100..]).await);
    assert!(subject.order(&people[..100]).await);
    let orders = store.save(&lease, &JobState::new(noon()), &[], false).await.unwrap();
    assert_eq!(orders.now, people[..100]);
}
