//! A list of tables, as a `*_maps` parameter names them, searched in order until one knows the key.
//!
//! An empty value is an error, as it would stand for a letter to nobody. Logs a warning for each failed lookup.

use crate::error::LookupError;
use crate::table::{OpenOptions, Table};

/// Tables in the order of their parameter.
#[derive(Debug, Default)]
pub struct Maps {
    title: String,
    tables: Vec<Table>,
}

impl Maps {
    /// Open the tables of the parameter `title`. Those that cannot be opened fail each lookup that reaches them.
    #[must_use]
    pub fn open<S: AsRef<str>>(title: &str, specs: &[S], options: &OpenOptions) -> Self {
        let tables = specs
            .iter()
            .map(|spec| Table::open_or_unavailable(spec.as_ref(), options))
            .collect();
        Self {
            title: title.to_owned(),
            tables,
        }
    }

    /// The name of the parameter.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Whether there is no table at all, so that lookups can be left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// The first table whose file was replaced since it was opened, as `type:name`.
    #[must_use]
    pub fn changed(&self) -> Option<&str> {
        self.tables
            .iter()
            .find(|table| table.changed())
            .map(Table::name)
    }

    /// Look a whole key up.
    pub async fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LookupError> {
        Ok(self.find_where(key, false).await?.map(|(value, _)| value))
    }

    /// Look up a key that is part of what is sought; tables of patterns and networks are not asked.
    pub async fn find_partial(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LookupError> {
        Ok(self.find_where(key, true).await?.map(|(value, _)| value))
    }

    /// Look a key up and say also which table knew it.
    pub async fn find_where(
        &self,
        key: &[u8],
        partial: bool,
    ) -> Result<Option<(Vec<u8>, &Table)>, LookupError> {
        if key.is_empty() {
            return Ok(None);
        }
        for table in &self.tables {
            if partial && table.is_pattern() {
                continue;
            }
            match table.find(key).await {
                Ok(None) => {}
                Ok(Some(value)) if value.is_empty() => return Err(self.empty_value(table, key)),
                Ok(Some(value)) => return Ok(Some((value, table))),
                Err(error) => {
                    let key = String::from_utf8_lossy(key);
                    maillog::warning!("{} lookup error for \"{key}\"", table.name());
                    return Err(error);
                }
            }
        }
        Ok(None)
    }

    fn empty_value(&self, table: &Table, key: &[u8]) -> LookupError {
        let key = String::from_utf8_lossy(key);
        let (title, name) = (&self.title, table.name());
        maillog::warning!("{title}: {name} lookup of {key} returns an empty string result");
        maillog::warning!("{title}: {name} should return NO RESULT in case of NOT FOUND");
        LookupError::Failed {
            table: name.to_owned(),
            reason: "empty string result".to_owned(),
        }
    }
}
