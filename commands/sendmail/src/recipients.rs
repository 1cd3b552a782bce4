//! Recipients: as callers write them, and as headers name them (`-t`). Pure.
//!
//! Resent-To:, Resent-Cc: and Resent-Bcc: count instead of To:, Cc: and Bcc: when any of them is there. The headers stay
//! in the letter; cleanup(8) removes Bcc:.

use mail::address_list::AddressList;

/// The addresses of a word of the command line: `a@b`, `Name <a@b>`, `"quoted"@b`, or several with commas.
pub(crate) fn of_word(word: &[u8]) -> Vec<Vec<u8>> {
    let list = AddressList::parse(word, usize::MAX);
    let addresses: Vec<Vec<u8>> = list.addresses().map(<[u8]>::to_vec).collect();
    if addresses.is_empty() {
        vec![Vec::new()]
    } else {
        addresses
    }
}

/// Collects the recipients of headers while the letter goes by.
#[derive(Debug)]
pub(crate) struct Extractor {
    limit: usize,
    header: Vec<u8>,
    in_headers: bool,
    plain: Vec<Vec<u8>>,
    resent: Vec<Vec<u8>>,
    is_resent: bool,
}

impl Extractor {
    /// `limit` bounds the tokens of one header that are looked at.
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            limit,
            header: Vec::new(),
            in_headers: true,
            plain: Vec::new(),
            resent: Vec::new(),
            is_resent: false,
        }
    }

    /// Look at a line of the letter, or a piece of one (`continued`: it goes on the line before).
    pub(crate) fn line(&mut self, text: &[u8], continued: bool) {
        if !self.in_headers {
            return;
        }
        if continued {
            self.header.extend_from_slice(text);
            return;
        }
        if matches!(text.first(), Some(b' ' | b'\t')) && !self.header.is_empty() {
            self.header.push(b'\n');
            self.header.extend_from_slice(text);
            return;
        }
        self.end_header();
        if is_header(text) {
            self.header.extend_from_slice(text);
        } else {
            self.in_headers = false;
        }
    }

    /// The recipients, once the letter is over.
    pub(crate) fn finish(mut self) -> Vec<Vec<u8>> {
        self.end_header();
        if self.is_resent {
            self.resent
        } else {
            self.plain
        }
    }

    fn end_header(&mut self) {
        let header = std::mem::take(&mut self.header);
        let Some(colon) = header.iter().position(|&b| b == b':') else {
            return;
        };
        let (name, value) = header.split_at(colon);
        let name = name.trim_ascii_end().to_ascii_lowercase();
        let target = match name.as_slice() {
            b"to" | b"cc" | b"bcc" => &mut self.plain,
            b"resent-to" | b"resent-cc" | b"resent-bcc" => {
                self.is_resent = true;
                &mut self.resent
            }
            _ => return,
        };
        let list = AddressList::parse(value.get(1..).unwrap_or_default(), self.limit);
        let named = list.addresses().filter(|address| !address.is_empty());
        target.extend(named.map(<[u8]>::to_vec));
    }
}

/// `Name: value`, with a name of printable characters, perhaps white space before the colon.
fn is_header(text: &[u8]) -> bool {
    let Some(colon) = text.iter().position(|&b| b == b':') else {
        return false;
    };
    let name = text.get(..colon).unwrap_or_default().trim_ascii_end();
    !name.is_empty() && name.iter().all(|b| (b'!'..=b'~').contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn extract(letter: &str) -> Vec<String> {
        let mut extractor = Extractor::new(1000);
        for line in letter.lines() {
            extractor.line(line.as_bytes(), false);
        }
        extractor
            .finish()
            .into_iter()
            .map(|address| String::from_utf8(address).unwrap())
            .collect()
    }

    #[test]
    fn headers_name_recipients() {
        assert_eq!(
            extract(
                "To: A B <a@b>, c (x) , d: e, f;\nCc: \"q r\"@z\nBcc: h@b\nSubject: y\n\nTo: no"
            ),
            ["a@b", "c", "e", "f", "q r@z", "h@b"]
        );
        assert_eq!(extract("to : a,\n b\nbody To: c"), ["a", "b"]);
        assert_eq!(
            extract("To: a\nResent-To: k\nResent-Bcc: l\n\n"),
            ["k", "l"]
        );
        assert_eq!(extract("To: undisclosed-recipients:;\nBcc: a"), ["a"]);
        assert!(extract("To: a\nResent-Cc: \n").is_empty());
        assert!(extract("X-To: a\n\nTo: b").is_empty());
    }

    #[test]
    fn words_of_the_command_line() {
        let words = |word: &str| -> Vec<String> {
            of_word(word.as_bytes())
                .into_iter()
                .map(|address| String::from_utf8(address).unwrap())
                .collect()
        };
        assert_eq!(words("a b"), ["a", "b"]);
        assert_eq!(words("N <p@q>"), ["p@q"]);
        assert_eq!(words("\"x y\"@z"), ["x y@z"]);
        assert_eq!(words(""), [""]);
        assert_eq!(words("<>"), [""]);
    }

    proptest! {
        #[test]
        fn any_letter_ends(lines: Vec<Vec<u8>>) {
            let mut extractor = Extractor::new(100);
            for line in &lines {
                extractor.line(line, false);
            }
            extractor.finish();
        }
    }
}
