//! The table types, one file each.

pub(crate) mod cidr;
pub(crate) mod combined;
pub mod driver;
pub(crate) mod environ;
pub(crate) mod inline;
pub(crate) mod internal;
pub(crate) mod intervals;
pub(crate) mod literal;
pub mod lmdb;
pub(crate) mod pattern;
pub(crate) mod prefilter;
pub mod proxy;
pub(crate) mod replacement;
pub(crate) mod rules;
pub(crate) mod text;
pub(crate) mod user_database;
