//! The `query` function's binary: the router of the library behind API Gateway.
//!
//! | Variable | Holds |
//! |---|---|
//! | `ROLLCALL_TABLE_PREFIX` | the tables are `<prefix>-state` and `<prefix>-logs` |

use std::sync::Arc;

use api::{Access, Claims};
use axum::extract::Request;
use axum::middleware::map_request;
use lambda_http::request::RequestContext;
use query::http::router;
use runtime::clock::SystemClock;
use store::{DynamoStore, TableNames, Worker};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    runtime::tracing::for_functions();
    let prefix = runtime::env::required("ROLLCALL_TABLE_PREFIX")?;
    let client = store::client::for_aws(&runtime::aws::config().await);
    // Never takes a lease.
    let worker = Worker { owner: "query".to_owned(), boot: None };
    let store = DynamoStore::new(client, TableNames::with_prefix(&prefix), worker);
    let router = router(store, Access::Gateway, Arc::new(SystemClock)).layer(map_request(with_claims));
    lambda_http::run(router).await
}

/// Puts what the gateway's authorizer found in the token where the router looks for it.
async fn with_claims(mut request: Request) -> Request {
    let context = request.extensions().get::<RequestContext>();
    let token = context.and_then(|context| context.authorizer()?.jwt.as_ref());
    if let Some(claims) = token.map(|token| Claims(token.claims.clone())) {
        request.extensions_mut().insert(claims);
    }
    request
}
