//! `cidr:` tables: networks in order, first match wins; `!`, `if` and `endif`.
//!
//! The file, or the `{ { rule }, ... }` in its place, is compiled once, to ranges of addresses that do not overlap; a lookup is a
//! binary search, however many rules there are. A rule says something about addresses of its own family only, also with `!` before
//! it. Only whole addresses are looked up. Logs a warning for each rule that is skipped.

use std::collections::HashMap;
use std::net::IpAddr;

use net::IpNet;

use crate::error::OpenError;
use crate::kinds::intervals::{Changes, Interval, settle};
use crate::kinds::rules::Condition;
use crate::source::{self, LogicalLine};

/// The rules of a table.
#[derive(Debug)]
pub(crate) struct Cidr {
    v4: Changes<u32>,
    v6: Changes<u128>,
    /// The results, each once.
    values: Vec<Vec<u8>>,
}

impl Cidr {
    pub(crate) fn open(name: &str) -> Result<Self, OpenError> {
        Ok(compile(name, &source::rules(name, "cidr")?))
    }

    pub(crate) fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
        let found = match std::str::from_utf8(key).ok()?.parse().ok()? {
            IpAddr::V4(address) => self.v4.find(&address.to_bits()),
            IpAddr::V6(address) => self.v6.find(&address.to_bits()),
        };
        self.values.get(usize::try_from(found?).ok()?).cloned()
    }
}

fn compile(name: &str, lines: &[LogicalLine]) -> Cidr {
    let mut compiler = Compiler::default();
    for line in lines {
        let text = String::from_utf8_lossy(&line.text);
        let done = parse(text.trim()).and_then(|parsed| match parsed {
            Line::Rule(condition, value) => compiler.rule(&condition, value),
            Line::If(condition) => {
                compiler.open.push(Block::new(condition, line.last));
                Ok(())
            }
            Line::EndIf => compiler.end().ok_or_else(|| "ENDIF without IF".to_owned()),
        });
        if let Err(fault) = done {
            let line = line.last;
            maillog::warning!("cidr map {name}, line {line}: {fault}: skipping this rule");
        }
    }
    for block in &compiler.open {
        let line = block.line;
        maillog::warning!("cidr map {name}, line {line}: IF has no matching ENDIF");
    }
    compiler.finish()
}

/// Rules that are being read.
#[derive(Default)]
struct Compiler {
    whole: Ranges,
    /// The blocks that are not ended.
    open: Vec<Block>,
    values: HashMap<Vec<u8>, u32>,
}

/// What was said about addresses of either family, the first word before later ones.
#[derive(Default)]
struct Ranges {
    v4: Vec<Interval>,
    v6: Vec<Interval>,
}

struct Block {
    condition: Condition<IpNet>,
    line: usize,
    inside: Ranges,
}

impl Compiler {
    fn rule(&mut self, condition: &Condition<IpNet>, value: Vec<u8>) -> Result<(), String> {
        let next = u32::try_from(self.values.len()).map_err(|_| "too many different results")?;
        let value = *self.values.entry(value).or_insert(next);
        let inside = self.inside();
        let ranges = inside.of_family(condition.pattern);
        ranges.extend(
            parts(condition)
                .into_iter()
                .flatten()
                .map(|(first, last)| Interval { first, last, value }),
        );
        Ok(())
    }

    /// End the innermost block: what is left of it is what its condition lets through.
    fn end(&mut self) -> Option<()> {
        let mut block = self.open.pop()?;
        let network = block.condition.pattern;
        let settled = settle(block.inside.of_family(network));
        let ranges = self.inside().of_family(network);
        for (first, last) in parts(&block.condition).into_iter().flatten() {
            let within = settled
                .iter()
                .filter_map(|interval| interval.within(first, last));
            ranges.extend(within);
        }
        Some(())
    }

    fn inside(&mut self) -> &mut Ranges {
        match self.open.last_mut() {
            Some(block) => &mut block.inside,
            None => &mut self.whole,
        }
    }

    /// Blocks that were not ended go on to the end of the table.
    fn finish(mut self) -> Cidr {
        while self.end().is_some() {}
        let mut values: Vec<(Vec<u8>, u32)> = self.values.into_iter().collect();
        values.sort_unstable_by_key(|(_, number)| *number);
        Cidr {
            v4: Changes::new(&settle(&self.whole.v4)),
            v6: Changes::new(&settle(&self.whole.v6)),
            values: values.into_iter().map(|(value, _)| value).collect(),
        }
    }
}

impl Block {
    fn new(condition: Condition<IpNet>, line: usize) -> Self {
        Self {
            condition,
            line,
            inside: Ranges::default(),
        }
    }
}

