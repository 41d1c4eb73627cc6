//! Stories of one application: what happens to whom, told with a [`World`].

mod consequences;
mod deltas;
mod failures;
mod log;
mod matching;
mod people;
mod removals;
mod slices;

use crate::world::{World, person};

const NAMES: [&str; 12] =
    ["Ada", "Bo", "Cleo", "Dan", "Eve", "Finn", "Gia", "Hal", "Ida", "Jo", "Kai", "Lou"];

fn id(position: usize) -> String {
    format!("{:02}", position + 1)
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
