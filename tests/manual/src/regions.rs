//! The list of parameters in the page of a program, from the words of its source.
//!
//! The list stands between two comment lines, `parameters of NAME` and `end of parameters`. It has what the program's own
//! source names, and what it gets from the libraries for daemons (`service`) and delivery agents (`delivery`).

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use config::table::{self, Spec};

use crate::postconf::{is_long, sentence};
use crate::programs::{Program, code_of, sources};
use crate::text::{argument, code, mdoc};
use crate::{read, root};

const START: &str = ".\\\" parameters of ";
const END: &str = ".\\\" end of parameters\n";

/// The page with its list made anew; `None` when it has no place for one.
#[must_use]
pub fn renew(page: &str, program: &Program) -> Option<String> {
    let start = page.find(START)?;
    let line = start + page.get(start..)?.find('\n')? + 1;
    let end = line + page.get(line..)?.find(END)?;
    let mut out = page.get(..line)?.to_owned();
    out.push_str(".Bl -tag -width Ds\n");
    for spec in parameters(program) {
        let default = match spec.default {
            "" => "empty".to_owned(),
            long if is_long(long) => "see postconf".to_owned(),
            short => code(short),
        };
        let head = argument(&format!("\\fB{}\\fR ({default})", spec.name));
        let _ = write!(out, ".It {head}\n{}", mdoc(&sentence(spec)));
    }
    out.push_str(".El\n");
    out.push_str(page.get(end..)?);
    Some(out)
}

/// The parameters that a program reads, by name.
#[must_use]
pub fn parameters(program: &Program) -> Vec<&'static Spec> {
    let mut words = words_of(&program.folder);
    let manifest = read(&program.folder.join("Cargo.toml"));
    for library in ["service", "delivery"] {
        if manifest.contains(&format!("{library}.workspace")) {
            words.extend(words_of(&root().join("common").join(library)));
        }
    }
    for (word, file) in LOOKUPS {
        if words.contains(word) {
            words.extend(words_in(&root().join("common/lookup/src").join(file)));
        }
    }
    let is_client = program.name == "smtp";
    let mut found: Vec<&Spec> = table::all()
        .filter(|spec| {
            let suffix = spec
                .name
                .strip_prefix("smtp_")
                .or_else(|| spec.name.strip_prefix("lmtp_"));
            let is_client_field = |suffix: &str| {
                words.contains(&field_of(
                    &suffix
                        .replace("lhlo_keyword", "ehlo_keyword")
                        .replace("lhlo", "helo"),
                ))
            };
            words.contains(spec.name)
                || words.contains(&field_of(spec.name))
                || (is_client && suffix.is_some_and(is_client_field))
        })
        .filter(|spec| !table::is_without_effect(spec.name))
        .collect();
    found.sort_by_key(|spec| spec.name);
    found
}

/// Who has these words in its source reads the parameters of these files of `lookup`.
const LOOKUPS: [(&str, &str); 4] = [
    ("AddressMapping", "mapping.rs"),
    ("mapping", "mapping.rs"),
    ("LocalDomains", "local.rs"),
    ("DebugPeers", "debug_peers.rs"),
];

fn words_of(folder: &Path) -> BTreeSet<String> {
    sources(folder)
        .iter()
        .flat_map(|file| words_in(file))
        .collect()
}

fn words_in(file: &Path) -> Vec<String> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let code = code_of(&read(file));
    code.split(|letter| !is_word(letter))
        .map(str::to_owned)
        .collect()
}

/// The field of a parameter, as the table's files name it.
fn field_of(name: &str) -> String {
    name.replace("CAfile", "ca_file")
        .replace("CApath", "ca_path")
        .replace("default_CA", "default_ca")
        .replace("2bounce", "second_bounce")
}
