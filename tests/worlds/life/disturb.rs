//! What disturbs a world: workers that are killed, cut short, struck by faults, overtaken by others, or misled.
//!
//! In: the world and its chance. Out: some slices of a cycle, none of which ended as it should have; anything but what
//! such a disturbance can cause is a failure of the world.

use engine::cycle::{CycleError, Ending, Request};
use engine::ports::{Clock as _, StoreError, TargetErrorKind, Unreadable};
use jiff::SignedDuration;
use testkit::kill::{Killer, Moment, Mortals};
use testkit::memory::{Fault, Faults};

use super::{Passing, World, describe};

impl World {
    /// Slices that are killed, cut, struck by faults, overtaken by another worker, or left in peace.
    pub(super) async fn disturb(&mut self, surely: bool) -> Result<(), String> {
        let slices = self.chance.between(usize::from(surely), 4);
        for slice in 0..slices {
            self.clock.advance(SignedDuration::from_mins(40));
            if slice > 0 && self.chance.in_thousand(250) {
                let events = self.chance.between(1, 3);
                self.happen(events, true);
            }
            if surely && slice == 0 {
                // An initial cycle of twenty people makes more calls than this.
                let call = self.chance.between(1, 15) as u64;
                self.killed(Moment::Before(call)).await?;
                continue;
            }
            match self.chance.below(8) {
                0 => {
                    let moment = self.moment();
                    self.killed(moment).await?;
                }
                1 => self.faulty().await?,
                2 => self.killed_and_faulty().await?,
                3 => self.cut().await?,
                // A create that a sleeper sends late is refused where names are unique, and nowhere else.
                4 if self.target.settings().unique_groups => self.overtaken().await?,
                5 => self.poisoned().await?,
                6 => self.misread().await?,
                _ => {
                    let ending = self.slice("a slice in peace", &Request::default()).await;
                    self.expect(ending)?;
                }
            }
            self.target.set_faults(Faults::none());
            self.target.cure();
            self.source.set_failing_page(None);
            self.source.set_unreadable(Vec::new());
        }
        Ok(())
    }

    async fn killed(&mut self, moment: Moment) -> Result<(), String> {
        let died = self.mortal(moment).await?;
        self.disturbances += usize::from(died);
        Ok(())
    }

    async fn faulty(&mut self) -> Result<(), String> {
        self.set_faults();
        let before = self.target.struck();
        let ending = self.slice("with faults", &Request::default()).await;
        self.disturbances += usize::from(self.target.struck() > before);
        self.expect(ending)
    }

    async fn killed_and_faulty(&mut self) -> Result<(), String> {
        self.set_faults();
        let moment = self.moment();
        self.killed(moment).await
    }

    fn set_faults(&mut self) {
        let kinds = [
            Fault::AnswerLost,
            Fault::Cut,
            Fault::Refused(TargetErrorKind::Throttled),
            Fault::Refused(TargetErrorKind::ServerError),
            Fault::Refused(TargetErrorKind::Unreachable),
            Fault::Refused(TargetErrorKind::PreconditionFailed),
            Fault::Refused(TargetErrorKind::Incompatible),
            Fault::Refused(TargetErrorKind::Credentials),
        ];
        let chance = &mut self.chance;
        let chosen: Vec<Fault> = kinds.into_iter().filter(|_| chance.in_thousand(400)).collect();
        let often = chance.between(30, 400);
        self.note(|| format!("  faults: {often} in a thousand: {chosen:?}"));
        let chosen = if chosen.is_empty() { vec![Fault::AnswerLost] } else { chosen };
        self.target.set_faults(Faults::often(often, chosen));
    }

    /// A slice that has little time, or is asked to stop.
    async fn cut(&mut self) -> Result<(), String> {
        let milliseconds = self.chance.between(0, 20_000);
        let deadline = self.clock.now().checked_add(SignedDuration::from_millis(milliseconds as i64)).ok();
        let request = Request { deadline, ..Request::default() };
        let ending = self.slice(&format!("with {milliseconds} ms"), &request).await;
        self.expect(ending)
    }

