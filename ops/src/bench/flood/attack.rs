use crate::bench::client::{self, Asking, Client, Tally};
use anyhow::{Context, Result, bail, ensure};
use hyper::StatusCode;
use peyk_credentials::AccessKeySecret;
use peyk_http::FixedLimits;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How a flood comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// From so many addresses, each as often as the API takes requests from one.
    Bounded(u8),
    /// From one address, over so many connections, as fast as it is answered: all but the first are over its limit.
    Unbounded(u8),
}

impl Attack {
    pub const ALL: [Self; 3] = [Self::Bounded(1), Self::Bounded(8), Self::Unbounded(8)];

    pub fn name(self) -> String {
        match self {
            Self::Bounded(1) => "one address at its limit".to_owned(),
            Self::Bounded(addresses) => format!("{addresses} addresses at their limits"),
            Self::Unbounded(connections) => format!("one address over its limit, {connections} connections"),
        }
    }

    /// Uses up what an address may send at once, if this is about what comes after it.
    pub async fn prepare(self, api: SocketAddr, forgery: &Forgery) -> Result<()> {
        if let Self::Bounded(_) = self {
            return Ok(());
        }
        let mut client = Client::of(api, OVER_ITS_LIMIT);
        for number in 0..AT_ONCE_MAX {
            if client.ask(forgery.request(number)?).await? == StatusCode::TOO_MANY_REQUESTS {
                return Ok(());
            }
        }
        bail!("{AT_ONCE_MAX} requests from one address met no limit")
    }

    pub fn begin(self, api: SocketAddr, forgery: Arc<Forgery>, stop: &CancellationToken) -> JoinHandle<Result<Tally>> {
        let stop = stop.clone();
        tokio::spawn(async move {
            let (count, pace) = match self {
                Self::Bounded(addresses) => (addresses, Some(PACE)),
                Self::Unbounded(connections) => (connections, None),
            };
            let senders = (1..=count).map(|number| {
                let from = if pace.is_some() { [127, 2, 0, number] } else { OVER_ITS_LIMIT };
                tokio::spawn(flood(Client::of(api, from), pace, Arc::clone(&forgery), number.into(), stop.clone()))
            });
            let mut tally = Tally::default();
            for sender in senders.collect::<Vec<_>>() {
                tally += sender.await?.context("the flood")?;
            }
            let refused = tally.of(StatusCode::UNAUTHORIZED) + tally.of(StatusCode::TOO_MANY_REQUESTS);
            ensure!(refused == tally.of_all(), "not all of the flood was refused: {tally:?}");
            Ok(tally)
        })
    }
}

const OVER_ITS_LIMIT: [u8; 4] = [127, 3, 0, 1];
/// More than an address may send at once by default.
const AT_ONCE_MAX: usize = 50_000;
/// Between two requests from one address that stays just within what is taken from it.
const PACE: Duration = Duration::from_nanos(60_000_000_000 / FixedLimits::ADDRESS_DEFAULT.get() as u64);

async fn flood(
    mut client: Client,
    pace: Option<Duration>,
    forgery: Arc<Forgery>,
    first: usize,
    stop: CancellationToken,
) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut turns = pace.map(|pace| {
        let mut turns = tokio::time::interval(pace);
        turns.set_missed_tick_behavior(MissedTickBehavior::Burst);
        turns
    });
    for number in first.. {
        if let Some(turns) = &mut turns {
            turns.tick().await;
        }
        if stop.is_cancelled() {
            break;
        }
        tally.count(client.ask(forgery.request(number)?).await?);
    }
    Ok(tally)
}

/// Credentials of the right form that are not sound: access keys nobody has, and tokens with a signature that is another's.
pub struct Forgery(Vec<String>);

const KINDS: usize = 1_024;

impl Forgery {
    /// Tokens say what `token` says.
    pub fn after(token: &str) -> Result<Self> {
        let (said, signature) = token.rsplit_once('.').context("a token has three parts")?;
        let mut forged = Vec::with_capacity(KINDS);
        for number in 0..KINDS / 2 {
            forged.push(format!("AccessKey {}", AccessKeySecret::random()?.reveal()));
            // As base64url: other bytes of the same length.
            let place = number % (signature.len() - 1);
            let other = |letter: char| if letter == 'A' { 'B' } else { 'A' };
            let wrong = signature.chars().enumerate();
            let wrong: String = wrong.map(|(at, one)| if at == place { other(one) } else { one }).collect();
            forged.push(format!("Bearer {said}.{wrong}"));
        }
        Ok(Self(forged))
    }

    fn request(&self, number: usize) -> Result<Asking> {
        client::get("/v1/me", &self.0[number % self.0.len()])
    }
}
