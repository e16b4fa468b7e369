//! Shapes of the events of `access` that were stored once, and how they become those of today.
use super::{DataClass, Field, FieldSchema, Upcast};
use peyk_domain::access::{AddressRange, Envelope, KeyHash, LoginToken, Role};
use peyk_domain::{ActorId, At, TenantId};

const fn field<T: Field>(name: &'static str, class: DataClass) -> FieldSchema {
    FieldSchema { name, cbor: T::CBOR, cddl: T::CDDL, class }
}

/// Before it was kept when users were created.
pub(super) const USER_CREATED_1: Upcast = Upcast {
    fields: &[
        field::<ActorId>("user", DataClass::Internal),
        field::<TenantId>("tenant", DataClass::Internal),
        field::<LoginToken>("login", DataClass::Confidential),
        field::<Envelope>("identity", DataClass::Restricted),
        field::<Envelope>("verifier", DataClass::Restricted),
        field::<Vec<Role>>("roles", DataClass::Internal),
    ],
    step: |old, next| {
        next.array(7);
        old.read::<ActorId>("user", "user")?.write(next);
        old.read::<TenantId>("tenant", "tenant")?.write(next);
        old.read::<LoginToken>("login", "login")?.write(next);
        old.read::<Envelope>("identity", "identity")?.write(next);
        old.read::<Envelope>("verifier", "verifier")?.write(next);
        old.read::<Vec<Role>>("roles", "roles")?.write(next);
        next.null();
        Ok(())
    },
};

/// Before it was kept since when a user has its roles.
pub(super) const ROLES_SET_1: Upcast = Upcast {
    fields: &[field::<ActorId>("user", DataClass::Internal), field::<Vec<Role>>("roles", DataClass::Internal)],
    step: |old, next| {
        next.array(3);
        old.read::<ActorId>("user", "user")?.write(next);
        old.read::<Vec<Role>>("roles", "roles")?.write(next);
        next.null();
        Ok(())
    },
};

/// Before it was kept when access keys were created.
pub(super) const KEY_CREATED_1: Upcast = Upcast {
    fields: &[
        field::<ActorId>("key", DataClass::Internal),
        field::<TenantId>("tenant", DataClass::Internal),
        field::<KeyHash>("hash", DataClass::Confidential),
        field::<Envelope>("label", DataClass::Restricted),
        field::<Vec<Role>>("roles", DataClass::Internal),
        field::<Option<At>>("expires", DataClass::Internal),
        field::<Vec<AddressRange>>("allowed", DataClass::Confidential),
    ],
    step: |old, next| {
        next.array(8);
        old.read::<ActorId>("key", "key")?.write(next);
        old.read::<TenantId>("tenant", "tenant")?.write(next);
        old.read::<KeyHash>("hash", "hash")?.write(next);
        old.read::<Envelope>("label", "label")?.write(next);
        old.read::<Vec<Role>>("roles", "roles")?.write(next);
        old.read::<Option<At>>("expires", "expires")?.write(next);
        old.read::<Vec<AddressRange>>("allowed", "allowed")?.write(next);
        next.null();
        Ok(())
    },
};
