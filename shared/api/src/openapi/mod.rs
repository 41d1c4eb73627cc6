//! Routes together with what is said of them: `/openapi.json`, OpenAPI 3.1.
//!
//! In: paths, methods, handlers, and an [`About`] for each. Out: a router, and the document that describes it. Promised: the
//! two cannot differ. A route is only ever added together with its description, under one path and one method; what a
//! layer asks for (a permission, a limit) is told of every route below it.
//!
//! ```
//! use api::openapi::{About, Routes, Shape};
//!
//! let ping = About::new("ping", "service", "Whether this process answers").answers(200, "It does.", Shape::file("text/plain"));
//! let routes = Routes::<()>::new().get("/ping", async || "pong", ping);
//! assert!(routes.document()["paths"]["/ping"]["get"].is_object());
//! ```

mod about;
mod common;
mod shape;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use axum::handler::Handler;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};
use utoipa::openapi::path::{HttpMethod, Operation, Paths};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, License, OpenApiBuilder, RefOr, Schema};

pub use self::about::{About, Query};
pub use self::shape::Shape;

use crate::Access;
use crate::access::{self, Permission};
use crate::answer::either;
use crate::rate::{self, Rate};

/// Where the document is.
pub const PATH: &str = "/openapi.json";

/// How callers say who they are.
const SCHEME: &str = "token";

const INTRODUCTION: &str = "Keeps user accounts of a company's apps in step with its directory. Paths, JSON and errors are \
    those of Microsoft Graph's synchronization API. {application} is an application's id or its name; keys may stand in \
    parentheses, too: jobs('id'). A path that exists answers 405 to a method that it does not take. Every answer has a \
    header request-id; client-request-id is sent back as it came.";

/// Routes, and what is said of each.
#[must_use]
pub struct Routes<S = ()> {
    router: Router<S>,
    operations: Vec<(String, HttpMethod, Operation)>,
    schemas: BTreeMap<String, RefOr<Schema>>,
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// None yet.
    pub fn new() -> Self {
        Self { router: Router::new(), operations: Vec::new(), schemas: BTreeMap::new() }
    }

    /// What answers `GET` at a path.
    pub fn get<T: 'static>(self, path: &str, handler: impl Handler<T, S>, about: About) -> Self {
        self.add(path, HttpMethod::Get, &get(handler), about)
    }

    /// What answers `POST` at a path.
    pub fn post<T: 'static>(self, path: &str, handler: impl Handler<T, S>, about: About) -> Self {
        self.add(path, HttpMethod::Post, &post(handler), about)
    }

    /// What answers `PUT` at a path.
    pub fn put<T: 'static>(self, path: &str, handler: impl Handler<T, S>, about: About) -> Self {
        self.add(path, HttpMethod::Put, &put(handler), about)
    }

    /// What answers `PATCH` at a path.
    pub fn patch<T: 'static>(self, path: &str, handler: impl Handler<T, S>, about: About) -> Self {
        self.add(path, HttpMethod::Patch, &patch(handler), about)
    }

    /// What answers `DELETE` at a path.
    pub fn delete<T: 'static>(self, path: &str, handler: impl Handler<T, S>, about: About) -> Self {
        self.add(path, HttpMethod::Delete, &delete(handler), about)
    }

    fn add(mut self, path: &str, method: HttpMethod, handler: &MethodRouter<S>, about: About) -> Self {
        let (operation, schemas) = about.of(path);
        self.operations.push((path.to_owned(), method, operation));
        self.schemas.extend(schemas);
        Self { router: self.router.merge(either(path, handler)), ..self }
    }

    /// These and those.
    pub fn merge(mut self, others: Self) -> Self {
        self.operations.extend(others.operations);
        self.schemas.extend(others.schemas);
        Self { router: self.router.merge(others.router), ..self }
    }

    /// Nobody asks for these without the permission.
    pub fn needing(mut self, access: &Arc<Access>, permission: Permission) -> Self {
        for (_, _, operation) in &mut self.operations {
            let ways = permission.ways().iter();
            operation.security =
                Some(ways.map(|names| SecurityRequirement::new(SCHEME, names.to_vec())).collect());
            common::refuse(operation, &[401, 403]);
        }
        let check = from_fn_with_state((access.clone(), permission), access::check);
        Self { router: self.router.route_layer(check), ..self }
    }

    /// Nobody asks for these more often.
    pub fn held_to(mut self, rate: Rate) -> Self {
        for (_, _, operation) in &mut self.operations {
            common::refuse(operation, &[429]);
        }
        let check = from_fn_with_state(rate, rate::check);
        Self { router: self.router.route_layer(check), ..self }
    }

    /// The same, with what the handlers need.
    pub fn with_state(self, state: S) -> Routes {
        let Self { router, operations, schemas } = self;
        Routes { router: router.with_state(state), operations, schemas }
    }

    /// The description.
    #[must_use]
    pub fn document(&self) -> Value {
        let mut paths = Paths::new();
        for (path, method, operation) in &self.operations {
            paths.add_path_operation(path, vec![method.clone()], operation.clone());
        }
        let scheme = Http::builder()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "An access token of the stack's OpenID Connect issuer. Any one of the permissions that an operation names \
                 is enough; whoever owns an application needs none of them for it. On a laptop: the token in the data folder.",
            ))
            .build();
        let components = ComponentsBuilder::new()
            .schemas_from_iter(self.schemas.clone())
            .schema(common::ENVELOPE, common::envelope())
            .responses_from_iter(common::refusals())
            .security_scheme(SCHEME, SecurityScheme::Http(scheme));
        let mut license = License::new("Apache-2.0");
        license.identifier = Some("Apache-2.0".to_owned());
        let info = InfoBuilder::new()
            .title("Rollcall")
            .version(env!("CARGO_PKG_VERSION"))
            .description(Some(INTRODUCTION))
            .license(Some(license));
        let document = OpenApiBuilder::new()
            .info(info.build())
            .paths(paths)
            .components(Some(components.build()))
            .build();
        // Maps with text as keys can always be written.
        serde_json::to_value(document).unwrap_or_default()
    }
}

impl Routes {
    /// The router, with its description and the health check, which hold nobody's data: anybody may ask for them.
    pub fn served(self) -> Router {
        // What it describes includes its own route: that is written once all routes are there.
        let written = Arc::new(OnceLock::new());
        let routes = self.open(written.clone());
        let _ = written.set(Cow::Owned(routes.document().to_string()));
        routes.router
    }

    /// The same with a description that was written before, of an API of which these routes are a part.
    pub fn served_as(self, description: &'static str) -> Router {
        self.open(Arc::new(OnceLock::from(Cow::Borrowed(description)))).router
    }

    /// Adds what anybody may ask for.
    fn open(self, written: Arc<OnceLock<Cow<'static, str>>>) -> Self {
        let healthy = Shape::like("Health", &json!({ "status": "ok" }));
        let health = About::new("health", "service", "Whether this process answers").answers(
            200,
            "It does. What it needs is not looked at.",
            healthy,
        );
        let routes = self.get("/healthz", async || Json(json!({ "status": "ok" })), health);
        let shown = About::new("description", "service", "This document").answers(
            200,
            "OpenAPI 3.1.",
            Shape::like("Description", &json!({ "openapi": "3.1.0", "info": {}, "paths": {} })),
        );
        let document =
            async move || ([(CONTENT_TYPE, "application/json")], written.get().cloned().unwrap_or_default());
        routes.get(PATH, document, shown)
    }
}
