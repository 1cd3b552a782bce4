//! Tables made of others: `pipemap:{...}` hands each result on as the next key, `unionmap:{...}` joins what all of them have,
//! `debug:type:name` logs what another one is asked and answers.
//!
//! The members are opened with the same options, and fail as they would alone: an error of one is an error of the whole.

use crate::error::{LookupError, OpenError};
use crate::table::{Access, OpenOptions, Pair, Table};

/// A table of tables.
#[derive(Debug)]
pub(crate) struct Combined {
    how: How,
    tables: Vec<Table>,
}

/// What becomes of the members' results.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum How {
    /// Each is the next one's key.
    Pipe,
    /// They are joined with commas.
    Union,
    /// There is one member, whose answers are logged.
    Debug,
}

impl Combined {
    pub(crate) fn open(how: How, name: &str, options: &OpenOptions) -> Result<Self, OpenError> {
        let members: Vec<&str> = match how {
            How::Pipe => members(name, "pipemap")?,
            How::Union => members(name, "unionmap")?,
            How::Debug => vec![name],
        };
        let members_options = match how {
            How::Debug => options.clone(),
            // What is made of others cannot be changed, and so they need not be.
            How::Pipe | How::Union => OpenOptions {
                access: Access::Read,
                ..options.clone()
            },
        };
        let tables = members
            .into_iter()
            .map(|member| Table::open(member, &members_options));
        Ok(Self {
            how,
            tables: tables.collect::<Result<_, _>>()?,
        })
    }

    /// Whether any member is asked for whole keys only.
    pub(crate) fn is_pattern(&self) -> bool {
        self.tables.iter().any(Table::is_pattern)
    }

    pub(crate) fn changed(&self) -> bool {
        self.tables.iter().any(Table::changed)
    }

    pub(crate) async fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        match self.how {
            How::Pipe => self.pipe(key).await,
            How::Union => self.union(key).await,
            How::Debug => self.logged(key).await,
        }
    }

    /// Whether all that is asked is asked of one other table.
    pub(crate) fn is_debug(&self) -> bool {
        self.how == How::Debug
    }

    pub(crate) async fn update(&self, key: &[u8], value: &[u8]) -> Result<(), String> {
        let table = self.debugged()?;
        let done = table.update(key, value).await.map_err(reason);
        let (shown, value) = (String::from_utf8_lossy(key), String::from_utf8_lossy(value));
        log(
            table,
            &format!("update \"{shown}\" = \"{value}\""),
            &done,
            |()| "ok".to_owned(),
        );
        done
    }

    pub(crate) async fn remove(&self, key: &[u8]) -> Result<bool, String> {
        let table = self.debugged()?;
        let done = table.remove(key).await.map_err(reason);
        let shown = String::from_utf8_lossy(key);
        log(table, &format!("delete \"{shown}\""), &done, |removed| {
            if *removed { "ok" } else { "not found" }.to_owned()
        });
        done
    }

    /// The entries of the one table that is debugged; others cannot list theirs.
    pub(crate) async fn entries_after(
        &self,
        after: Option<&[u8]>,
        most: usize,
    ) -> Result<Option<Vec<Pair>>, String> {
        match self.debugged() {
            Ok(table) => table.entries_after(after, most).await.map_err(reason),
            Err(_) => Ok(None),
        }
    }

    fn debugged(&self) -> Result<&Table, String> {
        let table = self.tables.first().filter(|_| self.is_debug());
        table.ok_or_else(|| "tables made of others cannot be changed".to_owned())
    }

    async fn pipe(&self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let mut value = key.to_vec();
        for table in &self.tables {
            match ask(table, &value).await? {
                Some(found) => value = found,
                None => return Ok(None),
            }
        }
        Ok(Some(value))
    }

    async fn union(&self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let mut values: Vec<Vec<u8>> = Vec::new();
        for table in &self.tables {
            values.extend(ask(table, key).await?);
        }
        Ok((!values.is_empty()).then(|| values.join(&b',')))
    }

    async fn logged(&self, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let table = self.debugged()?;
        let answer = ask(table, key).await;
        let shown = String::from_utf8_lossy(key);
        log(
            table,
            &format!("lookup \"{shown}\""),
            &answer,
            |found| match found {
                Some(value) => format!("\"{}\"", String::from_utf8_lossy(value)),
                None => "not found".to_owned(),
            },
        );
        answer
    }
}

/// Log what a table was asked and answered.
fn log<T>(table: &Table, asked: &str, answer: &Result<T, String>, shown: impl Fn(&T) -> String) {
    let name = table.name();
    match answer {
        Ok(value) => maillog::info!("{name}: {asked}: {}", shown(value)),
        Err(error) => maillog::info!("{name}: {asked}: error: {error}"),
    }
}

async fn ask(table: &Table, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
    table.find_quietly(key).await.map_err(reason)
}

fn reason(error: LookupError) -> String {
    match error {
        LookupError::Unavailable { reason, .. } | LookupError::Failed { reason, .. } => reason,
        LookupError::Unsupported { .. } => error.to_string(),
    }
}

fn members<'a>(name: &'a str, kind: &str) -> Result<Vec<&'a str>, OpenError> {
    let members = super::inline::words(name);
    let are_tables = members.iter().all(|member| member.contains(':'));
    if members.is_empty() || !are_tables {
        return Err(OpenError::Syntax(format!(
            "bad syntax: \"{kind}:{name}\"; need \"{kind}:{{type:name...}}\""
        )));
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::now;

    fn find(spec: &str, key: &str) -> Result<Option<String>, String> {
        let table = Table::open(spec, &OpenOptions::default()).unwrap();
        let found = now(table.find_quietly(key.as_bytes()));
        found
            .map(|found| found.map(|value| String::from_utf8(value).unwrap()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn pipes_and_unions() {
        let pipe = "pipemap:{inline:{a=B,x=y},unionmap:{inline:{b=1},static:2}}";
        assert_eq!(find(pipe, "A"), Ok(Some("1,2".to_owned())));
        assert_eq!(find(pipe, "x"), Ok(Some("2".to_owned())));
        assert_eq!(find(pipe, "z"), Ok(None));
        assert_eq!(find("debug:inline:{a=b}", "a"), Ok(Some("b".to_owned())));
    }

    #[test]
    fn an_error_of_one_is_an_error_of_all() {
        let error = find("unionmap:{static:x,fail:y}", "a").unwrap_err();
        assert_eq!(
            error,
            "unionmap:{static:x,fail:y} lookup error: Application error"
        );
        assert_eq!(find("pipemap:{inline:{a=b},fail:y}", "z"), Ok(None));
    }
}
