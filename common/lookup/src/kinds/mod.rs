//! The table types, one file each.

pub(crate) mod cidr;
pub mod driver;
pub(crate) mod environ;
pub(crate) mod inline;
pub mod lmdb;
pub mod proxy;
pub(crate) mod text;
pub(crate) mod user_database;
