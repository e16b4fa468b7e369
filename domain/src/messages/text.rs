//! Text as the air interface carries it (3GPP TS 23.038 and 23.040): alphabets, segments and octets.
use super::Encoding;

/// Segments one message may have.
pub const MAX_SEGMENTS: u8 = 10;

const ESCAPE: u8 = 0x1B;

/// Why a text cannot be sent. The code is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("the text is empty")]
    Empty,
    #[error("the text takes more than {MAX_SEGMENTS} segments; shorten it or send several messages")]
    TooLong,
    #[error("the text has a control character other than line feed and carriage return")]
    Control,
    #[error("the text has no visible character")]
    Invisible,
    #[error("the text has characters outside the GSM 7-bit alphabet; send it as UCS-2")]
    NotInAlphabet,
}

impl TextError {
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "TEXT_EMPTY",
            Self::TooLong => "TEXT_TOO_LONG",
            Self::Control => "TEXT_CONTROL_CHARACTER",
            Self::Invisible => "TEXT_INVISIBLE",
            Self::NotInAlphabet => "TEXT_NOT_IN_ALPHABET",
        }
    }
}

/// The GSM 7-bit default alphabet (TS 23.038 section 6.2.1), by septet. The escape stands for itself and is no text.
#[rustfmt::skip]
const DEFAULT_ALPHABET: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1B}', 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// The extension table (TS 23.038 section 6.2.1.1): each is an escape and this septet.
const EXTENSION: [(char, u8); 10] = [
    ('\u{0C}', 0x0A),
    ('^', 0x14),
    ('{', 0x28),
    ('}', 0x29),
    ('\\', 0x2F),
    ('[', 0x3C),
    ('~', 0x3D),
    (']', 0x3E),
    ('|', 0x40),
    ('€', 0x65),
];

/// A character in the default alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Septets {
    One(u8),
    Escaped(u8),
}

/// The septet of a character of the default alphabet itself, not of its extension.
pub(crate) fn septet(char: char) -> Option<u8> {
    match Septets::of(char)? {
        Septets::One(septet) => Some(septet),
        Septets::Escaped(_) => None,
    }
}

/// The character of a septet in the default alphabet.
pub(crate) const fn character(septet: u8) -> char {
    DEFAULT_ALPHABET[(septet & 0x7F) as usize]
}

impl Septets {
    fn of(char: char) -> Option<Self> {
        // Letters, digits and the commonest signs stand where ASCII has them.
        if char.is_ascii_alphanumeric() || matches!(char, ' '..='#' | '%'..='?') {
            return u8::try_from(char).ok().map(Self::One);
        }
        if char == '\u{1B}' {
            return None;
        }
        let septet =
            DEFAULT_ALPHABET.iter().zip(0..).find(|(one, _)| **one == char).map(|(_, septet)| Self::One(septet));
        septet.or_else(|| EXTENSION.iter().find(|(one, _)| *one == char).map(|(_, septet)| Self::Escaped(*septet)))
    }

    const fn len(self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Escaped(_) => 2,
        }
    }
}

impl Encoding {
    /// The shortest encoding that carries the text whole.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.chars().all(|char| Septets::of(char).is_some()) { Self::Gsm7 } else { Self::Ucs2 }
    }

    /// Septets or UTF-16 units in a message of one segment.
    const fn alone(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Septets or UTF-16 units in each of several segments, next to a user data header of 6 octets.
    const fn concatenated(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    /// Septets or UTF-16 units of one character.
    fn units(self, char: char) -> Result<usize, TextError> {
        match self {
            Self::Gsm7 => Septets::of(char).map(Septets::len).ok_or(TextError::NotInAlphabet),
            Self::Ucs2 => Ok(char.len_utf16()),
        }
    }

    fn put(self, char: char, octets: &mut Vec<u8>) -> Result<(), TextError> {
        match self {
            Self::Gsm7 => match Septets::of(char).ok_or(TextError::NotInAlphabet)? {
                Septets::One(septet) => octets.push(septet),
                Septets::Escaped(septet) => octets.extend([ESCAPE, septet]),
            },
            Self::Ucs2 => octets.extend(char.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes())),
        }
        Ok(())
    }
}

/// Whether a person can read the text: no control characters (Unicode category Cc) but line feed and carriage return,
/// and at least one character that shows. Asked of what comes in; what was accepted once is sent as it is.
///
/// # Errors
/// [`TextError::Empty`], [`TextError::Control`] or [`TextError::Invisible`].
pub fn legible(text: &str) -> Result<(), TextError> {
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.chars().any(|char| char.is_control() && !matches!(char, '\n' | '\r')) {
        return Err(TextError::Control);
    }
    if text.chars().all(|char| char.is_whitespace() || char.is_control() || is_ignorable(char)) {
        return Err(TextError::Invisible);
    }
    Ok(())
}

/// Default_Ignorable_Code_Point of the Unicode Character Database (DerivedCoreProperties), the interlinear annotation
/// signs, and the blank Braille pattern: bidirectional overrides, joiners, fillers, variation selectors, tags.
const fn is_ignorable(char: char) -> bool {
    matches!(
        char,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// How many segments the text takes, from 1 to [`MAX_SEGMENTS`].
///
/// # Errors
/// If the text is empty, too long or has characters the encoding does not have.
pub fn segments(text: &str, encoding: Encoding) -> Result<u8, TextError> {
    let parts = split(text, encoding)?.len();
    u8::try_from(parts).map_err(|_| TextError::TooLong)
}

/// The user data octets of each segment, without a user data header: GSM septets one an octet, as SMPP carries them
/// with `data_coding` 0 where the operator's default is this alphabet, or UTF-16 big endian for `data_coding` 8.
///
/// # Errors
/// As [`segments`].
pub fn encode(text: &str, encoding: Encoding) -> Result<Vec<Vec<u8>>, TextError> {
    let octets = |part: &str| {
        let mut octets = Vec::with_capacity(encoding.alone());
        part.chars().try_for_each(|char| encoding.put(char, &mut octets))?;
        Ok(octets)
    };
    split(text, encoding)?.into_iter().map(octets).collect()
}

/// Cuts a text into segments, between characters, so that neither an escape nor a surrogate loses its partner.
fn split(text: &str, encoding: Encoding) -> Result<Vec<&str>, TextError> {
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    // A text this long is refused before it is looked at: no character takes less than a unit, or more than 4 octets.
    if text.len() > usize::from(MAX_SEGMENTS) * encoding.concatenated() * 4 {
        return Err(TextError::TooLong);
    }
    let mut total = 0;
    let (mut parts, mut begin, mut filled) = (Vec::new(), 0, 0);
    for (here, char) in text.char_indices() {
        let units = encoding.units(char)?;
        total += units;
        if filled + units > encoding.concatenated() {
            parts.push(&text[begin..here]);
            (begin, filled) = (here, 0);
        }
        filled += units;
    }
    if total <= encoding.alone() {
        return Ok(vec![text]);
    }
    parts.push(&text[begin..]);
    if parts.len() > usize::from(MAX_SEGMENTS) { Err(TextError::TooLong) } else { Ok(parts) }
}
