//! What goes wrong with tables: opening one, and looking something up. Both are temporary to a letter.

use std::fmt;
use std::path::PathBuf;

/// Why a table could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenError {
    /// Not of the form `type:name`.
    NotTypeName(String),
    /// A type this build does not know.
    UnknownType(String),
    /// A table of a server that nobody can be sure of, where its answers would decide about rights.
    Untrusted(String),
    /// A type of directories that nobody runs any more.
    Retired(String),
    /// A type that is a program of its own, which is not there.
    MissingDriver {
        /// The type.
        kind: String,
        /// The program.
        program: PathBuf,
    },
    /// A table that only lookups can be made in, as `type:name`, opened to be changed.
    ReadOnly(String),
    /// The name after the type is malformed; the text says how.
    Syntax(String),
    /// The file could not be opened or read; the text names it and says why.
    File(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTypeName(spec) => {
                write!(
                    f,
                    "open dictionary: expecting \"type:name\" form instead of \"{spec}\""
                )
            }
            Self::UnknownType(kind) => write!(f, "unsupported dictionary type: {kind}"),
            Self::Untrusted(table) => {
                write!(f, "{table} map is not allowed for security sensitive data")
            }
            Self::Retired(kind) => write!(
                f,
                "unsupported dictionary type: {kind}: such tables are not supported any more; \
                 make a hash: table of a copy with postmap or postalias, or ask the system with unix:"
            ),
            Self::MissingDriver { kind, program } => {
                let program = program.display();
                write!(
                    f,
                    "unsupported dictionary type: {kind}: there is no program {program}"
                )?;
                match kind.as_str() {
                    "mongodb" => f.write_str(", which is built only where it is asked for"),
                    _ => Ok(()),
                }
            }
            Self::ReadOnly(spec) => write!(f, "{spec} map requires O_RDONLY access mode"),
            Self::Syntax(text) | Self::File(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for OpenError {}

/// A lookup that gave no answer, neither found nor not found. The letter must wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupError {
    /// The table could not be opened when the daemon started.
    Unavailable {
        /// `type:name`.
        table: String,
        /// Why it could not be opened.
        reason: String,
    },
    /// The table is open but the lookup failed.
    Failed {
        /// `type:name`.
        table: String,
        /// What failed.
        reason: String,
    },
    /// Tables of this type cannot do that.
    Unsupported {
        /// `type:name`.
        table: String,
        /// `update` or `delete`.
        operation: &'static str,
    },
}

impl LookupError {
    /// The table that failed, as `type:name`.
    #[must_use]
    pub fn table(&self) -> &str {
        match self {
            Self::Unavailable { table, .. }
            | Self::Failed { table, .. }
            | Self::Unsupported { table, .. } => table,
        }
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { table, reason } => write!(f, "{table} is unavailable. {reason}"),
            Self::Failed { table, reason } => write!(f, "{table} lookup error: {reason}"),
            Self::Unsupported { table, operation } => {
                write!(f, "table {table}: {operation} operation is not supported")
            }
        }
    }
}

impl std::error::Error for LookupError {}
