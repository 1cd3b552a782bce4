//! `regexp:` and `pcre:` tables: patterns in order, the first that matches wins (regexp_table(5), pcre_table(5)).
//!
//! The file, or the `{ { rule }, ... }` in its place, is compiled once; it is not read again when it changes. Only whole keys are
//! looked up, with their letters as they are. Logs a warning for each rule that is skipped.

use std::cell::RefCell;
use std::ffi::{CStr, CString};
use std::ops::Range;

use sys::pcre::{self, Pcre};
use sys::posix_regex::{self, PosixRegex};

use crate::error::OpenError;
use crate::kinds::literal::{self, Clause};
use crate::kinds::prefilter::{Known, LazyPrefilter};
use crate::kinds::replacement::{BadReplacement, Replacement};
use crate::kinds::rules::{Builder, Condition, Rules};
use crate::source::{self, LogicalLine};

/// Which language the patterns are written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Language {
    /// regexp_table(5).
    Regexp,
    /// pcre_table(5).
    Pcre,
}

/// A table.
#[derive(Debug)]
pub(crate) struct Patterns {
    rules: Rules<Pattern, Replacement>,
    prefilter: LazyPrefilter,
}

#[derive(Debug)]
struct Pattern {
    regex: Regex,
    line: usize,
}

#[derive(Debug)]
enum Regex {
    Posix { regex: PosixRegex, groups: usize },
    Perl(RefCell<Pcre>),
}

impl Patterns {
    /// `substitution` is whether results may hold parts of the key.
    pub(crate) fn open(
        language: Language,
        name: &str,
        substitution: bool,
    ) -> Result<Self, OpenError> {
        let lines = source::rules(name, language.name())?;
        Ok(Self::compile(language, name, &lines, substitution))
    }

    /// The result for a key; an error when a pattern could not be tried to its end.
    pub(crate) fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        // The C library's texts end at a NUL.
        let text = CString::new(key.split(|&byte| byte == 0).next().unwrap_or_default());
        let text = text.unwrap_or_default();
        let candidates = self.prefilter.candidates(key);
        let found = self
            .rules
            .find(candidates.as_ref(), |pattern| pattern.matches(key, &text))?;
        Ok(found.map(|(pattern, replacement)| match &pattern.regex {
            Regex::Perl(pcre) => {
                let pcre = pcre.borrow();
                replacement.fill(key, |number| pcre.group(number))
            }
            Regex::Posix { regex, groups } => {
                let ranges = posix_groups(regex, *groups, &text);
                replacement.fill(key, |number| ranges.get(number).cloned().flatten())
            }
        }))
    }

    fn compile(language: Language, name: &str, lines: &[LogicalLine], substitution: bool) -> Self {
        let mut compiler = Compiler {
            language,
            name,
            substitution,
            rules: Builder::new(),
            known: Vec::new(),
        };
        for line in lines {
            if let Err(fault) = compiler.line(line) {
                compiler.warn(line.last, &fault);
            }
        }
        let Compiler { rules, known, .. } = compiler;
        let (rules, open) = rules.finish();
        for line in open {
            maillog::warning!(
                "{} map {name}, line {line}: IF has no matching ENDIF",
                language.name()
            );
        }
        Self {
            rules,
            prefilter: LazyPrefilter::new(known),
        }
    }
}

impl Pattern {
    fn matches(&self, key: &[u8], text: &CStr) -> Result<bool, String> {
        match &self.regex {
            Regex::Posix { regex, .. } => Ok(regex.find(text, &mut [])),
            Regex::Perl(pcre) => {
                let matched = pcre.borrow_mut().matches(key);
                matched.map_err(|error| format!("line {}: {error}", self.line))
            }
        }
    }
}

impl Language {
    const fn name(self) -> &'static str {
        match self {
            Self::Regexp => "regexp",
            Self::Pcre => "pcre",
        }
    }

    /// What becomes of a rule without its second delimiter, in the words that administrators know.
    const fn unclosed(self) -> &'static str {
        match self {
            Self::Regexp => "skipping this rule",
            Self::Pcre => "ignoring this rule",
        }
    }
}

