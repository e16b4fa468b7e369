use crate::answer::{RECEIPT_HEADER, RequestId};
use crate::api::Api;
use crate::endpoint::Endpoint;
use crate::idempotency::{CommandNames, IdempotencyKey};
use crate::object::Object;
use crate::problem::{Problem, kind, reason};
use crate::token::Identity;
use crate::upload::Upload;
use bytes::Bytes;
use peyk_projections::query::Limit;
use peyk_schemas::LedgerId;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use std::net::IpAddr;
use warp::http::HeaderMap;

/// A request that was let in: its endpoint is known, its token verified, its role checked, its body here.
#[derive(Debug)]
pub struct Request {
    pub(crate) id: RequestId,
    pub(crate) endpoint: &'static Endpoint,
    /// Where it came from, as far as proxies before us are trusted.
    pub(crate) address: IpAddr,
    pub(crate) parameters: Vec<String>,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) identity: Option<Identity>,
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) body: Bytes,
    /// The form, where the endpoint takes one.
    pub(crate) upload: Option<Upload>,
}

impl Request {
    /// Who asks. Only a public endpoint can be without, and none of those asks.
    pub(crate) fn identity(&self) -> Result<&Identity, Problem> {
        self.identity.as_ref().ok_or_else(|| Problem::of(&kind::UNAUTHENTICATED))
    }

    /// What stands in the path at the endpoint's `index`th pair of braces.
    pub(crate) fn parameter(&self, index: usize) -> &str {
        self.parameters.get(index).map_or("", String::as_str)
    }

    /// The id in the path. What is no id names nothing.
    pub(crate) fn path_id<T: std::str::FromStr>(&self, index: usize) -> Result<T, Problem> {
        self.parameter(index).parse().map_err(|_| Problem::of(&kind::NOT_FOUND))
    }

    /// The names of this request's commands.
    pub(crate) fn names(&self) -> Result<CommandNames, Problem> {
        Ok(CommandNames::of(self.identity()?.tenant, self.endpoint.name, self.key.as_ref()))
    }

    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_urlencoded::from_str(&self.query).map_err(|_| {
            Problem::of(&kind::INVALID_QUERY)
                .detail("a parameter is unknown, missing, given twice or of the wrong type")
        })
    }

    /// The body as JSON, with no field unknown.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let object = serde_json::from_slice::<Object<T>>(&self.body);
        object.map(|Object(body)| body).map_err(|error| invalid_json(&error))
    }

    /// The body as JSON, where there need not be one.
    pub(crate) fn json_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, Problem> {
        if self.body.is_empty() { Ok(T::default()) } else { self.json() }
    }

    /// Wait, bounded, until the projection of `ledger` shows what the client has seen committed: the position in the
    /// header with a receipt or in the parameter, the later of both.
    pub(crate) async fn reached(&self, api: &Api, ledger: LedgerId, min_position: Option<u64>) -> Result<(), Problem> {
        match self.wanted(ledger, min_position)? {
            Some(position) => Ok(api.reads.reached(ledger, position, api.settings.read_wait).await?),
            None => Ok(()),
        }
    }

    /// The position of `ledger` that an answer has to know of: that of the receipt in the header or of the parameter, the
    /// later of both.
    pub(crate) fn wanted(&self, ledger: LedgerId, min_position: Option<u64>) -> Result<Option<u64>, Problem> {
        let receipt = self.headers.get(RECEIPT_HEADER).map(|header| receipt_position(header.as_bytes(), ledger));
        Ok(receipt.transpose()?.max(min_position))
    }
}

pub(crate) fn limit(rows: Option<u16>) -> Result<Limit, Problem> {
    let limit = rows.map_or(Some(Limit::default()), Limit::new);
    limit.ok_or_else(|| Problem::invalid("limit", "expected 1 to 200"))
}

fn receipt_position(header: &[u8], wanted: LedgerId) -> Result<u64, Problem> {
    let malformed = || Problem::invalid("Peyk-Receipt", "expected LEDGER/PARTITION/POSITION/HASH");
    let text = std::str::from_utf8(header).map_err(|_| malformed())?;
    let parts: Vec<&str> = text.split('/').collect();
    let &[ledger, partition, position, ..] = parts.as_slice() else { return Err(malformed()) };
    let ledger: LedgerId = format!("{ledger}/{partition}").parse().map_err(|_| malformed())?;
    if ledger != wanted {
        return Err(Problem::invalid("Peyk-Receipt", "the receipt is of a ledger this read does not show"));
    }
    position.parse().map_err(|_| malformed())
}

/// serde's own words may quote the value, which may be a number or a text; only names of ours are passed on.
fn invalid_json(error: &serde_json::Error) -> Problem {
    let place = format!("at line {}, column {}", error.line(), error.column());
    let (reason, what) = match error.classify() {
        Category::Eof => (&reason::SYNTAX, "the body ends too early".to_owned()),
        Category::Syntax | Category::Io => (&reason::SYNTAX, "the body is not JSON".to_owned()),
        Category::Data => {
            let words = error.to_string();
            let missing = words.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
            let what = match missing {
                Some(name) => format!("the field {name} is missing"),
                None if words.starts_with("unknown field") => "there is a field this endpoint does not take".to_owned(),
                None if words.starts_with("duplicate field") => "a field is there twice".to_owned(),
                None => "a value is of the wrong type or out of range".to_owned(),
            };
            (&reason::SCHEMA, what)
        }
    };
    Problem::because(reason).detail(format!("{what}, {place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Text {
        to: String,
        count: u8,
    }

    #[test]
    fn errors_about_json_quote_nothing_of_it() {
        for (body, says) in [
            ("", "ends too early, at line 1, column 0"),
            ("{\"to\": +93700000001}", "not JSON"),
            ("{\"to\": \"+93700000001\"}", "the field count is missing"),
            ("{\"to\": \"a\", \"count\": \"+93700000001\"}", "wrong type"),
            ("{\"to\": \"a\", \"count\": 93700000001}", "out of range"),
            ("{\"+93700000001\": \"a\"}", "a field this endpoint does not take"),
            ("{\"to\": \"a\", \"to\": \"+93700000001\"}", "there twice"),
        ] {
            let problem = invalid_json(&serde_json::from_str::<Text>(body).unwrap_err());
            assert!(problem.says().contains(says), "{body}: {}", problem.says());
            assert!(!problem.says().contains("9370"), "{}", problem.says());
        }
    }

    #[test]
    fn a_receipt_is_of_one_ledger() {
        let mine = LedgerId::messages(3);
        assert_eq!(receipt_position(b"messages/3/17/00ff", mine).unwrap(), 17);
        assert_eq!(receipt_position(b"messages/3/17", mine).unwrap(), 17);
        for header in ["", "messages/3", "messages/2/17/00", "numbering/0/17/00", "messages/3/x/00", "messages/3/-1"] {
            assert!(receipt_position(header.as_bytes(), mine).is_err(), "{header}");
        }
    }
}
