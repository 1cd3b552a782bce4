//! What postmap(1) and postalias(1) do: build tables from text, query, list, change them.
//!
//! The commands read their options into a [`Job`] and call [`Job::run`]; what is found goes to the given writer.
//! Logs a warning for each source line and entry that is left out.

mod alias_value;
mod base64;
mod build;
mod call;
pub(crate) mod files;
mod message;
mod query;
pub(crate) mod rebuild;
mod source_text;

pub use call::run_command;

use std::io::{self, BufRead, Write};

use crate::error::LookupError;
use crate::kinds::indexed::{Format, Nulls};
use crate::table::{Access, OpenOptions, Table};

/// Which of the two commands is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// postmap: `key whitespace value`.
    Map,
    /// postalias: `name: value`.
    Alias,
}

/// What is to be done with each table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Make it from its source file.
    Build,
    /// Add entries from standard input (`-i`).
    Add,
    /// Look keys up (`-q`).
    Query(Keys),
    /// Remove keys (`-d`).
    Remove(Keys),
    /// Print all of it (`-s`).
    List,
}

/// Which keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// This one.
    One(Vec<u8>),
    /// One on each line of standard input (`-`).
    Input,
    /// The headers and body lines of a message on standard input (`-h`, `-b`).
    Message(Parts),
}

/// Which lines of a message are keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parts {
    /// Headers (`-h`).
    pub headers: bool,
    /// Body lines (`-b`).
    pub body: bool,
    /// Look into its parts (`-m`).
    pub mime: bool,
}

/// How what was found is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The value, or key and value.
    Text,
    /// `{"key": "value"}` (`-j`).
    Json,
}

/// What happens to an entry whose key is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// It is left out, with a warning.
    Warn,
    /// It replaces the other (`-r`).
    Replace,
    /// It is left out (`-w`).
    Ignore,
}

/// One call of postmap or postalias.
#[derive(Debug)]
pub struct Job {
    /// Which of the two.
    pub syntax: Syntax,
    /// What to do.
    pub action: Action,
    /// The tables, as `type:name`.
    pub tables: Vec<String>,
    /// How tables are opened.
    pub options: OpenOptions,
    /// What happens to entries whose key is known.
    pub duplicates: Duplicates,
    /// How results are shown.
    pub form: Form,
    /// How messages are taken apart.
    pub mime: mail::mime::Options,
    /// Which lines of a message are keys, where there is one.
    pub parts: Parts,
    /// Whether these must be UTF-8 too (`-U`).
    pub force_utf8: bool,
    /// Whether keys and values are stored with a NUL (`-N`, `-n`); else as is usual in the format.
    pub nulls: Option<Nulls>,
    /// Whether a new file gets the permissions of its source (not with `-p`).
    pub inherit_mode: bool,
    /// Whether root becomes the owner of the source file (not with `-o`).
    pub become_owner: bool,
}

/// Why a job ended early; `Display` is the line that is logged.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A table did not do what was asked of it.
    fn of_table(error: &LookupError, operation: &str) -> Self {
        match error {
            LookupError::Unavailable { .. } | LookupError::Unsupported { .. } => {
                Self(error.to_string())
            }
            LookupError::Failed { table, reason } => {
                Self(format!("table {table}: {operation} error: {reason}"))
            }
        }
    }

    fn io(what: &str, error: &io::Error) -> Self {
        Self(format!("{what}: {}", sys::reason(error)))
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl Job {
    /// Do it. `false` when a key was asked for and no table knows it.
    pub fn run(&self, output: &mut dyn Write) -> Result<bool, Failure> {
        match &self.action {
            Action::Build => self.build().map(|()| true),
            Action::Add => self.add().map(|()| true),
            Action::Query(Keys::One(key)) => self.query_one(key, output),
            Action::Query(Keys::Input) => self.query_keys(&input_lines()?, output),
            Action::Query(Keys::Message(parts)) => {
                self.query_keys(&message::keys(*parts, self.mime)?, output)
            }
            Action::Remove(Keys::One(key)) => self.remove(std::slice::from_ref(key)),
            Action::Remove(Keys::Input | Keys::Message(_)) => self.remove(&input_lines()?),
            Action::List => self.list(output).map(|()| true),
        }
    }

    fn remove(&self, keys: &[Vec<u8>]) -> Result<bool, Failure> {
        let mut removed = false;
        for spec in &self.tables {
            let table = self.open_for(spec, Access::Change)?;
            for key in keys {
                let found = ipc::now(table.remove(key));
                removed |= found.map_err(|error| Failure::of_table(&error, "delete"))?;
            }
        }
        Ok(removed)
    }

    fn open_for(&self, spec: &str, access: Access) -> Result<Table, Failure> {
        let options = OpenOptions {
            access,
            ..self.options.clone()
        };
        Table::open(spec, &options).map_err(|error| Failure(error.to_string()))
    }

    /// Whether keys and values are stored with a NUL.
    fn nulls_in(&self, format: Format) -> Nulls {
        self.nulls.unwrap_or(format.nulls())
    }

    fn open(&self, spec: &str) -> Result<Table, Failure> {
        self.open_for(spec, Access::Read)
    }

    fn folded(&self, key: &[u8]) -> Vec<u8> {
        if self.options.fold {
            crate::table::fold(key)
        } else {
            key.to_vec()
        }
    }
}

fn input_lines() -> Result<Vec<Vec<u8>>, Failure> {
    io::stdin()
        .lock()
        .split(b'\n')
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::io("read standard input", &error))
}
