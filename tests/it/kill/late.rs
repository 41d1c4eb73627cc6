//! A worker that slept longer than its lease and wakes up: whatever it does then, the job and the app are as the other one
//! left them.

use engine::cycle::CycleError;
use engine::ports::StoreError;

use super::{Names, company, incremental, outcome};
use crate::world::{ONE_BY_ONE, Target, World};

/// Lets a worker fall asleep after every `step`-th call, or every one, in a world that `prepare` made; another one works
/// meanwhile.
///
/// It sleeps until a call's answer comes, and not before the call: a call that leaves hours late is the app's to refuse.
async fn oversleep<P>(step: usize, prepare: P)
where
    P: AsyncFn(Target) -> World,
{
    let undisturbed = prepare(ONE_BY_ONE).await;
    let names = Names::of(&undisturbed.app);
    let (report, calls) = undisturbed.cycle_killed_at(None).await;
    let expected = outcome(&undisturbed, report.unwrap(), &names).await;
    let step = if super::is_full() { 1 } else { step };
    for call in (1..calls).step_by(step) {
        let world = prepare(ONE_BY_ONE).await;
        let names = Names::of(&world.app);
        let overtaken = world.cycle_overtaken_after(call).await.expect("there are as many calls");
        let when = format!("asleep after call {call} of {calls}");
        assert!(
            matches!(overtaken.late, Err(CycleError::Store(StoreError::Fenced(_)))),
            "{when}: {:?}",
            overtaken.late
        );
        outcome(&world, overtaken.report, &names).await.assert_is(&expected, &when);
        let again = world.cycle().await.unwrap();
        assert_eq!(
            (again.figures.exported(), again.figures.target_calls - again.figures.failed),
            (0, 0),
            "a further cycle does nothing, {when}: {again:?}"
        );
    }
}

#[tokio::test]
async fn a_worker_that_wakes_up_late_changes_nothing() {
    oversleep(29, incremental).await;
}

#[tokio::test]
async fn a_worker_that_wakes_up_late_amid_groups_changes_nothing() {
    oversleep(99, company::moving).await;
}