    /// A worker falls asleep, another one takes over, and the first one wakes up late.
    async fn overtaken(&mut self) -> Result<(), String> {
        let moment = self.moment();
        self.note(|| format!("  a worker falls asleep {moment:?}"));
        let killer = Killer::at(Some(moment));
        let (pace, request) = (self.pace(), Request::default());
        let clock = Passing { clock: &self.clock, pace };
        let second = Moment::Before(self.chance.between(1, 120) as u64);
        let killed = self.chance.in_thousand(400);
        let other = Killer::at(killed.then_some(second));
        let mortal = Mortals::of(self.ports(&clock), &killer);
        let ports = mortal.ports();
        let mut sleeper = Box::pin(engine::cycle::run(&ports, &self.definition, &request));
        let early = tokio::select! {
            biased;
            ending = &mut sleeper => Some(ending),
            () = killer.died() => None,
        };
        if let Some(ending) = early {
            drop(sleeper);
            return self.expect(ending);
        }
        let mortal = Mortals::of(self.ports(&clock), &other);
        let ports = mortal.ports();
        self.clock.advance(SignedDuration::from_mins(40));
        let ending = tokio::select! {
            biased;
            ending = engine::cycle::run(&ports, &self.definition, &request) => Some(ending),
            () = other.died() => None,
        };
        killer.revive();
        let late = sleeper.await;
        late_is_harmless(&late)?;
        self.overtaken = true;
        self.disturbances += 1;
        let told = format!(
            "  another one {}; the first wakes up and ends with {}",
            ending.as_ref().map_or_else(|| format!("dies {second:?}"), describe),
            describe(&late)
        );
        self.note(|| told);
        match ending {
            Some(ending) => self.expect(ending),
            None => Ok(()),
        }
    }

    async fn poisoned(&mut self) -> Result<(), String> {
        let names: Vec<String> = self.directory.people.values().map(|person| person.name.clone()).collect();
        for _ in 0..self.chance.between(1, 3) {
            if let Some(name) = self.chance.one_of(&names) {
                self.target.poison(name);
                let name = name.clone();
                self.note(|| format!("  {name} is refused"));
            }
        }
        let ending = self.slice("with poison", &Request::default()).await;
        self.expect(ending)
    }

    /// The source has a page that cannot be read, or a row.
    async fn misread(&mut self) -> Result<(), String> {
        if self.chance.in_thousand(500) {
            let page = self.chance.between(0, 5);
            self.source.set_failing_page(Some(page));
            self.note(|| format!("  page {page} cannot be read"));
        } else {
            let row = Unreadable { place: "row 7".into(), id: None, reason: "it makes no sense".into() };
            self.source.set_unreadable(vec![row]);
            self.note(|| "  a row cannot be read".into());
        }
        let ending = self.slice("misreading", &Request::default()).await;
        self.source.set_failing_page(None);
        self.source.set_unreadable(Vec::new());
        self.expect(ending)
    }

    /// A call to die at: most often an early one, so that short cycles are hit too.
    fn moment(&mut self) -> Moment {
        let most = [15, 60, 200][self.chance.below(3)];
        let call = self.chance.between(1, most) as u64;
        if self.chance.in_thousand(500) { Moment::Before(call) } else { Moment::After(call) }
    }

    /// A slice whose worker may die. Whether it did.
    async fn mortal(&mut self, moment: Moment) -> Result<bool, String> {
        let killer = Killer::at(Some(moment));
        let (pace, request) = (self.pace(), Request::default());
        let clock = Passing { clock: &self.clock, pace };
        let mortal = Mortals::of(self.ports(&clock), &killer);
        let ports = mortal.ports();
        let ending = tokio::select! {
            biased;
            ending = engine::cycle::run(&ports, &self.definition, &request) => Some(ending),
            () = killer.died() => None,
        };
        let told = ending.as_ref().map_or_else(|| format!("dies {moment:?}"), describe);
        self.note(|| format!("  a worker {told}"));
        match ending {
            Some(ending) => self.expect(ending).map(|()| false),
            None => Ok(true),
        }
    }
}

/// A worker that was overtaken learns so at its next write that matters; or it slept before its first call, or after
/// its last.
fn late_is_harmless(ending: &Result<Ending, CycleError>) -> Result<(), String> {
    match ending {
        Ok(_) | Err(CycleError::Store(StoreError::Fenced(_) | StoreError::Busy { .. })) => Ok(()),
        Err(error) => Err(format!("a worker that woke up late ended with {error:?}")),
    }
}
