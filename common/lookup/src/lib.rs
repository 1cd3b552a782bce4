//! Lookup tables: table types, lists of tables, match lists, the orders in which addresses are looked up.
//!
//! A [`Table`] is one `type:name`; [`Maps`] is what a `*_maps` parameter names, searched in order; a [`MatchList`] is
//! what `mynetworks` or `relay_domains` names; [`address`] makes the partial keys of address lookups. Tables are opened
//! in a daemon's `open`, before the jail; lookups need no path afterwards.
//!
//! A table that cannot be opened or read is an error of each lookup, never "not found": mail waits instead of bouncing.
//! Changes only tables that are opened for it ([`Access`]), and those that postmap and postalias build
//! ([`Format::write`](kinds::indexed::Format::write), [`lmdb::Updater`](kinds::lmdb::Updater)); and makes the files of tables
//! that an older installation left.
//! Logs a warning for a failed lookup and for a table line that is ignored.

#![warn(missing_docs, clippy::indexing_slicing)]

pub mod address;
pub mod aliases;
mod debug_peers;
pub mod error;
mod kind;
pub mod kinds;
pub mod local;
pub mod maintain;
pub mod mapping;
pub mod maps;
pub mod match_list;
pub mod source;
pub mod table;

pub use debug_peers::DebugPeers;
pub use error::{LookupError, OpenError};
pub use kinds::proxy::ProxyService;
pub use local::LocalDomains;
pub use mapping::AddressMapping;
pub use maps::Maps;
pub use match_list::MatchList;
pub use table::{Access, OpenOptions, Purpose, Table};

#[cfg(test)]
pub(crate) mod testing {
    //! Running lookups of tables that answer at once.

    use std::task::{Context, Poll, Waker};

    pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        match future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("a local table waited"),
        }
    }
}
