use bytes::{Buf, Bytes, BytesMut};
use rusmpp::decode::DecodeWithLength;
use rusmpp::{Command, CommandId};

/// The longest PDU that is read. The longest useful one carries a message_payload of 64 KiB; everything beyond is an attack
/// or a stream that lost its place.
pub(super) const PDU_OCTETS_MAX: usize = 64 * 1024;
const HEADER_OCTETS: usize = 16;

/// One PDU as it came.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "handled where it is read; a box would be an allocation for every PDU")]
pub(crate) enum Inbound {
    Pdu(Command),
    /// Its length was right but its body could not be read; the PDUs after it are not touched.
    Unreadable(Raw),
}

/// The header of a PDU whose body the codec refused, and that body.
#[derive(Debug)]
pub(crate) struct Raw {
    pub id: CommandId,
    pub status: u32,
    pub sequence: u32,
    pub body: Bytes,
}

/// A command_length that no PDU can have. The stream has lost its place, so nothing after it can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadLength {
    pub length: usize,
    pub sequence: u32,
}

/// Takes the next whole PDU off the front of `buffer`, or leaves it untouched until more has come.
///
/// The codec only ever sees the octets of one PDU, so that a broken body cannot eat into the next.
pub(crate) fn take_pdu(buffer: &mut BytesMut) -> Result<Option<Inbound>, BadLength> {
    let Some(header) = buffer.first_chunk::<HEADER_OCTETS>() else { return Ok(None) };
    let field = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let (length, id, status, sequence) = (field(0) as usize, field(4), field(8), field(12));
    if !(HEADER_OCTETS..=PDU_OCTETS_MAX).contains(&length) {
        return Err(BadLength { length, sequence });
    }
    if buffer.len() < length {
        buffer.reserve(length - buffer.len());
        return Ok(None);
    }
    let mut whole = buffer.split_to(length);
    let body = Bytes::copy_from_slice(&whole[HEADER_OCTETS..]);
    whole.advance(4);
    Ok(Some(match Command::decode(&mut whole, length - 4) {
        Ok((command, _)) => Inbound::Pdu(command),
        Err(_) => Inbound::Unreadable(Raw { id: CommandId::from(id), status, sequence, body }),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rusmpp::tokio_codec::CommandCodec;
    use rusmpp::{CommandStatus, Pdu};
    use tokio_util::codec::Encoder;

    fn encoded(sequence: u32) -> BytesMut {
        let mut octets = BytesMut::new();
        let command = Command::new(CommandStatus::EsmeRok, sequence, Pdu::EnquireLink);
        CommandCodec::new().encode(command, &mut octets).expect("encodes");
        octets
    }

    #[test]
    fn a_pdu_may_come_in_pieces_and_two_at_once() {
        let mut stream = encoded(1);
        stream.extend_from_slice(&encoded(2));
        let mut buffer = BytesMut::new();
        let mut seen = Vec::new();
        for octet in stream {
            buffer.extend_from_slice(&[octet]);
            while let Some(Inbound::Pdu(command)) = take_pdu(&mut buffer).expect("in step") {
                seen.push(command.sequence_number());
            }
        }
        assert_eq!(seen, [1, 2]);
    }

    #[test]
    fn a_broken_body_costs_only_itself() {
        // deliver_sm whose sm_length promises more than there is.
        let mut buffer = BytesMut::from(&[0, 0, 0, 20, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0][..]);
        buffer.extend_from_slice(&encoded(10));
        match take_pdu(&mut buffer) {
            Ok(Some(Inbound::Unreadable(raw))) => assert_eq!((raw.id, raw.sequence), (CommandId::DeliverSm, 9)),
            other => panic!("expected an unreadable PDU, got {other:?}"),
        }
        match take_pdu(&mut buffer) {
            Ok(Some(Inbound::Pdu(command))) => assert_eq!(command.sequence_number(), 10),
            other => panic!("expected the next PDU, got {other:?}"),
        }
    }

    #[test]
    fn an_impossible_length_is_refused() {
        for length in [0_u32, 15, PDU_OCTETS_MAX as u32 + 1, u32::MAX] {
            let mut buffer = BytesMut::from(&length.to_be_bytes()[..]);
            buffer.extend_from_slice(&[0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 7]);
            assert_eq!(take_pdu(&mut buffer).expect_err("refused"), BadLength { length: length as usize, sequence: 7 });
        }
    }

    proptest! {
        #[test]
        fn no_octets_panic(id in prop_oneof![Just(5_u32), Just(0x8000_0004), Just(0x8000_0009), Just(0x103), any::<u32>()],
                           body in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut buffer = BytesMut::new();
            buffer.extend_from_slice(&(16 + body.len() as u32).to_be_bytes());
            buffer.extend_from_slice(&id.to_be_bytes());
            buffer.extend_from_slice(&[0; 4]);
            buffer.extend_from_slice(&77_u32.to_be_bytes());
            buffer.extend_from_slice(&body);
            buffer.extend_from_slice(&encoded(78));
            prop_assert!(take_pdu(&mut buffer).expect("the length is right").is_some());
            match take_pdu(&mut buffer).expect("in step") {
                Some(Inbound::Pdu(next)) => prop_assert_eq!(next.sequence_number(), 78),
                other => prop_assert!(false, "lost its place: {:?}", other),
            }
        }
    }
}
