//! Rules of `cidr:` tables: no panic; each address has what a scan of the rules finds.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use lookup::source;
use net::IpNet;

enum Line {
    Rule {
        wanted: bool,
        network: IpNet,
        value: String,
    },
    If {
        wanted: bool,
        network: IpNet,
    },
    EndIf,
}

fuzz_target!(|bytes: &[u8]| {
    let table = fuzz::table("cidr", bytes).expect("a text is a table");
    let lines: Vec<Line> = source::logical_lines(bytes)
        .iter()
        .filter_map(|line| parse(String::from_utf8_lossy(&line.text).trim()))
        .collect();
    let networks = lines.iter().filter_map(|line| match line {
        Line::Rule { network, .. } | Line::If { network, .. } => Some(*network),
        Line::EndIf => None,
    });
    let fixed = ["0.0.0.0", "255.255.255.255", "::", "::ffff:1.2.3.4"];
    let fixed = fixed.map(|address| address.parse().expect("an address"));
    for address in networks.flat_map(around).chain(fixed) {
        let found = fuzz::find(&table, address.to_string().as_bytes());
        assert_eq!(found, Ok(scan(&lines, address)), "{address}");
    }
});

fn parse(text: &str) -> Option<Line> {
    let (word, rest) = text
        .split_once(|c: char| c.is_ascii_whitespace())
        .unwrap_or((text, ""));
    let rest = rest.trim();
    if word.eq_ignore_ascii_case("endif") {
        return rest.is_empty().then_some(Line::EndIf);
    }
    if word.eq_ignore_ascii_case("if") {
        let (wanted, network) = pattern(rest)?;
        return Some(Line::If { wanted, network });
    }
    let (wanted, network) = pattern(word)?;
    let value = (!rest.is_empty()).then(|| rest.to_owned())?;
    Some(Line::Rule {
        wanted,
        network,
        value,
    })
}

fn pattern(text: &str) -> Option<(bool, IpNet)> {
    let mut wanted = true;
    let mut text = text;
    while let Some(rest) = text.strip_prefix('!') {
        wanted = !wanted;
        text = rest.trim_start();
    }
    Some((wanted, IpNet::parse(text).ok()?))
}

/// The addresses at both ends of a network, and their neighbours.
fn around(network: IpNet) -> Vec<IpAddr> {
    match network.address() {
        IpAddr::V4(first) => {
            let first = first.to_bits();
            let last = first | u32::MAX.checked_shr(network.prefix().into()).unwrap_or(0);
            let all = [first.wrapping_sub(1), first, last, last.wrapping_add(1)];
            all.map(|bits| IpAddr::V4(bits.into())).to_vec()
        }
        IpAddr::V6(first) => {
            let first = first.to_bits();
            let last = first | u128::MAX.checked_shr(network.prefix().into()).unwrap_or(0);
            let all = [first.wrapping_sub(1), first, last, last.wrapping_add(1)];
            all.map(|bits| IpAddr::V6(bits.into())).to_vec()
        }
    }
}

/// One rule after the other, blocks that do not apply left out.
fn scan(lines: &[Line], address: IpAddr) -> Option<Vec<u8>> {
    let applies = |wanted: bool, network: &IpNet| {
        let ours = network.address().is_ipv4() == address.is_ipv4();
        let end = around(*network);
        let inside = (end[1]..=end[2]).contains(&address);
        ours && inside == wanted
    };
    let mut skipped = 0_usize;
    for line in lines {
        match line {
            Line::If { .. } if skipped > 0 => skipped += 1,
            Line::EndIf => skipped = skipped.saturating_sub(1),
            Line::If { wanted, network } if !applies(*wanted, network) => skipped = 1,
            Line::Rule {
                wanted,
                network,
                value,
            } if skipped == 0 && applies(*wanted, network) => {
                return Some(value.clone().into_bytes());
            }
            Line::If { .. } | Line::Rule { .. } => {}
        }
    }
    None
}
