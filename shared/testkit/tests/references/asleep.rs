//! A machine that is put to sleep again and again: at every look at the clock the lease has run out.

use std::time::Duration;

use async_trait::async_trait;
use engine::cycle::{Ending, Ports, Request};
use engine::model::ObjectType;
use engine::ports::{Clock, Unobserved};
use jiff::{SignedDuration, Timestamp};
use testkit::kill::{Killer, Mortals};
use testkit::memory::TargetSettings;
use testkit::source::MemorySource;
use testkit::time::{CountedIds, TestClock};

use crate::world::{World, settings};

/// Hours pass between two looks.
struct Dozing<'a>(&'a TestClock);

#[async_trait]
impl Clock for Dozing<'_> {
    fn now(&self) -> Timestamp {
        self.0.advance(SignedDuration::from_hours(1));
        self.0.now()
    }

    async fn sleep(&self, wait: Duration) {
        self.0.sleep(wait).await;
    }

    async fn tick(&self, _every: Duration) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn its_cycle_ends_however_much_is_done_side_by_side() {
    let settings = TargetSettings { concurrency: 8, restless: true, ..settings() };
    // One page, so large that what is done waits for what is told of it.
    let world = World::with(settings).fork(MemorySource::with_pages_of(500));
    let names: Vec<String> = (0..400).map(|number| format!("p{number:03}")).collect();
    world.people(&names.join(" "));
    world.group("all", &names.join(" "));
    let ids = CountedIds::default();
    let killer = Killer::delaying(5);
    let ports = Ports {
        source: &world.directory,
        target: &world.target,
        store: &world.store,
        clock: &Dozing(&world.clock),
        ids: &ids,
        observer: &Unobserved,
    };
    let delayed = Mortals::of(ports, &killer);
    let ending = engine::cycle::run(&delayed.ports(), &world.definition, &Request::default()).await;
    assert!(matches!(ending, Ok(Ending::Completed(_))), "{ending:?}");
    assert_eq!(world.target.accounts(ObjectType::User).len(), names.len());
    assert_eq!(world.members("all"), names.join(" "));
}
