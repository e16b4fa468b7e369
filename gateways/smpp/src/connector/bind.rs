use super::config::ConnectorConfig;
use super::error::SessionError;
use super::sequence::Sequence;
use crate::wire::{Inbound, Wire};
use peyk_secrets::Secret;
use rusmpp::pdus::BindTransceiver;
use rusmpp::types::COctetString;
use rusmpp::values::InterfaceVersion;
use rusmpp::{CommandId, CommandStatus, Pdu};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Connects and binds as transceiver. Whatever the operator sends after accepting stays in the wire for the session.
pub(crate) async fn bind(config: &ConnectorConfig, sequence: &mut Sequence) -> Result<Wire, SessionError> {
    let connecting = TcpStream::connect((config.host.as_str(), config.port));
    let stream = timeout(config.response_timeout(), connecting)
        .await
        .map_err(|_| SessionError::ConnectTimeout)?
        .map_err(SessionError::Connect)?;
    let mut wire = Wire::new(stream)?;
    let number = sequence.next(|_| false);
    let password = config.password.current().await;
    wire.queue(CommandStatus::EsmeRok, number, request(config, &password));
    timeout(config.response_timeout(), accepted(&mut wire, number)).await.map_err(|_| SessionError::BindTimeout)??;
    Ok(wire)
}

async fn accepted(wire: &mut Wire, number: u32) -> Result<(), SessionError> {
    loop {
        while let Some(inbound) = wire.next_pdu()? {
            let (id, status, sequence) = match &inbound {
                Inbound::Pdu(command) => (command.id(), u32::from(command.status()), command.sequence_number()),
                // The header says all there is to know; system_id is often longer than it may be.
                Inbound::Unreadable(raw) => (raw.id, raw.status, raw.sequence),
            };
            match id {
                CommandId::BindTransceiverResp | CommandId::GenericNack if sequence == number => {
                    let accepted = status == 0 && id == CommandId::BindTransceiverResp;
                    return if accepted { Ok(()) } else { Err(SessionError::BindRefused { status }) };
                }
                CommandId::EnquireLink => {
                    wire.queue(CommandStatus::EsmeRok, sequence, Pdu::EnquireLinkResp);
                }
                CommandId::Unbind => return Err(SessionError::Unbound),
                _ if u32::from(id) < 0x8000_0000 => {
                    wire.queue(CommandStatus::EsmeRinvbndsts, sequence, Pdu::GenericNack);
                }
                _ => {}
            }
        }
        wire.turn().await?;
    }
}

fn request(config: &ConnectorConfig, password: &Secret) -> BindTransceiver {
    /// A validated setting; one that slipped through is sent empty and the operator refuses it.
    fn text<const MAX: usize>(text: &str) -> COctetString<1, MAX> {
        COctetString::from_string(text.to_owned()).unwrap_or_default()
    }
    BindTransceiver::builder()
        .system_id(text(&config.system_id))
        .password(text(password.reveal()))
        .system_type(text(&config.system_type))
        .interface_version(InterfaceVersion::Smpp3_4)
        .build()
}
