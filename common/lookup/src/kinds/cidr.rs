//! `cidr:` tables: networks in order, first match wins; `!`, `if` and `endif`.
//!
//! The file, or the `{ { rule }, ... }` in its place, is compiled once. Only whole addresses are looked up.
//! Logs a warning for each rule that is skipped.

use std::net::IpAddr;

use net::IpNet;
use text::token;

use crate::error::OpenError;
use crate::source::{LogicalLine, logical_lines};

/// The rules of a table.
#[derive(Debug)]
pub(crate) struct Cidr {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    then: Then,
}

#[derive(Debug, Clone, Copy)]
struct Pattern {
    member: bool,
    network: IpNet,
}

#[derive(Debug)]
enum Then {
    Value(Vec<u8>),
    /// Go on inside the block, or past its end at this rule.
    If(usize),
}

impl Cidr {
    pub(crate) fn open(name: &str) -> Result<Self, OpenError> {
        if name.starts_with('{') {
            let rules = inline_rules(name)?;
            return Ok(compile(name, &rules));
        }
        let text = std::fs::read(name).map_err(|error| {
            let error = sys::reason(&error);
            OpenError::File(format!("open {name}: {error}"))
        })?;
        Ok(compile(name, &logical_lines(&text)))
    }

    pub(crate) fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(key).ok()?;
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
        let address: IpAddr = bare.unwrap_or(text).parse().ok()?;
        let mut at = 0;
        while let Some(rule) = self.rules.get(at) {
            let matched = rule.pattern.network.contains(address) == rule.pattern.member;
            match &rule.then {
                Then::Value(value) if matched => return Some(value.clone()),
                Then::If(end) if !matched => at = *end,
                Then::Value(_) | Then::If(_) => at += 1,
            }
        }
        None
    }
}

fn inline_rules(name: &str) -> Result<Vec<LogicalLine>, OpenError> {
    let bad = |error| OpenError::Syntax(format!("bad cidr:{{}} syntax: {error} in \"{name}\""));
    token::groups(token::inside(name).map_err(bad)?)
        .enumerate()
        .map(|(index, rule)| {
            Ok(LogicalLine {
                first: index + 1,
                last: index + 1,
                text: token::inside(rule).map_err(bad)?.as_bytes().to_vec(),
            })
        })
        .collect()
}

fn compile(name: &str, lines: &[LogicalLine]) -> Cidr {
    let mut rules: Vec<Rule> = Vec::new();
    let mut open: Vec<(usize, usize)> = Vec::new();
    for line in lines {
        let text = String::from_utf8_lossy(&line.text);
        match parse(text.trim()) {
            Ok(Line::Rule(rule)) => rules.push(rule),
            Ok(Line::If(pattern)) => {
                open.push((rules.len(), line.last));
                rules.push(Rule {
                    pattern,
                    then: Then::If(usize::MAX),
                });
            }
            Ok(Line::EndIf) => match open.pop() {
                Some((at, _)) => close(&mut rules, at),
                None => warn(name, line.last, "ENDIF without IF"),
            },
            Err(fault) => warn(name, line.last, &fault),
        }
    }
    for (at, line) in open {
        maillog::warning!("cidr map {name}, line {line}: IF has no matching ENDIF");
        close(&mut rules, at);
    }
    Cidr { rules }
}

fn close(rules: &mut [Rule], at: usize) {
    let end = rules.len();
    if let Some(rule) = rules.get_mut(at) {
        rule.then = Then::If(end);
    }
}

fn warn(name: &str, line: usize, fault: &str) {
    maillog::warning!("cidr map {name}, line {line}: {fault}: skipping this rule");
}

enum Line {
    Rule(Rule),
    If(Pattern),
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
    let then = Then::Value(rest.as_bytes().to_vec());
    Ok(Line::Rule(Rule { pattern, then }))
}

fn pattern(text: &str) -> Result<Pattern, String> {
    let mut member = true;
    let mut network = text;
    while let Some(rest) = network.strip_prefix('!') {
        member = !member;
        network = rest.trim_start();
    }
    if network.is_empty() {
        return Err("no address pattern".to_owned());
    }
    let network = IpNet::parse(network).map_err(|error| error.to_string())?;
    Ok(Pattern { member, network })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(Cidr::open("{{1.2.3.4 z}, {::1 w}}").unwrap().rules.len(), 2);
    }
}
