use crate::answer::JSON_LINES;
use crate::problem::Kind;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// A body of one type, and an example of it.
pub(super) struct Body {
    pub media: &'static str,
    pub schema: SchemaOf,
    pub example: Value,
}

impl Body {
    fn json<T: JsonSchema>(example: Value) -> Self {
        Self { media: "application/json", schema: |schemas| schemas.subschema_for::<T>(), example }
    }
}

/// What is to be said of an endpoint beside what the table says.
pub struct Operation {
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    /// The struct the query string is read into.
    pub(super) query: Option<SchemaOf>,
    /// Examples of what stands in the path or query, by name.
    pub(super) parameters: Vec<(&'static str, Value)>,
    pub(super) request: Option<Body>,
    pub(super) answers: Vec<(u16, &'static str, Option<Body>)>,
    pub(super) problems: &'static [&'static Kind],
}

impl Operation {
    pub(super) const fn of(summary: &'static str, description: &'static str) -> Self {
        let (query, request) = (None, None);
        Self { summary, description, query, parameters: vec![], request, answers: vec![], problems: &[] }
    }

    pub(super) fn query<T: JsonSchema>(self) -> Self {
        Self { query: Some(|schemas| schemas.root_schema_for::<T>()), ..self }
    }

    pub(super) fn example(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.parameters.push((name, value.into()));
        self
    }

    pub(super) fn takes<T: JsonSchema>(self, example: Value) -> Self {
        Self { request: Some(Body::json::<T>(example)), ..self }
    }

    /// A form with a file.
    pub(super) fn takes_form<T: JsonSchema>(self, example: Value) -> Self {
        Self { request: Some(Body { media: "multipart/form-data", ..Body::json::<T>(example) }), ..self }
    }

    pub(super) fn answers<T: JsonSchema>(mut self, status: u16, when: &'static str, example: Value) -> Self {
        self.answers.push((status, when, Some(Body::json::<T>(example))));
        self
    }

    /// With another body than JSON of a type of ours, or none.
    pub(super) fn answers_otherwise(mut self, status: u16, when: &'static str, media: Option<&'static str>) -> Self {
        let schema: SchemaOf = |_| schemars::json_schema!({ "type": "object" });
        self.answers.push((status, when, media.map(|media| Body { media, schema, example: json!({}) })));
        self
    }

    /// JSON objects, one a line.
    pub(super) fn answers_lines(mut self, status: u16, when: &'static str, example: &[Value]) -> Self {
        let schema: SchemaOf = |_| schemars::json_schema!({ "type": "string" });
        let example: String = example.iter().map(|line| format!("{line}\n")).collect();
        self.answers.push((status, when, Some(Body { media: JSON_LINES, schema, example: example.into() })));
        self
    }

    /// The refusals no rule says it has.
    pub(super) fn refuses(self, problems: &'static [&'static Kind]) -> Self {
        Self { problems, ..self }
    }
}
