//! `cidr:` tables: networks in order, first match wins; `!`, `if` and `endif`.
//!
//! The file, or the `{ { rule }, ... }` in its place, is compiled once. Only whole addresses are looked up.
//! Logs a warning for each rule that is skipped.

use std::convert::Infallible;
use std::net::IpAddr;

use net::IpNet;

use crate::error::OpenError;
use crate::kinds::rules::{Builder, Condition, Rules};
use crate::source::{self, LogicalLine};

/// The rules of a table.
#[derive(Debug)]
pub(crate) struct Cidr {
    rules: Rules<IpNet, Vec<u8>>,
}

impl Cidr {
    pub(crate) fn open(name: &str) -> Result<Self, OpenError> {
        Ok(compile(name, &source::rules(name, "cidr")?))
    }

    pub(crate) fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(key).ok()?;
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
        let address: IpAddr = bare.unwrap_or(text).parse().ok()?;
        let contains = |network: &IpNet| Ok::<_, Infallible>(network.contains(address));
        let Ok(found) = self.rules.find(contains);
        found.map(|(_, value)| value.clone())
    }
}

fn compile(name: &str, lines: &[LogicalLine]) -> Cidr {
    let mut rules = Builder::new();
    for line in lines {
        let text = String::from_utf8_lossy(&line.text);
        match parse(text.trim()) {
            Ok(Line::Rule(condition, value)) => rules.rule(condition, value),
            Ok(Line::If(condition)) => rules.begin(condition, line.last),
            Ok(Line::EndIf) if rules.end() => {}
            Ok(Line::EndIf) => warn(name, line.last, "ENDIF without IF"),
            Err(fault) => warn(name, line.last, &fault),
        }
    }
    let (rules, open) = rules.finish();
    for line in open {
        maillog::warning!("cidr map {name}, line {line}: IF has no matching ENDIF");
    }
    Cidr { rules }
}

fn warn(name: &str, line: usize, fault: &str) {
    maillog::warning!("cidr map {name}, line {line}: {fault}: skipping this rule");
}

enum Line {
    Rule(Condition<IpNet>, Vec<u8>),
    If(Condition<IpNet>),
    EndIf,
}

fn parse(text: &str) -> Result<Line, String> {
    let (word, rest) = text
        .split_once(|c: char| c.is_ascii_whitespace())
        .unwrap_or((text, ""));
    let rest = rest.trim();
    if word.eq_ignore_ascii_case("endif") {
        return match rest {
            "" => Ok(Line::EndIf),
            _ => Err("garbage after ENDIF".to_owned()),
        };
    }
    if word.eq_ignore_ascii_case("if") {
        return pattern(rest).map(Line::If);
    }
    let pattern = pattern(word)?;
    if rest.is_empty() {
        return Err("no lookup result".to_owned());
    }
    Ok(Line::Rule(pattern, rest.as_bytes().to_vec()))
}

fn pattern(text: &str) -> Result<Condition<IpNet>, String> {
    let mut member = true;
    let mut network = text;
    while let Some(rest) = network.strip_prefix('!') {
        member = !member;
        network = rest.trim_start();
    }
    if network.is_empty() {
        return Err("no address pattern".to_owned());
    }
    let pattern = IpNet::parse(network).map_err(|error| error.to_string())?;
    Ok(Condition { pattern, member })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::logical_lines;

    fn table(text: &str) -> Cidr {
        compile("test", &logical_lines(text.as_bytes()))
    }

    fn find(table: &Cidr, key: &str) -> Option<String> {
        table
            .find(key.as_bytes())
            .map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn first_match_wins_with_blocks_and_exceptions() {
        let table = table(
            "10.0.0.1 one\nif 10.0.0.0/8\n!10.1.0.0/16 not ten one\n10.1.0.0/16 ten one\nendif\n::1 loop\n",
        );
        assert_eq!(find(&table, "10.0.0.1").as_deref(), Some("one"));
        assert_eq!(find(&table, "10.2.0.1").as_deref(), Some("not ten one"));
        assert_eq!(find(&table, "10.1.0.1").as_deref(), Some("ten one"));
        assert_eq!(find(&table, "[::1]").as_deref(), Some("loop"));
        assert_eq!(find(&table, "11.0.0.1"), None);
        assert_eq!(find(&table, "host.example"), None);
    }

    #[test]
    fn bad_rules_are_skipped() {
        let table = table("10.0.0.1/8 x\nendif\n1.2.3.4\nif 1.2.3.0/24\n1.2.3.4 y\n");
        assert_eq!(find(&table, "10.0.0.1"), None);
        assert_eq!(find(&table, "1.2.3.4").as_deref(), Some("y"));
        let table = Cidr::open("{{1.2.3.4 z}, {::1 w}}").unwrap();
        assert_eq!(find(&table, "::1").as_deref(), Some("w"));
    }
}
