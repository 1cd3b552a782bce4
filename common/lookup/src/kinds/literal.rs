//! What a regular expression cannot match without: texts of which every match has one, in lower case.
//!
//! A table of thousands of patterns looks for all their texts at once ([`super::prefilter`]), and tries only the patterns whose
//! texts are there. They are found by a cautious reader: whatever it does not know for certain means that nothing is. Pure.

/// Which language a pattern is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialect {
    /// POSIX extended regular expressions.
    Posix,
    /// Perl compatible ones, without the flag `x`.
    Perl,
}

/// Every match contains one of these.
pub(crate) type Clause = Vec<Vec<u8>>;

/// More alternatives say too little.
const MOST_ALTERNATIVES: usize = 32;
/// Deeper patterns are not looked into.
const DEEPEST: usize = 20;

/// What every match contains: one text of each clause. Nothing when nothing is certain.
pub(crate) fn required(pattern: &[u8], dialect: Dialect) -> Vec<Clause> {
    let mut reader = Reader {
        dialect,
        rest: pattern,
        depth: 0,
    };
    let clauses = reader.alternatives().unwrap_or_default();
    if reader.rest.is_empty() {
        clauses
    } else {
        Vec::new()
    }
}

/// The length of the shortest text of a clause, which says how much the clause says.
pub(crate) fn strength(clause: &Clause) -> usize {
    clause.iter().map(Vec::len).min().unwrap_or(0)
}

struct Reader<'a> {
    dialect: Dialect,
    rest: &'a [u8],
    depth: usize,
}

/// What a quantifier can stand behind.
enum Atom {
    Byte(u8),
    /// Some text, or none, or a place.
    Unknown,
    Group(Vec<Clause>),
}

