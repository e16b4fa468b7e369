//! Tokens of an identity provider: JWT under RS256 with keys it publishes.
use super::claims::{self, Subjects, TenantClaims};
use super::identity::{Identity, TokenRefused};
use super::jwks::JwkSet;
use super::key_source::{KeySource, KeySourceError};
use jwt_simple::algorithms::RSAPublicKeyLike;
use jwt_simple::common::VerificationOptions;
use jwt_simple::token::Token;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often keys are fetched anew.
pub const REFRESH: Duration = Duration::from_secs(3_600);
/// How long after a fetch an unknown key id is believed to be unknown: tokens with made-up ids cause no more fetches than this.
pub const REFRESH_PAUSE: Duration = Duration::from_secs(30);
/// How soon a failed fetch is tried again.
const RETRY: Duration = Duration::from_secs(60);

/// What is said of an identity provider.
#[derive(Debug, Clone)]
pub struct IssuerSettings {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The `aud` its tokens must name.
    pub audience: String,
    pub keys: KeySource,
    /// Whether its tokens may carry the platform's own roles. Without this they count for nothing.
    pub grants_platform_roles: bool,
}

/// An identity provider whose tokens are accepted.
pub struct FederatedIssuer {
    issuer: Arc<str>,
    options: VerificationOptions,
    grants_platform_roles: bool,
    source: KeySource,
    keys: RwLock<JwkSet>,
    /// When keys were last asked for; held while they are, so that they are asked for once.
    fetched: Mutex<Option<Instant>>,
}

impl fmt::Debug for FederatedIssuer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("FederatedIssuer").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl FederatedIssuer {
    /// An issuer whose keys are not fetched yet; see [`Self::keep_fresh`].
    #[must_use]
    pub fn new(settings: IssuerSettings) -> Arc<Self> {
        let IssuerSettings { issuer, audience, keys, grants_platform_roles } = settings;
        Arc::new(Self {
            options: claims::options(&issuer, &audience),
            issuer: issuer.into(),
            grants_platform_roles,
            source: keys,
            keys: RwLock::default(),
            fetched: Mutex::new(None),
        })
    }

    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Fetches the keys now and every hour until `stop` is cancelled. Keys that were good stay while a fetch fails.
    pub async fn keep_fresh(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let pause = if self.fetch_if_due().await { REFRESH } else { RETRY };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Whom the token speaks for. The algorithm is RS256 whatever the token's header says, and only the published keys count: a key,
    /// a certificate or an address in the header is not looked at. An unknown key id has the keys fetched anew, at most every
    /// [`REFRESH_PAUSE`].
    ///
    /// # Errors
    /// [`TokenRefused`].
    pub async fn verify(&self, token: &str) -> Result<Identity, TokenRefused> {
        let header = Token::decode_metadata(token).map_err(|_| TokenRefused::Invalid)?;
        let id = header.key_id();
        if header.algorithm() != "RS256" {
            return Err(TokenRefused::Invalid);
        }
        let key = match self.key(id) {
            Some(key) => key,
            None => {
                self.fetch_if_due().await;
                self.key(id).ok_or(TokenRefused::Invalid)?
            }
        };
        let verified = key.verify_token::<TenantClaims>(token, Some(self.options.clone()));
        let verified = verified.map_err(|error| claims::refused(&error))?;
        let identity = claims::identity(&verified, &self.issuer, Subjects::Foreign)?;
        Ok(if self.grants_platform_roles { identity } else { identity.without_platform_roles() })
    }

    fn key(&self, id: Option<&str>) -> Option<jwt_simple::algorithms::RS256PublicKey> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).key(id).cloned()
    }

    /// Whether keys are known that were fetched now or just before.
    async fn fetch_if_due(&self) -> bool {
        let mut fetched = self.fetched.lock().await;
        if fetched.is_some_and(|at| at.elapsed() < REFRESH_PAUSE) {
            return !self.keys.read().unwrap_or_else(PoisonError::into_inner).is_empty();
        }
        *fetched = Some(Instant::now());
        let loaded = self.load().await;
        if let Err(error) = &loaded {
            tracing::warn!(issuer = %self.issuer, %error, "the keys of an identity provider could not be fetched");
        }
        loaded.is_ok()
    }

    async fn load(&self) -> Result<(), KeySourceError> {
        let keys = self.source.load().await?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }
}
