//! Tables in SQL databases: statements with keys in them, and lookups that are one query.

mod queries;
mod statement;

pub use queries::{Database, Queries, Values};
pub use statement::{Dialect, Statement, Unquotable};
