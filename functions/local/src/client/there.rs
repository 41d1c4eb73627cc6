//! The API at an address.

use std::sync::Arc;

use engine::ports::Clock;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::Value;

use super::error::no_token;
use super::{Address, ClientError};
use crate::cli::Cli;
use crate::login::Tokens;
use ::api::web::{Answered, Web};

/// A service, and whoever has a token for it.
pub(super) struct There {
    address: Address,
    web: Web,
    tokens: Tokens,
}

impl There {
    pub(super) fn open(cli: &Cli, address: Address, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let tokens = Tokens::find(cli, &address, clock)?;
        Self::with(address, tokens)
    }

    pub(super) fn with(address: Address, tokens: Tokens) -> anyhow::Result<Self> {
        let web = Web::new(address.url())?;
        Ok(Self { address, web, tokens })
    }

    pub(super) async fn token(&self) -> Option<SecretString> {
        self.tokens.bearer().await.ok().flatten()
    }

    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answered, ClientError> {
        let url = self.address.at(path).map_err(|error| ClientError::Strange(format!("{path}: {error}")))?;
        let token = self.tokens.bearer().await?;
        let token = token.ok_or_else(|| no_token(&self.address))?;
        Ok(self.web.ask(method, &url, Some(&token), body).await?)
    }
}
