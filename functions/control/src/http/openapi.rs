//! What `/openapi.json` says of each route that changes something.
//!
//! Shapes of bodies are those of the types that are read. Documents and schemas, which the configuration and the engine
//! define, are shown by an example.

use api::openapi::{About, Shape};
use serde_json::{Value, json};

use super::applications::Instantiation;
use super::assignments::Assignment;
use super::exports::Wanted;
use super::jobs::{NewJob, Restart, Validation};
use super::provision::Parameters;
use super::secrets::Secrets;
use super::waiting::Named;

const APPLICATIONS: &str = "applications";
const JOBS: &str = "jobs";
const SCHEMAS: &str = "schemas";

const ID: &str = "0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b";
const JOB: &str = "scim.7c1d4e5f.0b9c3f2e";
const OPERATION: &str = "0192d3a0-5b7e-7cc3-98c4-dc0c0c07398f";
const DONE: &str = "It is done.";

/// What `sync` refuses whatever it is asked: as things stand, and because an outside system failed.
const OF_SYNC: [u16; 2] = [409, 502];

/// Something that `sync` does: 202 when it takes longer than a request may.
fn asked(id: &str, tag: &str, summary: &str) -> About {
    let goes_on = json!({ "id": OPERATION, "kind": "plan", "status": "running" });
    About::new(id, tag, summary)
        .answers(
            202,
            "It goes on. Location is where to look at it, Retry-After when.",
            Shape::like("OperationUnderWay", &goes_on),
        )
        .refuses(&OF_SYNC)
}

fn document() -> Shape {
    Shape::like(
        "ApplicationDocument",
        &json!({
            "application": "Ledgerly",
            "source": { "file": { "path": "people.csv", "id": "employeeId", "enabled": "accountEnabled" } },
            "target": { "scim": { "url": "https://ledgerly.example/scim/v2", "token": "env:LEDGERLY_TOKEN" } },
            "users": { "attributes": [{ "target": "userName", "source": "mail", "matchingPriority": 1 }] },
        }),
    )
}

pub(super) fn instantiate() -> About {
    let made = json!({
        "application": { "id": ID, "appId": ID, "displayName": "Ledgerly", "applicationTemplateId": "scim" },
        "servicePrincipal": { "id": ID, "appId": ID, "displayName": "Ledgerly", "servicePrincipalType": "Application" },
    });
    About::new("instantiate", APPLICATIONS, "Makes an application with its job, not configured yet")
        .reads(Shape::of::<Instantiation>().such_as(json!({ "displayName": "Ledgerly" })))
        .answers(
            201,
            "The application. Location is where it is.",
            Shape::like("ApplicationServicePrincipal", &made),
        )
        .refuses(&[409])
}

pub(super) fn create() -> About {
    let made = json!({
        "id": ID, "appId": ID, "displayName": "Ledgerly", "version": 1, "jobId": JOB,
        "document": { "application": "Ledgerly" },
    });
    About::new("createApplication", APPLICATIONS, "Makes an application out of a whole document")
        .more(
            "The document is what an application's file holds, as JSON. It refers to secrets and holds none.",
        )
        .reads(document())
        .answers(201, "The application. Location is where it is.", Shape::like("Application", &made))
        .refuses(&[409, 412])
}

pub(super) fn replace() -> About {
    saved(
        About::new("replaceApplication", APPLICATIONS, "Gives an application another document")
            .reads(document()),
    )
}

pub(super) fn preview() -> About {
    let told = json!({
        "version": 3,
        "differences": [{ "field": "schedule.interval", "old": "40m", "new": "2h" }],
        "notices": [],
        "consequences": null,
        "document": { "application": "Ledgerly" },
    });
    asked("previewApplication", APPLICATIONS, "Looks at what another document would do, and saves nothing")
        .more("Source and target are read. Operation-Location is where the same can be read again.")
        .versioned()
        .reads(document())
        .answers(200, "What would change, and the consequences for people.", Shape::like("Preview", &told))
        .refuses(&[413])
}

pub(super) fn change() -> About {
    let parts = Shape::like("DocumentParts", &json!({ "schedule": { "interval": "40m" } }));
    let about = About::new("changeApplication", APPLICATIONS, "Changes parts of an application's document")
        .more("As RFC 7396 merges them: null takes a part away.");
    saved(about.reads(parts))
}

/// A change of a document.
fn saved(about: About) -> About {
    about.versioned().answers_nothing(204, "It is saved. The ETag is the new version.").refuses(&[409])
}

pub(super) fn remove(what: &str) -> About {
    asked(
        &format!("delete{what}"),
        APPLICATIONS,
        "Deletes an application, its job and all that is remembered of it",
    )
    .more("Its accounts stay; credentials that were put away for it are deleted.")
    .versioned()
    .answers_nothing(204, DONE)
}

