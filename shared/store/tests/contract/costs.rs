//! Figures that the design holds: requests and write units.

use engine::ids::digest16;
use engine::membership::{MemberChange, PendingReference};
use engine::model::SourceId;
use engine::ports::{Identity, Store};
use engine::report::Outcome;
use store::usage::Counter;

use crate::samples::{account, cycle, event, job, record, seen, source, state};
use crate::world::{World, after};

#[tokio::test]
async fn a_provisioning_record_costs_at_most_eight_write_units() {
    let world = World::with_job().await;
    let counter = Counter::default();
    let store = world.through(counter.watch(&world.client));
    for (number, outcome, most) in [(1, Outcome::Success, 700.0), (2, Outcome::Failure, 800.0)] {
        let records: Vec<_> = (0..100)
            .map(|person| record(&format!("person-{person}"), cycle(number), after(0), outcome))
            .collect();
        let json = serde_json::to_vec(&records[0]).unwrap().len();
        counter.take();
        store.append_records(&job(), &records, &[]).await.unwrap();
        let usage = counter.take();
        println!("100 records ({outcome:?}) of {json} bytes of JSON: {usage:?}");
        assert!(usage.write_units > 0.0, "the engine reports no consumption");
        assert!(usage.write_units <= most, "{outcome:?}: {usage:?}");
        assert_eq!(usage.total_requests(), 4);
    }
    let names = [Identity { source_id: source("nadia"), name: "Nadia El-Sayed".to_owned() }];
    counter.take();
    store.append_records(&job(), &[], &names).await.unwrap();
    println!("a name of three words: {:?}", counter.take());
}

#[tokio::test]
async fn a_quiet_cycle_is_six_requests() {
    let (world, lease) = World::working().await;
    let page: Vec<_> = (0..1_000).map(|number| seen(number, 1)).collect();
    world.store.append_fingerprints(&lease, cycle(1), 0, &page).await.unwrap();
    world.store.fold_fingerprints(&lease).await.unwrap();
    world.store.save(&lease, &state(), &[], true).await.unwrap();

    let counter = Counter::default();
    let store = world.through(counter.watch(&world.client));
    let (lease, state) = store.acquire(&job(), after(40), after(50)).await.unwrap();
    store.snapshot(&job()).await.unwrap();
    store.escrows(&job()).await.unwrap();
    store.save(&lease, &state, &[event(1)], true).await.unwrap();
    let outbox = store.outbox(&job()).await.unwrap();
    store.clear_outbox(&job(), &outbox).await.unwrap();
    let usage = counter.take();
    println!("quiet cycle of 1,000 people: {usage:?}");
    assert_eq!(usage.total_requests(), 6);
    assert!(usage.write_units <= 12.0, "{usage:?}");
}

#[tokio::test]
async fn comparing_a_hundred_thousand_people_takes_a_handful_of_requests() {
    let (world, lease) = World::working().await;
    for page in 0..20 {
        let from = u64::from(page) * 5_000;
        let changes: Vec<_> = (from..from + 5_000).map(|number| seen(number, 1)).collect();
        world.store.append_fingerprints(&lease, cycle(1), page, &changes).await.unwrap();
    }
    let counter = Counter::default();
    let store = world.through(counter.watch(&world.client));
    store.fold_fingerprints(&lease).await.unwrap();
    println!("first fold of 100,000 people: {:?}", counter.take());
    assert_eq!(store.snapshot(&job()).await.unwrap().len(), 100_000);
    let usage = counter.take();
    println!("reading 100,000 fingerprints: {usage:?}");
    assert!(usage.total_requests() <= 6, "{usage:?}");

    let changes: Vec<_> = (0..10).map(|number| seen(number * 7_919, 2)).collect();
    store.append_fingerprints(&lease, cycle(2), 0, &changes).await.unwrap();
    counter.take();
    store.fold_fingerprints(&lease).await.unwrap();
    let usage = counter.take();
    println!("folding 10 changes: {usage:?}");
    assert!(usage.write_units <= 200.0, "{usage:?}");
}

/// An id as directories give them.
fn id(group: u32, number: u32) -> String {
    uuid::Uuid::from_bytes(digest16(&[&group.to_be_bytes(), &number.to_be_bytes()])).to_string()
}

fn wanted(group: u32, members: std::ops::Range<u32>) -> Vec<MemberChange> {
    members.map(|number| MemberChange::Wanted(SourceId::new(id(group, number)))).collect()
}

