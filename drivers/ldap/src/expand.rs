//! From entries to values: which attributes count, and the entries that special attributes lead to.
//!
//! Pure but for the [`Directory`] that is asked.

use std::collections::BTreeSet;

use driver::Fault;

use crate::url::{self, Depth, Search};

/// The attributes of a table, by what they are for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attributes {
    /// `result_attribute`: values.
    pub(crate) ordinary: Vec<String>,
    /// `terminal_result_attribute`: where an entry has one, nothing else of it counts.
    pub(crate) terminal: Vec<String>,
    /// `leaf_result_attribute`: values of entries that lead nowhere.
    pub(crate) leaf: Vec<String>,
    /// `special_result_attribute`: names and URLs of further entries.
    pub(crate) special: Vec<String>,
    /// How deep entries may lead to others.
    pub(crate) recursion_limit: usize,
}

/// An entry of a directory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    /// Attributes with their values, as the server names them.
    pub(crate) attributes: Vec<(String, Vec<Vec<u8>>)>,
}

/// Who has entries.
pub(crate) trait Directory {
    /// What a search finds; `None` when there is no base.
    fn search(&mut self, search: &Search, wanted: &[&str]) -> Result<Option<Vec<Entry>>, Fault>;
}

/// The expansion of one lookup.
pub(crate) struct Expansion<'a> {
    attributes: &'a Attributes,
    /// What to say in the log.
    lines: &'a mut Vec<String>,
    values: Vec<Vec<u8>>,
    /// The searches that led to the one at hand.
    path: BTreeSet<String>,
}

impl<'a> Expansion<'a> {
    pub(crate) const fn new(attributes: &'a Attributes, lines: &'a mut Vec<String>) -> Self {
        Self {
            attributes,
            lines,
            values: Vec::new(),
            path: BTreeSet::new(),
        }
    }

    /// All values that a search leads to, in order.
    pub(crate) fn values(
        mut self,
        directory: &mut impl Directory,
        search: &Search,
    ) -> Result<Vec<Vec<u8>>, Fault> {
        let wanted = self.attributes.all();
        if let Some(entries) = directory.search(search, &wanted)? {
            self.take(directory, &entries)?;
        }
        Ok(self.values)
    }