pub(super) fn secrets() -> About {
    let pairs = json!({ "value": [
        { "key": "BaseAddress", "value": "https://ledgerly.example/scim/v2" },
        { "key": "SecretToken", "value": "*" },
    ] });
    let about =
        About::new("changeSecrets", APPLICATIONS, "Changes credentials and settings of an application")
            .more("What is not named stays, and so does a credential that is sent as *.");
    saved(about.reads(Shape::of::<Secrets>().such_as(pairs)))
}

pub(super) fn test_mail() -> About {
    let sent = json!({ "to": ["it-ops@tessera.example"], "subject": "[Rollcall] Ledgerly: test - mail about trouble arrives here" });
    asked("sendTestMail", APPLICATIONS, "Sends a mail to the recipients, to see whether it arrives")
        .more(
            "One in ten minutes for each application. The one mail a day about trouble is not used up by it.",
        )
        .answers(200, "It was sent.", Shape::like("TestMail", &sent))
        .refuses(&[504])
}

pub(super) fn check_up() -> About {
    let found = json!({ "value": [
        { "check": "events", "verdict": "good", "words": "sync tells what happens" },
        { "check": "mail", "verdict": "warning", "words": "the account is in SES's sandbox: it writes to verified addresses only; ask for production access" },
    ] });
    About::new("checkUp", APPLICATIONS, "Has the functions look at what they may do and whom they reach")
        .more(
            "The bus, the log group of records, the bucket of exports, the secrets of applications, the keys of webhooks, and mail are tried; nothing is sent. Each finding has a verdict (good, warning, problem), and says what to do.",
        )
        .answers(200, "What they found.", Shape::like("Findings", &found))
}

pub(super) fn create_job() -> About {
    let made = json!({ "id": JOB, "templateId": "scim", "schedule": { "state": "Disabled" }, "status": { "code": "NotConfigured" } });
    About::new("createJob", JOBS, "Makes the job of an application that has none yet")
        .reads(Shape::of::<NewJob>().such_as(json!({ "templateId": "scim" })))
        .answers(201, "The job.", Shape::like("NewJobMade", &made))
        .refuses(&[409])
}

pub(super) fn assign() -> About {
    let made = json!({
        "id": "VXNlciBFMDAxNw", "appRoleId": "00000000-0000-0000-0000-000000000000", "principalId": "E0017",
        "principalType": "User", "resourceId": ID, "resourceDisplayName": "Ledgerly",
    });
    About::new("addAssignment", APPLICATIONS, "Assigns a person or a group to an application")
        .versioned()
        .reads(Shape::of::<Assignment>().such_as(json!({ "principalId": "E0017", "principalType": "User" })))
        .answers(201, "The assignment.", Shape::like("AssignmentMade", &made))
        .refuses(&[409])
}

pub(super) fn unassign() -> About {
    saved(About::new("removeAssignment", APPLICATIONS, "Takes an assignment away"))
}

pub(super) fn remove_job() -> About {
    asked("deleteJob", JOBS, "Stops a job and forgets everything that it remembered")
        .more("The application stays, and so do its accounts.")
        .answers_nothing(204, DONE)
}

pub(super) fn start() -> About {
    asked("startJob", JOBS, "Lets a job go on, at once").answers_nothing(204, DONE)
}

pub(super) fn pause() -> About {
    asked("pauseJob", JOBS, "Stops a job; a cycle at work ends its page first").answers_nothing(204, DONE)
}

pub(super) fn restart() -> About {
    let scope = json!({ "criteria": { "resetScope": "Watermark, Escrows, QuarantineState" } });
    asked("restartJob", JOBS, "Lets a job look at everybody again")
        .may_read(Shape::of::<Restart>().such_as(scope))
        .answers_nothing(204, DONE)
}

pub(super) fn validate() -> About {
    asked("validateCredentials", JOBS, "Whether both systems take their credentials")
        .more("Those that are saved, or others that are not saved by it.")
        .may_read(Shape::of::<Validation>().such_as(json!({ "useSavedCredentials": true })))
        .answers_nothing(204, "They do.")
}

pub(super) fn provision() -> About {
    let whom = json!({ "parameters": [{ "subjects": [{ "objectId": "E0017", "objectTypeName": "User" }] }] });
    let pair = json!({ "key": "{\"result\":\"Success\"}", "value": "{\"action\":\"Create\"}" });
    asked("provisionOnDemand", JOBS, "Provisions one person, or one group with a few members, now")
        .more("Both members of the answer are JSON text: how it ended, and what was done.")
        .reads(Shape::of::<Parameters>().such_as(whom))
        .answers(
            200,
            "It was tried; the pair tells how it ended.",
            Shape::like("StringKeyStringValuePair", &pair),
        )
}

pub(super) fn replace_schema() -> About {
    let schema = Shape::like("SynchronizationSchema", &schema());
    saved(About::new("replaceSchema", SCHEMAS, "Replaces the mappings of a job").reads(schema))
}