fn posix_groups(regex: &PosixRegex, groups: usize, text: &CStr) -> Vec<Option<Range<usize>>> {
    let mut ranges = vec![None; groups + 1];
    if groups > 0 {
        let _ = regex.find(text, &mut ranges);
    }
    ranges
}

/// Reads a table's lines.
struct Compiler<'a> {
    language: Language,
    name: &'a str,
    substitution: bool,
    rules: Builder<Pattern, Replacement>,
    /// What is known of each of these rules.
    known: Vec<Known>,
}

/// What a line begins with.
struct Head<'t> {
    condition: Condition<Pattern>,
    /// What texts need to match the pattern.
    clauses: Vec<Clause>,
    rest: &'t [u8],
}

impl Compiler<'_> {
    fn warn(&self, line: usize, fault: &str) {
        let (language, name) = (self.language.name(), self.name);
        maillog::warning!("{language} map {name}, line {line}: {fault}");
    }

    fn line(&mut self, line: &LogicalLine) -> Result<(), String> {
        let text = line.text.trim_ascii();
        if let Some(rest) = keyword(text, b"if") {
            let head = self.head(rest, line.last)?;
            if !head.rest.is_empty() {
                self.warn(line.last, "ignoring extra text after IF statement");
            }
            self.known.push(Known {
                clauses: head.clauses,
                matters_anyway: true,
            });
            self.rules.begin(head.condition, line.last);
        } else if let Some(rest) = keyword(text, b"endif") {
            if !rest.is_empty() {
                self.warn(line.last, "ignoring extra text after ENDIF");
            }
            if !self.rules.end() {
                return Err("ignoring ENDIF without matching IF".to_owned());
            }
        } else if text.first().is_some_and(u8::is_ascii_alphanumeric) {
            return Err("ignoring unrecognized request".to_owned());
        } else {
            let head = self.head(text, line.last)?;
            if head.rest.is_empty() {
                self.warn(line.last, "no replacement text: using empty string");
            }
            let member = head.condition.member;
            let groups = member.then(|| head.condition.pattern.groups());
            let value =
                Replacement::parse(head.rest, groups).map_err(|bad| self.bad(line.last, &bad))?;
            if value.has_groups() && !self.substitution {
                return Err(
                    "regular expression substitution is not allowed: skipping this rule".to_owned(),
                );
            }
            self.known.push(Known {
                clauses: head.clauses,
                matters_anyway: !member,
            });
            self.rules.rule(head.condition, value);
        }
        Ok(())
    }

    fn bad(&self, line: usize, bad: &BadReplacement) -> String {
        if let Some(detail) = bad.detail() {
            maillog::warning!("{detail}");
        }
        if let BadReplacement::NotANumber(_) = bad {
            self.warn(line, &bad.to_string());
            return "bad replacement syntax: skipping this rule".to_owned();
        }
        bad.to_string()
    }

    /// `!/pattern/flags`, and what follows it.
    fn head<'t>(&mut self, text: &'t [u8], line: usize) -> Result<Head<'t>, String> {
        let mut member = true;
        let mut text = text;
        while let Some(rest) = text.strip_prefix(b"!") {
            member = !member;
            text = rest.trim_ascii_start();
        }
        let Some((&delimiter, rest)) = text.split_first() else {
            return Err("no regexp: skipping this rule".to_owned());
        };
        let shown = char::from(delimiter);
        let end = end_of_pattern(rest, delimiter).ok_or_else(|| {
            let what = self.language.unclosed();
            format!("no closing regexp delimiter \"{shown}\": {what}")
        })?;
        let (pattern, rest) = rest.split_at(end);
        let rest = rest.get(1..).unwrap_or_default();
        let flags = rest
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(rest.len());
        let (flags, rest) = rest.split_at(flags);
        let (regex, dialect) = match self.language {
            Language::Regexp => posix(pattern, flags)?,
            Language::Pcre => self.perl(pattern, flags, line)?,
        };
        let clauses = dialect.map(|dialect| literal::required(pattern, dialect));
        let pattern = Pattern { regex, line };
        Ok(Head {
            condition: Condition { pattern, member },
            clauses: clauses.unwrap_or_default(),
            rest: rest.trim_ascii(),
        })
    }

    fn perl(
        &self,
        pattern: &[u8],
        letters: &[u8],
        line: usize,
    ) -> Result<(Regex, Option<literal::Dialect>), String> {
        let mut flags = pcre::Flags {
            caseless: true,
            multiline: false,
            dotall: true,
            extended: false,
            anchored: false,
            dollar_endonly: false,
            ungreedy: false,
        };
        for &letter in letters {
            let flag = match letter {
                b'i' => &mut flags.caseless,
                b'm' => &mut flags.multiline,
                b's' => &mut flags.dotall,
                b'x' => &mut flags.extended,
                b'A' => &mut flags.anchored,
                b'E' => &mut flags.dollar_endonly,
                b'U' => &mut flags.ungreedy,
                b'X' => {
                    self.warn(line, "ignoring obsolete regexp option \"X\"");
                    continue;
                }
                unknown => return Err(unknown_flag(unknown)),
            };
            *flag = !*flag;
        }
        let regex = Pcre::compile(pattern, flags)
            .map_err(|bad| format!("error in regex at offset {}: {}", bad.offset, bad.what))?;
        let dialect = (!flags.extended).then_some(literal::Dialect::Perl);
        Ok((Regex::Perl(RefCell::new(regex)), dialect))
    }
}