    fn take(&mut self, directory: &mut impl Directory, entries: &[Entry]) -> Result<(), Fault> {
        let attributes = self.attributes;
        for entry in entries {
            let terminal = entry.has(&attributes.terminal);
            let leads_on = !terminal && entry.has(&attributes.special);
            for (name, values) in &entry.attributes {
                let is = |names: &[String]| is_one(name, names);
                let counts = match terminal {
                    true => is(&attributes.terminal),
                    false => is(&attributes.ordinary) || (!leads_on && is(&attributes.leaf)),
                };
                if counts {
                    self.values.extend(values.iter().cloned());
                }
                if leads_on && is(&attributes.special) {
                    for value in values {
                        self.follow(directory, &String::from_utf8_lossy(value))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Look at what a special attribute leads to.
    fn follow(&mut self, directory: &mut impl Directory, target: &str) -> Result<(), Fault> {
        if self.path.len() >= self.attributes.recursion_limit {
            return Err(Fault::Unusable(format!(
                "Recursion limit exceeded at {target}"
            )));
        }
        if !self.path.insert(target.to_ascii_lowercase()) {
            return Err(Fault::Unusable(format!("{target} leads to itself")));
        }
        let attributes = self.attributes;
        let (search, wanted) = if url::is_url(target) {
            let Some((search, selected)) = url::parse(target) else {
                self.path.remove(&target.to_ascii_lowercase());
                self.lines.push(format!("not a URL: {target}"));
                return Ok(());
            };
            (search, attributes.selected(&selected))
        } else {
            let search = Search {
                base: target.to_owned(),
                depth: Depth::Base,
                filter: "(objectClass=*)".to_owned(),
            };
            (search, attributes.selected(&[]))
        };
        if !wanted.is_empty() {
            let names: Vec<&str> = wanted.iter().map(String::as_str).collect();
            match directory.search(&search, &names)? {
                Some(entries) => self.take(directory, &entries)?,
                None => self
                    .lines
                    .push(format!("DN {} not found, skipping", search.base)),
            }
        }
        self.path.remove(&target.to_ascii_lowercase());
        Ok(())
    }
}

impl Attributes {
    fn all(&self) -> Vec<&str> {
        [&self.ordinary, &self.terminal, &self.leaf, &self.special]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect()
    }

    /// Those that a URL selects too, with the options (`name;option`) of either; a URL that selects none selects all.
    fn selected(&self, selection: &[String]) -> Vec<String> {
        let all = self.all().into_iter();
        if selection.is_empty() {
            return all.map(str::to_owned).collect();
        }
        all.filter_map(|own| selection.iter().find_map(|theirs| common(own, theirs)))
            .map(str::to_owned)
            .collect()
    }
}

/// The attribute that both mean, with the option that only one of them may have.
fn common<'a>(own: &'a str, theirs: &'a str) -> Option<&'a str> {
    if own.eq_ignore_ascii_case(theirs) {
        return Some(own);
    }
    let base = |name: &'a str| name.split_once(';').map_or(name, |(base, _)| base);
    match (own.contains(';'), theirs.contains(';')) {
        (true, false) if base(own).eq_ignore_ascii_case(theirs) => Some(own),
        (false, true) if base(theirs).eq_ignore_ascii_case(own) => Some(theirs),
        _ => None,
    }
}

impl Entry {
    fn has(&self, names: &[String]) -> bool {
        let mut filled = self
            .attributes
            .iter()
            .filter(|(_, values)| !values.is_empty());
        filled.any(|(name, _)| is_one(name, names))
    }
}

/// Whether what the server calls an attribute is one of these.
fn is_one(name: &str, names: &[String]) -> bool {
    names.iter().any(|wanted| common(wanted, name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// Entries by the base that finds them.
    struct Known(HashMap<&'static str, Entry>);

    impl Directory for Known {
        fn search(&mut self, search: &Search, _: &[&str]) -> Result<Option<Vec<Entry>>, Fault> {
            Ok(self
                .0
                .get(search.base.as_str())
                .map(|entry| vec![entry.clone()]))
        }
    }

    fn entry(pairs: &[(&str, &[&str])]) -> Entry {
        let attributes = pairs.iter().map(|(name, values)| {
            let values = values.iter().map(|value| value.as_bytes().to_vec());
            ((*name).to_owned(), values.collect())
        });
        Entry {
            attributes: attributes.collect(),
        }
    }

    fn attributes() -> Attributes {
        let names = |name: &str| vec![name.to_owned()];
        Attributes {
            ordinary: names("addr"),
            terminal: names("drop"),
            leaf: names("mail"),
            special: names("member"),
            recursion_limit: 5,
        }
    }

    fn expand(base: &str, known: Known) -> (Result<Vec<String>, Fault>, Vec<String>) {
        let mut lines = Vec::new();
        let search = Search {
            base: base.to_owned(),
            depth: Depth::Sub,
            filter: "x=y".to_owned(),
        };
        let attributes = attributes();
        let mut known = known;
        let values = Expansion::new(&attributes, &mut lines).values(&mut known, &search);
        let text = |value: Vec<u8>| String::from_utf8(value).unwrap();
        (values.map(|all| all.into_iter().map(text).collect()), lines)
    }

    #[test]
    fn members_terminal_and_leaf_values() {
        let known = Known(HashMap::from([
            (
                "group",
                entry(&[
                    ("Addr", &["a"]),
                    ("mail", &["no"]),
                    ("MEMBER", &["one", "two", "none", "ldap:///three"]),
                ]),
            ),
            ("one", entry(&[("mail", &["1"])])),
            (
                "two",
                entry(&[("mail", &["no"]), ("addr", &["no"]), ("drop", &["2"])]),
            ),
            ("three", entry(&[("mail", &["3"])])),
        ]));
        let (values, lines) = expand("group", known);
        assert_eq!(values.unwrap(), ["a", "1", "2", "3"]);
        assert_eq!(lines, ["DN none not found, skipping"]);
    }

    #[test]
    fn circles_and_depth_are_errors() {
        let circle = Known(HashMap::from([
            ("a", entry(&[("member", &["b"])])),
            ("b", entry(&[("member", &["B"])])),
            ("B", entry(&[])),
        ]));
        let (values, _) = expand("a", circle);
        assert_eq!(values, Err(Fault::Unusable("B leads to itself".to_owned())));
        let names = ["0", "1", "2", "3", "4", "5", "6"];
        let chain = names
            .windows(2)
            .map(|pair| (pair[0], entry(&[("member", &[pair[1]])])));
        let (values, _) = expand("0", Known(chain.collect()));
        assert_eq!(
            values,
            Err(Fault::Unusable("Recursion limit exceeded at 6".to_owned()))
        );
    }

    #[test]
    fn urls_select_attributes() {
        let attributes = attributes();
        let selected = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            attributes.selected(&names)
        };
        assert_eq!(selected(&["MAIL;lang-de", "other"]), ["MAIL;lang-de"]);
        assert_eq!(selected(&["other"]), [""; 0]);
        assert_eq!(selected(&[]).len(), 4);
    }
}
