//! `environ:`: the process environment.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The value of an environment variable.
pub(crate) fn find(key: &[u8]) -> Option<Vec<u8>> {
    let usable = !key.is_empty() && !key.contains(&0) && !key.contains(&b'=');
    usable
        .then(|| std::env::var_os(OsStr::from_bytes(key)))
        .flatten()
        .map(OsStringExt::into_vec)
}
