//! What the operator sends.
use super::Session;
use crate::connector::deliveries::DeliveryRequest;
use crate::connector::error::SessionError;
use crate::connector::stats::count;
use crate::receipt::Delivery;
use crate::wire::{Inbound, Raw, WireError};
use rusmpp::{Command, CommandId, CommandStatus, Pdu};
use std::time::Instant;

/// Command ids from here on are answers.
const RESPONSE: u32 = 0x8000_0000;

impl Session<'_> {
    /// Everything that has come.
    pub(super) fn read(&mut self) -> Result<(), SessionError> {
        loop {
            match self.wire.next_pdu() {
                Ok(None) => return Ok(()),
                Ok(Some(inbound)) => {
                    self.heard = Instant::now();
                    match inbound {
                        Inbound::Pdu(command) => self.command(&command)?,
                        Inbound::Unreadable(raw) => self.unreadable(raw),
                    }
                }
                Err(error) => {
                    if let WireError::BadLength { sequence, .. } = error {
                        count(&self.line.stats.malformed);
                        self.wire.queue(CommandStatus::EsmeRinvcmdlen, sequence, Pdu::GenericNack);
                    }
                    return Err(error.into());
                }
            }
        }
    }

    fn command(&mut self, command: &Command) -> Result<(), SessionError> {
        let (status, sequence) = (u32::from(command.status()), command.sequence_number());
        match (command.id(), command.pdu()) {
            (CommandId::SubmitSmResp, Some(Pdu::SubmitSmResp(response))) => {
                self.submitted(sequence, status, response.message_id().as_str());
            }
            // A refusal need not have a body.
            (CommandId::SubmitSmResp, _) => self.submitted(sequence, status, ""),
            (CommandId::GenericNack, _) => {
                // A generic_nack is never an acceptance, whatever its status.
                self.submitted(sequence, if status == 0 { CommandStatus::EsmeRunknownerr.into() } else { status }, "");
            }
            (CommandId::DeliverSm, Some(Pdu::DeliverSm(pdu))) => {
                self.delivered(&Delivery::of_deliver_sm(pdu), DeliveryRequest::DeliverSm { sequence });
            }
            (CommandId::DataSm, Some(Pdu::DataSm(pdu))) => {
                self.delivered(&Delivery::of_data_sm(pdu), DeliveryRequest::DataSm { sequence });
            }
            (CommandId::EnquireLink, _) => {
                self.wire.queue(CommandStatus::EsmeRok, sequence, Pdu::EnquireLinkResp);
            }
            (CommandId::EnquireLinkResp, _) => self.probe = self.probe.filter(|(probe, _)| *probe != sequence),
            (CommandId::Unbind, _) => {
                self.wire.queue(CommandStatus::EsmeRok, sequence, Pdu::UnbindResp);
                self.unbound = true;
                return Err(SessionError::Unbound);
            }
            // These have no answer by the standard.
            (CommandId::AlertNotification | CommandId::Outbind, _) => {}
            (id, _) if u32::from(id) < RESPONSE => {
                self.wire.queue(CommandStatus::EsmeRinvcmdid, sequence, Pdu::GenericNack);
            }
            _ => count(&self.line.stats.unmatched),
        }
        Ok(())
    }

    /// A PDU the codec refused. What its header says is used, and the operator is told not to send it for days.
    fn unreadable(&mut self, raw: Raw) {
        count(&self.line.stats.malformed);
        match raw.id {
            CommandId::SubmitSmResp => {
                let id = raw.body.split(|octet| *octet == 0).next().unwrap_or_default();
                let id: String =
                    id.iter().filter(|octet| octet.is_ascii_graphic()).take(64).map(|octet| *octet as char).collect();
                self.submitted(raw.sequence, raw.status, &id);
            }
            CommandId::DeliverSm => {
                let request = DeliveryRequest::DeliverSm { sequence: raw.sequence };
                match Delivery::salvage(raw.body) {
                    Some(delivery) => self.delivered(&delivery, request),
                    None => self.respond(request, CommandStatus::EsmeRxPAppn),
                }
            }
            id if u32::from(id) < RESPONSE => {
                self.wire.queue(CommandStatus::EsmeRinvcmdlen, raw.sequence, Pdu::GenericNack);
            }
            _ => {}
        }
    }
}
