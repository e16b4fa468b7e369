use super::leases::uuid;
use super::{Limit, Page, QueryError, ReadModels};
use crate::checkpoint::bigint;
use crate::rows::{Message, Step};
use peyk_domain::{MessageId, TenantId};
use std::fmt;
use std::str::FromStr;

/// Where a page of messages ends: the record that accepted the last one, and which event in there. Shown as `17.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageCursor {
    position: u64,
    item: u32,
}

/// Text that is no cursor this process gave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor; use the one the page before came with")]
pub struct BadCursor;

impl fmt::Display for MessageCursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.position, self.item)
    }
}

impl FromStr for MessageCursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (position, item) = text.split_once('.').ok_or(BadCursor)?;
        Ok(Self { position: position.parse().map_err(|_| BadCursor)?, item: item.parse().map_err(|_| BadCursor)? })
    }
}

impl ReadModels {
    /// One of the tenant's messages.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn message(&self, tenant: TenantId, message: MessageId) -> Result<Option<Message>, QueryError> {
        let query = sqlx::query("SELECT * FROM read.messages WHERE id = $1 AND tenant = $2")
            .bind(uuid(message.to_bytes()))
            .bind(uuid(tenant.to_bytes()));
        self.one(tenant, query).await
    }

    /// What the read model remembers of the way a message took; see [`Message::timeline`].
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn message_timeline(
        &self,
        tenant: TenantId,
        message: MessageId,
    ) -> Result<Option<Vec<Step>>, QueryError> {
        Ok(self.message(tenant, message).await?.map(|message| message.timeline()))
    }

    /// The tenant's messages, newest first, behind `after`.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn messages(
        &self,
        tenant: TenantId,
        after: Option<MessageCursor>,
        limit: Limit,
    ) -> Result<Page<Message, MessageCursor>, QueryError> {
        let query = sqlx::query(
            "SELECT * FROM read.messages
                WHERE tenant = $1 AND (position, item) < ($2, $3)
                ORDER BY position DESC, item DESC LIMIT $4",
        )
        .bind(uuid(tenant.to_bytes()))
        .bind(after.map_or(i64::MAX, |cursor| bigint(cursor.position)))
        .bind(after.map_or(i32::MAX, |cursor| i32::try_from(cursor.item).unwrap_or(i32::MAX)))
        .bind(limit.probe());
        let rows = self.all::<Message>(tenant, query).await?;
        Ok(Page::cut(rows, limit, |message| MessageCursor { position: message.position, item: message.item }))
    }
}
