//! Tables that are read into memory once: `texthash:` files, and the pairs of `inline:`.
//!
//! A change of the file is seen at the next start or reload only. Logs a warning for each line that is ignored.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::error::OpenError;
use crate::maintain::files;
use crate::source::{self, Fault};
use crate::table::{OpenOptions, Pair, fold};

/// Keys and values in memory.
#[derive(Debug, Default)]
pub(crate) struct Text {
    pairs: HashMap<Vec<u8>, Vec<u8>>,
}

impl Text {
    /// Read a `texthash:` file. Of entries with one key the first counts.
    pub(crate) fn open(path: &str, options: &OpenOptions) -> Result<Self, OpenError> {
        let text = std::fs::read(path).map_err(|error| {
            let error = sys::reason(&error);
            OpenError::File(format!("open database {path}: {error}"))
        })?;
        let mut table = Self::default();
        for entry in source::entries(&text, options.utf8) {
            match entry {
                Err(problem) => warn(path, problem.line, &problem.fault),
                Ok(mut entry) => {
                    if options.files {
                        match files::content(&entry.value) {
                            Ok(content) => entry.value = content,
                            Err(error) => {
                                maillog::warning!(
                                    "{path}, line {}: {error}: skipping this entry",
                                    entry.line
                                );
                                continue;
                            }
                        }
                    }
                    match table.pairs.entry(folded(entry.key, options.fold)) {
                        Entry::Occupied(known) => {
                            let key = String::from_utf8_lossy(known.key());
                            maillog::warning!(
                                "{path}, line {}: duplicate entry: \"{key}\"",
                                entry.line
                            );
                        }
                        Entry::Vacant(place) => {
                            place.insert(entry.value);
                        }
                    }
                }
            }
        }
        Ok(table)
    }

    /// Make a table of pairs; of pairs with one key the last counts.
    pub(crate) fn of_pairs(pairs: impl IntoIterator<Item = Pair>, options: &OpenOptions) -> Self {
        let pairs = pairs
            .into_iter()
            .map(|(key, value)| (folded(key, options.fold), value))
            .collect();
        Self { pairs }
    }

    pub(crate) fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.pairs.get(key).cloned()
    }

    pub(crate) fn entries(&self) -> Vec<Pair> {
        let mut all: Vec<_> = self
            .pairs
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        all.sort();
        all
    }
}

fn folded(key: Vec<u8>, fold_keys: bool) -> Vec<u8> {
    if fold_keys { fold(&key) } else { key }
}

fn warn(path: &str, line: usize, fault: &Fault) {
    match fault {
        Fault::ExpectedKeyValue => {
            maillog::warning!("{path}, line {line}: {fault} -- ignoring this line");
        }
        Fault::UnbalancedQuote(_) | Fault::Stray(_) | Fault::NotUtf8(_) => {
            maillog::warning!("{path}, line {line}: {fault}");
        }
    }
}
