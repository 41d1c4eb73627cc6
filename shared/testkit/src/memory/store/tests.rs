//! The contract that every store fulfils, and what is peculiar to this one.

use engine::fingerprint::Fingerprint;
use engine::guard::HumanDecision;
use engine::membership::MemberChange;
use engine::ports::{ClaimOutcome, FingerprintChange, Lease, Store as _, StoreError};

use super::*;

const NOON: i64 = 1_800_000_000;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(NOON + minutes * 60).unwrap()
}

fn job() -> JobId {
    JobId::new("scim.tenant.app")
}

fn store() -> MemoryStore {
    MemoryStore::with_job(&job(), JobState::new(at(0)))
}

/// Two workers, the second of which took over from the first.
async fn two_workers(store: &MemoryStore) -> (Lease, Lease) {
    let (stale, _) = store.acquire(&job(), at(0), at(5)).await.unwrap();
    let (fresh, _) = store.acquire(&job(), at(5), at(10)).await.unwrap();
    (stale, fresh)
}

fn link(source: &str, target: &str) -> Link {
    Link {
        source_id: SourceId::new(source),
        object_type: ObjectType::User,
        target_id: Some(TargetId::new(target)),
        shadow: BTreeMap::new(),
        in_scope: true,
        unmanaged: false,
        skipped: None,
        display_name: None,
        change_id: Uuid::nil(),
        linked_at: None,
        pending: BTreeMap::new(),
        object: None,
    }
}

#[tokio::test]
async fn one_worker_at_a_time_and_none_for_a_job_that_is_not_there() {
    let store = store();
    let (lease, state) = store.acquire(&job(), at(0), at(5)).await.unwrap();
    let busy = store.acquire(&job(), at(4), at(9)).await;
    assert!(matches!(busy, Err(StoreError::Busy { until, .. }) if until == at(5)));
    store.save(&lease, &state, &[], true).await.unwrap();
    assert!(store.acquire(&job(), at(4), at(9)).await.is_ok(), "given back");
    let nobody = store.acquire(&JobId::new("other"), at(0), at(5)).await;
    assert!(matches!(nobody, Err(StoreError::Missing(_))));
}

#[tokio::test]
async fn a_worker_that_was_taken_over_from_writes_nothing_that_the_new_one_wrote() {
    let store = store();
    let (stale, fresh) = two_workers(&store).await;
    let ada = SourceId::new("ada");
    let fenced = |answer: Result<(), StoreError>| assert!(matches!(answer, Err(StoreError::Fenced(_))));
    store.put_link(&fresh, &link("ada", "1")).await.unwrap();
    fenced(store.put_link(&stale, &link("ada", "2")).await);
    fenced(store.delete_link(&stale, &ada).await);
    fenced(store.save(&stale, &JobState::new(at(0)), &[], false).await.map(drop));
    store.change_membership(&fresh, &ada, &[MemberChange::Wanted(SourceId::new("bo"))]).await.unwrap();
    fenced(store.forget_membership(&stale, &ada).await);
    store.put_link(&stale, &link("bo", "2")).await.unwrap();
    assert_eq!(store.all_links(&job()).len(), 2, "what the new one did not write is open to both");
}

