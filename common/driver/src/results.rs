//! Values that a query found, joined to the one value of a lookup: `result_format` and `expansion_limit`.

use crate::parameters::Parameters;
use crate::template::Template;

/// How the values of a table's queries are joined.
#[derive(Debug)]
pub struct Results {
    format: Template,
    limit: usize,
}

/// The values of one lookup so far.
#[derive(Debug)]
pub struct Joined<'a> {
    results: &'a Results,
    key: &'a [u8],
    text: Vec<u8>,
    count: usize,
}

impl Results {
    /// Read `result_format` and `expansion_limit`.
    pub fn new(parameters: &Parameters) -> Result<Self, String> {
        let format = match parameters.set("result_format") {
            Some(format) => format,
            // The name that it had in old ldap tables.
            None => parameters.text("result_filter", "%s"),
        };
        let limit = parameters.number("expansion_limit", 0, 0..=u64::from(u32::MAX))?;
        Ok(Self {
            format: Template::parse(format).map_err(|error| {
                parameters.bad(format_args!(
                    "Invalid result_format template: {format}: {error}"
                ))
            })?,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
        })
    }

    /// Start joining for a key; `None` where the key lacks what the format wants of it, so that nothing needs to be asked.
    #[must_use]
    pub fn of<'a>(&'a self, key: &'a [u8]) -> Option<Joined<'a>> {
        self.format.suits(key).then_some(Joined {
            results: self,
            key,
            text: Vec::new(),
            count: 0,
        })
    }
}

impl Joined<'_> {
    /// What the lookup finds when these are its values; an error beyond the limit.
    pub fn all(mut self, values: Vec<Vec<u8>>) -> Result<Option<Vec<u8>>, String> {
        for value in values {
            self.add(&value)?;
        }
        Ok(self.finish())
    }

    fn add(&mut self, value: &[u8]) -> Result<(), String> {
        let Some(value) = self.results.format.result(self.key, value) else {
            return Ok(());
        };
        self.count += 1;
        if self.results.limit > 0 && self.count > self.results.limit {
            let key = String::from_utf8_lossy(self.key);
            return Err(format!("Expansion limit exceeded for key '{key}'"));
        }
        if self.count > 1 {
            self.text.push(b',');
        }
        self.text.extend_from_slice(&value);
        Ok(())
    }

    fn finish(self) -> Option<Vec<u8>> {
        (self.count > 0).then_some(self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn results(pairs: &[(&str, &str)]) -> Results {
        let pairs = pairs
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Results::new(&Parameters::new("t", pairs)).unwrap()
    }

    #[test]
    fn values_are_joined_by_commas_and_empty_ones_skipped() {
        let results = results(&[]);
        let mut joined = results.of(b"k").unwrap();
        for value in [&b"a"[..], b"", b"b"] {
            joined.add(value).unwrap();
        }
        assert_eq!(joined.finish(), Some(b"a,b".to_vec()));
        assert_eq!(results.of(b"k").unwrap().finish(), None);
    }

    #[test]
    fn beyond_the_limit_is_an_error() {
        let results = results(&[("expansion_limit", "1")]);
        let mut joined = results.of(b"k").unwrap();
        assert_eq!(joined.add(b"a"), Ok(()));
        assert_eq!(
            joined.add(b"b").unwrap_err(),
            "Expansion limit exceeded for key 'k'"
        );
    }

    proptest! {
        #[test]
        fn each_value_is_formatted_and_joined_once(values in proptest::collection::vec("[a-z@]{0,3}", 0..6), limit in 0_usize..5) {
            let limit_text = limit.to_string();
            let results = results(&[("result_format", "<%s>"), ("expansion_limit", &limit_text)]);
            let mut joined = results.of(b"key").unwrap();
            let added: Result<Vec<()>, String> = values.iter().map(|value| joined.add(value.as_bytes())).collect();
            let wanted: Vec<String> = values
                .iter()
                .filter(|value| !value.is_empty())
                .map(|value| format!("<{value}>"))
                .collect();
            prop_assert_eq!(added.is_ok(), limit == 0 || wanted.len() <= limit);
            if added.is_ok() {
                let found = joined.finish().map(|value| String::from_utf8(value).unwrap());
                prop_assert_eq!(found, (!wanted.is_empty()).then(|| wanted.join(",")));
            }
        }
    }
}
