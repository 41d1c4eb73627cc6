//! Templates, schemas, and the language of expressions and filters.

use connectors::application::{Application, exchange};
use connectors::scim::Description;
use engine::schema::SynchronizationSchema;
use engine::schema::export::definition;
use engine::schema::spelling::AttributeType;
use serde_json::{Value, json};
use store::StoredApplication;

use crate::stage::{APPLICATION, JOB, Stage, noon};

const ALL: &str = "/v1.0/servicePrincipals/Ledgerly/synchronization";

/// What an administrator applied, as the second version.
async fn applied(stage: &Stage) -> Application {
    let document = json!({
        "application": "Ledgerly",
        "source": { "file": { "path": "people.csv", "id": "employeeId", "groups": { "path": "groups.csv", "id": "id" } } },
        "target": { "scim": { "url": "https://ledgerly.example/scim", "token": "env:LEDGERLY" } },
        "users": { "attributes": [{ "target": "userName", "source": "mail", "matchingPriority": 1 }] },
        "groups": {},
    });
    let before = stage.store.application(APPLICATION).await.unwrap().unwrap();
    let second = StoredApplication { version: 2, document: document.clone(), ..before };
    stage.store.save_application(&second, Some(1)).await.unwrap();
    serde_json::from_value(document).unwrap()
}

fn names(list: &Value, name: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one[name].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_jobs_schema_is_its_applications_mappings_and_carries_their_version() {
    let stage = Stage::new().await;
    let application = applied(&stage).await;
    for job in [format!("/jobs/{JOB}/schema"), format!("/jobs('{JOB}')/schema/")] {
        let answer = stage.get(&format!("{ALL}{job}")).await;
        assert_eq!(answer.headers["etag"], "\"2\"");
        let schema = answer.good();
        assert_eq!([&schema["id"], &schema["version"]], [JOB, "v2"]);
        let about = schema["@odata.context"].as_str().unwrap();
        assert!(about.ends_with(&format!("jobs('{JOB}')/schema/$entity")), "{about}");
        let objects = &schema["synchronizationRules"][0]["objectMappings"];
        assert_eq!(names(objects, "sourceObjectName"), ["User", "Group"]);
        assert_eq!(names(&objects[0]["attributeMappings"], "targetAttributeName"), ["userName"]);
        // Written back as it was read it changes nothing.
        let read = SynchronizationSchema::read(schema.to_string().as_bytes()).unwrap();
        let (same, findings) = connectors::application::exchange::with_schema(&application, &read).unwrap();
        assert_eq!((same, findings), (application.clone(), vec![]));
    }
}

#[tokio::test]
async fn a_document_is_read_as_the_file_it_could_have_come_from() {
    let stage = Stage::new().await;
    let application = applied(&stage).await;
    let path = "/v1.0/applications/Ledgerly";
    let accepting = "text/html;q=0.1, application/yaml; charset=utf-8";
    let (headers, text) = stage.file_in(path, accepting).await;
    let text = String::from_utf8(text.unwrap().to_vec()).unwrap();
    assert_eq!(headers["content-type"], "application/yaml");
    assert_eq!(headers["etag"], "\"2\"");
    assert_eq!(Application::from_yaml(&text, "answer.yaml").unwrap(), application);
    assert_eq!(stage.get(path).await.good()["document"]["application"], "Ledgerly");
}

#[tokio::test]
async fn what_was_discovered_of_the_target_shows_in_the_schema() {
    let stage = Stage::new().await;
    let application = applied(&stage).await;
    let said =
        Description { users: vec![definition("title", AttributeType::String)], ..Description::default() };
    let found = exchange::discovered(&application, said, "7".to_owned(), noon());
    let stored = stage.store.application(APPLICATION).await.unwrap().unwrap();
    stage.store.keep_discovered(&stored, &found).await.unwrap();
    let schema = stage.get(&format!("{ALL}/jobs/{JOB}/schema")).await.good();
    let target = &schema["directories"][1];
    assert_eq!([&target["version"], &target["discoveryDateTime"]], ["7", "2026-03-02T12:00:00Z"]);
    assert_eq!(names(&target["objects"][0]["attributes"], "name"), ["id", "title", "userName"]);
}

#[tokio::test]
async fn templates_are_told_with_what_a_job_begins_with() {
    let stage = Stage::new().await;
    for all in [
        ALL,
        "/v1.0/applications/Ledgerly/synchronization",
        "/v1.0/servicePrincipals(appId='Ledgerly')/synchronization",
    ] {
        let list = stage.get(&format!("{all}/templates")).await.good();
        assert_eq!(names(&list["value"], "id"), ["scim"]);
        let one = stage.get(&format!("{all}/templates/scim")).await.good();
        assert_eq!([&one["factoryTag"], &one["applicationId"]], ["CustomSCIM", APPLICATION]);
        assert_eq!([&one["default"], &one["discoverable"]], [&json!(true); 2]);
        assert_eq!(list["value"][0]["metadata"], one["metadata"]);
        let schema = stage.get(&format!("{all}/templates/scim/schema")).await.good();
        let objects = &schema["synchronizationRules"][0]["objectMappings"];
        assert_eq!(names(objects, "sourceObjectName"), ["User", "Group"]);
        assert_eq!(objects[0]["attributeMappings"].as_array().unwrap().len(), 23);
        let other = stage.get(&format!("{all}/templates/aws/schema")).await;
        assert!(other.refused(404, "Request_ResourceNotFound").contains("there is scim"));
    }
}

#[tokio::test]
async fn the_languages_words_are_told_of_every_job_and_template() {
    let stage = Stage::new().await;
    for of in [format!("jobs/{JOB}"), "templates/scim".to_owned()] {
        let functions = stage.get(&format!("{ALL}/{of}/schema/functions")).await.good();
        assert_eq!(functions["@odata.context"], "http://rollcall.example/v1.0/$metadata#functions");
        assert!(names(&functions["value"], "name").contains(&"Join".to_owned()));
        let operators = stage.get(&format!("{ALL}/{of}/schema/filterOperators")).await.good();
        assert!(names(&operators["value"], "name").contains(&"EQUALS".to_owned()));
    }
    for path in
        ["jobs/scim.other/schema/functions", "jobs/scim.other/schema", "templates/aws/schema/filterOperators"]
    {
        stage.get(&format!("{ALL}/{path}")).await.refused(404, "Request_ResourceNotFound");
    }
}

#[tokio::test]
async fn jobs_and_templates_are_seen_at_one_glance() {
    let stage = Stage::new().await;
    let all = stage.get(ALL).await.good();
    assert_eq!(all["id"], APPLICATION);
    assert_eq!(
        (names(&all["jobs"], "id"), names(&all["templates"], "id")),
        (vec![JOB.to_owned()], vec!["scim".to_owned()])
    );
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_not_told_to_the_caller() {
    let stage = Stage::new().await;
    let known = stage.store.application(APPLICATION).await.unwrap().unwrap();
    let other = StoredApplication { version: 2, document: json!({ "later": {} }), ..known };
    stage.store.save_application(&other, Some(1)).await.unwrap();
    let answer = stage.get(&format!("{ALL}/jobs/{JOB}/schema")).await;
    assert_eq!(answer.refused(500, "generalException"), "Internal Server Error");
}
