//! What a text must contain for a regular expression to match: a cheap question before the dear one.
//!
//! A table of thousands of patterns is asked once for all literals ([`Literals`]); a pattern whose literal is not there needs
//! no look. The literal is found by a cautious reader: whatever it does not know for certain means that there is none. Pure.

use aho_corasick::{AhoCorasick, MatchKind};

/// Which language a pattern is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialect {
    /// POSIX extended regular expressions.
    Posix,
    /// Perl compatible ones, without the flag `x`.
    Perl,
}

/// Shorter literals say too little.
const SHORTEST: usize = 3;

/// The longest text that every match contains, in lower case.
pub(crate) fn required(pattern: &[u8], dialect: Dialect) -> Option<Vec<u8>> {
    let mut reader = Reader {
        dialect,
        rest: pattern,
        depth: 0,
        run: Vec::new(),
        best: Vec::new(),
    };
    while let Some(byte) = reader.next() {
        reader.take(byte)?;
    }
    reader.end_run();
    (reader.depth == 0 && reader.best.len() >= SHORTEST).then_some(reader.best)
}

struct Reader<'a> {
    dialect: Dialect,
    rest: &'a [u8],
    depth: usize,
    run: Vec<u8>,
    best: Vec<u8>,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        if run.len() > self.best.len() {
            self.best = run;
        }
    }

    /// One byte of the pattern; `None` when nothing is certain any more.
    fn take(&mut self, byte: u8) -> Option<()> {
        match byte {
            b'\\' => self.escape()?,
            b'[' => self.bracket()?,
            b'(' => {
                let special = matches!(self.rest, [b'?' | b'*', ..]);
                if special && !self.rest.starts_with(b"?:") {
                    return None;
                }
                self.end_run();
                self.depth += 1;
            }
            b')' => {
                self.end_run();
                self.depth = self.depth.checked_sub(1)?;
            }
            b'|' if self.depth == 0 => return None,
            b'*' | b'?' => {
                // What stands before it may be missing.
                self.run.pop();
                self.end_run();
            }
            b'{' => {
                self.run.pop();
                self.end_run();
                let close = self.rest.iter().position(|&byte| byte == b'}')?;
                self.rest = self.rest.get(close + 1..)?;
            }
            b'+' | b'.' | b'^' | b'$' | b'|' => self.end_run(),
            literal => self.literal(literal),
        }
        Some(())
    }

    fn literal(&mut self, byte: u8) {
        if self.depth == 0 {
            self.run.push(byte.to_ascii_lowercase());
        }
    }

    fn escape(&mut self) -> Option<()> {
        let next = self.next()?;
        let (known, assertions): (&[u8], &[u8]) = match self.dialect {
            Dialect::Posix => (b"wWsSbB", b"<>`'"),
            Dialect::Perl => (b"wWsSdDbBAzZ", b""),
        };
        if known.contains(&next) || assertions.contains(&next) {
            self.end_run();
        } else if next.is_ascii_alphanumeric() {
            return None;
        } else {
            self.literal(next);
        }
        Some(())
    }

    fn bracket(&mut self) -> Option<()> {
        self.end_run();
        if self.rest.first() == Some(&b'^') {
            self.next();
        }
        let mut first = true;
        loop {
            match self.next()? {
                b']' if !first => return Some(()),
                b'\\' if self.dialect == Dialect::Perl => drop(self.next()?),
                b'[' if matches!(self.rest, [b':' | b'.' | b'=', ..]) => {
                    let mark = self.next()?;
                    let end = self.rest.windows(2).position(|two| two == [mark, b']'])?;
                    self.rest = self.rest.get(end + 2..)?;
                }
                _ => {}
            }
            first = false;
        }
    }
}

/// The literals of a table, found all at once.
#[derive(Debug)]
pub(crate) struct Literals {
    searcher: AhoCorasick,
    count: usize,
}

impl Literals {
    /// `None` when there are so few that each pattern may as well be tried.
    pub(crate) fn new(literals: &[Vec<u8>]) -> Option<Self> {
        const FEW: usize = 8;
        if literals.len() < FEW {
            return None;
        }
        let searcher = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(literals)
            .ok()?;
        Some(Self {
            searcher,
            count: literals.len(),
        })
    }

    /// Which of them are in the text, by their numbers.
    pub(crate) fn present(&self, text: &[u8]) -> Vec<bool> {
        let mut present = vec![false; self.count];
        for found in self.searcher.find_overlapping_iter(text) {
            if let Some(place) = present.get_mut(found.pattern().as_usize()) {
                *place = true;
            }
        }
        present
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sys::pcre::{self, Pcre};
    use sys::posix_regex::{self, PosixRegex};

    fn of(pattern: &str) -> Option<String> {
        let found = required(pattern.as_bytes(), Dialect::Perl)?;
        Some(String::from_utf8(found).unwrap())
    }

    #[test]
    fn what_every_match_contains() {
        assert_eq!(
            of("^user@example\\.com$").as_deref(),
            Some("user@example.com")
        );
        assert_eq!(of("abcde*fgh").as_deref(), Some("abcd"));
        assert_eq!(of("abc+def(x|y)ghijk").as_deref(), Some("ghijk"));
        assert_eq!(of("[abc]Spam{2}er").as_deref(), Some("spa"));
        for none in [
            "abc|def",
            "(?i)abc",
            "\\Qabc\\E",
            "\\x41bcd",
            "ab",
            "(abc)",
            "[abc",
            "a.b.c",
            "(*UTF)abc",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn all_at_once() {
        let words: Vec<Vec<u8>> = ["abc", "bcd", "xyz", "q12", "q13", "q14", "q15", "abcd"]
            .map(|word| word.as_bytes().to_vec())
            .to_vec();
        let present = Literals::new(&words).unwrap().present(b"-ABCD-Q13");
        let found: Vec<_> = present
            .iter()
            .enumerate()
            .filter_map(|(at, &is)| is.then_some(at))
            .collect();
        assert_eq!(found, [0, 1, 4, 7]);
        assert!(Literals::new(&words[..3]).is_none());
    }

    const PARTS: &[&str] = &[
        "a", "b", "c", "abc", "a*", "b+", "c?", "\\.", "(ab?|c)", "(a", ")", "[ab]", "[^a]",
        "[]a]", ".", "^", "$", "a{1,2}", "\\w", "|",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn no_match_is_overlooked(parts in proptest::collection::vec(proptest::sample::select(PARTS), 1..8), text in "[abcA.]{0,12}") {
            let pattern = parts.concat();
            let contains = |literal: Option<Vec<u8>>| literal.is_none_or(|literal| {
                let text = text.to_ascii_lowercase();
                text.as_bytes().windows(literal.len()).any(|part| part == literal)
            });
            let flags = pcre::Flags { caseless: true, multiline: false, dotall: true, extended: false, anchored: false, dollar_endonly: false, ungreedy: false };
            if let Ok(mut perl) = Pcre::compile(pattern.as_bytes(), flags)
                && perl.matches(text.as_bytes()) == Ok(true) {
                prop_assert!(contains(required(pattern.as_bytes(), Dialect::Perl)), "pcre {pattern} {text}");
            }
            let flags = posix_regex::Flags { extended: true, ignore_case: true, lines: false };
            let c = |text: &str| std::ffi::CString::new(text).unwrap();
            if let Ok(posix) = PosixRegex::compile(&c(&pattern), flags)
                && posix.find(&c(&text), &mut []) {
                prop_assert!(contains(required(pattern.as_bytes(), Dialect::Posix)), "regexp {pattern} {text}");
            }
        }
    }
}
