//! Figures that the design holds: requests and write units.

use engine::ports::{Identity, Store};
use engine::report::Outcome;
use store::usage::Counter;

use crate::samples::{cycle, event, job, record, seen, source, state};
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