/// How often an atom is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Times {
    Once,
    /// At least once.
    Repeated,
    /// Perhaps not at all.
    Optional,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn skip(&mut self, text: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// What is between parentheses, or all of the pattern.
    fn alternatives(&mut self) -> Option<Vec<Clause>> {
        let mut clauses = self.branch()?;
        let mut several = false;
        let mut union = Clause::new();
        while self.skip(b"|") {
            several = true;
            union.extend(strongest(clauses));
            clauses = self.branch()?;
            if union.is_empty() || clauses.is_empty() {
                // One branch may match anything; the others are read to find the end.
                while self.skip(b"|") {
                    self.branch()?;
                }
                return Some(Vec::new());
            }
        }
        if !several {
            return Some(clauses);
        }
        union.extend(strongest(clauses));
        union.sort_unstable();
        union.dedup();
        let few = union.len() <= MOST_ALTERNATIVES;
        Some(if few { vec![union] } else { Vec::new() })
    }

    fn branch(&mut self) -> Option<Vec<Clause>> {
        let mut clauses = Vec::new();
        let mut run = Vec::new();
        while !matches!(self.peek(), None | Some(b'|' | b')')) {
            let atom = self.atom()?;
            let times = self.times()?;
            if let (Atom::Byte(byte), Times::Once | Times::Repeated) = (&atom, times) {
                run.push(byte.to_ascii_lowercase());
            }
            if !matches!((&atom, times), (Atom::Byte(_), Times::Once)) && !run.is_empty() {
                clauses.push(vec![std::mem::take(&mut run)]);
            }
            match atom {
                Atom::Group(inner) if times != Times::Optional => clauses.extend(inner),
                Atom::Group(_) | Atom::Byte(_) | Atom::Unknown => {}
            }
        }
        if !run.is_empty() {
            clauses.push(vec![run]);
        }
        Some(clauses)
    }

    fn atom(&mut self) -> Option<Atom> {
        match self.next()? {
            b'\\' => self.escape(),
            b'[' => self.bracket(),
            b'(' => self.group(),
            b'.' | b'^' | b'$' => Some(Atom::Unknown),
            b'*' | b'+' | b'?' | b'{' => None,
            byte => Some(Atom::Byte(byte)),
        }
    }

    /// The quantifiers behind an atom; the languages do not agree what several of them mean.
    fn times(&mut self) -> Option<Times> {
        let mut times = Times::Once;
        loop {
            let this = match self.peek() {
                Some(b'*' | b'?') => Times::Optional,
                Some(b'+') => Times::Repeated,
                Some(b'{') => {
                    let end = self.rest.iter().position(|&byte| byte == b'}')?;
                    let (bounds, rest) = self.rest.split_at_checked(end)?;
                    let bounds = bounds.get(1..)?;
                    if !bounds
                        .iter()
                        .all(|byte| byte.is_ascii_digit() || *byte == b',')
                    {
                        return None;
                    }
                    self.rest = rest;
                    match bounds.first() {
                        Some(b'1'..=b'9') => Times::Repeated,
                        _ => Times::Optional,
                    }
                }
                _ => return Some(times),
            };
            self.next();
            times = match times {
                Times::Once => this,
                Times::Repeated | Times::Optional => Times::Optional,
            };
        }
    }

    fn group(&mut self) -> Option<Atom> {
        let mut counts = true;
        if self.peek() == Some(b'*') {
            return None;
        }
        if self.skip(b"?") {
            if self.dialect == Dialect::Posix {
                return None;
            }
            let plain: [&[u8]; 5] = [b":", b">", b"|", b"=", b"<="];
            if self.skip(b"!") || self.skip(b"<!") {
                counts = false;
            } else if !plain.iter().any(|start| self.skip(start)) && self.name_or_flags()? {
                return Some(Atom::Unknown);
            }
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let inner = self.alternatives()?;
        self.depth -= 1;
        if self.next() != Some(b')') {
            return None;
        }
        Some(if counts {
            Atom::Group(inner)
        } else {
            Atom::Unknown
        })
    }

    /// `(?<name>` or `(?i:`, behind which there is a group, or `(?i)`: whether it is that.
    fn name_or_flags(&mut self) -> Option<bool> {
        let named = [&b"P<"[..], b"<"].iter().any(|start| self.skip(start));
        loop {
            match self.next()? {
                b'>' if named => return Some(false),
                byte if named && (byte == b'_' || byte.is_ascii_alphanumeric()) => {}
                b')' if !named => return Some(true),
                b':' if !named => return Some(false),
                b'i' | b'm' | b's' | b'U' | b'-' if !named => {}
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<Atom> {
        let next = self.next()?;
        let unknown: &[u8] = match self.dialect {
            Dialect::Posix => b"wWsSbB<>`'",
            Dialect::Perl => b"wWsSdDhHvVbBAzZGKtnrfae",
        };
        if next.is_ascii_digit() {
            // A group again, or the octal number of a byte.
            while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                self.next();
            }
            return Some(Atom::Unknown);
        }
        if unknown.contains(&next) {
            return Some(Atom::Unknown);
        }
        (!next.is_ascii_alphanumeric()).then_some(Atom::Byte(next))
    }

    /// A set of bytes; of one byte, in either case, it is that byte.
    fn bracket(&mut self) -> Option<Atom> {
        let mut plain = !self.skip(b"^");
        let mut members = Vec::new();
        loop {
            let byte = match self.next()? {
                b']' if !members.is_empty() => break,
                b'\\' if self.dialect == Dialect::Perl => {
                    let byte = self.next()?;
                    plain &= !byte.is_ascii_alphanumeric();
                    byte
                }
                b'[' if matches!(self.rest, [b':' | b'.' | b'=', ..]) => {
                    let mark = self.next()?;
                    let end = self.rest.windows(2).position(|two| two == [mark, b']'])?;
                    self.rest = self.rest.get(end + 2..)?;
                    plain = false;
                    mark
                }
                byte => {
                    plain &= byte != b'-';
                    byte
                }
            };
            members.push(byte.to_ascii_lowercase());
        }
        members.dedup();
        Some(match members.as_slice() {
            [byte] if plain => Atom::Byte(*byte),
            _ => Atom::Unknown,
        })
    }
}

fn strongest(clauses: Vec<Clause>) -> Clause {
    let key = |clause: &Clause| (strength(clause), std::cmp::Reverse(clause.len()));
    clauses.into_iter().max_by_key(key).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sys::pcre::{self, Pcre};
    use sys::posix_regex::{self, PosixRegex};

    fn of(pattern: &str, dialect: Dialect) -> String {
        let shown = |clause: Clause| {
            let texts = clause
                .into_iter()
                .map(|text| String::from_utf8(text).unwrap());
            texts.collect::<Vec<_>>().join("|")
        };
        let clauses = required(pattern.as_bytes(), dialect).into_iter().map(shown);
        clauses.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_every_match_contains() {
        for (pattern, wanted) in [
            ("^user@example\\.com$", "user@example.com"),
            ("abcde*fgh", "abcd fgh"),
            ("abc+def(x|yz)ghijk", "abc def x|yz ghijk"),
            ("[abc]Spa[Mm]{2}er", "spam er"),
            ("abc|d(e|f+)", "abc|d"),
            ("a(b(cd)?|x)e[.]f", "a b|x e.f"),
            ("(a|)b{0,3}c{2,3}", "c"),
            ("a(.*|x)b", "a b"),
            ("a|b*", ""),
            ("a.b$", "a b"),
        ] {
            assert_eq!(of(pattern, Dialect::Perl), wanted, "{pattern}");
            assert_eq!(of(pattern, Dialect::Posix), wanted, "{pattern}");
        }
    }

    #[test]
    fn what_only_perl_knows() {
        for (pattern, wanted) in [
            ("(?i)abc(?:de)", "abc de"),
            ("(?<n>ab)(?P<m>cd)(?=ef)(?!gh)(?s-i:ij)", "ab cd ef ij"),
            ("\\d+ab\\1\\.[\\.]", "ab .."),
        ] {
            assert_eq!(of(pattern, Dialect::Perl), wanted, "{pattern}");
        }
    }

    #[test]
    fn what_is_not_known_for_certain() {
        for pattern in [
            "\\Qabc\\E",
            "\\x41bcd",
            "[abc",
            "(*UTF)abc",
            "abc(?R)",
            "(?x)a b c",
            "abc{x}",
            "ab)c",
            "(abc",
            "ab\\",
        ] {
            assert_eq!(of(pattern, Dialect::Perl), "", "{pattern}");
        }
        assert_eq!(of("(?:abc)", Dialect::Posix), "");
        // To POSIX, the question mark makes what is before it optional.
        assert_eq!(of("abc+?d", Dialect::Posix), "ab d");
    }

    const PARTS: &[&str] = &[
        "a",
        "b",
        "c",
        "abc",
        "a*",
        "b+",
        "c?",
        "\\.",
        "(ab?|c)",
        "(a",
        ")",
        "[ab]",
        "[^a]",
        "[]a]",
        ".",
        "^",
        "$",
        "a{1,2}",
        "\\w",
        "|",
        "?",
        "+",
        "*",
        "(b|c",
        "[aA]",
        "(?:a|bc)",
        "(?!a)",
        "(?=b)",
        "(?i)",
        "{0,1}",
        "{2}",
        "\\1",
        "(a)",
        "[[:alpha:]]",
        "[\\.]",
        "{",
        "}",
    ];

    fn holds(clauses: &[Clause], text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        let contains = |part: &Vec<u8>| text.as_bytes().windows(part.len()).any(|w| w == part);
        clauses.iter().all(|clause| clause.iter().any(contains))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]
        #[test]
        fn no_match_is_overlooked(parts in proptest::collection::vec(proptest::sample::select(PARTS), 1..9), text in "[abcA.]{0,12}") {
            let pattern = parts.concat();
            let flags = pcre::Flags { caseless: true, multiline: false, dotall: true, extended: false, anchored: false, dollar_endonly: false, ungreedy: false };
            if let Ok(mut perl) = Pcre::compile(pattern.as_bytes(), flags)
                && perl.matches(text.as_bytes()) == Ok(true) {
                prop_assert!(holds(&required(pattern.as_bytes(), Dialect::Perl), &text), "pcre {pattern} {text}");
            }
            let flags = posix_regex::Flags { extended: true, ignore_case: true, lines: false };
            let c = |text: &str| std::ffi::CString::new(text).unwrap();
            if let Ok(posix) = PosixRegex::compile(&c(&pattern), flags)
                && posix.find(&c(&text), &mut []) {
                prop_assert!(holds(&required(pattern.as_bytes(), Dialect::Posix), &text), "regexp {pattern} {text}");
            }
        }
    }
}
