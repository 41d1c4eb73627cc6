//! The rate that a target sustains, learnt from its refusals. Pure; knows no clock.
//!
//! In: calls that were taken, and refusals with what was measured about them. Out: calls a second. Promises: never
//! above the preset, never below [`SLOWEST`]; a refusal never raises it, and after enough calls it always rises.

/// One call in ten seconds: slower than that, hardly a call's turn would come in time. Longer pauses are asked for
/// by `Retry-After`.
pub(super) const SLOWEST: f64 = 0.1;

/// 1,000 a second: 64 calls under way do not reach that, so a limit up there limits nothing.
pub(super) const FASTEST: f64 = 1000.0;

/// 2 % below what was found: exactly at the limit, the smallest error of measurement would be refused for ever.
const BELOW: f64 = 0.98;

/// Within 10 % the sides of a bracket are as good as one: the middle is at most 5 % off, and another search costs more.
const NARROW: f64 = 0.1;

/// 4 %: paces of refusal this close are the same. In a search the pace grows by less than that from call to call.
const SAME_PACE: f64 = 0.04;

/// 2 %, and one call more or less: amounts this close are the same.
const SAME_AMOUNT: f64 = 0.02;

/// 8 calls: of fewer, one more or less makes too much of a difference to compare amounts.
const ENOUGH_CALLS: f64 = 8.0;

/// A tenth longer: over the same time a target takes the same amount, whatever its limit; that would prove nothing.
const ANOTHER_TIME: f64 = 1.1;

/// 25 % above the pace that was refused: nothing saved up lasts that long, so the limit is another one now.
const GONE: f64 = 1.25;

// What each call that was taken adds to the rate, in calls a second. Calls come at that rate, so that a step of 0.1
// raises it by 10 % a second, whether it is high or low.

/// e-fold a second: from one call a second to 200 within the seconds of a warm-up.
const HURRY: f64 = 1.0;

/// Half of it: a rate of one call a second must not double at the first call that is taken.
const LONGEST_STRIDE: f64 = 0.5;

/// 10 % a second, halved at every vain search.
const SEARCH: f64 = 0.1;

/// 1/16: after four vain searches the time between refusals is long enough to tell; slower ones would not end.
const LEAST_HASTE: f64 = 0.0625;

/// 2 % a second, twice that after 10 s: an amount that repeated by chance is found out within half a minute.
const CONFIRM: (f64, f64) = (0.02, 10.0);

/// 0.05 % a second, twice that after 30 s: from 2 % below the limit to it takes half a minute, so that one call in 30
/// seconds' worth is refused. Two minutes later it has risen by a third, for limits that rose.
const PROBE: (f64, f64) = (0.0005, 30.0);

/// Two bounds of the sustained rate, measured between two refusals.
#[derive(Debug, Clone, Copy)]
struct Bracket {
    /// Calls taken per second, the pause included. A target that saves up during a pause sustains just that; one that
    /// does not sustains more.
    amount: f64,
    /// Over how many seconds that was measured.
    seconds: f64,
    /// The pace of the call that was refused. A target that had saved up sustains less; one that had not, just that.
    pace: f64,
}

/// How sure the rate is, and so how fast it climbs.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    /// Somewhere in the bracket: in a hurry through this share of it, then on with this share of the speed.
    Search(f64),
    /// The amount repeated, perhaps by chance.
    Confirm,
    /// Known.
    Hold,
}

/// The present rate and what it rests on.
#[derive(Debug)]
pub(super) struct Rate {
    preset: Option<f64>,
    /// `None` while nothing limits.
    current: Option<f64>,
    /// `None` until the first refusal.
    found: Option<Bracket>,
    stage: Stage,
    /// Seconds' worth of calls taken since the last refusal.
    quiet: f64,
}

impl Rate {
    pub(super) fn new(preset: Option<f64>) -> Self {
        let preset = preset.map(|preset| preset.clamp(SLOWEST, FASTEST));
        Self { preset, current: preset, found: None, stage: Stage::Search(1.0), quiet: 0.0 }
    }

