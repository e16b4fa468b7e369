//! What a NATS user may do, as the server itself tells it (`$SYS.REQ.USER.INFO`), against what it is for.
use anyhow::{Context, Result};
use async_nats::Client;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Answer {
    data: UserInfo,
}

/// The answer of the server; without permissions a user may do everything in its account.
#[derive(Debug, Deserialize)]
pub struct UserInfo {
    pub account: String,
    permissions: Option<Permissions>,
}

#[derive(Debug, Default, Deserialize)]
struct Permissions {
    publish: Option<Subjects>,
    subscribe: Option<Subjects>,
}

#[derive(Debug, Default, Deserialize)]
struct Subjects {
    allow: Option<Vec<String>>,
    deny: Option<Vec<String>>,
}

impl Subjects {
    fn permit(&self, subject: &str) -> bool {
        let any = |patterns: &Option<Vec<String>>| patterns.iter().flatten().any(|pattern| covers(pattern, subject));
        (self.allow.as_ref().is_none_or(Vec::is_empty) || any(&self.allow)) && !any(&self.deny)
    }
}

impl UserInfo {
    /// # Errors
    /// If the server does not tell; a user needs to be allowed to ask.
    pub async fn ask(client: &Client) -> Result<Self> {
        let answer = client.request("$SYS.REQ.USER.INFO", "".into()).await?;
        let answer: Answer = serde_json::from_slice(&answer.payload).context("$SYS.REQ.USER.INFO")?;
        Ok(answer.data)
    }

    pub fn may_publish(&self, subject: &str) -> bool {
        self.permissions.as_ref().and_then(|all| all.publish.as_ref()).is_none_or(|publish| publish.permit(subject))
    }

    pub fn may_subscribe(&self, subject: &str) -> bool {
        self.permissions.as_ref().and_then(|all| all.subscribe.as_ref()).is_none_or(|listen| listen.permit(subject))
    }
}

/// Whether a subject with wildcards covers one without.
fn covers(pattern: &str, subject: &str) -> bool {
    let mut words = subject.split('.');
    for wanted in pattern.split('.') {
        match (wanted, words.next()) {
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (wanted, Some(word)) if wanted == word => {}
            _ => return false,
        }
    }
    words.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_cover_what_they_do_in_nats() {
        for (pattern, subject, covered) in [
            ("*.ledger.>", "peyk.ledger.numbering.0.1", true),
            ("*.ledger.>", "peyk.ledger", false),
            ("*.cmd.messages.*", "peyk.cmd.numbering.0", false),
            ("$JS.API.STREAM.NAMES", "$JS.API.STREAM.NAMES", true),
            ("$JS.API.STREAM.INFO.*", "$JS.API.STREAM.INFO.a.b", false),
        ] {
            assert_eq!(covers(pattern, subject), covered, "{pattern} {subject}");
        }
    }

    #[test]
    fn a_denial_wins_and_nothing_said_allows_everything() {
        let told = r#"{"account":"CORE","permissions":{"publish":{"allow":["a.>"],"deny":["a.b.>"]}}}"#;
        let info: UserInfo = serde_json::from_str(told).expect("reads");
        assert_eq!([info.may_publish("a.c"), info.may_publish("a.b.c"), info.may_publish("b")], [true, false, false]);
        assert!(info.may_subscribe("b"));
        let info: UserInfo = serde_json::from_str(r#"{"account":"CORE"}"#).expect("reads");
        assert!(info.may_publish("b"));
    }
}
