//! Jobs and their status, in Graph's words.

use engine::job::{CycleKind, CycleReport, CycleResult, Figures};
use serde_json::{Value, json};

use crate::stage::{APPLICATION, CYCLE, JOB, Stage, in_trouble, noon};

#[tokio::test]
async fn a_job_that_never_ran_looks_as_graph_shows_one() {
    let stage = Stage::new().await;
    let path = format!("/v1.0/servicePrincipals/{APPLICATION}/synchronization/jobs/{JOB}");
    let job = stage.get(&path).await.good();
    let context = format!(
        "http://rollcall.example/v1.0/$metadata#servicePrincipals('{APPLICATION}')/synchronization/jobs/$entity"
    );
    assert_eq!(job["@odata.context"], context);
    assert_eq!(job["id"], JOB);
    assert_eq!(job["templateId"], "scim");
    assert_eq!(job["schedule"], json!({ "expiration": null, "interval": "PT1H30M", "state": "Active" }));
    let status = &job["status"];
    let graphs = json!({
        "code": "NotRun",
        "countSuccessiveCompleteFailures": 0,
        "escrowsPruned": false,
        "lastExecution": null,
        "lastSuccessfulExecution": null,
        "lastSuccessfulExecutionWithExports": null,
        "progress": [],
        "quarantine": null,
        "steadyStateFirstAchievedTime": "0001-01-01T00:00:00Z",
        "steadyStateLastAchievedTime": "0001-01-01T00:00:00Z",
        "synchronizedEntryCountByType": [{ "key": "User to User", "value": 0 }],
        "troubleshootingUrl": null,
    });
    for (name, value) in graphs.as_object().unwrap() {
        assert_eq!(status.get(name), Some(value), "{name}");
    }
    assert_eq!([&status["running"], &status["nextDue"]], [&json!(false), &json!("2026-03-02T12:00:00Z")]);
}

#[tokio::test]
async fn a_job_in_trouble_says_why_and_how_far_it_is() {
    let stage = Stage::new().await;
    stage.working(in_trouble).await;
    let path = format!("/v1.0/servicePrincipals/ledgerly/synchronization/jobs/{JOB}");
    let status = stage.get(&path).await.good()["status"].clone();
    assert_eq!([&status["code"], &status["running"]], [&json!("Quarantine"), &json!(true)]);
    let quarantine = &status["quarantine"];
    assert_eq!(quarantine["reason"], "EncounteredQuarantineException");
    assert_eq!(quarantine["error"]["message"], "the app answered 401 to GET /Users");
    assert_eq!(quarantine["error"]["tenantActionable"], true);
    assert_eq!(quarantine["nextAttempt"], "2026-03-02T12:00:00Z");
    let progress = &status["progress"][0];
    assert_eq!(
        [&progress["completedUnits"], &progress["totalUnits"], &progress["units"]],
        [&json!(40), &json!(100), &json!("objects")]
    );
    assert_eq!(status["counts"]["inScope"], 40);
    assert_eq!(status["synchronizedEntryCountByType"][0]["value"], 41);
}

#[tokio::test]
async fn the_last_cycle_is_told_in_graphs_figures_and_in_ours() {
    let stage = Stage::new().await;
    let figures =
        Figures { imported: 100, unchanged: 90, skipped: 3, created: 6, failed: 1, ..Figures::default() };
    let report = CycleReport {
        cycle: CYCLE,
        kind: CycleKind::Initial,
        result: CycleResult::EntryLevelErrors,
        error: None,
        began: noon(),
        ended: noon(),
        figures,
        verdicts: Vec::new(),
        no_inference: None,
    };
    stage.working(|state| state.last = Some(report)).await;
    let jobs = stage.get(&format!("/v1.0/servicePrincipals/{APPLICATION}/synchronization/jobs")).await.good();
    assert_eq!(jobs["value"].as_array().unwrap().len(), 1);
    let last = &jobs["value"][0]["status"]["lastExecution"];
    let expected = json!({
        "activityIdentifier": CYCLE.to_string(), "state": "EntryLevelErrors", "error": null,
        "timeBegan": "2026-03-02T12:00:00Z", "timeEnded": "2026-03-02T12:00:00Z",
        "countImported": 100, "countImportedDeltas": 10, "countImportedReferenceDeltas": 0,
        "countEntitled": 97, "countEntitledForProvisioning": 97, "countExports": 7, "countExported": 6,
        "countEscrowed": 1, "countEscrowedRaw": 1,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(last.get(name), Some(value), "{name}");
    }
    assert_eq!(last["figures"]["created"], 6);
}

#[tokio::test]
async fn an_application_is_found_by_its_id_and_by_its_name_with_and_without_a_slash() {
    let stage = Stage::new().await;
    let mut ids = Vec::new();
    for application in [APPLICATION, "Ledgerly", "LEDGERLY"] {
        for slash in ["", "/"] {
            let path = format!("/v1.0/servicePrincipals/{application}/synchronization/jobs{slash}");
            ids.push(stage.get(&path).await.good()["value"][0]["id"].clone());
        }
    }
    assert_eq!(ids, vec![Value::from(JOB); 6]);
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let stage = Stage::new().await;
    let cases = [
        ("servicePrincipals/Nowhere/synchronization/jobs".to_owned(), "'Nowhere'"),
        ("servicePrincipals/Ledgerly/synchronization/jobs/scim.other".to_owned(), "'scim.other'"),
    ];
    for (path, named) in cases {
        let answer = stage.get(&format!("/v1.0/{path}")).await;
        assert!(answer.refused(404, "Request_ResourceNotFound").contains(named), "{:#}", answer.body);
    }
}
