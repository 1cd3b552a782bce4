//! Lookups in ordered tables: pcre and regexp of 5,000 rules, as for headers and as for addresses, and cidr of 100,000 networks.
//!
//! The time of a lookup is the difference between `postmap -q -` of many keys and of one, so the time to read the table is not in
//! it, but the time to read a key and to print what was found is. For Ferropost the lookup alone is measured too, in this process.

use std::fs::{self, File};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use lookup::{OpenOptions, Table};
use suite::{Mta, Setup};

use crate::Plan;
use crate::place::machine;
use crate::report::Report;

const RULES: usize = 5000;
const NETWORKS: usize = 100_000;
/// How often each figure is taken in a run; the best counts.
const TRIES: usize = 3;

/// A table that is measured.
struct Subject {
    kind: &'static str,
    /// What the time of a lookup is called, that of a lookup alone, and that of reading the table.
    figures: [&'static str; 3],
    rules: fn() -> String,
    key: fn(usize) -> String,
    /// How many keys the reference and Ferropost are given: enough to be more than noise, and to end some day.
    keys: [usize; 2],
}

const SUBJECTS: [Subject; 6] = [
    Subject {
        kind: "pcre",
        figures: [
            "pcre, headers, us",
            "pcre, headers, alone, us",
            "pcre, headers, start, ms",
        ],
        rules: headers,
        key: header,
        keys: [300, 20_000],
    },
    Subject {
        kind: "regexp",
        figures: [
            "regexp, headers, us",
            "regexp, headers, alone, us",
            "regexp, headers, start, ms",
        ],
        rules: headers,
        key: header,
        keys: [100, 20_000],
    },
    Subject {
        kind: "pcre",
        figures: [
            "pcre, addresses, us",
            "pcre, addresses, alone, us",
            "pcre, addresses, start, ms",
        ],
        rules: addresses,
        key: address,
        keys: [300, 20_000],
    },
    Subject {
        kind: "regexp",
        figures: [
            "regexp, addresses, us",
            "regexp, addresses, alone, us",
            "regexp, addresses, start, ms",
        ],
        rules: addresses,
        key: address,
        keys: [100, 20_000],
    },
    Subject {
        kind: "pcre",
        figures: [
            "pcre, no literals, us",
            "pcre, no literals, alone, us",
            "pcre, no literals, start, ms",
        ],
        rules: shapes,
        key: address,
        keys: [300, 300],
    },
    Subject {
        kind: "cidr",
        figures: ["cidr, us", "cidr, alone, us", "cidr, start, ms"],
        rules: networks,
        key: client,
        keys: [2000, 500_000],
    },
];

/// As many rounds as runs are wanted.
pub(crate) fn run(plan: &Plan, report: &mut Report) {
    for _ in 0..plan.runs {
        for &mta in &plan.systems {
            let Ok(figures) = thread::spawn(move || sample(mta)).join() else {
                eprintln!("patterns: {} did not do everything", mta.name());
                continue;
            };
            for (figure, value) in figures {
                report.add("patterns", figure, mta, value);
            }
        }
    }
}

fn sample(mta: Mta) -> Vec<(&'static str, f64)> {
    let (machine, _farewell) = machine();
    let setup = Setup::new(mta, machine);
    let postmap = setup.programs.command("postmap");
    let folder = setup.path("patterns");
    let _configured = setup.stopped();
    fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut figures = Vec::new();
    for subject in &SUBJECTS {
        let count = mta.pick(subject.keys[1], subject.keys[0]);
        let write = |name: &str, text: String| -> PathBuf {
            let path = folder.join(name);
            fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            path
        };
        let keys = |count| (0..count).map(|n| (subject.key)(n) + "\n").collect();
        let table = write("rules", (subject.rules)());
        let table = format!("{}:{}", subject.kind, table.display());
        let (one, many) = (write("one", keys(1)), write("many", keys(count)));
        let start = best(|| ask(&postmap, &table, &one));
        let whole = best(|| ask(&postmap, &table, &many));
        let [each, alone, starting] = subject.figures;
        figures.push((each, (whole - start) * 1e6 / as_f64(count - 1)));
        figures.push((starting, start * 1e3));
        if mta == Mta::Ferropost {
            figures.push((alone, in_process(&table, subject.key, count) * 1e6));
        }
    }
    figures
}

fn best(measure: impl FnMut() -> f64) -> f64 {
    std::iter::repeat_with(measure)
        .take(TRIES)
        .fold(f64::INFINITY, f64::min)
}

/// The seconds that `postmap -q -` takes, whatever it finds.
fn ask(postmap: &Path, table: &str, keys: &Path) -> f64 {
    let input = File::open(keys).unwrap_or_else(|error| panic!("{}: {error}", keys.display()));
    let begun = Instant::now();
    let ended = Command::new(postmap)
        .args(["-q", "-", table])
        .stdin(input)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let time = begun.elapsed().as_secs_f64();
    assert!(ended.is_ok_and(|status| status.code().is_some_and(|code| code < 2)));
    time
}

/// The seconds of a lookup in this process.
fn in_process(table: &str, key: fn(usize) -> String, count: usize) -> f64 {
    let table = Table::open(table, &OpenOptions::default());
    let table = table.unwrap_or_else(|error| panic!("{error}"));
    let keys: Vec<String> = (0..count).map(key).collect();
    best(|| {
        let begun = Instant::now();
        for key in &keys {
            let found = ipc::now(table.find_quietly(key.as_bytes()));
            black_box(found.ok());
        }
        begun.elapsed().as_secs_f64()
    }) / as_f64(count)
}

fn as_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

const WORDS: [&str; 16] = [
    "cheap", "free", "offer", "watches", "pills", "credit", "loan", "casino", "winner", "urgent",
    "invoice", "account", "verify", "password", "prize", "software",
];

fn word(n: usize) -> &'static str {
    WORDS[n * 7 % WORDS.len()]
}

