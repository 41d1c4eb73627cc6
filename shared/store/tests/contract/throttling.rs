//! A table that takes only a part of a batch: the rest is sent again.

use engine::ids::IdHash;
use engine::ports::Store;
use engine::report::Outcome;
use serde_json::{Value, json};
use store::{DynamoStore, TableNames, client};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::samples::{cycle, job, link, noon, record, source};
use crate::world::worker;

/// A table that takes all but the last row of each batch; and what it took.
async fn reluctant() -> (DynamoStore, UnboundedReceiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (taken, takes) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection, taken.clone()));
        }
    });
    (DynamoStore::new(client::for_endpoint(&endpoint), TableNames::default(), worker("one")), takes)
}

async fn serve(mut connection: TcpStream, taken: UnboundedSender<usize>) {
    let mut received = Vec::new();
    while connection.read_buf(&mut received).await.unwrap() > 0 {
        let text = String::from_utf8_lossy(&received).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let Ok(body) = serde_json::from_str::<Value>(body) else { continue };
        let answer = answer(head, &body, &taken).to_string();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", answer.len());
        connection.write_all((head + &answer).as_bytes()).await.unwrap();
        received.clear();
    }
}

fn answer(head: &str, body: &Value, taken: &UnboundedSender<usize>) -> Value {
    let items = &body["RequestItems"];
    let (table, batch) = items.as_object().unwrap().iter().next().unwrap();
    let writes = head.to_lowercase().contains("batchwriteitem");
    let mut rows = if writes { batch } else { &batch["Keys"] }.as_array().unwrap().clone();
    let left: Vec<Value> = if rows.len() > 1 { rows.pop().into_iter().collect() } else { Vec::new() };
    taken.send(rows.len()).unwrap();
    if writes {
        return if left.is_empty() { json!({}) } else { json!({ "UnprocessedItems": { table: left } }) };
    }
    let found: Vec<Value> = rows.into_iter().map(stored_link).collect();
    let left = if left.is_empty() { json!({}) } else { json!({ table: { "Keys": left } }) };
    json!({ "Responses": { table: found }, "UnprocessedKeys": left })
}

fn stored_link(mut key: Value) -> Value {
    let wanted = key["sk"]["S"].as_str().unwrap().to_owned();
    let id = ["ann", "ben", "cas"].into_iter().find(|id| IdHash::of(&source(id)).to_string() == wanted);
    key["v"] = json!({ "N": "1" });
    key["link"] = json!({ "S": serde_json::to_string(&link(id.unwrap())).unwrap() });
    key
}

#[tokio::test]
async fn rows_that_a_batch_left_over_are_written_again() {
    let (store, mut takes) = reluctant().await;
    let records = ["ann", "ben", "cas"].map(|id| record(id, cycle(1), noon(), Outcome::Success));
    store.append_records(&job(), &records, &[]).await.unwrap();
    assert_eq!((takes.recv().await, takes.recv().await), (Some(2), Some(1)));
    assert!(takes.is_empty());
}

#[tokio::test]
async fn keys_that_a_batch_left_over_are_read_again() {
    let (store, mut takes) = reluctant().await;
    let ids = ["ann", "ben", "cas"].map(|id| IdHash::of(&source(id)));
    let links = store.links(&job(), &ids).await.unwrap();
    assert_eq!(links.into_values().filter(|found| *found == link(found.source_id.as_str())).count(), 3);
    assert_eq!((takes.recv().await, takes.recv().await), (Some(2), Some(1)));
    assert!(takes.is_empty());
}
