//! Recipients that a letter already has.
//!
//! Remembers no more than `duplicate_filter_limit` of them; what comes later is not filtered.

use std::collections::HashSet;

/// What was seen.
#[derive(Default)]
pub(crate) struct Duplicates {
    limit: usize,
    seen: HashSet<Vec<u8>>,
}

impl Duplicates {
    /// With `limit` entries at most; 0 is no limit.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            seen: HashSet::new(),
        }
    }

    /// Whether this comes for the first time; letters of either case are the same.
    pub(crate) fn is_new(&mut self, parts: &[&[u8]]) -> bool {
        let key = parts.join(&0).to_ascii_lowercase();
        if self.limit > 0 && self.seen.len() >= self.limit {
            return !self.seen.contains(&key);
        }
        self.seen.insert(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_there() {
        let mut seen = Duplicates::new(2);
        assert!(seen.is_new(&[b"a", b"b"]));
        assert!(!seen.is_new(&[b"A", b"B"]));
        assert!(seen.is_new(&[b"ab", b""]));
        assert!(seen.is_new(&[b"c"]));
        assert!(
            seen.is_new(&[b"c"]),
            "beyond the limit nothing is remembered"
        );
    }
}
