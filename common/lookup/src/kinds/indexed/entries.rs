//! The entries of a table in the making, in memory: gathered, then put in order, then written by a [`super::Format`].

use std::ops::{Range, RangeInclusive};

/// Whether keys and values are stored with a NUL at their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// With a NUL.
    Include,
    /// Without.
    Omit,
}

impl Nulls {
    pub(crate) fn stored(self, bytes: &[u8]) -> Vec<u8> {
        let mut stored = bytes.to_vec();
        if self == Self::Include {
            stored.push(0);
        }
        stored
    }
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It was new.
    New,
    /// The key was there already; the entry replaced it, or not, as asked.
    Duplicate,
    /// The key is shorter or longer than the format stores; nothing was added.
    Unusable,
}

/// A table in the making.
#[derive(Debug)]
pub struct Entries {
    nulls: Nulls,
    key_lengths: RangeInclusive<usize>,
    /// Keys and values as they are stored, one after the other.
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// Where an entry stands in the bytes: its key, and directly after it its value.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: usize,
    key: u32,
    value: u32,
}

impl Entries {
    /// No entries yet; `key_lengths` are those that the format stores, in bytes.
    #[must_use]
    pub fn new(nulls: Nulls, key_lengths: RangeInclusive<usize>) -> Self {
        Self {
            nulls,
            key_lengths,
            bytes: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Add an entry. Whether its key is there already is found out by [`Self::settle`].
    pub fn add(&mut self, key: &[u8], value: &[u8]) -> Added {
        let null: &[u8] = match self.nulls {
            Nulls::Include => &[0],
            Nulls::Omit => &[],
        };
        self.add_parts([key, null], [value, null])
    }

    /// Add an entry that is stored as it is, without a NUL.
    pub fn add_bare(&mut self, key: &[u8], value: &[u8]) -> Added {
        self.add_parts([key, &[]], [value, &[]])
    }

    fn add_parts(&mut self, key: [&[u8]; 2], value: [&[u8]; 2]) -> Added {
        let length = |parts: [&[u8]; 2]| parts.iter().map(|part| part.len()).sum::<usize>();
        let (key_length, value_length) = (length(key), length(value));
        let (Ok(key_size), Ok(value_size)) =
            (u32::try_from(key_length), u32::try_from(value_length))
        else {
            return Added::Unusable;
        };
        if !self.key_lengths.contains(&key_length) {
            return Added::Unusable;
        }
        self.places.push(Place {
            start: self.bytes.len(),
            key: key_size,
            value: value_size,
        });
        for part in key.into_iter().chain(value) {
            self.bytes.extend_from_slice(part);
        }
        Added::New
    }

    /// Put the entries in order. Of those with one key the first stays, or with `replace` the last; the keys of the
    /// others, without a NUL, come back in the order in which they were added.
    pub fn settle(&mut self, replace: bool) -> Vec<Vec<u8>> {
        let mut places = std::mem::take(&mut self.places);
        places.sort_unstable_by(|a, b| self.key(a).cmp(self.key(b)).then(a.start.cmp(&b.start)));
        let mut later = Vec::new();
        places.dedup_by(|next, kept| {
            let same = self.key(next) == self.key(kept);
            if same {
                later.push(*next);
                if replace {
                    *kept = *next;
                }
            }
            same
        });
        self.places = places;
        later.sort_unstable_by_key(|place| place.start);
        let plain = |place| {
            let key = self.key(place);
            key.strip_suffix(&[0]).unwrap_or(key).to_vec()
        };
        later.iter().map(plain).collect()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// All settled entries, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.sorted(0..self.len())
    }

    /// The value of a key as it is stored, of settled entries.
    pub(crate) fn find(&self, key: &[u8]) -> Option<&[u8]> {
        let at = self
            .places
            .binary_search_by(|place| self.key(place).cmp(key));
        self.places.get(at.ok()?).map(|place| self.value(place))
    }

    /// Some of the settled entries, in the order of their keys.
    pub(crate) fn sorted(&self, range: Range<usize>) -> impl Iterator<Item = (&[u8], &[u8])> {
        let places = self.places.get(range).unwrap_or_default();
        places
            .iter()
            .map(|place| (self.key(place), self.value(place)))
    }

    /// All settled entries, in the order in which they were added.
    pub(crate) fn as_added(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut places = self.places.clone();
        places.sort_unstable_by_key(|place| place.start);
        places
            .into_iter()
            .map(|place| (self.key(&place), self.value(&place)))
    }

    fn key(&self, place: &Place) -> &[u8] {
        let end = place.start + place.key as usize;
        self.bytes.get(place.start..end).unwrap_or_default()
    }

    fn value(&self, place: &Place) -> &[u8] {
        let start = place.start + place.key as usize;
        let end = start + place.value as usize;
        self.bytes.get(start..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_or_the_last_of_a_key_stays() {
        let text = [
            ("b", "1"),
            ("c", "x"),
            ("a", "y"),
            ("b", "2"),
            ("a", "z"),
            ("b", "3"),
        ];
        for (replace, sorted, as_added) in [
            (false, "ay b1 cx", "b1 cx ay"),
            (true, "az b3 cx", "cx az b3"),
        ] {
            let mut entries = Entries::new(Nulls::Omit, 1..=5);
            for (key, value) in text {
                entries.add(key.as_bytes(), value.as_bytes());
            }
            assert_eq!(entries.settle(replace), [b"b", b"a", b"b"]);
            let shown = |entries: Vec<(&[u8], &[u8])>| {
                let words = entries
                    .into_iter()
                    .map(|(key, value)| [key, value].concat());
                String::from_utf8(words.collect::<Vec<_>>().join(&b' ')).unwrap()
            };
            assert_eq!(shown(entries.iter().collect()), sorted);
            assert_eq!(entries.find(b"c"), Some(&b"x"[..]));
            assert_eq!(entries.find(b"bb"), None);
            assert_eq!(shown(entries.as_added().collect()), as_added);
        }
    }

    #[test]
    fn keys_have_a_length_that_the_format_stores() {
        let mut entries = Entries::new(Nulls::Include, 2..=5);
        assert_eq!(entries.add(b"", b""), Added::Unusable);
        assert_eq!(entries.add(b"four", b""), Added::New);
        assert_eq!(entries.add(b"fives", b""), Added::Unusable);
        assert_eq!(entries.add_bare(b"fives", b""), Added::New);
    }
}
