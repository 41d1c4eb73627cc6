//! The HTTPS API and the console, on loopback, for whoever has this start's token.
//!
//! In: a port and the store. Out: the routes of `query` and `control` at `http://127.0.0.1:<port>`, and the pages over them.
//! Promised: nothing but
//! the health check and the description answers without the token, which is drawn at each start and lies in the data folder for its owner
//! alone.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::api::Access;
use ::api::frame::framed;
use ::api::token::Signer;
use anyhow::Context as _;
use axum::Router;
use control::http::{LARGEST_BODY, References};
use control::vault::{Folder, write_private};
use secrecy::SecretString;
use sync::ask::InProcess;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use webconsole::Console;

use crate::home::Home;

/// The API while it runs.
pub(crate) struct Api {
    url: String,
    /// Signs in to the console.
    link: String,
    token_file: PathBuf,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Api {
    /// Starts to answer on a port of loopback; 0 takes any free one.
    pub(crate) async fn start(home: &Home, port: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener =
            listener.with_context(|| format!("cannot listen on 127.0.0.1:{port}; choose another --port"))?;
        let origin = format!("http://{}", listener.local_addr()?);
        let token = runtime::clock::new_id().simple().to_string();
        let token_file = home.file("token");
        write_private(&token_file, &token)
            .with_context(|| format!("cannot write {}", token_file.display()))?;
        let access = Access::local(SecretString::from(token.clone()), crate::commands::control::person());
        let link = format!("{origin}/sign-in?token={token}");
        let router = with_console(routes(home, access.clone())?, access, home);
        let (stop, stopped) = oneshot::channel();
        let served = axum::serve(listener, router).with_graceful_shutdown(async {
            // Whoever dropped the sender wants it to end, too.
            let _ = stopped.await;
        });
        Ok(Self {
            url: format!("{origin}/v1.0"),
            link,
            token_file,
            stop,
            served: tokio::spawn(served.into_future()),
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The console's address, which signs in whoever opens it.
    pub(crate) fn link(&self) -> &str {
        &self.link
    }

    pub(crate) fn token_file(&self) -> &Path {
        &self.token_file
    }

    /// Finishes the requests under way.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        if let Ok(Err(error)) = self.served.await {
            tracing::warn!("the API ended with: {error}");
        }
        let _ = std::fs::remove_file(&self.token_file);
    }
}

/// The console over the API, and beside it.
fn with_console(api: Router, access: Access, home: &Home) -> Router {
    let clock = home.context.clock.clone();
    let console = Console::local(api.clone(), access, &runtime::clock::new_key(), clock);
    webconsole::pages(console.clone()).merge(webconsole::forms(console)).fallback_service(api)
}

/// What reads and what changes, in one frame.
pub(crate) fn routes(home: &Home, access: Access) -> anyhow::Result<Router> {
    let context = &home.context;
    // Documents refer to what lies there, wherever a later process runs.
    let vault = std::path::absolute(home.file("vault"))?;
    let reads = query::http::Settings {
        access: access.clone(),
        clock: context.clock.clone(),
        signer: Signer::new(&runtime::clock::new_key()),
        limited: false,
        exports: context.exports.clone(),
    };
    let changes = control::http::Settings {
        store: context.store.clone(),
        worker: Arc::new(InProcess(context.clone())),
        notifier: Arc::new(notifier::InProcess {
            notifier: home.notifier.clone(),
            clock: context.clock.clone(),
        }),
        vault: Arc::new(Folder(vault)),
        clock: context.clock.clone(),
        tenant: context.tenant,
        references: References::Any,
    };
    let all = query::http::routes(context.store.clone(), reads).merge(control::http::routes(changes, access));
    Ok(framed(all.served(), context.clock.clone(), LARGEST_BODY))
}