fn given(group: u32, members: std::ops::Range<u32>) -> Vec<MemberChange> {
    let given = |number| {
        MemberChange::Given(SourceId::new(id(group, number)), account(&id(group + 1_000_000, number)))
    };
    members.map(given).collect()
}

#[tokio::test]
async fn two_hundred_groups_of_150_are_marked_given_in_two_requests_each() {
    let (world, lease) = World::working().await;
    let groups: Vec<SourceId> = (0..200).map(|number| source(&format!("group-{number}"))).collect();
    let counter = Counter::default();
    let store = world.through(counter.watch(&world.client));
    for (number, group) in (0..).zip(&groups) {
        store.change_membership(&lease, group, &wanted(number, 0..150)).await.unwrap();
    }
    println!("200 groups of 150 wanted: {:?}", counter.take());
    for (number, group) in (0..).zip(&groups) {
        store.change_membership(&lease, group, &given(number, 0..150)).await.unwrap();
    }
    let usage = counter.take();
    println!("200 groups of 150 given: {usage:?}");
    assert_eq!(usage.total_requests(), 400);
    assert!(usage.write_units <= 200.0 * 12.0, "{usage:?}");
}

/// Twenty thousand, so that it is quick; `ROLLCALL_TEST_MEMBERS` asks for another number.
#[tokio::test]
async fn filling_a_group_costs_what_it_is_long_and_one_more_member_costs_next_to_nothing() {
    let members = std::env::var("ROLLCALL_TEST_MEMBERS").map_or(20_000, |text| text.parse().unwrap());
    let (world, lease) = World::working().await;
    let (group, counter) = (source("everyone"), Counter::default());
    let store = world.through(counter.watch(&world.client));
    for change in [wanted, given] {
        for from in (0..members).step_by(500) {
            store.change_membership(&lease, &group, &change(0, from..from + 500)).await.unwrap();
        }
        let usage = counter.take();
        println!("{members} members in changes of 500: {usage:?}");
        assert!(usage.write_units <= f64::from(members) * 0.6, "{usage:?}");
        assert!(usage.total_requests() <= u64::from(members) / 50, "{usage:?}");
    }
    assert_eq!(store.membership(&job(), &group).await.unwrap().members.len(), members as usize);
    println!("reading them: {:?}", counter.take());
    store.change_membership(&lease, &group, &wanted(0, members..members + 1)).await.unwrap();
    let usage = counter.take();
    println!("one more member: {usage:?}");
    assert_eq!(usage.total_requests(), 2);
    assert!(usage.write_units <= 2.0, "{usage:?}");
}

#[tokio::test]
async fn a_thousand_pending_references_are_forty_requests() {
    let (world, lease) = World::working().await;
    let counter = Counter::default();
    let store = world.through(counter.watch(&world.client));
    let references: Vec<PendingReference> = (0..1_000)
        .map(|number| PendingReference {
            missing: SourceId::new(id(1, number % 100)),
            referrer: SourceId::new(id(2, number)),
            path: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager".to_owned(),
        })
        .collect();
    store.add_pending(&lease, &references).await.unwrap();
    let usage = counter.take();
    println!("1,000 pending references added: {usage:?}");
    assert_eq!((usage.total_requests(), usage.write_units), (40, 1_000.0));
    store.pending(&job()).await.unwrap();
    let usage = counter.take();
    println!("reading them: {usage:?}");
    assert_eq!(usage.total_requests(), 16);
    store.remove_pending(&lease, &references).await.unwrap();
    println!("removing them: {:?}", counter.take());
}

#[tokio::test]
async fn a_save_that_answers_with_orders_is_one_request_and_costs_no_more_for_it() {
    let (world, lease) = World::working().await;
    let counter = Counter::default();
    let store = world.through(counter.watch(&world.client));
    store.save(&lease, &state(), &[], false).await.unwrap();
    let quiet = counter.take();
    world.store.order(&job(), true).await.unwrap();
    world.store.order_now(&job(), &[source("ann")]).await.unwrap();
    assert!(store.save(&lease, &state(), &[], false).await.unwrap().pause);
    let asked = counter.take();
    println!("a save: {quiet:?}; with orders: {asked:?}");
    assert_eq!(quiet, asked);
    assert_eq!(quiet.total_requests(), 1);
    // The table and its index.
    assert!(quiet.write_units <= 2.0, "{quiet:?}");
}
