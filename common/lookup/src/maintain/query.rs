//! Looking keys up and listing tables, and how what is found is shown.

use std::io::Write;

use super::{Failure, Form, Job, Syntax, base64};
use crate::error::LookupError;
use crate::table::Table;

/// How many keys are looked up at the price of one lock, or of few messages to a driver.
const TOGETHER: usize = 1000;

impl Job {
    pub(super) fn query_one(&self, key: &[u8], output: &mut dyn Write) -> Result<bool, Failure> {
        for table in &self.tables {
            let table = self.open(table)?;
            if let Some(value) = self.find(&table, key)? {
                match self.form {
                    Form::Text => print(output, &[&value, b"\n"])?,
                    Form::Json => self.show(key, &value, output)?,
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn query_keys(
        &self,
        keys: &[Vec<u8>],
        output: &mut dyn Write,
    ) -> Result<bool, Failure> {
        let tables = self
            .tables
            .iter()
            .map(|table| self.open(table))
            .collect::<Result<Vec<_>, _>>()?;
        let mut found = false;
        for keys in keys.chunks(TOGETHER) {
            let ahead = match tables.as_slice() {
                [table] => ipc::now(table.find_all_quietly(keys)),
                _ => None,
            };
            for (at, key) in keys.iter().enumerate() {
                for table in &tables {
                    let value = match ahead.as_ref().and_then(|values| values.get(at)) {
                        Some(value) => self.checked(table, key, value.clone())?,
                        None => self.find(table, key)?,
                    };
                    if let Some(value) = value {
                        self.show(key, &value, output)?;
                        found = true;
                        break;
                    }
                }
            }
        }
        Ok(found)
    }

    /// Show all of the first table.
    pub(super) fn list(&self, output: &mut dyn Write) -> Result<(), Failure> {
        let Some(spec) = self.tables.first() else {
            return Ok(());
        };
        let table = self.open(spec)?;
        let mut last: Option<Vec<u8>> = None;
        loop {
            let entries = ipc::now(table.entries_after(last.as_deref(), usize::MAX));
            let Some(entries) = entries.map_err(|error| failed(&error))? else {
                return Err(Failure(format!(
                    "table {spec}: sequence operation is not supported"
                )));
            };
            let Some((key, _)) = entries.last() else {
                return Ok(());
            };
            last = Some(key.clone());
            for (key, value) in entries {
                if let Some(value) = self.decoded(&table, &key, value) {
                    self.show(&key, &value, output)?;
                }
            }
        }
    }

    fn find(&self, table: &Table, key: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        let value = ipc::now(table.find_quietly(key)).map_err(|error| failed(&error))?;
        self.checked(table, key, value)
    }

    /// A value as it is shown; a strange one is complained about.
    fn checked(
        &self,
        table: &Table,
        key: &[u8],
        value: Option<Vec<u8>>,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let Some(value) = value else {
            return Ok(None);
        };
        if value.is_empty() {
            warn_empty(table, key);
        }
        let value = self.decoded(table, key, value);
        value
            .map(Some)
            .ok_or_else(|| Failure(format!("table {}: query error", table.name())))
    }

    /// The contents of files, which are stored in base64 (`-F`); `None` for what is none.
    fn decoded(&self, table: &Table, key: &[u8], value: Vec<u8>) -> Option<Vec<u8>> {
        if !self.options.files {
            return Some(value);
        }
        let content = base64::decode(&value);
        if content.is_none() {
            let (table, key) = (table.name(), String::from_utf8_lossy(key));
            let value = String::from_utf8_lossy(&value);
            maillog::warning!("table {table}: key {key}: malformed BASE64 value: {value}");
        }
        content
    }

    fn show(&self, key: &[u8], value: &[u8], output: &mut dyn Write) -> Result<(), Failure> {
        match self.form {
            Form::Text => {
                let separator: &[u8] = match self.syntax {
                    Syntax::Map => b"\t",
                    Syntax::Alias => b":\t",
                };
                print(output, &[key, separator, value, b"\n"])
            }
            Form::Json => {
                let (key, value) = (json(key), json(value));
                print(output, &[b"{", &key, b": ", &value, b"}\n"])
            }
        }
    }
}

/// A JSON string; bytes that are no UTF-8 become the replacement character.
fn json(text: &[u8]) -> Vec<u8> {
    let mut string = String::from("\"");
    for char in String::from_utf8_lossy(text).chars() {
        match char {
            '"' => string.push_str("\\\""),
            '\\' => string.push_str("\\\\"),
            '\n' => string.push_str("\\n"),
            '\r' => string.push_str("\\r"),
            '\t' => string.push_str("\\t"),
            control if control < ' ' => {
                string.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => string.push(other),
        }
    }
    string.push('"');
    string.into_bytes()
}

fn failed(error: &LookupError) -> Failure {
    Failure::of_table(error, "query")
}

fn warn_empty(table: &Table, key: &[u8]) {
    let (table, key) = (table.name(), String::from_utf8_lossy(key));
    maillog::warning!("table {table}: key {key}: empty string result is not allowed");
    maillog::warning!("table {table} should return NO RESULT in case of NOT FOUND");
}

fn print(output: &mut dyn Write, parts: &[&[u8]]) -> Result<(), Failure> {
    parts
        .iter()
        .try_for_each(|part| output.write_all(part))
        .map_err(|error| Failure::io("write output", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_strings() {
        assert_eq!(
            json("a\"b\\\n\u{1}ä".as_bytes()),
            "\"a\\\"b\\\\\\n\\u0001ä\"".as_bytes()
        );
    }
}
