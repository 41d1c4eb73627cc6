//! More than one worker in a [`World`].

use engine::cycle::{CycleError, Ending, Ports, Request};
use engine::job::CycleReport;
use jiff::SignedDuration;
use testkit::kill::{Killer, Moment, Mortals};

use super::World;

/// How two workers fared of whom one overtook the other.
pub(crate) struct Overtaken {
    /// How the cycle ended for the one who was awake.
    pub(crate) report: CycleReport,
    /// How it ended for the one who slept.
    pub(crate) late: Result<Ending, CycleError>,
}

impl World {
    /// Two workers who begin at the same instant, each with a store of its own.
    pub(crate) async fn race(&self) -> [Result<Ending, CycleError>; 2] {
        self.clock.advance(SignedDuration::from_mins(40));
        let (target, request) = (self.scim(), Request::default());
        let (other, _) = self.counted_store();
        let first = self.ports(&target);
        let second = Ports { store: &other, ..self.ports(&target) };
        let run = |ports| Box::pin(engine::cycle::run(ports, &self.definition, &request));
        tokio::join!(run(&first), run(&second)).into()
    }

    /// A cycle whose worker falls asleep before the answer of a call arrives, longer than its lease. Another one does all
    /// there is to do; then the first wakes up, and gets its answer. `None` when there are fewer calls.
    pub(crate) async fn cycle_overtaken_after(&self, call: u64) -> Option<Overtaken> {
        self.clock.advance(SignedDuration::from_mins(40));
        let killer = Killer::at(Some(Moment::After(call)));
        let target = self.scim();
        let request = Request::default();
        let mortal = Mortals::of(self.ports(&target), &killer);
        let ports = mortal.ports();
        let mut sleeper = Box::pin(engine::cycle::run(&ports, &self.definition, &request));
        tokio::select! {
            biased;
            _ = &mut sleeper => return None,
            () = killer.died() => {}
        }
        let report = self.cycle().await.unwrap();
        killer.revive();
        Some(Overtaken { report, late: sleeper.await })
    }
}
