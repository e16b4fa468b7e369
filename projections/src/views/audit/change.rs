//! What a row says in its details.
use peyk_domain::At;
use peyk_domain::access::{AddressRange, Role};
use serde_json::{Map, Value, json};

/// The members of the details.
#[derive(Debug, Default)]
pub(super) struct Change(Map<String, Value>);

impl Change {
    pub(super) fn says(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// A value is set: the details say what it was, if that is known, and `known` what it is.
    pub(super) fn sets(&mut self, known: &mut Value, name: &'static str, new: Value) {
        let old = known.as_object_mut().and_then(|known| known.insert(name.to_owned(), new.clone()));
        let change = match old {
            Some(old) => json!({ "old": old, "new": new }),
            None => json!({ "new": new }),
        };
        self.says(name, change);
    }
}

impl From<Change> for Value {
    fn from(change: Change) -> Self {
        Self::Object(change.0)
    }
}

pub(super) fn instant(at: At) -> Value {
    at.to_string().into()
}

pub(super) fn roles(roles: &[Role]) -> Value {
    roles.iter().map(|role| role.name()).collect()
}

pub(super) fn ranges(ranges: &[AddressRange]) -> Value {
    ranges.iter().map(ToString::to_string).collect()
}
