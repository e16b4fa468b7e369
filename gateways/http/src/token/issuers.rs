use super::claims::TOKEN_BYTES_MAX;
use super::federated::FederatedIssuer;
use super::identity::{Identity, TokenRefused};
use super::own::TokenAuthority;
use jwt_simple::reexports::ct_codecs::{Base64UrlSafeNoPadding, Decoder};
use serde::Deserialize;
use std::sync::Arc;

/// Everyone whose tokens are accepted. Each issuer has one algorithm and its own keys; a token is held against the issuer it
/// names, and against no other.
#[derive(Debug, Clone)]
pub struct Issuers {
    own: TokenAuthority,
    federated: Arc<[Arc<FederatedIssuer>]>,
}

/// Two issuers under one name: a token would be held against whichever came first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two token issuers have the name {0}; each needs its own")]
pub struct RepeatedIssuer(String);

#[derive(Deserialize)]
struct Named {
    iss: String,
}

impl Issuers {
    /// # Errors
    /// [`RepeatedIssuer`].
    pub fn new(own: TokenAuthority, federated: Vec<Arc<FederatedIssuer>>) -> Result<Self, RepeatedIssuer> {
        let mut names = vec![own.issuer()];
        for issuer in &federated {
            if names.contains(&issuer.issuer()) {
                return Err(RepeatedIssuer(issuer.issuer().to_owned()));
            }
            names.push(issuer.issuer());
        }
        Ok(Self { own, federated: federated.into() })
    }

    /// Who issues the tokens of our own login.
    pub(crate) const fn own(&self) -> &TokenAuthority {
        &self.own
    }

    /// Whether we vouched for it ourselves.
    pub(crate) fn is_own(&self, identity: &Identity) -> bool {
        *identity.idp == *self.own.issuer()
    }

    /// Whom the token speaks for.
    ///
    /// # Errors
    /// [`TokenRefused`].
    pub async fn verify(&self, token: &str) -> Result<Identity, TokenRefused> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenRefused::Invalid);
        }
        if self.federated.is_empty() {
            return self.own.verify(token);
        }
        // Not verified yet: it only says by whose keys to verify.
        let claimed = claimed_issuer(token).ok_or(TokenRefused::Invalid)?;
        match self.federated.iter().find(|issuer| issuer.issuer() == claimed) {
            Some(issuer) => issuer.verify(token).await,
            None => self.own.verify(token),
        }
    }
}

impl From<TokenAuthority> for Issuers {
    fn from(own: TokenAuthority) -> Self {
        Self { own, federated: Arc::new([]) }
    }
}

fn claimed_issuer(token: &str) -> Option<String> {
    let claims = Base64UrlSafeNoPadding::decode_to_vec(token.split('.').nth(1)?, None).ok()?;
    serde_json::from_slice(&claims).ok().map(|Named { iss }| iss)
}
