//! Which rules of a table of patterns can apply to a text at all: those whose literals are in it, found all at once. Pure.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::kinds::literal::{Clause, strength};

/// In fewer rules each pattern may as well be tried.
const FEW: usize = 8;
/// Shorter literals say little, however rare they are in the table.
const SHORT: usize = 3;

/// So many lookups come before the literals are made ready to be searched, which takes as long as some lookups do.
const LOOKUPS_BEFORE: usize = 4;

/// What is known of one rule.
#[derive(Debug)]
pub(crate) struct Known {
    /// What its pattern needs.
    pub(crate) clauses: Vec<Clause>,
    /// Whether something happens even if the pattern does not match: an exception, or the begin of a block.
    pub(crate) matters_anyway: bool,
}

/// A [`Prefilter`] that is made when lookups have shown that there is use in it: a command may ask only once.
#[derive(Debug)]
pub(crate) struct LazyPrefilter {
    rules: RefCell<Vec<Known>>,
    lookups: Cell<usize>,
    made: OnceCell<Option<Prefilter>>,
}

impl LazyPrefilter {
    /// For a table of these rules.
    pub(crate) const fn new(rules: Vec<Known>) -> Self {
        Self {
            rules: RefCell::new(rules),
            lookups: Cell::new(0),
            made: OnceCell::new(),
        }
    }

    /// The rules to try a text with; `None` for all of them.
    pub(crate) fn candidates(&self, text: &[u8]) -> Option<Candidates> {
        let before = self.lookups.get();
        if before < LOOKUPS_BEFORE {
            self.lookups.set(before + 1);
            return None;
        }
        let made = self.made.get_or_init(|| Prefilter::new(&self.rules.take()));
        made.as_ref().map(|filter| filter.candidates(text))
    }
}

/// The literals of a table, and the rules that need them.
#[derive(Debug)]
struct Prefilter {
    searcher: AhoCorasick,
    /// For each literal the rules with it.
    rules: Vec<Vec<usize>>,
    /// What is there before any literal is found.
    start: Candidates,
}

/// The rules of a table that a text is to be tried with.
#[derive(Debug, Clone)]
pub(crate) struct Candidates {
    /// Those whose patterns may match.
    possible: Bits,
    /// These, and those that matter anyway.
    visit: Bits,
}

impl Prefilter {
    /// For a table of these rules; `None` when there is no use in it.
    fn new(rules: &[Known]) -> Option<Self> {
        if rules.len() < FEW {
            return None;
        }
        let mut common: HashMap<&[u8], usize> = HashMap::new();
        for text in rules.iter().flat_map(|rule| &rule.clauses).flatten() {
            *common.entry(text).or_default() += 1;
        }
        let mut literals: HashMap<&[u8], Vec<usize>> = HashMap::new();
        let mut start = Candidates {
            possible: Bits::new(rules.len()),
            visit: Bits::new(rules.len()),
        };
        for (number, rule) in rules.iter().enumerate() {
            match rarest(&rule.clauses, &common) {
                Some(clause) => clause
                    .iter()
                    .for_each(|text| literals.entry(text).or_default().push(number)),
                None => start.possible.set(number),
            }
            if rule.matters_anyway || start.possible.has(number) {
                start.visit.set(number);
            }
        }
        let (texts, rules): (Vec<&[u8]>, Vec<Vec<usize>>) = literals.into_iter().unzip();
        if texts.is_empty() {
            return None;
        }
        let searcher = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(texts)
            .ok()?;
        Some(Self {
            searcher,
            rules,
            start,
        })
    }

    /// The rules to try a text with.
    fn candidates(&self, text: &[u8]) -> Candidates {
        let mut candidates = self.start.clone();
        let mut seen = Bits::new(self.rules.len());
        for found in self.searcher.find_overlapping_iter(text) {
            let literal = found.pattern().as_usize();
            if seen.has(literal) {
                continue;
            }
            seen.set(literal);
            for &rule in self.rules.get(literal).into_iter().flatten() {
                candidates.possible.set(rule);
                candidates.visit.set(rule);
            }
        }
        candidates
    }
}

impl Candidates {
    /// The next rule to look at, from this one on.
    pub(crate) fn next(&self, from: usize) -> Option<usize> {
        self.visit.next(from)
    }

    /// Whether the pattern of a rule may match.
    pub(crate) fn may_match(&self, rule: usize) -> bool {
        self.possible.has(rule)
    }
}

/// The clause that most likely excludes a pattern: long enough, and with texts that few other patterns have.
fn rarest<'c>(clauses: &'c [Clause], common: &HashMap<&[u8], usize>) -> Option<&'c Clause> {
    clauses.iter().min_by_key(|clause| {
        let others: usize = clause
            .iter()
            .filter_map(|text| common.get(text.as_slice()))
            .sum();
        let length = strength(clause);
        (length < SHORT, others, std::cmp::Reverse(length))
    })
}

/// A set of small numbers.
#[derive(Debug, Clone)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn set(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    fn has(&self, number: usize) -> bool {
        let word = self.0.get(number / 64);
        word.is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// The smallest member that is not below `from`.
    fn next(&self, from: usize) -> Option<usize> {
        let mut at = from / 64;
        let mut word = self.0.get(at)? & (u64::MAX << (from % 64));
        while word == 0 {
            at += 1;
            word = *self.0.get(at)?;
        }
        Some(at * 64 + usize::try_from(word.trailing_zeros()).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known(clauses: &[&str], matters_anyway: bool) -> Known {
        let texts = |clause: &&str| {
            clause
                .split('|')
                .map(|text| text.as_bytes().to_vec())
                .collect()
        };
        Known {
            clauses: clauses.iter().map(texts).collect(),
            matters_anyway,
        }
    }

    #[test]
    fn only_rules_with_a_literal_in_the_text_are_tried() {
        let mut rules = vec![
            known(&["subject:", "abc"], false),
            known(&["subject:", "xyz|bcd"], false),
            known(&[], false),
            known(&["missing"], true),
            known(&["subject:", "q"], false),
        ];
        rules.extend((0..5).map(|_| known(&["subject:"], false)));
        let filter = Prefilter::new(&rules).unwrap();
        let candidates = filter.candidates(b"-ABCD- q");
        let mut tried = Vec::new();
        let mut at = 0;
        while let Some(next) = candidates.next(at) {
            tried.push((next, candidates.may_match(next)));
            at = next + 1;
        }
        assert_eq!(tried, [(0, true), (1, true), (2, true), (3, false)]);
        assert!(Prefilter::new(&rules[..7]).is_none());
        let lazy = LazyPrefilter::new(rules);
        for _ in 0..LOOKUPS_BEFORE {
            assert!(lazy.candidates(b"x").is_none());
        }
        assert!(lazy.candidates(b"x").is_some());
    }

    proptest! {
        #[test]
        fn sets_of_numbers(members in proptest::collection::btree_set(0_usize..300, 0..20)) {
            let mut bits = Bits::new(300);
            members.iter().for_each(|&member| bits.set(member));
            let mut found = Vec::new();
            while let Some(next) = bits.next(found.last().map_or(0, |last| last + 1)) {
                prop_assert!(bits.has(next));
                found.push(next);
            }
            prop_assert_eq!(found, members.into_iter().collect::<Vec<_>>());
        }
    }
}
