//! What the next cycle would do, kept as a plan, and that plan executed: exactly it, and nothing else.

use engine::cycle::Ending;
use engine::cycle::rehearsal::ApplyError;
use engine::report::{Action, Outcome};
use serde_json::json;
use store::By;
use testkit::sandbox::Faults;

use super::{NAMES, expression, id, provisioned, use_mapping};
use crate::world::{World, person, set};

async fn fortnight() -> World {
    let world = provisioned(7).await;
    world.directory.put(person("08", "Hal", "Clerk"));
    world.directory.edit("01", |ada| set(ada, "jobTitle", "Treasurer"));
    world.directory.edit("03", |cleo| cleo.enabled = false);
    world.directory.remove("04");
    world
}

#[tokio::test]
async fn a_plan_says_what_would_be_done_to_whom_and_writes_nothing() {
    let world = fortnight().await;
    let (accounts, state, records) =
        (world.accounts(), world.state().await, world.records(By::All).await.len());

    let plan = world.plan().await;

    let steps: Vec<(String, Action)> =
        plan.steps.iter().map(|step| (step.source_id.to_string(), step.action)).collect();
    for expected in
        [("08", Action::Create), ("01", Action::Update), ("03", Action::Disable), ("04", Action::Delete)]
    {
        assert!(steps.contains(&(expected.0.to_owned(), expected.1)), "{expected:?} in {steps:?}");
    }
    let ada = plan.steps.iter().find(|step| step.source_id.as_str() == "01").unwrap();
    assert_eq!(ada.changes[0].old_value.as_deref(), Some("Clerk"));
    assert_eq!(ada.changes[0].new_value.as_deref(), Some("Treasurer"));
    assert_eq!((world.accounts(), world.state().await), (accounts, state), "nothing was written");
    assert_eq!(world.records(By::All).await.len(), records);
}

#[tokio::test]
async fn a_plan_that_is_applied_ends_as_the_cycle_would_have_ended() {
    let world = fortnight().await;
    let plan = world.plan().await;

    let ending = world.apply_plan(&plan).await.unwrap();

    let Ending::Completed(report) = ending else { panic!("no deadline was given") };
    assert_eq!((report.cycle, report.figures.failed), (plan.cycle, 0));
    let of_plan = plan.report.figures;
    let counted = |figures: engine::job::Figures| {
        (figures.created, figures.updated, figures.disabled, figures.deleted, figures.held)
    };
    assert_eq!(counted(report.figures), counted(of_plan));
    assert_eq!(world.account("ada")["title"], "Treasurer");
    assert_eq!(world.account("cleo")["active"], false);
    assert!(world.account("dan").is_null() && !world.account("hal").is_null());
    assert_eq!(world.cycle().await.unwrap().figures.target_calls, 0);
}

#[tokio::test]
async fn what_has_moved_since_the_plan_is_not_done_and_waits_for_the_next_cycle() {
    let world = fortnight().await;
    let plan = world.plan().await;
    world.directory.edit("01", |ada| set(ada, "jobTitle", "Chief"));
    world.directory.put(person("09", "Ida", "Clerk"));

    let Ending::Completed(report) = world.apply_plan(&plan).await.unwrap() else { panic!("it completes") };

    assert_eq!((report.figures.created, report.figures.failed), (1, 2), "{report:?}");
    assert_eq!(world.account("ada")["title"], "Clerk");
    assert!(world.account("ida").is_null());
    let refused = world.records(By::Failures).await;
    let codes: Vec<String> = refused
        .into_iter()
        .filter_map(|record| Some(record.provisioning_status_info.error_information?.error_code))
        .collect();
    assert_eq!(codes, ["PlanOutdated", "PlanOutdated"]);

    world.cycle().await.unwrap();
    assert_eq!(world.account("ada")["title"], "Chief");
    assert!(!world.account("ida").is_null());
}

#[tokio::test]
async fn a_plan_made_under_another_mapping_is_refused_as_a_whole() {
    let mut world = fortnight().await;
    let plan = world.plan().await;
    use_mapping(&mut world, |mapping| mapping.attributes.push(expression("nickName", "[displayName]")));

    let error = world.apply_plan(&plan).await.unwrap_err();

    assert!(matches!(error, ApplyError::MappingChanged), "{error}");
    assert_eq!(world.account("ada")["title"], "Clerk");
}

#[tokio::test]
async fn removals_of_a_plan_pass_the_guard_as_in_any_cycle() {
    let world = provisioned(12).await;
    for position in 0..6 {
        world.directory.edit(&id(position), |person| person.enabled = false);
    }
    let plan = world.plan().await;
    assert_eq!(plan.report.figures.held, 6);
    assert!(plan.steps.iter().all(|step| step.action == Action::StagedDelete));

    let Ending::Completed(report) = world.apply_plan(&plan).await.unwrap() else { panic!("it completes") };

    assert_eq!((report.figures.held, report.figures.disabled), (6, 0));
}

#[tokio::test]
async fn a_new_job_is_told_whose_accounts_are_there_before_it_writes_anything() {
    let world = World::new().await;
    for (position, name) in NAMES.iter().take(4).enumerate() {
        world.directory.put(person(&id(position), name, "Clerk"));
    }
    world
        .app
        .seed(vec![
            json!({ "userName": "BO@tessera.example", "title": "Boss", "active": true }),
            json!({ "userName": "cleo@tessera.example", "title": "Clerk", "active": true }),
            json!({ "userName": "root@ledgerly.example", "active": true }),
        ])
        .unwrap();

    let plan = world.plan().await;

    let report = plan.matching.expect("it is told before the first write");
    assert_eq!((report.matched, report.would_create, report.only_in_target), (2, 2, Some(1)), "{report:?}");
    assert!(report.ambiguous.is_empty());
    assert_eq!(world.accounts().len(), 3, "nothing was written");
    world.cycle().await.unwrap();
    assert!(world.plan().await.matching.is_none(), "it is no new job any more");
}

#[tokio::test]
async fn a_plan_that_was_cut_goes_on_as_the_plan_it_is() {
    let world = fortnight().await;
    let plan = world.plan().await;
    world.app.set_faults(Faults { unauthorized: true, ..Faults::default() });
    assert!(world.apply_plan(&plan).await.is_err(), "the app is down");
    world.app.set_faults(Faults::default());
    world.directory.put(person("09", "Ida", "Clerk"));
    let waiting = world.state().await.checkpoint;
    assert_eq!(waiting.and_then(|checkpoint| checkpoint.plan), Some(plan.id));

    // The worker that goes on is not the one that was given the plan, which is in the store no more.
    let report = world.cycle().await.unwrap();

    assert!(world.account("ida").is_null(), "she is not in the plan: {report:?}");
    assert!(plan.steps.iter().all(|step| step.status != Outcome::Failure));
    world.cycle().await.unwrap();
    assert!(!world.account("ida").is_null());
}
