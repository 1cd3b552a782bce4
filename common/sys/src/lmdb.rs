//! LMDB files: the two unsafe steps, opening one and growing its memory map.
//!
//! Files are opened without a sub-directory and without LMDB's own lock file, as the reference does; readers and
//! writers hold a lock on the file itself while a transaction is open. Never creates a lock file, never logs.

use std::path::Path;

use heed::{Env, EnvFlags, EnvOpenOptions, WithoutTls};

/// What a table file is opened for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Lookups only; the file must exist.
    Read,
    /// Updates; the file is created when it does not exist.
    Write,
}

/// Open an LMDB file with a memory map of at least `map_size` bytes (rounded up to whole pages).
pub fn open(path: &Path, map_size: usize, access: Access) -> heed::Result<Env<WithoutTls>> {
    let mut flags = EnvFlags::NO_SUB_DIR | EnvFlags::NO_LOCK;
    if access == Access::Read {
        flags |= EnvFlags::READ_ONLY;
    }
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(whole_pages(map_size));
    // SAFETY: NO_LOCK leaves exclusion to us: every transaction is made while the caller holds the fcntl lock on the
    // file (shared to read, exclusive to write), and files are otherwise only replaced by rename, which leaves the
    // mapped one as it is.
    unsafe {
        options.flags(flags);
        options.open(path)
    }
}

/// Make the memory map larger, or with 0 as large as the file says. No transaction may be open; taking the
/// environment by exclusive reference makes that so.
pub fn grow(env: &mut Env<WithoutTls>, map_size: usize) -> heed::Result<()> {
    // SAFETY: transactions borrow the environment, and it is borrowed exclusively here; the caller keeps no clones.
    unsafe { env.resize(whole_pages(map_size)) }
}

fn whole_pages(size: usize) -> usize {
    const PAGE: usize = 64 * 1024;
    size.div_ceil(PAGE).saturating_mul(PAGE)
}