impl Ranges {
    const fn of_family(&mut self, network: IpNet) -> &mut Vec<Interval> {
        match network.address() {
            IpAddr::V4(_) => &mut self.v4,
            IpAddr::V6(_) => &mut self.v6,
        }
    }
}

/// The addresses for which a condition holds, from and to: those of a network, or those before and behind it.
fn parts(condition: &Condition<IpNet>) -> [Option<(u128, u128)>; 2] {
    let (first, width) = match condition.pattern.address() {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let ones = |bits: u32| u128::MAX.checked_shr(128 - bits).unwrap_or(0);
    let last = first | ones(width - u32::from(condition.pattern.prefix()));
    if condition.member {
        return [Some((first, last)), None];
    }
    let before = first.checked_sub(1).map(|end| (0, end));
    let behind = last.checked_add(1).filter(|&start| start <= ones(width));
    [before, behind.map(|start| (start, ones(width)))]
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
    use proptest::prelude::*;

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
        assert_eq!(find(&table, "::1").as_deref(), Some("loop"));
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

    #[test]
    fn the_ends_of_both_families() {
        let table = table(
            "!0.0.0.0/1 high\n!128.0.0.0/1 low\n255.255.255.255 never\n!::/0 never\n\
             ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff last\n!ff00::/8 most\n",
        );
        assert_eq!(find(&table, "255.255.255.255").as_deref(), Some("high"));
        assert_eq!(find(&table, "0.0.0.0").as_deref(), Some("low"));
        assert_eq!(find(&table, "::").as_deref(), Some("most"));
        assert_eq!(find(&table, "ff00::"), None);
        let last = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        assert_eq!(find(&table, last).as_deref(), Some("last"));
    }

    /// The rule that applies, found as the words of the manual say: one after the other.
    fn scan(text: &str, address: IpAddr) -> Option<String> {
        let applies = |condition: &Condition<IpNet>| {
            let network = condition.pattern;
            network.address().is_ipv4() == address.is_ipv4()
                && network.contains(address) == condition.member
        };
        let mut skipped: Option<usize> = None;
        for line in text.lines() {
            skipped = match (parse(line).unwrap(), skipped) {
                (Line::If(_), Some(depth)) => Some(depth + 1),
                (Line::EndIf, Some(depth)) => (depth > 1).then(|| depth - 1),
                (Line::Rule(..), Some(depth)) => Some(depth),
                (Line::If(condition), None) => (!applies(&condition)).then_some(1),
                (Line::Rule(condition, value), None) if applies(&condition) => {
                    return Some(String::from_utf8(value).unwrap());
                }
                (Line::Rule(..) | Line::EndIf, None) => None,
            };
        }
        None
    }

    /// Networks that often have addresses in common: the bits that differ are few.
    fn network() -> impl Strategy<Value = IpNet> {
        let v4 = (0_u32..8, 29_u8..=32).prop_map(|(bits, prefix)| (bits.into(), prefix, true));
        let v6 = (0_u128..8, 125_u8..=128).prop_map(|(bits, prefix)| (bits, prefix, false));
        prop_oneof![3 => v4, 1 => v6, 1 => Just((0, 0, true)), 1 => Just((0, 0, false))].prop_map(
            |(bits, prefix, v4)| {
                let address = address(bits, v4);
                IpNet::new(address, prefix).unwrap()
            },
        )
    }

    fn address(bits: u128, v4: bool) -> IpAddr {
        match v4 {
            true => IpAddr::V4(u32::try_from(bits).unwrap().into()),
            false => IpAddr::V6(bits.into()),
        }
    }

    fn line() -> impl Strategy<Value = String> {
        let condition = || {
            (any::<bool>(), network()).prop_map(|(negated, network)| {
                let mark = if negated { "!" } else { "" };
                format!("{mark}{network}")
            })
        };
        prop_oneof![
            4 => condition().prop_map(|condition| format!("{condition} VALUE")),
            2 => condition().prop_map(|condition| format!("if {condition}")),
            1 => Just("endif".to_owned()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn ranges_say_what_a_scan_says(lines in proptest::collection::vec(line(), 0..20)) {
            let mut depth = 0_usize;
            let mut text = String::new();
            for (number, line) in lines.iter().enumerate() {
                match &**line {
                    "endif" if depth == 0 => continue,
                    "endif" => depth -= 1,
                    line if line.starts_with("if") => depth += 1,
                    _ => {}
                }
                text += &format!("{}\n", line.replace("VALUE", &number.to_string()));
            }
            let table = table(&text);
            for bits in (0..10).chain([u32::MAX.into(), 1 << 30]) {
                for v4 in [true, false] {
                    let address = address(bits, v4);
                    let found = find(&table, &address.to_string());
                    prop_assert_eq!(found, scan(&text, address), "{} in\n{}", address, text);
                }
            }
        }
    }
}