impl Pattern {
    fn groups(&self) -> usize {
        match &self.regex {
            Regex::Posix { groups, .. } => *groups,
            Regex::Perl(pcre) => pcre.borrow().groups(),
        }
    }
}

fn posix(pattern: &[u8], letters: &[u8]) -> Result<(Regex, Option<literal::Dialect>), String> {
    let mut flags = posix_regex::Flags {
        extended: true,
        ignore_case: true,
        lines: false,
    };
    for &letter in letters {
        let flag = match letter {
            b'i' => &mut flags.ignore_case,
            b'm' => &mut flags.lines,
            b'x' => &mut flags.extended,
            unknown => return Err(unknown_flag(unknown)),
        };
        *flag = !*flag;
    }
    let text = CString::new(pattern).map_err(|_| "NUL in a pattern: skipping this rule")?;
    let regex = PosixRegex::compile(&text, flags)?;
    let groups = groups_of(pattern, flags.extended).min(posix_regex::MOST_GROUPS - 1);
    let dialect = flags.extended.then_some(literal::Dialect::Posix);
    Ok((Regex::Posix { regex, groups }, dialect))
}

fn unknown_flag(letter: u8) -> String {
    let letter = char::from(letter);
    format!("unknown regexp option \"{letter}\": skipping this rule")
}

/// What follows a word at the beginning; letters of either case are the same.
fn keyword<'t>(text: &'t [u8], word: &[u8]) -> Option<&'t [u8]> {
    let (start, rest) = text.split_at_checked(word.len())?;
    let ends = !rest.first().is_some_and(u8::is_ascii_alphanumeric);
    (start.eq_ignore_ascii_case(word) && ends).then(|| rest.trim_ascii_start())
}

/// Where the delimiter stands that no backslash protects.
fn end_of_pattern(text: &[u8], delimiter: u8) -> Option<usize> {
    let mut bytes = text.iter().enumerate();
    while let Some((at, &byte)) = bytes.next() {
        if byte == delimiter {
            return Some(at);
        }
        if byte == b'\\' {
            bytes.next();
        }
    }
    None
}

