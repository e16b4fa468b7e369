//! Where requests came from, as long as the keys live.
use crate::recipients::{KeysUnavailable, RecipientKeys};
use futures::future::BoxFuture;
use peyk_domain::access::{Envelope, Source};
use peyk_domain::{ActorId, TenantId};
use peyk_keyring::{AccessField, Keyrings, OpenError, Subject, TenantKeys};
use std::collections::HashMap;

/// Which event: the record's position and the event's place in it.
pub type EventPlace = (u64, u32);

/// Where a request came from as an event holds it.
#[derive(Debug, Clone)]
pub struct SealedSource {
    pub place: EventPlace,
    /// Whose request it was: it is sealed under the keys of its tenant.
    pub tenant: TenantId,
    pub actor: ActorId,
    pub source: Envelope,
}

/// Whoever holds the keys.
pub trait SourceKeys: Send + Sync + 'static {
    /// The sources that can still be read; one whose keys were erased is left out.
    fn sources(&self, sealed: Vec<SealedSource>)
    -> BoxFuture<'_, Result<HashMap<EventPlace, Source>, KeysUnavailable>>;
}

/// All that a projector opens.
pub trait ReadModelKeys: RecipientKeys + SourceKeys {}

impl<T: RecipientKeys + SourceKeys> ReadModelKeys for T {}

impl SourceKeys for Keyrings {
    fn sources(
        &self,
        sealed: Vec<SealedSource>,
    ) -> BoxFuture<'_, Result<HashMap<EventPlace, Source>, KeysUnavailable>> {
        Box::pin(async move {
            let mut sources = HashMap::with_capacity(sealed.len());
            for one in sealed {
                let keys = self.for_opening(one.tenant, &one.source.sealed_for).await;
                let keys = keys.map_err(|error| KeysUnavailable {
                    tenant: one.tenant,
                    transient: error.is_transient(),
                    reason: error.to_string(),
                })?;
                if let Some(source) = keys.and_then(|keys| source_of(&keys, &one)) {
                    sources.insert(one.place, source);
                }
            }
            Ok(sources)
        })
    }
}

/// The source, if its key is still there.
#[must_use]
pub fn source_of(keys: &TenantKeys, sealed: &SealedSource) -> Option<Source> {
    let (position, item) = sealed.place;
    match keys.open_access(Subject::Actor(sealed.actor), AccessField::Source, &sealed.source) {
        Ok(plain) => {
            let source = Source::from_bytes(&plain);
            if source.is_none() {
                tracing::warn!(position, item, tenant = %sealed.tenant, "a sealed source is none");
            }
            source
        }
        Err(OpenError::Erased) => None,
        // What happened is worth having without it.
        Err(OpenError::Broken) => {
            tracing::warn!(position, item, tenant = %sealed.tenant, "a sealed source is broken");
            None
        }
    }
}
