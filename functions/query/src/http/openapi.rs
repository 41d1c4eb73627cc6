//! What `/openapi.json` says of each route that reads.
//!
//! Shapes are those of the types that are answered. What the engine or the configuration defines is shown by an example.

use ::logs::Format::{Csv, Json, Ndjson};
use ::logs::exports;
use api::openapi::Query::{
    Count, Filter, Format, InNeed, NamePart, Names, OrderBy, Search, Select, SkipToken, Top,
};
use api::openapi::{About, Shape};
use serde_json::{Value, json};

use super::applications::ServicePrincipal;
use super::connections::Connection;
use super::jobs::Job;
use super::plans::Summary;
use super::waiting::{Escrow, HeldRemoval};
use crate::status::ExecutionView;

const APPLICATIONS: &str = "applications";
const JOBS: &str = "jobs";
const LOG: &str = "log";
const SCHEMAS: &str = "schemas";

const ID: &str = "0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b";
const JOB: &str = "scim.7c1d4e5f.0b9c3f2e";
const OPERATION: &str = "0192d3a0-5b7e-7cc3-98c4-dc0c0c07398f";
const NOON: &str = "2026-03-02T12:00:00Z";
const COMPLETE: &str = "Those of the page, as many as $top says.";

pub(super) fn applications() -> About {
    About::new("listServicePrincipals", APPLICATIONS, "All applications, each with its job, by name")
        .more("For whoever owns some applications only: those.")
        .taking(&[InNeed, NamePart, Names, Top, SkipToken])
        .answers(200, COMPLETE, Shape::of::<ServicePrincipal>().list())
}

pub(super) fn application() -> About {
    About::new("getServicePrincipal", APPLICATIONS, "An application with its job").answers(
        200,
        "The application.",
        Shape::of::<ServicePrincipal>(),
    )
}

pub(super) fn document() -> About {
    let shown = json!({
        "id": ID, "appId": ID, "displayName": "Ledgerly", "version": 3, "jobId": JOB,
        "document": { "application": "Ledgerly" },
    });
    About::new("getApplication", APPLICATIONS, "How an application is set up: its document")
        .more("References to secrets stand in it, and no secret. The ETag is the version.")
        .answers(200, "The document.", Shape::like("Application", &shown))
}

pub(super) fn assignments() -> About {
    let shown = json!({
        "id": "VXNlciBFMDAxNw", "appRoleId": "00000000-0000-0000-0000-000000000000", "principalId": "E0017",
        "principalType": "User", "resourceId": ID, "resourceDisplayName": "Ledgerly",
    });
    About::new("listAssignments", APPLICATIONS, "Who is assigned to an application, one by one")
        .more("Empty both for nobody and for everybody: SyncAll among the settings tells which.")
        .answers(200, "All of them.", Shape::like("Assignment", &shown).list())
}

pub(super) fn secrets() -> About {
    About::new("getSecrets", APPLICATIONS, "An application's settings, and its credentials as *").answers(
        200,
        "All of them.",
        Shape::like("Setting", &json!({ "key": "BaseAddress", "value": "https://ledgerly.example/scim" }))
            .list(),
    )
}

pub(super) fn notification() -> About {
    let shown = json!({
        "enabled": true,
        "recipients": [{
            "address": "it-ops@tessera.example", "problem": "bounced", "since": NOON, "reason": "550 5.1.1 user unknown",
        }],
        "lastMailDateTime": NOON, "lastMailConfirmed": true, "waitingEvents": 0,
        "webhook": {
            "url": "https://alerts.tessera.example/rollcall", "lastCallDateTime": NOON, "lastCallConfirmed": false,
            "problem": "alerts.tessera.example answered with 503 Service Unavailable", "waitingEvents": 0,
        },
    });
    About::new("getNotification", APPLICATIONS, "Who is written to about trouble, and whether mail reaches them")
        .more("problem is bounced, undelivered or complained; null when none is known. The first and the last get no mail while others do. webhook is null where there is none; a call that failed is repeated for a day.")
        .answers(200, "The recipients, and the last mail.", Shape::like("Notification", &shown))
}

