//! Tables in SQL databases: statements with keys in them, and lookups that are one query.

mod queries;
mod statement;
mod table;

pub use queries::{Database, Values};
pub use statement::{Dialect, Statement, Unquotable};
pub use table::{Host, SqlTable};
