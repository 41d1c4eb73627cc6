//! Plans that were kept.

use engine::cycle::rehearsal::{Footprints, Plan, PlannedStep};
use engine::job::{CycleKind, CycleReport, CycleResult, Figures};
use engine::model::{JobId, SourceId};
use engine::ports::{Kept, Store};
use engine::report::{Action, Outcome};
use jiff::SignedDuration;
use serde_json::Value;
use uuid::Uuid;

use crate::stage::{APPLICATION, CYCLE, JOB, Stage, noon};

const PLAN: Uuid = Uuid::from_u128(3);

fn path(plan: Uuid) -> String {
    format!("/v1.0/servicePrincipals/{APPLICATION}/synchronization/jobs/{JOB}/plans/{plan}")
}

fn step(number: usize) -> PlannedStep {
    PlannedStep {
        object_type: "User".to_owned(),
        source_id: SourceId::new(format!("E{number}")),
        display_name: format!("Kim No{number}"),
        action: Action::Create,
        target_id: None,
        status: Outcome::Success,
        changes: Vec::new(),
        reason: None,
    }
}

async fn with_a_plan(operations: usize) -> Stage {
    let stage = Stage::new().await;
    let report = CycleReport {
        cycle: CYCLE,
        kind: CycleKind::Initial,
        result: CycleResult::Succeeded,
        error: None,
        began: noon(),
        ended: noon(),
        figures: Figures { created: operations as u64, ..Figures::default() },
        verdicts: Vec::new(),
        no_inference: None,
    };
    let plan = Plan {
        id: PLAN,
        job: JobId::new(JOB),
        cycle: CYCLE,
        made_at: noon(),
        mapping_version: "m1".to_owned(),
        report,
        steps: (0..operations).map(step).collect(),
        matching: None,
        footprints: Footprints::default(),
    };
    let until = noon() + SignedDuration::from_mins(1);
    let (lease, _) = stage.store.acquire(&plan.job, noon(), until).await.unwrap();
    stage.store.keep(&lease, Kept::Plan(PLAN), &plan.packed().unwrap()).await.unwrap();
    stage
}

#[tokio::test]
async fn a_plan_tells_what_the_cycle_would_report() {
    let stage = with_a_plan(12).await;
    let plan = stage.get(&path(PLAN)).await.good();
    assert_eq!([&plan["id"], &plan["jobId"]], [&PLAN.to_string(), JOB]);
    assert_eq!([&plan["cycleId"], &plan["madeAt"]], [&CYCLE.to_string(), "2026-03-02T12:00:00Z"]);
    assert_eq!(plan["execution"]["figures"]["created"], 12);
    assert_eq!(plan["operationCount"], 12);
    assert_eq!(plan.get("operations"), None);
}

#[tokio::test]
async fn its_operations_are_read_page_by_page_in_their_order() {
    let stage = with_a_plan(12).await;
    let (mut found, mut next) = (Vec::new(), Some(format!("{}/operations?$top=5", path(PLAN))));
    while let Some(path) = next {
        let page = stage.get(&path).await.good();
        found.extend(page["value"].as_array().unwrap().iter().map(|step| step["sourceId"].clone()));
        let link = page.get("@odata.nextLink").and_then(Value::as_str);
        next = link.map(|link| link.strip_prefix("http://rollcall.example").unwrap().to_owned());
    }
    assert_eq!(found, (0..12).map(|number| Value::from(format!("E{number}"))).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_plan_that_is_gone_is_named_with_how_long_plans_are_kept() {
    let stage = with_a_plan(1).await;
    for gone in [path(Uuid::from_u128(4)), path(PLAN).replace(&PLAN.to_string(), "my-plan")] {
        for path in [gone.clone(), format!("{gone}/operations")] {
            let answer = stage.get(&path).await;
            assert!(answer.refused(404, "Request_ResourceNotFound").contains("seven days"), "{path}");
        }
    }
}
