//! Stories of one application: what happens to whom, told with a [`World`].

mod aside;
mod consequences;
mod deltas;
mod expressions;
mod failures;
mod groups;
mod guard;
mod log;
mod matching;
mod people;
mod plans;
mod quarantine;
mod removals;
mod scope;
mod slices;

use engine::mapping::{AttributeMapping, Mapping, ObjectMapping};
use serde_json::json;

use crate::world::{World, mapping, person};

const NAMES: [&str; 12] =
    ["Ada", "Bo", "Cleo", "Dan", "Eve", "Finn", "Gia", "Hal", "Ida", "Jo", "Kai", "Lou"];

fn id(position: usize) -> String {
    format!("{:02}", position + 1)
}

/// Replaces the mapping by an edit of the usual one.
fn use_mapping(world: &mut World, edit: impl FnOnce(&mut ObjectMapping)) {
    let mut mapping = mapping(json!(["create", "update", "delete"]));
    edit(&mut mapping);
    world.definition.mapping = Mapping::check(&mapping, &connectors::scim::ScimSchema).unwrap();
}

/// An attribute made by an expression.
fn expression(target: &str, expression: &str) -> AttributeMapping {
    AttributeMapping {
        target: target.to_owned(),
        expression: Some(expression.to_owned()),
        ..AttributeMapping::default()
    }
}

/// A world whose first `count` people have accounts.
async fn provisioned(count: usize) -> World {
    let world = World::new().await;
    for (position, name) in NAMES.iter().take(count).enumerate() {
        world.directory.put(person(&id(position), name, "Clerk"));
    }
    world.cycle().await.unwrap();
    world
}
