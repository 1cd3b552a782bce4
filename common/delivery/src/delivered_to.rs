//! Loops of forwarded mail: a letter that was delivered to an address before says so in its Delivered-To: headers.

use mail::Address;
use mail::quote::quote_822;
use queue::ReadError;

use crate::content::Content;

/// The addresses of a letter's Delivered-To: headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveredTo(Vec<Vec<u8>>);

impl DeliveredTo {
    /// Read the letter's headers.
    pub fn read(content: &mut Content<'_>) -> Result<Self, ReadError> {
        let mut found = Vec::new();
        let mut at_start = true;
        while let Some(line) = content.next_line()? {
            if at_start {
                if !is_header(line.text) && !matches!(line.text.first(), Some(b' ' | b'\t')) {
                    break;
                }
                if let Some(value) = value(line.text) {
                    found.push(value.to_ascii_lowercase());
                }
            }
            at_start = line.complete;
        }
        Ok(Self(found))
    }

    /// Whether the letter was delivered to this address before.
    #[must_use]
    pub fn contains(&self, address: &Address) -> bool {
        let wanted = quote_822(address.as_bytes()).to_ascii_lowercase();
        self.0.contains(&wanted)
    }
}

/// `name:` at the start; also the `From ` line that some programs put before the headers.
fn is_header(line: &[u8]) -> bool {
    let name = line
        .iter()
        .position(|&b| b == b':')
        .and_then(|colon| line.get(..colon));
    let named = name.is_some_and(|name| {
        let name = name.trim_ascii_end();
        !name.is_empty() && name.iter().all(|b| b.is_ascii_graphic())
    });
    named || line.starts_with(b"From ") || line.starts_with(b">From ")
}

fn value(line: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b"delivered-to";
    let (name, rest) = line.split_at_checked(NAME.len())?;
    let rest = rest.trim_ascii_start().strip_prefix(b":")?;
    name.eq_ignore_ascii_case(NAME).then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use queue::{RecordType, record};

    use super::*;

    #[test]
    fn only_headers_count() {
        let mut bytes = Vec::new();
        for line in [
            "Delivered-To: A@example.org",
            "Subject: x",
            " Delivered-To: b@x",
            "",
            "Delivered-To: c@x",
        ] {
            record::put(&mut bytes, RecordType::LINE, line.as_bytes());
        }
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let seen = DeliveredTo::read(&mut Content::new(&file, 0)).unwrap();
        let contains = |text: &str| seen.contains(&Address::new(text).unwrap());
        assert!(contains("a@Example.org"));
        assert!(!contains("b@x") && !contains("c@x"));
    }
}