pub(super) fn operation() -> About {
    let shown = json!({
        "id": OPERATION, "kind": "plan", "applicationId": ID, "status": "succeeded", "objectsDone": 302,
        "createdDateTime": NOON, "endedDateTime": NOON, "result": null, "error": null,
    });
    About::new("getOperation", "operations", "What became of what took longer than a request may").answers(
        200,
        "How far it is, and its result.",
        Shape::like("Operation", &shown),
    )
}

pub(super) fn synchronization() -> About {
    let shown = json!({ "id": ID, "jobs": [{ "id": JOB }], "templates": [{ "id": "scim" }] });
    About::new("getSynchronization", APPLICATIONS, "Job and templates of an application at one glance")
        .answers(200, "Both.", Shape::like("Synchronization", &shown))
}

pub(super) fn jobs() -> About {
    About::new("listJobs", JOBS, "The jobs of an application, which has one").answers(
        200,
        "The job, with its status.",
        Shape::of::<Job>().list(),
    )
}

pub(super) fn job() -> About {
    About::new("getJob", JOBS, "A job: is it healthy, how far is it, what did it do last").answers(
        200,
        "The job.",
        Shape::of::<Job>(),
    )
}

pub(super) fn cycles() -> About {
    About::new("listCycles", JOBS, "Finished cycles of a job, the newest first").taking(&[Top]).answers(
        200,
        COMPLETE,
        Shape::of::<ExecutionView>().list(),
    )
}

pub(super) fn escrows() -> About {
    About::new("listEscrows", JOBS, "What failed and is tried again, in the order in which it failed first")
        .taking(&[Top, SkipToken])
        .answers(200, COMPLETE, Shape::of::<Escrow>().list())
}

pub(super) fn held_removals() -> About {
    About::new("listHeldRemovals", JOBS, "Removals that wait for the guard or for a person")
        .taking(&[Top, SkipToken])
        .answers(200, COMPLETE, Shape::of::<HeldRemoval>().list())
}

pub(super) fn connections() -> About {
    About::new("listObjectConnections", JOBS, "Always refused: connections are asked for one by one")
        .more("As in Graph there is no list of them.")
}

pub(super) fn connection() -> About {
    About::new("getObjectConnection", JOBS, "Which account belongs to whom, by either's id").answers(
        200,
        "The two that belong together.",
        Shape::of::<Connection>(),
    )
}