/// How many groups a POSIX pattern has, which compiled without fault.
fn groups_of(pattern: &[u8], extended: bool) -> usize {
    let mut count = 0;
    let mut rest = pattern;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'\\' => {
                count += usize::from(!extended && rest.first() == Some(&b'('));
                rest = rest.get(1..).unwrap_or_default();
            }
            b'[' => rest = after_bracket(rest),
            b'(' if extended => count += 1,
            _ => {}
        }
    }
    count
}

fn after_bracket(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix(b"^").unwrap_or(text);
    let mut at = usize::from(text.first() == Some(&b']'));
    while let Some(&byte) = text.get(at) {
        let class = text.get(at + 1).filter(|mark| b":.=".contains(mark));
        match (byte, class) {
            (b']', _) => return text.get(at + 1..).unwrap_or_default(),
            (b'[', Some(&mark)) => {
                let inside = text.get(at + 2..).unwrap_or_default();
                let end = inside.windows(2).position(|two| two == [mark, b']']);
                at += end.map_or(2, |end| end + 4);
            }
            _ => at += 1,
        }
    }
    b""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::logical_lines;

    fn table(language: Language, text: &str) -> Patterns {
        Patterns::compile(language, "test", &logical_lines(text.as_bytes()), true)
    }

    fn find(table: &Patterns, key: &str) -> Option<String> {
        let found = table.find(key.as_bytes()).unwrap();
        found.map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn groups_are_counted() {
        assert_eq!(groups_of(b"(a)(b(c))[(]\\(", true), 3);
        assert_eq!(groups_of(b"[]()[:alpha:](](x)", true), 1);
        assert_eq!(groups_of(b"\\(a\\)(b)", false), 1);
    }

    #[test]
    fn many_patterns_with_literals_find_the_first() {
        for language in [Language::Regexp, Language::Pcre] {
            let mut text = String::new();
            for number in 0..50 {
                text += &format!("/^user{number}@(.*)\\.example$/ {number} $1\n");
            }
            text += "!/@/ no address\n/(.*)/ rest $1\n";
            let table = table(language, &text);
            // The first lookups are without the literals.
            for _ in 0..10 {
                assert_eq!(
                    find(&table, "USER17@host.example").as_deref(),
                    Some("17 host")
                );
                assert_eq!(find(&table, "user1@a.b.example").as_deref(), Some("1 a.b"));
                assert_eq!(find(&table, "plain").as_deref(), Some("no address"));
                assert_eq!(find(&table, "x@y").as_deref(), Some("rest x@y"));
            }
        }
    }

    #[test]
    fn fixed_values_have_no_part_of_the_key() {
        for language in [Language::Regexp, Language::Pcre] {
            let text = "/^(alice)$/ $1\n/^(al.*)$/ a$$1\n";
            let table = Patterns::compile(language, "test", &logical_lines(text.as_bytes()), false);
            assert_eq!(find(&table, "alice").as_deref(), Some("a$1"));
        }
    }

    #[test]
    fn too_many_steps_are_an_error() {
        let table = table(Language::Pcre, "/(*LIMIT_MATCH=10)^(a|a?)+$/ x\n");
        let error = table.find(b"aaaaaaaaaaaaaaaaaaaab").unwrap_err();
        assert_eq!(error, "line 1: match limit exceeded");
    }

    #[test]
    fn rules_with_parts_of_the_key_can_be_left_out() {
        let lines = logical_lines(b"/^(.)@/ $1 x\n/^a@/ fixed $$1\n/^(b)@/ plain\n");
        for language in [Language::Regexp, Language::Pcre] {
            let table = Patterns::compile(language, "test", &lines, false);
            let find = |key: &str| table.find(key.as_bytes()).unwrap();
            assert_eq!(find("a@x").as_deref(), Some(&b"fixed $1"[..]));
            assert_eq!(find("b@x").as_deref(), Some(&b"plain"[..]));
            assert_eq!(find("c@x"), None);
        }
    }
}
