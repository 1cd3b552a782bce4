//! `internal:` tables: keys and values that one process keeps in memory, and that end with it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::table::Pair;

/// An empty table to begin with.
#[derive(Debug, Default)]
pub(crate) struct Internal(RefCell<BTreeMap<Vec<u8>, Vec<u8>>>);

impl Internal {
    pub(crate) fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.borrow().get(key).cloned()
    }

    pub(crate) fn update(&self, key: &[u8], value: &[u8]) {
        self.0.borrow_mut().insert(key.to_vec(), value.to_vec());
    }

    /// Whether it was there.
    pub(crate) fn remove(&self, key: &[u8]) -> bool {
        self.0.borrow_mut().remove(key).is_some()
    }

    /// All of it, in the order of the keys.
    pub(crate) fn entries(&self) -> Vec<Pair> {
        let pairs = self.0.borrow();
        let pair = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), value.clone());
        pairs.iter().map(pair).collect()
    }
}
