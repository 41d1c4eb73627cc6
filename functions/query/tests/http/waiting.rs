//! All applications at one glance; what a job has behind it and before it.

use std::collections::BTreeMap;

use engine::escrow::{EscrowEntry, Failure, FailureCode};
use engine::guard::{HumanDecision, Removed, StagedRemoval};
use engine::job::{CycleKind, CycleReport, CycleResult, Figures};
use engine::model::{CycleId, JobId, ObjectType, SourceId, SourceObject, Value as Held};
use engine::ports::{Lease, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::stage::{APPLICATION, JOB, Stage, noon};

fn list(of: &str) -> String {
    format!("/v1.0/servicePrincipals/{APPLICATION}/synchronization/jobs/{JOB}/{of}")
}

fn after(minutes: i64) -> Timestamp {
    noon() + SignedDuration::from_mins(minutes)
}

async fn lease(stage: &Stage) -> Lease {
    stage.store.acquire(&JobId::new(JOB), noon(), after(1)).await.unwrap().0
}

/// Somebody with a secret that no answer may show.
fn person(id: &str) -> SourceObject {
    SourceObject {
        id: SourceId::new(id),
        object_type: ObjectType::User,
        display_name: Some(format!("Kim {id}")),
        enabled: true,
        soft_deleted: false,
        attributes: BTreeMap::from([("salary".to_owned(), Held::text("unheard-of"))]),
    }
}

fn failed(id: &str, minutes: i64) -> EscrowEntry {
    EscrowEntry {
        source_id: SourceId::new(id),
        object: Some(person(id)),
        failure: Failure {
            request: Some("POST /Users".into()),
            status: Some(409),
            extract: Some("taken".into()),
            ..Failure::new(FailureCode::EntryConflict, "the name is taken")
        },
        attempts: 2,
        first_failed: after(minutes),
        last_failed: after(minutes + 40),
        next_attempt: Some(after(400)),
        change_id: Uuid::nil(),
        object_type: ObjectType::User,
        reference: false,
        doubtful: false,
        ignored: None,
    }
}

fn ids(page: &Value) -> Vec<&str> {
    page["value"].as_array().unwrap().iter().map(|entry| entry["sourceId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn all_applications_are_seen_at_one_glance_with_their_health() {
    let stage = Stage::new().await;
    stage.working(crate::stage::in_trouble).await;
    let all = stage.get("/v1.0/servicePrincipals").await.good();
    assert_eq!(all["@odata.context"], "http://rollcall.example/v1.0/$metadata#servicePrincipals");
    let [application] = &all["value"].as_array().unwrap()[..] else { panic!("{all:#}") };
    assert_eq!([&application["id"], &application["displayName"]], [APPLICATION, "Ledgerly"]);
    let job = &application["synchronization"]["jobs"][0];
    assert_eq!([&job["id"], &job["status"]["code"]], [JOB, "Quarantine"]);
    assert_eq!(all.get("@odata.nextLink"), None);
    for name in [APPLICATION, "ledgerly"] {
        let one = stage.get(&format!("/v1.0/servicePrincipals/{name}")).await.good();
        assert_eq!(one["synchronization"], application["synchronization"]);
    }
    stage.get("/v1.0/servicePrincipals/other").await.refused(404, "Request_ResourceNotFound");
}

#[tokio::test]
async fn what_failed_is_told_with_the_call_and_the_next_attempt_and_without_attributes() {
    let stage = Stage::new().await;
    let lease = lease(&stage).await;
    let by = HumanDecision { approved: false, by: "ada".into(), at: after(60) };
    for entry in [failed("E2", 1), failed("E3", 2), failed("E1", 3)] {
        stage.store.put_escrow(&lease, &entry).await.unwrap();
    }
    stage.store.ignore_escrow(&JobId::new(JOB), &SourceId::new("E3"), Some(&by)).await.unwrap();
    let first = stage.get(&format!("{}?$top=2", list("escrows"))).await.good();
    assert_eq!(ids(&first), ["E2", "E3"], "in the order in which they failed");
    let expected = json!({
        "sourceId": "E2", "displayName": "Kim E2", "objectType": "User", "reference": false,
        "failure": {
            "code": "EntryConflict", "reason": "the name is taken", "request": "POST /Users", "status": 409,
            "extract": "taken",
        },
        "recommendedAction": FailureCode::EntryConflict.recommended_action(),
        "attempts": 2, "firstFailed": after(1).to_string(), "lastFailed": after(41).to_string(),
        "nextAttempt": after(400).to_string(), "ignored": null, "changeId": Uuid::nil().to_string(),
    });
    assert_eq!(first["value"][0], expected);
    let resting = &first["value"][1];
    assert_eq!([&resting["nextAttempt"], &resting["ignored"]["by"]], [&Value::Null, &json!("ada")]);
    let next = first["@odata.nextLink"].as_str().unwrap().strip_prefix("http://rollcall.example").unwrap();
    let second = stage.get(next).await.good();
    assert_eq!(ids(&second), ["E1"]);
    assert_eq!(second.get("@odata.nextLink"), None);
    assert!(!format!("{first}{second}").contains("unheard-of"));
}

#[tokio::test]
async fn removals_that_wait_are_told_with_who_decided() {
    let stage = Stage::new().await;
    let lease = lease(&stage).await;
    let waiting = |id: &str, removed: Removed, count: u64, minutes: i64| StagedRemoval {
        source_id: SourceId::new(id),
        removed,
        count,
        decision: None,
        object: Some(person(id)),
        label: format!("Kim {id}"),
        staged_at: after(minutes),
        held_record: None,
        rejection_told: None,
    };
    let by = HumanDecision { approved: true, by: "ada".into(), at: after(60) };
    let gone = StagedRemoval { object: None, ..waiting("E1", Removed::Users, 1, 2) };
    let decided = [gone.key()];
    let rows = [gone, waiting("G1", Removed::Memberships, 7, 1), waiting("G1", Removed::Groups, 1, 1)];
    stage.store.stage(&lease, &rows).await.unwrap();
    stage.store.decide_removals(&JobId::new(JOB), &decided, Some(&by)).await.unwrap();
    let page = stage.get(&list("heldRemovals")).await.good();
    assert_eq!(ids(&page), ["G1", "G1", "E1"]);
    let told = |entry: &Value| (entry["removed"].clone(), entry["count"].clone(), entry["gone"].clone());
    let told: Vec<_> = page["value"].as_array().unwrap().iter().map(told).collect();
    let expected = [("groups", 1, false), ("memberships", 7, false), ("users", 1, true)];
    assert_eq!(told, expected.map(|(removed, count, gone)| (json!(removed), json!(count), json!(gone))));
    assert_eq!(page["value"][2]["decision"]["by"], "ada");
    assert!(!page.to_string().contains("unheard-of"));
}

#[tokio::test]
async fn finished_cycles_are_told_newest_first() {
    let stage = Stage::new().await;
    let lease = lease(&stage).await;
    for number in 1..=3 {
        let report = CycleReport {
            cycle: CycleId(Uuid::from_u128(number)),
            kind: CycleKind::Incremental,
            result: CycleResult::Succeeded,
            error: None,
            began: after(number as i64),
            ended: after(number as i64 + 1),
            figures: Figures { created: number as u64, ..Figures::default() },
            verdicts: Vec::new(),
            no_inference: None,
        };
        stage.store.put_cycle(&lease, &report).await.unwrap();
    }
    let page = stage.get(&format!("{}?$top=2", list("cycles"))).await.good();
    let created: Vec<_> =
        page["value"].as_array().unwrap().iter().map(|c| c["figures"]["created"].clone()).collect();
    assert_eq!(created, [3, 2]);
    let refused = stage.get(&format!("{}?$skiptoken=YQ", list("cycles"))).await;
    assert!(refused.refused(400, "Request_BadRequest").contains("one page"));
}

#[tokio::test]
async fn lists_of_another_job_or_with_other_options_are_refused() {
    let stage = Stage::new().await;
    for of in ["cycles", "escrows", "heldRemovals"] {
        let other = list(of).replace(JOB, "scim.other");
        assert!(stage.get(&other).await.refused(404, "Request_ResourceNotFound").contains("scim.other"));
        let answer = stage.get(&format!("{}?$filter=a", list(of))).await;
        assert!(answer.refused(400, "Request_BadRequest").contains("$top"), "{of}");
        let answer = stage.get(&format!("{}?$skiptoken=%25", list(of))).await;
        assert!(answer.refused(400, "Request_BadRequest").contains("$skiptoken"), "{of}");
    }
}
