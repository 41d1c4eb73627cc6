//! What the log tells, and how it is searched.

use engine::model::{SourceId, TargetId};
use serde_json::json;
use store::By;

use crate::world::{World, person};

#[tokio::test]
async fn the_log_is_searched_by_name_and_by_either_id() {
    let world = World::new().await;
    world.directory.put(person("E1", "Zoë Lindqvist", "Clerk"));
    world.directory.put(person("E2", "Omar Vogel", "Clerk"));
    world.cycle().await.unwrap();
    let account = world.account("zoë.lindqvist")["id"].as_str().unwrap().to_owned();

    let ways = [
        By::Person("zoe".to_owned()),
        By::Person("LINDQ".to_owned()),
        By::Source(SourceId::new("E1")),
        By::Target(TargetId::new(account)),
    ];
    for way in ways {
        let found = world.records(way.clone()).await;
        assert_eq!(found.len(), 1, "{way:?}");
        assert_eq!(found[0].source_identity.id, "E1", "{way:?}");
    }
}

#[tokio::test]
async fn a_record_has_exactly_graphs_shape() {
    let world = World::new().await;
    world.directory.put(person("E1", "Nadia Okoye", "Treasurer"));
    world.cycle().await.unwrap();
    let record = world.records(By::All).await.pop().unwrap();
    let mut record = serde_json::to_value(record).unwrap();
    // Times and the app's own id differ from run to run.
    record["durationInMilliseconds"] = json!(0);
    record["targetIdentity"]["id"] = json!("(issued by the app)");
    insta::assert_json_snapshot!("a_record_has_exactly_graphs_shape", record);
}
