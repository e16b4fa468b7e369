use super::DeliveryReceipt;
use super::state::state_of_code;
use super::text::{error_code, read_receipt_text};
use bytes::{Buf, Bytes};
use peyk_domain::messages::ReceiptState;
use rusmpp::pdus::{DataSm, DeliverSm};
use rusmpp::tlvs::{Tlv, TlvValue};
use rusmpp::values::DataCoding;

/// Bits 2 to 5 of esm_class: receipt, delivery and user acknowledgement, intermediate notification (SMPP 3.4 section 5.2.12).
const MESSAGE_TYPE: u8 = 0b0011_1100;
const MC_RECEIPT: u8 = 0b0000_0100;
const INTERMEDIATE: u8 = 0b0010_0000;

const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
const NETWORK_ERROR_CODE: u16 = 0x0423;
const MESSAGE_PAYLOAD: u16 = 0x0424;
const MESSAGE_STATE: u16 = 0x0427;

/// What of a deliver_sm or data_sm matters to a connector.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    esm_class: u8,
    data_coding: u8,
    text: Bytes,
    receipted_id: Option<String>,
    state: Option<u8>,
    network_error: Option<u16>,
}

impl Delivery {
    pub fn of_deliver_sm(pdu: &DeliverSm) -> Self {
        Self {
            esm_class: pdu.esm_class.into(),
            data_coding: pdu.data_coding.into(),
            text: Bytes::copy_from_slice(pdu.short_message().as_ref()),
            ..Self::default()
        }
        .with_tlvs(pdu.tlvs())
    }

    pub fn of_data_sm(pdu: &DataSm) -> Self {
        Self { esm_class: pdu.esm_class.into(), data_coding: pdu.data_coding.into(), ..Self::default() }
            .with_tlvs(pdu.tlvs())
    }

    fn with_tlvs(mut self, tlvs: &[Tlv]) -> Self {
        for value in tlvs.iter().filter_map(Tlv::value) {
            match value {
                TlvValue::ReceiptedMessageId(id) => self.receipted_id = Some(id.as_str().to_owned()),
                TlvValue::MessageState(state) => self.state = Some((*state).into()),
                TlvValue::NetworkErrorCode(code) => self.network_error = Some(code.error_code),
                TlvValue::MessagePayload(payload) if self.text.is_empty() => {
                    self.text = Bytes::copy_from_slice(payload.value.as_ref());
                }
                _ => {}
            }
        }
        self
    }

    /// Reads the body of a deliver_sm the codec was too strict for: a field longer than the standard has it, a TLV of the
    /// wrong size, an id without its closing zero. Nothing if it is no deliver_sm at all.
    pub fn salvage(mut body: Bytes) -> Option<Self> {
        c_octets(&mut body)?;
        for _ in ["source", "destination"] {
            skip(&mut body, 2)?;
            c_octets(&mut body)?;
        }
        let esm_class = octet(&mut body)?;
        skip(&mut body, 2)?;
        for _ in ["schedule_delivery_time", "validity_period"] {
            c_octets(&mut body)?;
        }
        skip(&mut body, 2)?;
        let data_coding = octet(&mut body)?;
        skip(&mut body, 1)?;
        let length = usize::from(octet(&mut body)?).min(body.len());
        let mut delivery = Self { esm_class, data_coding, text: body.split_to(length), ..Self::default() };
        while body.len() >= 4 {
            let (tag, length) = (body.get_u16(), usize::from(body.get_u16()));
            let value = body.split_to(length.min(body.len()));
            match tag {
                RECEIPTED_MESSAGE_ID => {
                    let id = value.split(|octet| *octet == 0).next().unwrap_or_default();
                    delivery.receipted_id = Some(String::from_utf8_lossy(id).into_owned());
                }
                MESSAGE_STATE => delivery.state = value.last().copied(),
                NETWORK_ERROR_CODE if value.len() == 3 => {
                    delivery.network_error = Some(u16::from_be_bytes([value[1], value[2]]));
                }
                MESSAGE_PAYLOAD if delivery.text.is_empty() => delivery.text = value,
                _ => {}
            }
        }
        Some(delivery)
    }

    /// Whether this is about a message sent earlier, and not a message from a handset. An operator that forgets the bit but
    /// names a receipted message means a receipt.
    pub fn is_receipt(&self) -> bool {
        matches!(self.esm_class & MESSAGE_TYPE, MC_RECEIPT | INTERMEDIATE) || self.receipted_id.is_some()
    }

