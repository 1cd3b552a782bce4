//! The table types, one file each.

pub(crate) mod cidr;
pub(crate) mod environ;
pub(crate) mod inline;
pub mod lmdb;
pub mod proxy;
pub(crate) mod text;
pub(crate) mod user_database;

/// An error of the system without the number that the standard library adds, as log lines have it.
pub(crate) fn system_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(at) => text.get(..at).unwrap_or_default().to_owned(),
        None => text,
    }
}
