use crate::checkpoint::{LOCK_SPACE, active_slot};
use crate::error::ProjectionError;
use crate::projection::{Projection, Slot};
use sqlx::{PgConnection, PgPool};

/// Puts a slot behind the views; the checkpoint that counts changes with it, in the same transaction.
pub(crate) async fn activate(
    connection: &mut PgConnection,
    projection: Projection,
    slot: Slot,
) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT read.activate($1, $2)").bind(projection.name()).bind(slot.name()).execute(connection).await?;
    Ok(())
}

/// Lets the slot serve that served before the last rebuild. Projectors catch it up from its own checkpoint, so for a
/// moment reads are as old as it is.
///
/// # Errors
/// [`ProjectionError::NothingToGoBackTo`] if the other slot was never filled or is being filled.
pub async fn rollback(pool: &PgPool, projection: Projection) -> Result<Slot, ProjectionError> {
    let mut transaction = pool.begin().await?;
    // A rebuild that begins now would empty the slot.
    sqlx::query("SELECT pg_advisory_xact_lock($1, lock) FROM peyk.active_slot WHERE projection = $2")
        .bind(LOCK_SPACE)
        .bind(projection.name())
        .execute(&mut *transaction)
        .await?;
    let slot = active_slot(&mut transaction, projection).await?.other();
    let ready: bool = sqlx::query_scalar("SELECT spare_ready FROM peyk.active_slot WHERE projection = $1")
        .bind(projection.name())
        .fetch_one(&mut *transaction)
        .await?;
    if !ready {
        return Err(ProjectionError::NothingToGoBackTo(projection));
    }
    activate(&mut transaction, projection, slot).await?;
    transaction.commit().await?;
    tracing::warn!(%projection, %slot, "went back to the slot that served before");
    Ok(slot)
}
