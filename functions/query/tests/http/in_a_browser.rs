//! The link of a mail, opened in Chromium by somebody who is signed out. What is done is in tests/browser/console.mjs.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use tokio::net::TcpListener;

use crate::signing_in::{Cloud, page};

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_a_mail_leads_to_the_report_for_administrators_alone() {
    let cloud = Cloud::new().await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let link = format!("http://{}{}", listener.local_addr().unwrap(), page());
    let served = tokio::spawn(axum::serve(listener, cloud.router.clone()).into_future());
    for (part, roles) in [
        ("nobody", json!([])),
        ("reader", json!(["Reports Reader"])),
        ("administrator", json!(["Application Administrator"])),
    ] {
        cloud.lets_in(&json!({ "roles": roles }));
        let walked = walk(&link, part).await;
        assert!(walked.status.success(), "{part}: {}", String::from_utf8_lossy(&walked.stderr));
    }
    served.abort();
}

/// A browser of its own for each: nobody is signed in yet.
async fn walk(link: &str, part: &str) -> std::process::Output {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    assert!(
        tests.join(".tools/browser/node_modules").exists(),
        "what drives the browser is not installed: run tests/run, which installs it"
    );
    let mut program = Command::new("node");
    program.arg(tests.join("browser/console.mjs")).args(["role", link, part]);
    tokio::task::spawn_blocking(move || program.output().unwrap()).await.unwrap()
}
