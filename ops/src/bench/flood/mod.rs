//! `peyk bench flood`: what requests with credentials that are none cost those with sound ones.
//!
//! Sound requests go out as fast as they are answered, each connection from a loopback address of its own, so that no limit
//! meets them. Rounds with and without a flood take turns.
mod attack;
mod served;

use super::client::{self, Client, Tally};
use super::{median, print_with};
use anyhow::{Context, Result, ensure};
use attack::{Attack, Forgery};
use clap::{Args, ValueEnum};
use futures::future::try_join_all;
use hyper::StatusCode;
use peyk_secrets::Secret;
use serde_json::json;
use served::Processor;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Clone, Args)]
pub struct FloodArgs {
    /// The API under test, over plain HTTP on a loopback address.
    #[arg(long)]
    api: SocketAddr,
    /// The process that serves it, whose processor time is counted.
    #[arg(long)]
    serving: u32,
    /// An access key that may send, of a tenant whose limits are out of the way.
    #[arg(long, env = "PEYK_BENCH_ACCESS_KEY", hide_env_values = true)]
    access_key: Secret,
    /// A token of a session, to forge others after.
    #[arg(long, env = "PEYK_BENCH_TOKEN", hide_env_values = true)]
    token: Secret,
    /// The number to send from, leased to the tenant.
    #[arg(long)]
    sender: String,
    /// Rounds of each kind; the figures are medians.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=20))]
    rounds: u8,
    /// How long a round takes.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Connections with sound requests.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u8).range(1..=200))]
    connections: u8,
}

/// What sound requests ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Asked {
    Read,
    Send,
}

impl Asked {
    const ALL: [Self; 2] = [Self::Read, Self::Send];

    const fn name(self) -> &'static str {
        match self {
            Self::Read => "GET /v1/me",
            Self::Send => "POST /v1/sms/send",
        }
    }
}

/// A round: sound requests a second, what the process took for each, and what the flood was.
struct Round {
    answered: f64,
    /// Microseconds of processor time a sound request, everything the process did counted on them.
    each: f64,
    flood: Tally,
}

pub async fn run(args: &FloodArgs) -> Result<()> {
    ensure!(args.api.ip().is_loopback() && args.api.is_ipv4(), "--api is an IPv4 loopback address");
    let processor = Processor::of(args.serving)?;
    let forgery = Arc::new(Forgery::after(args.token.reveal())?);
    let mut addresses = 0..=u8::MAX;
    let mut from = || addresses.next().context("a round has addresses of its own");
    for asked in Asked::ALL {
        for attack in Attack::ALL {
            let (mut pairs, mut without, mut with, mut flood) = (vec![], vec![], vec![], Tally::default());
            for number in 0..args.rounds {
                // What drifts meets both alike.
                let (quiet, flooded) = if number % 2 == 0 {
                    let quiet = round(args, &processor, from()?, asked, None).await?;
                    (quiet, round(args, &processor, from()?, asked, Some((attack, &forgery))).await?)
                } else {
                    let flooded = round(args, &processor, from()?, asked, Some((attack, &forgery))).await?;
                    (round(args, &processor, from()?, asked, None).await?, flooded)
                };
                pairs.push((flooded.answered, quiet.answered));
                without.push(quiet.each);
                with.push(flooded.each);
                flood += flooded.flood;
            }
            let a_second = |count: u64| count as f64 / (args.seconds as f64 * f64::from(args.rounds));
            let (without, with) = (median(without), median(with));
            let described = json!({
                "asked": asked.name(), "flood": attack.name(), "flood_per_s": a_second(flood.of_all()).round(),
                "flood_unauthenticated_per_s": a_second(flood.of(StatusCode::UNAUTHORIZED)).round(),
                "flood_limited_per_s": a_second(flood.of(StatusCode::TOO_MANY_REQUESTS)).round(),
                "serving_us_each": with.round(), "serving_us_each_without": without.round(),
                // The time that generates the load, which shares the processors, is not in this one.
                "serving_ratio": (without / with * 1_000.0).round() / 1_000.0,
            });
            print_with("flood", "requests/s", &pairs, described);
        }
    }
    Ok(())
}

async fn round(
    args: &FloodArgs,
    processor: &Processor,
    from: u8,
    asked: Asked,
    attack: Option<(Attack, &Arc<Forgery>)>,
) -> Result<Round> {
    if let Some((attack, forgery)) = attack {
        attack.prepare(args.api, forgery).await?;
    }
    let stop = CancellationToken::new();
    let flood = attack.map(|(attack, forgery)| attack.begin(args.api, Arc::clone(forgery), &stop));
    let askers = (1..=args.connections).map(|number| {
        let mut client = Client::of(args.api, [127, 1, from, number]);
        let (args, stop) = (args.clone(), stop.clone());
        tokio::spawn(async move {
            let mut tally = Tally::default();
            while !stop.is_cancelled() {
                let request = sound(&args, asked)?;
                tally.count(client.ask(request).await?);
            }
            Ok::<_, anyhow::Error>(tally)
        })
    });
    let askers: Vec<_> = askers.collect();
    let before = processor.used()?;
    tokio::time::sleep(Duration::from_secs(args.seconds)).await;
    let used = processor.used()? - before;
    stop.cancel();
    let mut sound = Tally::default();
    for tally in try_join_all(askers).await? {
        sound += tally.context("a sound request")?;
    }
    let wanted = if asked == Asked::Read { StatusCode::OK } else { StatusCode::ACCEPTED };
    let answered = sound.of(wanted);
    let all = answered > 0 && answered == sound.of_all();
    ensure!(all, "not every sound request was answered {wanted}; more --connections meet no limit: {sound:?}");
    let flood = match flood {
        Some(flood) => flood.await??,
        None => Tally::default(),
    };
    let each = used.as_secs_f64() * 1e6 / answered as f64;
    Ok(Round { answered: answered as f64 / args.seconds as f64, each, flood })
}

fn sound(args: &FloodArgs, asked: Asked) -> Result<client::Asking> {
    let key = format!("AccessKey {}", args.access_key.reveal());
    match asked {
        Asked::Read => client::get("/v1/me", &key),
        Asked::Send => {
            let mut id = [0; 16];
            getrandom::fill(&mut id)?;
            let id = u128::from_be_bytes(id);
            let body = json!({
                "from": args.sender, "to": format!("+9379{:07}", id % 10_000_000), "text": "Your parcel arrives today.",
                "lane": "bulk",
            });
            client::post("/v1/sms/send", &key, &format!("bench-{id:032x}"), body.to_string())
        }
    }
}