pub(super) fn plan() -> About {
    About::new("getPlan", JOBS, "What the next cycle would do, in numbers")
        .more("Plans are kept for seven days.")
        .answers(200, "The plan without its operations.", Shape::of::<Summary<'static>>())
}

pub(super) fn plan_operations() -> About {
    About::new("listPlanOperations", JOBS, "To whom the next cycle would do what, with old and new values")
        .taking(&[Top, SkipToken])
        .answers(
            200,
            "Those of the page, in the order of execution.",
            Shape::like("PlanOperation", &json!({})).list(),
        )
}

pub(super) fn templates(of: &str) -> About {
    About::new(&format!("list{of}s"), SCHEMAS, "What jobs of an application can be made from").answers(
        200,
        "All of them.",
        template_shape().list(),
    )
}

pub(super) fn template(of: &str) -> About {
    About::new(&format!("get{of}"), SCHEMAS, "A template").answers(200, "The template.", template_shape())
}

fn template_shape() -> Shape {
    let shown = json!({ "id": "scim", "applicationId": ID, "default": true, "discoverable": true, "factoryTag": "scim" });
    Shape::like("Template", &shown)
}

pub(super) fn schema(of: &str) -> About {
    let shown = json!({ "id": JOB, "version": "3", "synchronizationRules": [{}], "directories": [{}] });
    About::new(&format!("get{of}Schema"), SCHEMAS, "How people become accounts: mappings and directories")
        .more("A job's schema is written anew from its application's document. Its ETag is the document's version.")
        .answers(200, "Graph's synchronizationSchema.", Shape::like("SynchronizationSchema", &shown))
}

pub(super) fn functions(of: &str) -> About {
    About::new(&format!("list{of}Functions"), SCHEMAS, "The functions of expressions").answers(
        200,
        "All of them.",
        Shape::like("Functions", &json!({})),
    )
}

pub(super) fn filter_operators(of: &str) -> About {
    About::new(&format!("list{of}FilterOperators"), SCHEMAS, "The operators of scoping filters").answers(
        200,
        "All of them.",
        Shape::like("FilterOperators", &json!({})),
    )
}

pub(super) fn records() -> About {
    About::new("listProvisioningRecords", LOG, "What was done to whom, and why")
        .more("A page may hold fewer records than were asked for; @odata.nextLink is there exactly as long as there is more.")
        .taking(&[Filter, Search, Top, OrderBy, Select, Count, SkipToken])
        .answers(200, "A page of the provisioning log.", Shape::like("ProvisioningRecord", &record_shown()).list())
}

pub(super) fn record() -> About {
    About::new("getProvisioningRecord", LOG, "One record of the provisioning log").answers(
        200,
        "The record.",
        Shape::like("ProvisioningRecord", &record_shown()),
    )
}

fn record_shown() -> Value {
    json!({
        "id": "5a1f7c0e-8f6b-5c1e-9d2a-0b9c3f2e7c1d",
        "activityDateTime": NOON,
        "tenantId": ID,
        "jobId": JOB,
        "cycleId": OPERATION,
        "changeId": OPERATION,
        "provisioningAction": "create",
        "durationInMilliseconds": 42,
        "servicePrincipal": { "id": ID, "displayName": "Ledgerly" },
        "sourceSystem": { "id": "file", "displayName": "people.csv" },
        "targetSystem": { "id": "scim", "displayName": "Ledgerly" },
        "initiatedBy": { "displayName": "Rollcall" },
        "sourceIdentity": { "id": "E0017", "displayName": "Nadia Okoye", "identityType": "user" },
        "targetIdentity": { "id": "17", "displayName": "Nadia Okoye", "identityType": "user" },
        "provisioningStatusInfo": { "status": "success" },
        "provisioningSteps": [{ "name": "EntryImportAdd" }],
        "modifiedProperties": [{ "displayName": "title", "oldValue": null, "newValue": "CFO" }],
    })
}

pub(super) fn audits() -> About {
    let shown = json!({
        "id": OPERATION, "activityDateTime": NOON, "activityDisplayName": "Start job",
        "category": "ProvisioningManagement", "correlationId": OPERATION,
        "initiatedBy": { "user": { "id": "ada", "displayName": "Ada" }, "app": null },
        "loggedByService": "Rollcall", "operationType": "Start", "result": "success", "resultReason": null,
        "targetResources": [{ "id": ID, "displayName": "Ledgerly" }], "additionalDetails": [],
    });
    About::new("listDirectoryAudits", LOG, "Who changed what, the newest first")
        .taking(&[Top, SkipToken])
        .answers(200, COMPLETE, Shape::like("DirectoryAudit", &shown).list())
}

pub(super) fn download() -> About {
    About::new("downloadProvisioningLog", LOG, "The provisioning log as a file, written while it is sent")
        .more("Where answers are limited in size this is refused: there a file is made by an export.")
        .taking(&[Filter, Search, OrderBy, Format])
        .answers_in(200, "The file.", [Csv, Json, Ndjson].map(|format| Shape::file(format.content_type())))
        .refuses(&[429])
}

pub(super) fn export() -> About {
    let shown = json!({
        "id": OPERATION, "status": "succeeded", "createdDateTime": NOON, "recordsDone": 302,
        "format": "csv", "records": 302, "bytes": 18_204,
        "downloadUrl": "https://rollcall.example/v1.0/auditLogs/provisioning/exports/0192d3a0-5b7e-7cc3-98c4-dc0c0c07398f/content",
        "expiresDateTime": null,
    });
    About::new("getExport", LOG, "How far an export is, and where its file is")
        .more("The file's format, size and address are there once it has succeeded. In the cloud the address works for five minutes.")
        .answers(200, "The export.", Shape::like("Export", &shown))
}

pub(super) fn export_content() -> About {
    About::new("getExportContent", LOG, "The file of an export, where it lies on this machine").answers_in(
        200,
        "The file.",
        [Csv, Json].map(|format| Shape::file(exports::content_type(format))),
    )
}
