//! Links, claims, intents, staged removals, escrows, history.

use engine::escrow::EscrowEntry;
use engine::guard::{HumanDecision, StagedKey};
use engine::ids::IdHash;
use engine::model::ObjectType::User;
use engine::ports::{ClaimOutcome, Store, StoreError};

use crate::samples::{account, escrow, job, link, removal, report, source};
use crate::world::{World, after};

#[tokio::test]
async fn links_are_found_by_the_hash_of_the_id_and_absent_ones_are_absent() {
    let (world, lease) = World::working().await;
    let ids: Vec<String> = (0..230).map(|number| format!("person-{number}")).collect();
    for id in &ids {
        world.store.put_link(&lease, &link(id)).await.unwrap();
    }
    let mut asked: Vec<IdHash> = ids.iter().map(|id| IdHash::of(&source(id))).collect();
    asked.push(IdHash::of(&source("nobody")));
    asked.push(asked[0]);
    let found = world.store.links(&job(), &asked).await.unwrap();
    assert_eq!(found.len(), ids.len());
    assert_eq!(found[&asked[7]], link("person-7"));
    assert_eq!(world.store.all_links(&job()).await.unwrap().len(), ids.len());

    world.store.delete_link(&lease, &source("person-7")).await.unwrap();
    world.store.delete_link(&lease, &source("person-7")).await.unwrap();
    assert!(world.store.links(&job(), &asked[7..8]).await.unwrap().is_empty());
    assert!(world.store.links(&job(), &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_account_belongs_to_who_claimed_it_first() {
    let (world, lease) = World::working().await;
    let (store, target) = (&world.store, account("2819c223"));
    let (ann, sam) = (source("ann"), source("sam"));
    assert_eq!(store.claim(&lease, User, &target, &ann).await.unwrap(), ClaimOutcome::Granted);
    assert_eq!(store.claim(&lease, User, &target, &ann).await.unwrap(), ClaimOutcome::Granted);
    assert_eq!(store.claim(&lease, User, &target, &sam).await.unwrap(), ClaimOutcome::HeldBy(ann.clone()));

    let free = account("of nobody");
    let owners = store.owners(&job(), User, &[target.clone(), free, target.clone()]).await.unwrap();
    assert_eq!(owners.into_iter().collect::<Vec<_>>(), [(target.clone(), ann.clone())]);
    store.release_claim(&lease, User, &target, &sam).await.unwrap();
    assert_eq!(store.claim(&lease, User, &target, &sam).await.unwrap(), ClaimOutcome::HeldBy(ann.clone()));
    store.release_claim(&lease, User, &target, &ann).await.unwrap();
    assert_eq!(store.claim(&lease, User, &target, &sam).await.unwrap(), ClaimOutcome::Granted);
}

#[tokio::test]
async fn of_many_objects_claiming_one_account_one_gets_it() {
    let (world, lease) = World::working().await;
    let target = account("2819c223");
    let ids: Vec<_> = (0..8).map(|number| source(&number.to_string())).collect();
    let claims = ids.iter().map(|id| world.store.claim(&lease, User, &target, id));
    let outcomes: Vec<_> = futures::future::join_all(claims).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == ClaimOutcome::Granted).count(), 1);
}

#[tokio::test]
async fn an_intent_of_any_length_comes_back_and_replaces_the_one_before() {
    let (world, lease) = World::working().await;
    assert_eq!(world.store.intent(&job()).await.unwrap(), None);
    let long: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
    for intent in [&long[..], b"short", b"", &long[..400_000]] {
        world.store.put_intent(&lease, intent).await.unwrap();
        assert_eq!(world.store.intent(&job()).await.unwrap().as_deref(), Some(intent));
    }
}

#[tokio::test]
async fn an_intent_of_which_a_crash_left_only_parts_is_noticed() {
    let old = vec![1; 800_000];
    for writes in 0..4 {
        let (world, lease) = World::working().await;
        world.store.put_intent(&lease, &old).await.unwrap();
        let (dying, death) = world.dying_after(writes);
        let new = vec![2; 800_000];
        let answer = dying.put_intent(&lease, &new).await;
        assert_eq!(answer.is_err(), death.struck());
        match world.store.intent(&job()).await {
            Ok(Some(intent)) => assert!(intent == if death.struck() { &old[..] } else { &new[..] }),
            Ok(None) => panic!("nothing is left"),
            Err(StoreError::Inconsistent { .. }) => assert!(death.struck()),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn an_intent_that_lost_a_chunk_is_noticed() {
    let (world, lease) = World::working().await;
    world.store.put_intent(&lease, &vec![1; 800_000]).await.unwrap();
    world.lose(&format!("JOB#{}", job()), "INTENT#0001").await;
    let answer = world.store.intent(&job()).await;
    assert!(matches!(answer, Err(StoreError::Inconsistent { .. })), "{:?}", answer.err());
}

#[tokio::test]
async fn a_removal_staged_twice_counts_once() {
    let (world, lease) = World::working().await;
    let removals: Vec<_> = (0..40).map(|number| removal(&format!("person-{number}"))).collect();
    world.store.stage(&lease, &removals).await.unwrap();
    let mut again = removals[0].clone();
    again.object = None;
    world.store.stage(&lease, std::slice::from_ref(&again)).await.unwrap();
    let staged = world.store.staged(&job()).await.unwrap();
    assert_eq!(staged.len(), 40);
    assert!(staged.contains(&again));

    let keys: Vec<StagedKey> = removals.iter().map(engine::guard::StagedRemoval::key).collect();
    world.store.unstage(&lease, &keys).await.unwrap();
    assert!(world.store.staged(&job()).await.unwrap().is_empty());
}

#[tokio::test]
async fn escrows_are_listed_and_found_when_due() {
    let (world, lease) = World::working().await;
    let store = &world.store;
    let entries = [escrow("ann", Some(after(60))), escrow("ben", Some(after(360))), escrow("cas", None)];
    for entry in &entries {
        store.put_escrow(&lease, entry).await.unwrap();
    }
    assert_eq!(store.escrows(&job()).await.unwrap().len(), 3);
    assert!(store.escrows_due(&job(), after(59)).await.unwrap().is_empty());
    assert_eq!(store.escrows_due(&job(), after(60)).await.unwrap(), entries[..1]);
    assert_eq!(store.escrows_due(&job(), after(100_000)).await.unwrap().len(), 2);

    store.delete_escrow(&lease, &source("ann")).await.unwrap();
    assert_eq!(store.escrows(&job()).await.unwrap().len(), 2);
    assert_eq!(store.escrow(&job(), &source("ben")).await.unwrap().as_ref(), Some(&entries[1]));
    assert_eq!(store.escrow(&job(), &source("ann")).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_ignored_is_not_due_and_what_a_person_asks_for_is() {
    let (world, lease) = World::working().await;
    let (store, ann) = (&world.store, source("ann"));
    let no = HumanDecision { approved: false, by: "ada".to_owned(), at: after(1) };
    let due = |minutes| async move {
        let due = store.escrows_due(&job(), after(minutes)).await.unwrap();
        due.into_iter().map(|entry| entry.next_attempt).collect::<Vec<_>>()
    };
    store.put_escrow(&lease, &escrow("ann", Some(after(60)))).await.unwrap();
    assert!(store.ignore_escrow(&job(), &ann, Some(&no)).await.unwrap());
    assert_eq!(due(100_000).await, []);
    store.put_escrow(&lease, &escrow("ann", Some(after(70)))).await.unwrap();
    assert_eq!(due(100_000).await, []);
    assert!(store.ignore_escrow(&job(), &ann, None).await.unwrap());
    assert_eq!((due(69).await, due(70).await), (vec![], vec![Some(after(70))]));
    assert!(store.retry_now(&job(), &ann, after(5)).await.unwrap());
    assert_eq!((due(4).await, due(5).await), (vec![], vec![Some(after(5))]));
}

#[tokio::test]
async fn of_a_person_and_a_worker_who_write_about_one_escrow_at_once_neither_is_lost() {
    for round in 0..20 {
        let (world, lease) = World::working().await;
        let (store, job, ann) = (&world.store, job(), source("ann"));
        let no = HumanDecision { approved: false, by: "ada".to_owned(), at: after(1) };
        store.put_escrow(&lease, &escrow("ann", Some(after(60)))).await.unwrap();
        let again = EscrowEntry { attempts: 2, ..escrow("ann", Some(after(70))) };
        let put = store.put_escrow(&lease, &again);
        let ignore = store.ignore_escrow(&job, &ann, Some(&no));
        if round % 2 == 0 {
            let (put, ignored) = futures::future::join(put, ignore).await;
            assert!(put.is_ok() && ignored.unwrap());
        } else {
            let (ignored, put) = futures::future::join(ignore, put).await;
            assert!(put.is_ok() && ignored.unwrap());
        }
        let both = EscrowEntry { ignored: Some(no), ..again };
        assert_eq!(store.escrow(&job, &ann).await.unwrap(), Some(both));
        assert!(store.escrows_due(&job, after(100_000)).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_history_is_read_newest_first() {
    let (world, lease) = World::working().await;
    for number in 1..=5 {
        let report = report(number, after(i64::try_from(number).unwrap() * 40));
        world.store.put_cycle(&lease, &report).await.unwrap();
        world.store.put_cycle(&lease, &report).await.unwrap();
    }
    let last = world.store.cycles(&job(), 3).await.unwrap();
    assert_eq!(last, [report(5, after(200)), report(4, after(160)), report(3, after(120))]);
}
