//! The configuration of one table: names and values, read as the types that a driver wants.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::notes::Notes;
use crate::template::Template;

/// The parameters of a table.
#[derive(Debug, Default)]
pub struct Parameters {
    name: String,
    values: HashMap<String, String>,
}

impl Parameters {
    /// Of the table with this name.
    #[must_use]
    pub fn new(name: &str, values: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            name: name.to_owned(),
            values: values.into_iter().collect(),
        }
    }

    /// What follows the type in `type:name`.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.name
    }

    /// What is set, if it is set.
    #[must_use]
    pub fn set(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// What is set to more than nothing.
    #[must_use]
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.set(name).filter(|value| !value.is_empty())
    }

    /// What is set, or a default.
    #[must_use]
    pub fn text<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.set(name).unwrap_or(default)
    }

    /// A parameter without which the table cannot be used.
    pub fn required(&self, name: &str) -> Result<&str, String> {
        self.filled(name)
            .ok_or_else(|| self.bad(format_args!("the parameter {name} is missing")))
    }

    /// `yes` or `no`.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool, String> {
        match self.set(name) {
            None => Ok(default),
            Some(text) if text.eq_ignore_ascii_case("yes") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("no") => Ok(false),
            Some(text) => Err(self.bad(format_args!("bad boolean configuration: {name} = {text}"))),
        }
    }

    /// A number within bounds.
    pub fn number(
        &self,
        name: &str,
        default: u64,
        bounds: RangeInclusive<u64>,
    ) -> Result<u64, String> {
        let Some(text) = self.set(name) else {
            return Ok(default);
        };
        let number: u64 = text
            .parse()
            .map_err(|_| self.bad(format_args!("bad numerical configuration: {name} = {text}")))?;
        if bounds.contains(&number) {
            return Ok(number);
        }
        let (least, most) = bounds.into_inner();
        Err(self.bad(format_args!(
            "bad numerical configuration: {name} = {text}, not from {least} to {most}"
        )))
    }

    /// A time of at least a second: seconds, or a number with a unit (s, m, h, d, w).
    pub fn time(&self, name: &str, default_seconds: u64) -> Result<Duration, String> {
        let Some(text) = self.set(name) else {
            return Ok(Duration::from_secs(default_seconds));
        };
        match text::time::seconds(text, b's') {
            Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
            _ => Err(self.bad(format_args!("bad time value or unit: {name} = {text}"))),
        }
    }

    /// The words of a list.
    pub fn words<'a>(&'a self, name: &str, default: &'a str) -> impl Iterator<Item = &'a str> {
        text::token::words(self.text(name, default))
    }

    /// The servers of a list, of this machine where nothing is set. What is wrong with one is said with the table's name.
    pub fn hosts<H>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<H, String>,
    ) -> Result<Vec<H>, String> {
        let hosts: Result<Vec<_>, _> = self.words(name, "localhost").map(parse).collect();
        let hosts = hosts.map_err(|error| self.bad(error))?;
        match hosts.is_empty() {
            true => Err(self.bad(format_args!("{name}: no server is named"))),
            false => Ok(hosts),
        }
    }

    /// A text, read as the template of that name: a query, in which `%{name}` may stand.
    pub fn template(&self, name: &str, text: &str) -> Result<Template, String> {
        Template::parse_with(text, |parameter| self.of_main_cf(parameter))
            .map_err(|error| self.bad(format_args!("Invalid {name} template: {text}: {error}")))
    }

    /// A parameter of main.cf that some value of the table names as `%{name}`.
    #[must_use]
    pub fn of_main_cf(&self, name: &str) -> Option<&str> {
        self.set(&format!("%{{{name}}}"))
    }

    /// Say of each of these that is set to something that it changes nothing here, and why.
    pub fn without_effect(&self, names: &[&str], why: &str, notes: &mut Notes) {
        for name in names.iter().filter(|name| self.filled(name).is_some()) {
            notes.add(self.bad(format_args!("{name} has no effect: {why}")));
        }
    }

    /// A complaint with the table's name.
    #[must_use]
    pub fn bad(&self, what: impl std::fmt::Display) -> String {
        format!("{}: {what}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters() -> Parameters {
        let pairs = [
            ("a", "1"),
            ("b", "Yes"),
            ("c", "2m"),
            ("d", "x y,z"),
            ("e", ""),
        ];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Parameters::new("/t.cf", pairs)
    }

    #[test]
    fn values_have_types() {
        let all = parameters();
        assert_eq!(all.number("a", 7, 0..=9), Ok(1));
        assert_eq!(all.number("none", 7, 0..=9), Ok(7));
        assert_eq!(all.flag("b", false), Ok(true));
        assert_eq!(all.time("c", 1), Ok(Duration::from_secs(120)));
        assert_eq!(all.words("d", "").collect::<Vec<_>>(), ["x", "y", "z"]);
    }

    #[test]
    fn what_has_no_effect_is_said_where_it_is_set() {
        let mut notes = Notes::default();
        parameters().without_effect(&["a", "e", "none"], "no reason", &mut notes);
        assert_eq!(notes.into_vec(), ["/t.cf: a has no effect: no reason"]);
    }

    #[test]
    fn mistakes_name_table_parameter_and_value() {
        let all = parameters();
        assert_eq!(
            all.number("c", 7, 0..=9).unwrap_err(),
            "/t.cf: bad numerical configuration: c = 2m"
        );
        assert_eq!(
            all.number("a", 7, 2..=9).unwrap_err(),
            "/t.cf: bad numerical configuration: a = 1, not from 2 to 9"
        );
        assert_eq!(
            all.flag("a", true).unwrap_err(),
            "/t.cf: bad boolean configuration: a = 1"
        );
        assert!(all.time("d", 1).is_err());
        assert_eq!(
            all.required("e").unwrap_err(),
            "/t.cf: the parameter e is missing"
        );
    }
}
