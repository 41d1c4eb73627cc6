//! Device authorization (RFC 8628): a code for whoever asks, and to questions about it the answers that a test laid down.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use url::form_urlencoded;

/// What a client sent: a form.
pub type Form = BTreeMap<String, String>;

/// The endpoints' side of it.
#[derive(Default)]
pub(super) struct Device {
    pub(super) answers: Mutex<VecDeque<(u16, Value)>>,
    pub(super) asked: Mutex<Vec<Form>>,
}

pub(super) fn routes(device: Arc<Device>, url: &str) -> Router {
    let code = json!({
        "device_code": "the-device's-own",
        "user_code": "WDJB-MJHT",
        "verification_uri": format!("{url}/enter"),
        "verification_uri_complete": format!("{url}/enter?user_code=WDJB-MJHT"),
        "expires_in": 900,
        "interval": 0,
    });
    let give = async |State(device): State<Arc<Device>>, form: String| {
        device.note(&form);
        Json(code)
    };
    Router::new().route("/device", post(give)).route("/token", post(token)).with_state(device)
}

async fn token(State(device): State<Arc<Device>>, form: String) -> (StatusCode, Json<Value>) {
    device.note(&form);
    let next = device.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let (status, answer) = next.unwrap_or((400, json!({ "error": "expired_token" })));
    (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), Json(answer))
}

impl Device {
    fn note(&self, form: &str) {
        let form = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(form);
    }
}
