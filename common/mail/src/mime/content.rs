//! What Content-Type and Content-Transfer-Encoding say about a body (RFC 2045 sections 5 and 6).

/// A transfer encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Encoding {
    /// `7bit`, also when nothing is said.
    SevenBit,
    /// `8bit`.
    EightBit,
    /// `binary`.
    Binary,
    /// `quoted-printable`.
    QuotedPrintable,
    /// `base64`.
    Base64,
    /// Any other word.
    Unknown,
}

impl Encoding {
    /// Read a Content-Transfer-Encoding header's value; comments are left out.
    #[must_use]
    pub fn parse(value: &[u8]) -> Self {
        let words = words(value);
        let word = words.first().map(Vec::as_slice).unwrap_or_default();
        for (name, encoding) in [
            (b"7bit".as_slice(), Self::SevenBit),
            (b"8bit", Self::EightBit),
            (b"binary", Self::Binary),
            (b"quoted-printable", Self::QuotedPrintable),
            (b"base64", Self::Base64),
        ] {
            if word.eq_ignore_ascii_case(name) {
                return encoding;
            }
        }
        Self::Unknown
    }

    /// Whether the body stands as it is, and a composite body may be in it.
    #[must_use]
    pub const fn is_identity(self) -> bool {
        matches!(self, Self::SevenBit | Self::EightBit | Self::Binary)
    }

    /// Whether bytes above 127 may be in the body.
    #[must_use]
    pub const fn allows_8bit(self) -> bool {
        matches!(self, Self::EightBit | Self::Binary)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::Binary => "binary",
            Self::QuotedPrintable => "quoted-printable",
            Self::Base64 => "base64",
            Self::Unknown => "unknown",
        }
    }
}

/// What kind of body follows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) enum ContentType {
    /// Nothing was said.
    #[default]
    Default,
    /// Parts between boundaries.
    Multipart(Multipart),
    /// An attached message, or its headers.
    Message,
    /// Anything that has no structure of its own.
    Leaf,
}

/// A multipart body that is being walked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Multipart {
    pub(super) boundary: Vec<u8>,
    /// Parts without a type are messages (RFC 2046 section 5.1.5).
    pub(super) digest: bool,
}

impl ContentType {
    pub(super) fn parse(value: &[u8], boundary_length_limit: usize) -> Self {
        let words = words(value);
        let word = |at: usize| words.get(at).map(Vec::as_slice).unwrap_or_default();
        let (kind, slash, subtype) = (word(0), word(1), word(2));
        if slash != b"/" {
            return Self::Leaf;
        }
        if kind.eq_ignore_ascii_case(b"message") {
            let follows = [b"rfc822".as_slice(), b"global", b"external-body"]
                .iter()
                .any(|name| subtype.eq_ignore_ascii_case(name));
            return if follows { Self::Message } else { Self::Leaf };
        }
        if !kind.eq_ignore_ascii_case(b"multipart") {
            return Self::Leaf;
        }
        let boundary = words.windows(3).find_map(|three| match three {
            [name, equals, value] if name.eq_ignore_ascii_case(b"boundary") && equals == b"=" => {
                Some(value.clone())
            }
            _ => None,
        });
        match boundary {
            Some(mut boundary) if !boundary.is_empty() => {
                boundary.truncate(boundary_length_limit);
                Self::Multipart(Multipart {
                    boundary,
                    digest: subtype.eq_ignore_ascii_case(b"digest"),
                })
            }
            _ => Self::Leaf,
        }
    }

    pub(super) const fn is_composite(&self) -> bool {
        matches!(self, Self::Multipart(_) | Self::Message)
    }
}

/// The tokens of a structured MIME header: words, quoted strings without quotes, and single special characters.
fn words(value: &[u8]) -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    let mut bytes = value.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'(' => skip_comment(&mut bytes),
            b'"' => {
                let mut word = Vec::new();
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => word.extend(bytes.next()),
                        b'\n' => {}
                        _ => word.push(byte),
                    }
                }
                words.push(word);
            }
            _ if byte.is_ascii_whitespace() => {}
            _ if is_special(byte) => words.push(vec![byte]),
            _ => {
                let mut word = vec![byte];
                while let Some(byte) =
                    bytes.next_if(|&b| !is_special(b) && !b.is_ascii_whitespace())
                {
                    word.push(byte);
                }
                words.push(word);
            }
        }
    }
    words
}

fn skip_comment(bytes: &mut impl Iterator<Item = u8>) {
    let mut depth = 1;
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

/// tspecials of RFC 2045 section 5.1.
const fn is_special(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')'
            | b'<'
            | b'>'
            | b'@'
            | b','
            | b';'
            | b':'
            | b'\\'
            | b'"'
            | b'/'
            | b'['
            | b']'
            | b'?'
            | b'='
    )
}
