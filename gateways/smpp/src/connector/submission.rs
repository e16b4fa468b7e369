use super::config::ConnectorConfig;
use crate::segmentation::{Segment, segment};
use crate::validity::absolute_utc;
use peyk_domain::Msisdn;
use peyk_domain::messages::TextError;
use peyk_handlers::Work;
use rusmpp::pdus::SubmitSm;
use rusmpp::types::{COctetString, EmptyOrFullCOctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, Npi, RegisteredDelivery, Ton};

/// esm_class: default mode and type, with and without a user data header. The codec's own default sets an acknowledgement bit.
const PLAIN: u8 = 0x00;
const UDHI: u8 = 0x40;
/// A receipt for success and failure alike.
const RECEIPT: u8 = 0x01;

/// The submit_sm of one message, in order.
///
/// A receipt is asked for with the last part only, and the message goes by the last part's id: handsets show a long message
/// once all parts are there, networks deliver them in order, and one receipt per message is what a ledger can count.
pub(crate) fn submissions(config: &ConnectorConfig, work: &Work, reference: u8) -> Result<Vec<SubmitSm>, TextError> {
    let segments = segment(&work.body, work.encoding, reference)?;
    let count = segments.parts.len();
    let validity = absolute_utc(work.expires);
    Ok(segments
        .parts
        .into_iter()
        .enumerate()
        .map(|(index, part)| submit_sm(config, work, &validity, segments.data_coding, part, index + 1 == count))
        .collect())
}

fn submit_sm(
    config: &ConnectorConfig,
    work: &Work,
    validity: &str,
    data_coding: DataCoding,
    part: Segment,
    receipt: bool,
) -> SubmitSm {
    SubmitSm::builder()
        .source_addr_ton(Ton::from(config.source.ton))
        .source_addr_npi(Npi::from(config.source.npi))
        .source_addr(address(work.sender))
        .dest_addr_ton(Ton::from(config.destination.ton))
        .dest_addr_npi(Npi::from(config.destination.npi))
        .destination_addr(address(work.recipient))
        .esm_class(EsmClass::from(if part.udhi { UDHI } else { PLAIN }))
        .validity_period(
            EmptyOrFullCOctetString::from_string(validity.to_owned()).expect("an absolute time has 16 characters"),
        )
        .registered_delivery(RegisteredDelivery::from(if receipt { RECEIPT } else { 0 }))
        .data_coding(data_coding)
        .short_message(OctetString::from_vec(part.octets).expect("a segment has at most 160 octets"))
        .build()
}

fn address(number: Msisdn) -> COctetString<1, 21> {
    COctetString::from_string(number.digits().to_string()).expect("an E.164 number has at most 15 digits")
}