/// Rules as they are in header_checks.
fn headers() -> String {
    let rule = |n: usize| {
        let (a, b) = (word(n), word(n / 16 + 3));
        match n % 10 {
            0 => format!("/^Subject:.*{a}.*{b}{n}/ REJECT {n}"),
            1 => format!("/^From:.*@spam{n}\\.example/ REJECT {n}"),
            2 => format!("/^X-Mailer: *({a}|{b}) *mailer {n}/ WARN {n}"),
            3 => format!(
                "/^Content-(Type|Disposition):.*name[[:space:]]*=[[:space:]]*\"?(.*\\.(exe|com|pif){n})\"?/ REJECT $2"
            ),
            4 => format!("/^(To|Cc):.*list{n}@/ HOLD"),
            5 => format!("/^Received: from .*dyn{n}\\.isp\\.(net|example)/ DUNNO"),
            6 => format!("/(viagra{n}|cialis{n}|xanax{n})/ DISCARD"),
            7 => format!("/^Subject: [A-Z0-9]{{3,8}}-{n}$/ REJECT"),
            8 => format!("/{a}{n}|{b}{n}/ REJECT"),
            _ if n % 100 == 9 => format!("/^Subject:.*[^[:print:]]{{{}}}/ REJECT", n % 7 + 8),
            _ => format!("/^Message-ID:.*<{n}\\.[0-9]+@.*>/ WARN"),
        }
    };
    (0..RULES).map(|n| rule(n) + "\n").collect()
}

/// Most match nothing; one in fifty the rule of its number.
fn header(n: usize) -> String {
    match n % 5 {
        _ if n % 50 == 49 => format!("From: x@spam{}.example", n % 500 * 10 + 1),
        0 => format!("Subject: Re: minutes of the meeting of {n} people about an invoice"),
        1 => format!("From: Some Person {n} <person{n}@company{n}.example.org>"),
        2 => format!(
            "Received: from mail{n}.example.com (mail{n}.example.com [192.0.2.{}]) by mx.example.net with ESMTPS id 4Abc{n} for <u@example.net>; Mon, 1 Jan 2024 10:00:00 +0000",
            n % 250
        ),
        3 => format!("Message-ID: <abc{n}def@mail.example.com>"),
        _ => format!("Content-Type: multipart/mixed; boundary=\"----=_Part_{n}\""),
    }
}

/// Rules as they are in access and virtual tables.
fn addresses() -> String {
    let rule = |n: usize| match n % 6 {
        0 => format!("/^user{n}@example\\.com$/ OK {n}"),
        1 => format!("/@host{n}\\.(example|test)$/ REJECT {n}"),
        2 => format!("/^[a-z0-9-]+\\.dyn{n}\\.isp\\.example$/ 550 dynamic {n}"),
        3 => format!("/^(.*)-list{n}@(.*)$/ $1@$2"),
        4 => format!("/(sales|info){n}@/ OK"),
        _ if n % 60 == 5 => format!("/^[0-9]+[a-z]{{{}}}@[^.]+$/ REJECT", n % 9 + 1),
        _ => format!("if /\\.d{n}\\.example\\.net$/\n/^root@/ REJECT\n/./ OK\nendif"),
    };
    (0..RULES).map(|n| rule(n) + "\n").collect()
}

fn address(n: usize) -> String {
    match n % 50 {
        49 => format!("user{}@example.com", n % 833 * 6),
        _ => format!("person{n}@mail{n}.example.org"),
    }
}

/// Rules without a word in them.
fn shapes() -> String {
    (0..RULES)
        .map(|n| {
            let (a, b, c) = (n % 20 + 1, n / 20 % 20 + 1, n / 400 + 1);
            format!("/^[0-9]{{{a}}}[a-f]{{{b}}}[^@]*@[a-z]{{{c}}}\\./ REJECT {n}\n")
        })
        .collect()
}

/// Networks of all sizes, one in eight of IPv6.
fn networks() -> String {
    let rule = |n: usize| {
        let bits = scattered(n);
        if n % 8 == 7 {
            let [a, b] = [bits >> 16, bits & 0xffff];
            return format!("2001:{a:x}:{b:x}::/48 REJECT {}", n % 5);
        }
        let prefix = [32, 32, 24, 24, 22, 28, 20][n % 8 % 7];
        let [a, b, c, d] = (bits & (u32::MAX << (32 - prefix))).to_be_bytes();
        format!("{a}.{b}.{c}.{d}/{prefix} REJECT {}", n % 5)
    };
    (0..NETWORKS).map(|n| rule(n) + "\n").collect()
}

fn client(n: usize) -> String {
    let [a, b, c, d] = scattered(n + NETWORKS).to_be_bytes();
    format!("{a}.{b}.{c}.{d}")
}

/// Numbers without an order that anybody would see.
fn scattered(n: usize) -> u32 {
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    n.wrapping_mul(2_654_435_761).rotate_left(13) ^ n.wrapping_mul(40_503)
}