#[tokio::test]
async fn an_account_belongs_to_one_object_and_a_group_may_have_its_id() {
    let store = store();
    let (stale, fresh) = two_workers(&store).await;
    let (ada, bo, one) = (SourceId::new("ada"), SourceId::new("bo"), TargetId::new("1"));
    let claim = async |lease: &Lease, kind, who: &SourceId| store.claim(lease, kind, &one, who).await;
    assert_eq!(claim(&fresh, ObjectType::User, &ada).await.unwrap(), ClaimOutcome::Granted);
    assert_eq!(claim(&fresh, ObjectType::User, &ada).await.unwrap(), ClaimOutcome::Granted);
    assert_eq!(claim(&fresh, ObjectType::User, &bo).await.unwrap(), ClaimOutcome::HeldBy(ada.clone()));
    assert!(matches!(claim(&stale, ObjectType::User, &ada).await, Err(StoreError::Fenced(_))));
    assert_eq!(claim(&fresh, ObjectType::Group, &bo).await.unwrap(), ClaimOutcome::Granted);
    store.release_claim(&fresh, ObjectType::User, &one, &bo).await.unwrap();
    let owners = store.owners(&job(), ObjectType::User, std::slice::from_ref(&one)).await.unwrap();
    assert_eq!(owners, BTreeMap::from([(one.clone(), ada.clone())]), "only its owner gives it free");
    store.release_claim(&fresh, ObjectType::User, &one, &ada).await.unwrap();
    assert_eq!(
        claim(&stale, ObjectType::User, &bo).await.unwrap(),
        ClaimOutcome::Granted,
        "no trace is left"
    );
}

#[tokio::test]
async fn folding_applies_pages_in_order_and_once() {
    let store = store();
    let (lease, _) = store.acquire(&job(), at(0), at(5)).await.unwrap();
    let seen = |name: &str, digest| {
        FingerprintChange::Seen(Fingerprint { id: IdHash::of(&SourceId::new(name)), digest: [digest; 16] })
    };
    let gone = |name: &str| FingerprintChange::Gone(IdHash::of(&SourceId::new(name)));
    let cycle = CycleId(Uuid::from_u128(1));
    store.append_fingerprints(&lease, cycle, 0, &[seen("ada", 1), seen("bo", 1)]).await.unwrap();
    store.append_fingerprints(&lease, cycle, 1, &[gone("ada"), seen("bo", 2)]).await.unwrap();
    store.append_fingerprints(&lease, cycle, 0, &[seen("ada", 1)]).await.unwrap();
    assert_eq!(store.snapshot(&job()).await.unwrap(), [], "nothing counts before it is folded");
    store.fold_fingerprints(&lease).await.unwrap();
    store.fold_fingerprints(&lease).await.unwrap();
    let bo = Fingerprint { id: IdHash::of(&SourceId::new("bo")), digest: [2; 16] };
    assert_eq!(store.snapshot(&job()).await.unwrap(), [bo]);
}

#[tokio::test]
async fn a_copy_lives_on_its_own() {
    let store = store();
    let copy = store.clone();
    let (lease, _) = copy.acquire(&job(), at(0), at(5)).await.unwrap();
    copy.put_link(&lease, &link("ada", "1")).await.unwrap();
    assert_eq!((store.all_links(&job()).len(), copy.all_links(&job()).len()), (0, 1));
    assert_eq!((store.requests(), copy.requests()), (0, 2));
}

/// The store as the contract wants it.
struct Contracted(MemoryStore);

impl crate::contract::Subject for Contracted {
    fn store(&self) -> &dyn engine::ports::Store {
        &self.0
    }

    fn job(&self) -> JobId {
        job()
    }
}

#[async_trait::async_trait]
impl crate::contract::People for Contracted {
    async fn decide(&self, removals: &[StagedKey], decision: Option<&HumanDecision>) -> usize {
        self.0.decide(&job(), removals, decision)
    }

    async fn retry(&self, source: &SourceId, now: Timestamp) -> bool {
        self.0.retry_now(&job(), source, now)
    }

    async fn ignore(&self, source: &SourceId, decision: Option<&HumanDecision>) -> bool {
        self.0.ignore_escrow(&job(), source, decision)
    }

    async fn pause(&self, pause: bool) {
        self.0.order_pause(&job(), pause);
    }

    async fn order(&self, objects: &[SourceId]) -> bool {
        self.0.order_now(&job(), objects)
    }

    async fn clear(&self, taken: &engine::ports::Orders) {
        self.0.orders_done(&job(), taken).await.unwrap();
    }
}

async fn contracted() -> Contracted {
    Contracted(store())
}

crate::store_contract!(contracted);
crate::people_contract!(contracted);
