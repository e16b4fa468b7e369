//! `peyk drill`: an attack on a ledger made for it, to see the defence at work.
use crate::config::Config;
use crate::ledger::verify;
use crate::output::Output;
use anyhow::{Context, Result, bail};
use async_nats::jetstream;
use clap::Subcommand;
use ed25519_dalek::SigningKey;
use peyk_domain::numbering::{Numbering, NumberingCommand};
use peyk_domain::{ActorId, BlockId, CommandId, SenderId, TenantId};
use peyk_ledger::nats::{Tape, provision};
use peyk_ledger::{Clock, Durability, FileWitness, Ledgers, Names, Request, Segment, WriterConfig, WriterHandle};
use peyk_schemas::{ControlEvent, Draft, EventSchema, Hash, LedgerId};
use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Subcommand)]
pub enum DrillCommand {
    /// In a throw-away namespace: publish a forged record past the writer, and see it quarantined and the ledger go on.
    Forge,
}

const LEDGER: LedgerId = LedgerId::NUMBERING;

pub async fn run(config: &Config, command: DrillCommand, output: Output) -> Result<()> {
    let DrillCommand::Forge = command;
    let mut suffix = [0; 4];
    getrandom::fill(&mut suffix)?;
    let namespace = format!("drill-{:08x}", u32::from_be_bytes(suffix));
    let names = Names::new(&namespace)?;
    let owner = config.nats_as(&config.nats.migrate).connect("peyk drill").await?;
    let context = jetstream::new(owner);
    let made = provision(&context, &names, &[LEDGER], 1).await?;
    let outcome = forge(config, &names, output).await;
    // The place is thrown away however the drill went.
    for stream in made.into_iter().chain([format!("KV_{}", names.writers_bucket()), names.snapshots_stream()]) {
        context.delete_stream(stream).await?;
    }
    outcome
}

async fn forge(config: &Config, names: &Names, output: Output) -> Result<()> {
    let server = config.nats_as(&config.nats.core);
    let client = server.connect("peyk drill writer").await?;
    let root = SigningKey::from_bytes(&{
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        seed
    });
    let ledgers = Ledgers::new(client.clone(), names.clone(), config.deployment()?, root.verifying_key());
    let directory = std::env::temp_dir().join(format!("peyk-{}", names.namespace()));
    let stop = CancellationToken::new();
    let writer = WriterConfig {
        ledger: LEDGER,
        server,
        ledgers: ledgers.clone(),
        root,
        witness: FileWitness::new(&directory)?,
        bookmarks: None,
        durability: Durability::single(),
        clock: Clock::system(),
        snapshots: None,
        stop: stop.clone(),
    };
    let (handle, task) = peyk_ledger::writer::spawn::<Numbering>(writer);
    handle.leadership().wait_for(|&leading| leading).await.context("waiting for the writer")?;
    list(&handle, 1).await?;

    // Whoever may publish in CORE can chain; only the writer can sign.
    let forged = forged(&ledgers).await?;
    let hash = Hash::of(&forged);
    let ack = ledgers.context().publish(names.subject(LEDGER, Segment::FIRST), forged.into()).await?.await?;
    let position = ack.sequence;
    output.line(
        &json!({ "drill": "forged", "position": position, "hash": hash.to_string() }),
        &format!("forged a record at position {position} of {LEDGER} in namespace {}", names.namespace()),
    );
    list(&handle, 2).await?;
    let named = quarantine(&ledgers, position, hash).await?;
    output.line(
        &json!({ "drill": "quarantined", "position": position, "by": named }),
        &format!("position {position} is quarantined by the signed record at {named}; an alarm was raised and the writer went on"),
    );
    verify(&ledgers, LEDGER, output).await?;
    stop.cancel();
    task.await?;
    std::fs::remove_dir_all(directory)?;
    Ok(())
}

async fn list(writer: &WriterHandle<Numbering>, number: u8) -> Result<()> {
    let numbers = vec![SenderId::from_digits(93_700_000_000 + u64::from(number))?.into()];
    let command = NumberingCommand::Import { block: BlockId::from_bytes([number; 16]), mno: "drill".into(), numbers };
    let request = Request {
        id: CommandId::from_bytes([number; 16]),
        fingerprint: [number; 16],
        actor: ActorId::NIL,
        tenant: TenantId::NIL,
        deadline: tokio::time::Instant::now() + Duration::from_secs(20),
        command,
    };
    writer.submit(request).await.map(drop).map_err(|error| anyhow::anyhow!("{error}"))
}

/// The last record again, at the next position, chained to it: right in every way but the signature.
async fn forged(ledgers: &Ledgers) -> Result<Vec<u8>> {
    let tail = ledgers.tail(LEDGER).await?;
    let last = ledgers.message(LEDGER, tail).await?.context("the ledger is empty")?;
    let record = peyk_schemas::Record::decode(&last)?;
    let draft = Draft {
        at: record.at,
        command: CommandId::from_bytes([66; 16]),
        fingerprint: [66; 16],
        actor: record.actor,
        tenant: record.tenant,
        events: Draft::encode_events(record.events.iter()),
    };
    Ok(draft.seal(tail + 1, Hash::of(&last), record.epoch, Some(&SigningKey::from_bytes(&[66; 32]))).0.to_vec())
}

/// The position of the record that names the forged one.
async fn quarantine(ledgers: &Ledgers, position: u64, hash: Hash) -> Result<u64> {
    let mut tape = Tape::open(ledgers, LEDGER, position).await?;
    while let Some((at, bytes)) = tape.next(Duration::from_secs(5)).await? {
        let record = peyk_schemas::Record::decode(&bytes)?;
        for event in record.events.iter().filter(|event| event.is_control()) {
            if let ControlEvent::Quarantined(quarantine) = ControlEvent::from_raw(event)?
                && quarantine.names(position, &[hash])
            {
                return Ok(at);
            }
        }
    }
    bail!("no quarantine record names position {position}")
}
