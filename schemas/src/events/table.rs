/// Declares the newest shape of every event of one enum, once: from it come `KINDS` and the [`crate::EventSchema`].
///
/// The match over the enum is exhaustive and names every field, so a new variant or field does not compile before it
/// has a stored shape. A variant that holds one struct, written `Variant(field: Struct)`, is stored as that struct's
/// fields, so that each has its own data class.
macro_rules! event_schema {
    ($event:ident { $(
        $(#[doc = $doc:literal])*
        $variant:ident $(($whole:ident: $struct:ident))? = $kind:literal version $version:literal $(after [$($older:expr),+ $(,)?])? {
            $($field:ident: $type:ty => $class:ident),+ $(,)?
        }
    )+ }) => {
        pub(super) static KINDS: &[$crate::events::KindSchema] = &[$(
            $crate::events::KindSchema {
                kind: $kind,
                version: $version,
                fields: &[$($crate::events::FieldSchema {
                    name: stringify!($field),
                    cbor: <$type as $crate::events::Field>::CBOR,
                    cddl: <$type as $crate::events::Field>::CDDL,
                    class: $crate::events::DataClass::$class,
                }),+],
                older: &[$($($older),+)?],
            }
        ),+];

        impl $crate::EventSchema for $event {
            fn to_raw(&self) -> $crate::RawEvent {
                let mut out = $crate::cbor::Writer::with_capacity(512);
                let (kind, version) = match self {$(
                    $crate::events::table::shape!($event::$variant [$($whole: $struct)?] $($field),+) => {
                        out.array([$(stringify!($field)),+].len());
                        $(<$type as $crate::events::Field>::write($field, &mut out);)+
                        ($kind, $version)
                    }
                )+};
                $crate::RawEvent { kind: kind.into(), version, data: out.into_bytes().into() }
            }

            fn from_raw(raw: &$crate::RawEvent) -> Result<Self, $crate::SchemaError> {
                match &*raw.kind {
                    $($kind => {
                        let data = $crate::events::upcast::newest(raw, $kind, $version, &[$($($older),+)?])?;
                        let mut fields = $crate::events::Fields::open($kind, &data, [$(stringify!($field)),+].len())?;
                        $(let $field = fields.read::<$type>(
                            stringify!($field),
                            concat!(stringify!($field), " (", stringify!($type), ")"),
                        )?;)+
                        fields.end()?;
                        Ok($crate::events::table::shape!($event::$variant [$($whole: $struct)?] $($field),+))
                    })+
                    unknown => Err($crate::SchemaError::UnknownKind { kind: unknown.to_owned() }),
                }
            }
        }
    };
}

/// A variant with its fields, to make it or to take it apart.
macro_rules! shape {
    ($event:ident::$variant:ident [] $($field:ident),+) => { $event::$variant { $($field),+ } };
    ($event:ident::$variant:ident [$whole:ident: $struct:ident] $($field:ident),+) => {
        $event::$variant { $whole: $struct { $($field),+ } }
    };
}

pub(super) use {event_schema, shape};
