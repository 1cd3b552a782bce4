//! The table types, one file each.

pub mod berkeley_db;
pub mod cdb;
pub(crate) mod cidr;
pub(crate) mod combined;
pub mod driver;
pub(crate) mod environ;
pub mod indexed;
pub(crate) mod inline;
pub(crate) mod internal;
pub(crate) mod intervals;
pub(crate) mod literal;
pub mod lmdb;
pub(crate) mod older;
pub(crate) mod pattern;
pub(crate) mod prefilter;
pub mod proxy;
pub(crate) mod replacement;
pub(crate) mod rules;
pub(crate) mod text;
pub(crate) mod user_database;