    /// Calls a second; `None` while nothing limits.
    pub(super) fn per_second(&self) -> Option<f64> {
        self.current
    }

    /// Whether refusals brought it down, rather than the preset.
    pub(super) fn is_learnt(&self) -> bool {
        self.found.is_some()
    }

    /// A call that had waited for its turn was taken.
    pub(super) fn taken(&mut self) {
        let (Some(current), Some(found)) = (self.current, self.found) else { return };
        self.quiet += current.recip();
        let next = self.next(current, found);
        if next < self.preset.unwrap_or(FASTEST) {
            self.current = Some(next);
        } else {
            *self = Self::new(self.preset);
        }
    }

    fn next(&self, current: f64, found: Bracket) -> f64 {
        let hurried = current + HURRY.min(current * LONGEST_STRIDE);
        let quicker = |(step, doubled): (f64, f64)| step * (1.0 + (self.quiet / doubled).powi(2));
        match self.stage {
            _ if current > found.pace * GONE => hurried,
            Stage::Search(haste) => {
                let doubtful = found.doubtful(haste);
                if current < doubtful { hurried.min(doubtful) } else { current + SEARCH * haste }
            }
            Stage::Confirm => current + quicker(CONFIRM),
            Stage::Hold => current + quicker(PROBE),
        }
    }

    /// A call that was started at `pace` was refused; since the refusal before, the target took `calls` in `seconds`.
    pub(super) fn refused(&mut self, pace: Option<f64>, calls: f64, seconds: f64) {
        let pace = pace.unwrap_or(f64::INFINITY);
        let found = Bracket { amount: (calls / seconds).min(pace), seconds, pace };
        let (sustained, stage) = match self.found.and_then(|before| sustained(before, found)) {
            Some((rate, Stage::Confirm)) if !matches!(self.stage, Stage::Search(_)) => (rate, Stage::Hold),
            Some(known) => known,
            None => (found.amount, Stage::Search(self.haste())),
        };
        let most = self.current.unwrap_or(FASTEST);
        self.current = Some((sustained * BELOW).max(SLOWEST).min(most));
        (self.found, self.stage, self.quiet) = (Some(found), stage, 0.0);
    }

    /// Of the search that begins: less each time, so that the next measurement takes longer and tells more.
    fn haste(&self) -> f64 {
        match self.stage {
            Stage::Search(_) if self.found.is_none() => 1.0,
            Stage::Search(haste) => (haste / 2.0).max(LEAST_HASTE),
            Stage::Confirm | Stage::Hold => 0.5,
        }
    }
}

impl Bracket {
    /// Where a search starts to be careful: half-way the first time, and nearer to what is sure each time after.
    fn doubtful(self, haste: f64) -> f64 {
        self.amount + haste * (self.pace - self.amount)
    }
}

/// The sustained rate, if two brackets tell it, and how sure that is: the middle of a narrow one, else the bound that
/// repeats. Where both do, the one that repeats more exactly.
fn sustained(before: Bracket, now: Bracket) -> Option<(f64, Stage)> {
    let apart = |one: f64, other: f64| (one / other).ln().abs();
    if apart(now.amount, now.pace) < NARROW {
        return Some((f64::midpoint(now.amount, now.pace), Stage::Hold));
    }
    let calls = (now.amount * now.seconds).min(before.amount * before.seconds);
    let comparable = calls >= ENOUGH_CALLS && apart(before.seconds, now.seconds) > ANOTHER_TIME.ln();
    let amounts = apart(before.amount, now.amount);
    let paces = apart(before.pace, now.pace);
    let amount = comparable && amounts < SAME_AMOUNT + calls.recip();
    // Two infinite paces are not apart by any number; no comparison holds for them.
    let pace = paces < SAME_PACE;
    if amount && !(pace && paces < amounts) {
        Some((now.amount, Stage::Confirm))
    } else if pace {
        Some((now.pace, Stage::Hold))
    } else {
        None
    }
}
