//! Query templates of SQL tables: no panic; a key between quotes is read back as it was, whatever it is.
#![no_main]

use driver::Template;
use driver::sql::{Dialect, Statement};
use libfuzzer_sys::fuzz_target;

const DIALECTS: [(Dialect, bool); 5] = [
    (Dialect::Sqlite, false),
    (
        Dialect::Postgres {
            standard_strings: true,
        },
        false,
    ),
    (
        Dialect::Postgres {
            standard_strings: false,
        },
        true,
    ),
    (Dialect::Mysql { backslash: true }, true),
    (Dialect::Mysql { backslash: false }, false),
];

fuzz_target!(|input: (&str, &[u8])| {
    let (text, key) = input;
    if let Ok(template) = Template::parse(text) {
        let _ = template.result(key, key);
        let _ = template.suits(key);
    }
    if let Ok(statement) = Statement::parse(text) {
        for (dialect, _) in DIALECTS {
            let _ = statement.fill(key, dialect);
            let _ = statement.warning(dialect);
        }
    }
    let Ok(statement) = Statement::parse("'%s';") else {
        return;
    };
    for (dialect, escapes) in DIALECTS {
        let filled = statement
            .fill(key, dialect)
            .ok()
            .flatten()
            .expect("a key between quotes can be said");
        assert_eq!(read_back(&filled, escapes), Some((key.to_vec(), &b";"[..])));
    }
});

/// A text between single quotes as a server reads it, and what follows.
fn read_back(text: &[u8], escapes: bool) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"'")?;
    let mut value = Vec::new();
    loop {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        match (byte, after.split_first()) {
            (b'\\', Some((&next, behind))) if escapes => {
                value.push(next);
                rest = behind;
            }
            (b'\'', Some((b'\'', behind))) => {
                value.push(b'\'');
                rest = behind;
            }
            (b'\'', _) => return Some((value, rest)),
            _ => value.push(byte),
        }
    }
}
