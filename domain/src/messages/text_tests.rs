use super::text::{encode, legible, segments};
use super::*;
use proptest::prelude::*;

const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Reads septets back, one an octet.
fn read_gsm(octets: &[u8]) -> String {
    let extension = |septet| match septet {
        0x0A => '\u{0C}',
        0x14 => '^',
        0x28 => '{',
        0x29 => '}',
        0x2F => '\\',
        0x3C => '[',
        0x3D => '~',
        0x3E => ']',
        0x40 => '|',
        0x65 => '€',
        other => panic!("no such extension: {other:#x}"),
    };
    // The escape is left out of GSM above, so septets after it lie one further.
    let default = |septet: u8| GSM.chars().nth(usize::from(septet) - usize::from(septet > 0x1B)).expect("a septet");
    let mut octets = octets.iter().copied();
    let mut text = String::new();
    while let Some(septet) = octets.next() {
        text.push(if septet == 0x1B { extension(octets.next().expect("a whole escape")) } else { default(septet) });
    }
    text
}

fn read_ucs2(octets: &[u8]) -> String {
    let units: Vec<_> = octets.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    assert_eq!(octets.len() % 2, 0);
    String::from_utf16(&units).expect("no surrogate alone")
}

#[test]
fn known_characters_have_their_octets() {
    let gsm = |text| encode(text, Encoding::Gsm7).expect("it encodes").concat();
    assert_eq!(gsm("@£$¥"), [0, 1, 2, 3]);
    assert_eq!(gsm("Hi_§à"), [0x48, 0x69, 0x11, 0x5F, 0x7F]);
    assert_eq!(gsm("¤¡¿Δ"), [0x24, 0x40, 0x60, 0x10]);
    assert_eq!(gsm("€[]"), [0x1B, 0x65, 0x1B, 0x3C, 0x1B, 0x3E]);
    assert_eq!(encode("سلام", Encoding::Ucs2), Ok(vec![vec![0x06, 0x33, 0x06, 0x44, 0x06, 0x27, 0x06, 0x45]]));
    assert_eq!(encode("😀", Encoding::Ucs2), Ok(vec![vec![0xD8, 0x3D, 0xDE, 0x00]]));
    assert_eq!(read_gsm(&gsm(&GSM[..GSM.len() / 2])), GSM[..GSM.len() / 2]);
}

#[test]
fn the_default_alphabet_is_whole() {
    assert_eq!(GSM.chars().count(), 127);
    assert_eq!(Encoding::of(GSM), Encoding::Gsm7);
    let octets: Vec<u8> = (0..128).filter(|septet| *septet != 0x1B).collect();
    assert_eq!(encode(GSM, Encoding::Gsm7), Ok(vec![octets]));
}

#[test]
fn the_shortest_encoding_is_chosen() {
    for text in ["Hello", "Grüße €5", "{a}[b]~|^\\", "ΔΩ", ""] {
        assert_eq!(Encoding::of(text), Encoding::Gsm7, "{text}");
    }
    for text in ["سلام", "ç", "`", "\t", "\u{1B}", "α", "😀", "\u{0}"] {
        assert_eq!(Encoding::of(text), Encoding::Ucs2, "{text}");
        assert_eq!(segments(text, Encoding::Gsm7), Err(TextError::NotInAlphabet));
    }
}

#[test]
fn segments_end_where_the_standard_says() {
    let gsm = |count| segments(&"a".repeat(count), Encoding::Gsm7);
    assert_eq!([gsm(1), gsm(160), gsm(161), gsm(306), gsm(307)], [Ok(1), Ok(1), Ok(2), Ok(2), Ok(3)]);
    assert_eq!([gsm(1_530), gsm(1_531)], [Ok(10), Err(TextError::TooLong)]);
    let ucs2 = |count| segments(&"س".repeat(count), Encoding::Ucs2);
    assert_eq!([ucs2(70), ucs2(71), ucs2(134), ucs2(135)], [Ok(1), Ok(2), Ok(2), Ok(3)]);
    assert_eq!([ucs2(670), ucs2(671)], [Ok(10), Err(TextError::TooLong)]);
}