    /// The receipt in it: TLVs first, then what the text says. Nothing if neither has an id.
    pub fn receipt(&self) -> Option<DeliveryReceipt> {
        let text = read_receipt_text(&self.decoded_text());
        let id = self.receipted_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
        let network_error = self.network_error.and_then(|code| error_code(&format!("{code:03}")));
        let state = self.state.map(state_of_code);
        match (id, text) {
            (Some(id), text) => Some(DeliveryReceipt {
                id: id.to_owned(),
                state: state.or(text.as_ref().map(|text| text.state)).unwrap_or(ReceiptState::Unknown),
                error: text.and_then(|text| text.error).or(network_error),
            }),
            (None, Some(text)) => Some(DeliveryReceipt {
                state: state.unwrap_or(text.state),
                error: text.error.or(network_error),
                id: text.id,
            }),
            (None, None) => None,
        }
    }

    fn decoded_text(&self) -> String {
        if DataCoding::from(self.data_coding) == DataCoding::Ucs2 {
            let units = self.text.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            return char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        }
        String::from_utf8_lossy(&self.text).into_owned()
    }
}

fn octet(body: &mut Bytes) -> Option<u8> {
    (!body.is_empty()).then(|| body.get_u8())
}

fn skip(body: &mut Bytes, octets: usize) -> Option<()> {
    (body.len() >= octets).then(|| body.advance(octets))
}

fn c_octets(body: &mut Bytes) -> Option<Bytes> {
    let end = body.iter().position(|octet| *octet == 0)?;
    let field = body.split_to(end);
    body.advance(1);
    Some(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusmpp::tlvs::MessageDeliveryRequestTlvValue as Value;
    use rusmpp::types::{COctetString, OctetString};
    use rusmpp::values::{EsmClass, MessageState};

    fn deliver(esm_class: u8, text: &str, tlvs: Vec<Value>) -> Delivery {
        let pdu = DeliverSm::builder()
            .esm_class(EsmClass::from(esm_class))
            .short_message(OctetString::from_slice(text.as_bytes()).expect("short"))
            .tlvs(tlvs)
            .build();
        Delivery::of_deliver_sm(&pdu)
    }

    fn id(text: &str) -> Value {
        Value::ReceiptedMessageId(COctetString::from_string(text.into()).expect("an id"))
    }

    #[test]
    fn what_is_a_receipt() {
        assert!(deliver(0x04, "id:1 stat:DELIVRD", vec![]).is_receipt());
        assert!(deliver(0x20, "", vec![]).is_receipt());
        assert!(deliver(0x44, "", vec![]).is_receipt());
        assert!(deliver(0x00, "", vec![id("1")]).is_receipt());
        assert!(!deliver(0x00, "id:1 stat:DELIVRD", vec![]).is_receipt());
        assert!(!deliver(0x40, "", vec![]).is_receipt());
    }

    #[test]
    fn tlvs_come_before_text_and_each_fills_the_gaps_of_the_other() {
        let both = deliver(4, "id:1 stat:UNDELIV err:012", vec![id("2"), Value::MessageState(MessageState::Delivered)]);
        let expected = DeliveryReceipt { id: "2".into(), state: ReceiptState::Delivered, error: Some("012".into()) };
        assert_eq!(both.receipt(), Some(expected));
        let state_in_text = deliver(4, "stat:EXPIRED id:1", vec![id("2")]);
        let expected = DeliveryReceipt { id: "2".into(), state: ReceiptState::Expired, error: None };
        assert_eq!(state_in_text.receipt(), Some(expected));
        assert_eq!(deliver(4, "nothing in it", vec![]).receipt(), None);
        assert_eq!(deliver(4, "", vec![id("")]).receipt(), None);
    }

    #[test]
    fn a_deliver_sm_the_codec_refuses_is_still_read() {
        let mut body = b"\0\x01\x01930000000000000000000000000000000\0\x01\x01937\0\x04\0\0\0\0\0\0\0\0\0".to_vec();
        body.extend_from_slice(&[0x00, 0x1E, 0, 3, b'a', b'b', b'c', 0x04, 0x27, 0, 4, 0, 0, 0, 2, 0x04, 0x23, 0]);
        let receipt = Delivery::salvage(body.into()).and_then(|delivery| delivery.receipt());
        let expected = DeliveryReceipt { id: "abc".into(), state: ReceiptState::Delivered, error: None };
        assert_eq!(receipt, Some(expected));
        assert!(Delivery::salvage(Bytes::from_static(b"\0\x01\x01")).is_none());
    }
}