pub(super) fn change_schema() -> About {
    let schema = Shape::like("SynchronizationSchema", &schema());
    saved(
        About::new("changeSchema", SCHEMAS, "Replaces the mappings of a job, as Microsoft's SDKs write them")
            .reads(schema),
    )
}

fn schema() -> Value {
    json!({ "id": JOB, "version": "3", "synchronizationRules": [{}], "directories": [{}] })
}

pub(super) fn reset_schema() -> About {
    saved(About::new("resetSchema", SCHEMAS, "Brings the default mappings of a job back"))
}

pub(super) fn parse() -> About {
    let question = json!({
        "expression": "ToUpper([surname])",
        "testInputObject": { "properties": [{ "key": "surname", "value": "Okoye" }] },
    });
    let answer = json!({
        "parsingSucceeded": true, "evaluationSucceeded": true, "evaluationResult": ["OKOYE"],
        "error": null, "parsedExpression": null,
    });
    About::new("parseExpression", SCHEMAS, "What an expression is made of, and yields")
        .reads(Shape::like("ParseExpressionRequest", &question))
        .answers(
            200,
            "What it is; also for one that is wrong.",
            Shape::like("ParseExpressionResponse", &answer),
        )
        .refuses(&[409])
}

pub(super) fn discover() -> About {
    let attribute = json!({ "name": "userName", "type": "String", "multivalued": false, "mutability": "ReadWrite", "required": true });
    let found = json!({
        "id": "target", "name": "Ledgerly", "readOnly": false,
        "version": OPERATION, "discoveryDateTime": "2026-03-02T12:00:00Z",
        "discoverabilities": "AttributeNames, AttributeDataTypes, AttributeReadOnly",
        "objects": [{ "name": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "attributes": [attribute] }],
    });
    asked("discoverDirectory", SCHEMAS, "Asks the target what it can hold, and keeps it beside the mappings")
        .more("An attribute that the mappings have stays as they have it. 502 when the target does not describe itself.")
        .answers(200, "The directory, as the schema shows it from now on.", Shape::like("DirectoryDefinition", &found))
}

fn named() -> Shape {
    Shape::of::<Named>().such_as(json!({ "sourceIds": ["E0017"] }))
}

fn decided() -> Shape {
    Shape::like("Decided", &json!({}))
}

pub(super) fn decide_removals() -> About {
    asked(
        "decideHeldRemovals",
        JOBS,
        "Approves removals that are held, rejects them, or takes a decision back",
    )
    .deciding(&["approve", "reject", "reconsider"])
    .reads(named())
    .answers(200, "What was decided.", decided())
}

pub(super) fn decide_escrows() -> About {
    asked("decideEscrows", JOBS, "Tries what failed again at once, or lets it rest")
        .deciding(&["retry", "ignore"])
        .reads(named())
        .answers(200, "What was decided.", decided())
}

pub(super) fn plan() -> About {
    asked("makePlan", JOBS, "Finds out what the next cycle would do, and keeps it").answers(
        201,
        "The plan. Location is where it is.",
        Shape::like("Made", &json!({ "id": OPERATION })),
    )
}

pub(super) fn apply() -> About {
    asked("applyPlan", JOBS, "Does exactly what was planned").answers(
        200,
        "What was done.",
        Shape::like("Applied", &json!({})),
    )
}

pub(super) fn unlink() -> About {
    asked("deleteObjectConnection", JOBS, "Forgets which account belongs to an object of the source")
        .answers_nothing(204, DONE)
}

pub(super) fn upload() -> About {
    let bulk = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{
            "method": "POST",
            "path": "/Users",
            "bulkId": "1",
            "data": {
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                "externalId": "E0017",
                "userName": "nadia@tessera.example",
                "active": true,
            },
        }],
    });
    let staged = json!({ "id": OPERATION, "people": 1 });
    About::new(
        "bulkUpload",
        JOBS,
        "Uploads people of an application that reads uploads, as a SCIM bulk request",
    )
    .more("One that is not understood as a whole changes nothing.")
    .reads(Shape::like("BulkRequest", &bulk))
    .answers(202, "It is staged, and the next cycle reads it.", Shape::like("Upload", &staged))
    .refuses(&[409, 429])
}

pub(super) fn export() -> About {
    let wanted = json!({ "filter": "provisioningAction eq 'create'", "format": "csv" });
    let made = || Shape::like("Made", &json!({ "id": OPERATION }));
    About::new("exportProvisioningLog", "log", "Writes records of the provisioning log into a file")
        .reads(Shape::of::<Wanted>().such_as(wanted))
        .answers(201, "The file is there already. Location is where to look.", made())
        .answers(202, "It is being written. Location is where to look.", made())
        .refuses(&OF_SYNC)
}
