//! What is shown of an event to whoever did not ask for more: the values of its public and internal fields.
use crate::output;
use peyk_schemas::RawEvent;
use peyk_schemas::events::{DataClass, FieldSchema, KindSchema, catalogue, control_catalogue};
use serde_json::Value;

/// The data of an event, a class in place of each value that is confidential or restricted. What a shape that nobody knows
/// holds cannot be told, so nothing of it is shown.
pub fn masked(event: &RawEvent) -> Value {
    let schema = catalogue().chain(control_catalogue()).find(|schema| schema.kind == event.kind);
    match (schema.and_then(|schema| fields(schema, event.version)), output::diagnostic(event)) {
        (Some(fields), Value::Array(values)) if values.len() == fields.len() => {
            fields.iter().zip(values).map(|(field, value)| shown(field, value)).collect()
        }
        _ => "[of another version]".into(),
    }
}

/// The shape of a version, the newest or a frozen one.
fn fields(schema: &KindSchema, version: u16) -> Option<&'static [FieldSchema]> {
    let older = || Some(schema.older.get(usize::from(version).checked_sub(1)?)?.fields);
    if version == schema.version { Some(schema.fields) } else { older() }
}

fn shown(field: &FieldSchema, value: Value) -> Value {
    if field.class <= DataClass::Internal { value } else { format!("[{}]", field.class.name()).into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peyk_schemas::cbor::Writer;
    use serde_json::json;

    fn schema(kind: &str) -> &'static KindSchema {
        catalogue().find(|schema| schema.kind == kind).expect("a kind")
    }

    /// An event of the kind whose every value is its place.
    fn event(kind: &str, version: u16, fields: usize) -> RawEvent {
        let mut out = Writer::with_capacity(64);
        out.array(fields);
        for place in 0..fields {
            out.unsigned(place as u64);
        }
        RawEvent { kind: kind.to_owned().into(), version, data: out.into_bytes().into() }
    }

    #[test]
    fn only_what_is_public_or_internal_is_shown() {
        for schema in catalogue().chain(control_catalogue()) {
            for version in 1..=schema.version {
                let fields = fields(schema, version).expect("every version has a shape");
                let shown = masked(&event(schema.kind, version, fields.len()));
                for (place, field) in fields.iter().enumerate() {
                    let expected = match field.class {
                        DataClass::Public | DataClass::Internal => json!(place),
                        DataClass::Confidential => json!("[confidential]"),
                        DataClass::Restricted => json!("[restricted]"),
                    };
                    assert_eq!(shown[place], expected, "{}.{}", schema.kind, field.name);
                }
            }
        }
    }

    #[test]
    fn what_is_not_known_is_not_shown() {
        let schema = schema("messages.message_accepted");
        let fields = schema.fields.len();
        assert!(schema.fields.iter().any(|field| field.class == DataClass::Restricted));
        for event in [
            event("messages.message_accepted", 0, fields),
            event("messages.message_accepted", schema.version + 1, fields),
            event("messages.message_accepted", schema.version, fields + 1),
            event("messages.message_invented", 1, fields),
        ] {
            assert_eq!(masked(&event), "[of another version]");
        }
    }
}
