//! An OpenID Connect issuer on loopback: it publishes keys, and whoever holds one signs what they like with it.
//!
//! In: keys to publish. Out: `/.well-known/openid-configuration` and the key set it leads to. It counts how often the set
//! was fetched, and answers 503 when told to be down. It also gives codes to devices (`device.rs`), and a browser that comes to
//! sign in is sent back with one at once.

mod device;
mod sign;

use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::device::Device;
pub use self::device::Form;
pub use self::sign::{SignError, SigningKey, joined};

/// An issuer while it runs.
pub struct Issuer {
    url: String,
    shared: Arc<Shared>,
    served: JoinHandle<io::Result<()>>,
}

struct Shared {
    discovery: Mutex<Value>,
    keys: Mutex<Vec<Value>>,
    device: Arc<Device>,
    fetched: AtomicUsize,
    down: AtomicBool,
}

type Answer = Result<Json<Value>, StatusCode>;

impl Issuer {
    /// Starts one that publishes these keys.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start(keys: &[&SigningKey]) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let description = json!({
            "issuer": url,
            "jwks_uri": format!("{url}/keys"),
            "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"),
            "device_authorization_endpoint": format!("{url}/device"),
        });
        let device = Arc::new(Device::default());
        let shared = Arc::new(Shared {
            discovery: Mutex::new(description),
            keys: Mutex::new(Vec::new()),
            device: Arc::clone(&device),
            fetched: AtomicUsize::new(0),
            down: AtomicBool::new(false),
        });
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(published))
            .route("/authorize", get(authorize))
            .with_state(Arc::clone(&shared))
            .merge(device::routes(device, &url));
        let issuer = Self { url, shared, served: tokio::spawn(axum::serve(listener, routes).into_future()) };
        issuer.publish(keys.iter().map(|key| key.jwk()).collect());
        Ok(issuer)
    }

    /// What stands in the claim `iss` of its tokens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Publishes these keys instead of those before, as JSON Web Keys.
    pub fn publish(&self, keys: Vec<Value>) {
        *self.shared.keys.lock().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// Says something else of itself.
    pub fn describe(&self, discovery: Value) {
        *self.shared.discovery.lock().unwrap_or_else(PoisonError::into_inner) = discovery;
    }

    /// What it answers, one after the other, to whoever asks for a token: status and body. Afterwards the code has expired.
    pub fn answer_for_tokens(&self, answers: impl IntoIterator<Item = (u16, Value)>) {
        self.shared.device.answers.lock().unwrap_or_else(PoisonError::into_inner).extend(answers);
    }

    /// What it was sent for codes and tokens.
    #[must_use]
    pub fn forms(&self) -> Vec<Form> {
        self.shared.device.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers nobody from now on, or everybody again.
    pub fn set_down(&self, down: bool) {
        self.shared.down.store(down, Ordering::SeqCst);
    }

    /// How often it was asked for its keys, or for the way there while it was down.
    #[must_use]
    pub fn fetched(&self) -> usize {
        self.shared.fetched.load(Ordering::SeqCst)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.served.abort();
    }
}

async fn discovery(State(shared): State<Arc<Shared>>) -> Answer {
    if shared.down.load(Ordering::SeqCst) {
        shared.fetched.fetch_add(1, Ordering::SeqCst);
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    Ok(Json(shared.discovery.lock().unwrap_or_else(PoisonError::into_inner).clone()))
}

/// Who asks to sign in.
#[derive(Deserialize)]
struct Asking {
    redirect_uri: String,
    state: String,
}

/// Everybody is signed in at once, as who is signed in there already is.
async fn authorize(Query(Asking { redirect_uri, state }): Query<Asking>) -> Redirect {
    Redirect::to(&format!("{redirect_uri}?code=c0de&state={state}"))
}

async fn published(State(shared): State<Arc<Shared>>) -> Answer {
    shared.fetched.fetch_add(1, Ordering::SeqCst);
    Ok(Json(json!({ "keys": *shared.keys.lock().unwrap_or_else(PoisonError::into_inner) })))
}