#[test]
fn an_escape_is_never_cut_in_two() {
    // 152 septets, then a pair that does not fit into the 153rd.
    let text = format!("{}€{}", "a".repeat(152), "b".repeat(100));
    let parts = encode(&text, Encoding::Gsm7).expect("it encodes");
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [152, 102]);
    assert_eq!(&parts[1][..2], [0x1B, 0x65]);
    assert_eq!(segments(&"€".repeat(80), Encoding::Gsm7), Ok(1));
    assert_eq!(segments(&"€".repeat(153), Encoding::Gsm7), Ok(3), "76 pairs a segment, not 76.5");
}

#[test]
fn a_surrogate_pair_is_never_cut_in_two() {
    let text = format!("{}😀{}", "س".repeat(66), "س".repeat(10));
    let parts = encode(&text, Encoding::Ucs2).expect("it encodes");
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [132, 24]);
    assert_eq!(segments(&"😀".repeat(35), Encoding::Ucs2), Ok(1));
    assert_eq!(segments(&"😀".repeat(36), Encoding::Ucs2), Ok(2));
}

#[test]
fn refusals_have_stable_codes() {
    let code = |text: &str, encoding| segments(text, encoding).expect_err("a refusal").code();
    assert_eq!(code("", Encoding::Gsm7), "TEXT_EMPTY");
    assert_eq!(code("", Encoding::Ucs2), "TEXT_EMPTY");
    assert_eq!(code(&"a".repeat(100_000_000), Encoding::Gsm7), "TEXT_TOO_LONG");
    assert_eq!(code("س", Encoding::Gsm7), "TEXT_NOT_IN_ALPHABET");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_encoded_reads_back_whole(text in "([a-zA-Z0-9 €~{}\\[\\]]|[س-ی]|😀|ü|Ω){1,700}", gsm in "[a-z€~{}|^\\[\\]@Ωà]{1,1600}") {
        for text in [text, gsm] {
            let encoding = Encoding::of(&text);
            let Ok(parts) = encode(&text, encoding) else {
                prop_assert_eq!(segments(&text, encoding), Err(TextError::TooLong));
                continue;
            };
            prop_assert_eq!(segments(&text, encoding), Ok(u8::try_from(parts.len()).expect("at most ten")));
            let (alone, each) = if encoding == Encoding::Gsm7 { (160, 153) } else { (140, 134) };
            let room = if parts.len() == 1 { alone } else { each };
            prop_assert!(parts.iter().all(|part| !part.is_empty() && part.len() <= room));
            let read = parts.iter().map(|part| if encoding == Encoding::Gsm7 { read_gsm(part) } else { read_ucs2(part) });
            prop_assert_eq!(read.collect::<String>(), text);
        }
    }
}

#[test]
fn a_text_is_legible_or_refused() {
    for text in ["a", "\u{202E}a", "\r\n.", "سلام\u{200C}ها", "👋🏽", "€", "\u{FE0F}1\u{20E3}"] {
        assert_eq!(legible(text), Ok(()), "{text:?}");
    }
    for char in (0..0x20).chain(0x7F..0xA0).filter_map(char::from_u32).filter(|char| !matches!(char, '\n' | '\r')) {
        assert_eq!(legible(&format!("a{char}b")), Err(TextError::Control), "{char:?}");
    }
    for text in [" ", "\r\n", "\u{202E}", "\u{202E}\u{2066} \u{2069}", "\u{A0}\u{FEFF}", "\u{3164}", "\u{E0041}"] {
        assert_eq!(legible(text), Err(TextError::Invisible), "{text:?}");
    }
    assert_eq!(legible(""), Err(TextError::Empty));
}
