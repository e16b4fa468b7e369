//! What read models may know of a recipient: the mask and the salted hash, as long as the keys live.
use futures::future::BoxFuture;
use peyk_domain::messages::{Sealed, SealedFor};
use peyk_domain::{MessageId, Msisdn, TenantId};
use peyk_keyring::{Field, Keyrings, OpenError, TenantKeys};
use std::collections::HashMap;

/// A recipient as an event holds it.
#[derive(Debug, Clone)]
pub struct SealedRecipient {
    pub message: MessageId,
    pub tenant: TenantId,
    pub sealed_for: SealedFor,
    pub recipient: Sealed,
}

/// What may be shown of a recipient, and what it may be searched by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    pub mask: String,
    pub hash: [u8; 32],
}

/// The keys cannot be had now.
#[derive(Debug, thiserror::Error)]
#[error("the keys of tenant {tenant} cannot be had: {reason}")]
pub struct KeysUnavailable {
    pub tenant: TenantId,
    pub reason: String,
    /// Whether the same request may well succeed a little later.
    pub transient: bool,
}

/// Whoever holds the keys.
pub trait RecipientKeys: Send + Sync + 'static {
    /// The recipients that can still be read; one whose keys were erased is left out.
    fn recipients(
        &self,
        sealed: Vec<SealedRecipient>,
    ) -> BoxFuture<'_, Result<HashMap<MessageId, Recipient>, KeysUnavailable>>;
}

impl RecipientKeys for Keyrings {
    fn recipients(
        &self,
        sealed: Vec<SealedRecipient>,
    ) -> BoxFuture<'_, Result<HashMap<MessageId, Recipient>, KeysUnavailable>> {
        Box::pin(async move {
            let mut recipients = HashMap::with_capacity(sealed.len());
            for one in sealed {
                let keys = self.for_opening(one.tenant, &one.sealed_for).await.map_err(|error| KeysUnavailable {
                    tenant: one.tenant,
                    transient: error.is_transient(),
                    reason: error.to_string(),
                })?;
                if let Some(recipient) = keys.and_then(|keys| recipient_of(&keys, &one)) {
                    recipients.insert(one.message, recipient);
                }
            }
            Ok(recipients)
        })
    }
}

/// The recipient in clear for no longer than it takes to derive what may be kept.
#[must_use]
pub fn recipient_of(keys: &TenantKeys, sealed: &SealedRecipient) -> Option<Recipient> {
    match keys.open(&sealed.sealed_for, Field::Recipient, sealed.message, &sealed.recipient) {
        Ok(plain) => {
            let number: Option<Msisdn> = std::str::from_utf8(&plain).ok().and_then(|text| text.parse().ok());
            if number.is_none() {
                tracing::warn!(message = %sealed.message, tenant = %sealed.tenant, "a sealed recipient is no number");
            }
            number.map(|number| Recipient { mask: number.mask(), hash: keys.msisdn_hash(number) })
        }
        Err(OpenError::Erased) => None,
        // The row is worth having without it; whoever sends the message meets the same seal and fails the message.
        Err(OpenError::Broken) => {
            tracing::warn!(message = %sealed.message, tenant = %sealed.tenant, "a sealed recipient is broken");
            None
        }
    }
}
