//! Which of many overlapping ranges of numbers comes first, for every number: made once, asked by binary search. Pure.
//!
//! An address is such a number, and a network a range, so a table of networks costs the same however many there are.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What is said about the numbers from `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) first: u128,
    pub(crate) last: u128,
    pub(crate) value: u32,
}

impl Interval {
    /// The part of it from `first` to `last`.
    pub(crate) fn within(self, first: u128, last: u128) -> Option<Self> {
        let part = Self {
            first: self.first.max(first),
            last: self.last.min(last),
            ..self
        };
        (part.first <= part.last).then_some(part)
    }
}

/// Disjoint intervals in ascending order that say of each number what the first of the given ones says that has it.
pub(crate) fn settle(given: &[Interval]) -> Vec<Interval> {
    let mut by_start: Vec<usize> = (0..given.len()).collect();
    by_start.sort_by_key(|&at| given.get(at).map(|interval| interval.first));
    let mut coming = by_start
        .into_iter()
        .filter_map(|at| Some((at, given.get(at)?)))
        .peekable();
    let mut open = BinaryHeap::new();
    let mut settled: Vec<Interval> = Vec::new();
    let mut bounds = bounds(given).into_iter().peekable();
    while let Some(first) = bounds.next() {
        while let Some((at, interval)) = coming.next_if(|(_, next)| next.first <= first) {
            open.push(Reverse((at, interval.last, interval.value)));
        }
        while open
            .peek()
            .is_some_and(|Reverse((_, last, _))| *last < first)
        {
            open.pop();
        }
        if let (Some(&Reverse((_, end, value))), next) = (open.peek(), bounds.peek()) {
            let last = next.map_or(end, |next| next - 1);
            match settled.last_mut() {
                Some(before) if before.value == value && before.last + 1 == first => {
                    before.last = last;
                }
                _ => settled.push(Interval { first, last, value }),
            }
        }
    }
    settled
}

/// Where what applies may change.
fn bounds(given: &[Interval]) -> Vec<u128> {
    let starts = given.iter().map(|interval| interval.first);
    let ends = given
        .iter()
        .filter_map(|interval| interval.last.checked_add(1));
    let mut bounds: Vec<u128> = starts.chain(ends).collect();
    bounds.sort_unstable();
    bounds.dedup();
    bounds
}

/// Settled intervals as they are searched: the numbers at which the value changes.
#[derive(Debug)]
pub(crate) struct Changes<N> {
    starts: Vec<N>,
    values: Vec<Option<u32>>,
}

impl<N: Ord + TryFrom<u128>> Changes<N> {
    /// Of disjoint intervals in ascending order; numbers beyond `N` are left out.
    pub(crate) fn new(settled: &[Interval]) -> Self {
        let mut changes = Self {
            starts: Vec::new(),
            values: Vec::new(),
        };
        let mut end = Some(0);
        for interval in settled {
            if end.is_some_and(|end| end < interval.first) {
                changes.add(end, None);
            }
            changes.add(Some(interval.first), Some(interval.value));
            end = interval.last.checked_add(1);
        }
        changes.add(end, None);
        changes.starts.shrink_to_fit();
        changes.values.shrink_to_fit();
        changes
    }

    fn add(&mut self, start: Option<u128>, value: Option<u32>) {
        if let Some(start) = start.and_then(|start| N::try_from(start).ok()) {
            self.starts.push(start);
            self.values.push(value);
        }
    }

    /// What is said about a number.
    pub(crate) fn find(&self, number: &N) -> Option<u32> {
        let after = self.starts.partition_point(|start| start <= number);
        self.values.get(after.checked_sub(1)?).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn interval(first: u128, last: u128, value: u32) -> Interval {
        Interval { first, last, value }
    }

    #[test]
    fn the_first_wins_and_neighbours_join() {
        let given = [
            interval(4, 5, 1),
            interval(0, 9, 2),
            interval(10, 12, 2),
            interval(u128::MAX, u128::MAX, 3),
        ];
        let settled = [
            interval(0, 3, 2),
            interval(4, 5, 1),
            interval(6, 12, 2),
            interval(u128::MAX, u128::MAX, 3),
        ];
        assert_eq!(settle(&given), settled);
        let changes = Changes::<u8>::new(&settle(&given));
        assert_eq!(changes.find(&5), Some(1));
        assert_eq!(changes.find(&12), Some(2));
        assert_eq!(changes.find(&13), None);
    }

    proptest! {
        #[test]
        fn every_number_has_what_a_scan_finds(given in proptest::collection::vec((0_u8.., 0_u8.., 0_u32..4), 0..12)) {
            let given: Vec<Interval> = given
                .into_iter()
                .map(|(a, b, value)| interval(a.min(b).into(), a.max(b).into(), value))
                .collect();
            let settled = settle(&given);
            for pair in settled.windows(2) {
                prop_assert!(pair[0].last < pair[1].first);
            }
            let changes = Changes::<u8>::new(&settled);
            for number in 0..=u8::MAX {
                let wanted = given
                    .iter()
                    .find(|interval| (interval.first..=interval.last).contains(&number.into()));
                prop_assert_eq!(changes.find(&number), wanted.map(|interval| interval.value), "{}", number);
            }
        }
    }
}
