//! Driver programs: a table type that needs a client library, as a program of its own (`mysql_table` and its like).
//!
//! A driver is a [`Table`] handed to [`main`]. The program that opens a table starts the driver with a control socket as descriptor 3
//! and, when it is root, the ids that the driver must take on; it hands over connected sockets and asks over them (`records::table`).
//! Here is what all drivers share: giving up rights, a thread for each socket, [`Parameters`] of tables, [`Template`]s of queries and
//! results, tables in [`sql`] databases, [`Servers`] with failover, and the [`Exchange`] of requests and replies.
//!
//! A driver never reads main.cf, never logs (what is to be logged goes back with the answer, as [`Notes`]), and never keeps a right of
//! root. It ends when its control socket closes.

#![warn(missing_docs, clippy::indexing_slicing)]

mod charset;
mod exchange;
mod notes;
mod parameters;
pub mod place;
mod results;
mod serve;
mod servers;
pub mod sql;
mod stream;
mod template;
#[cfg(feature = "tls")]
mod tls;

pub use charset::Charset;
pub use exchange::Exchange;
pub use notes::Notes;
pub use parameters::Parameters;
pub use results::Results;
pub use serve::{Table, main};
pub use servers::{Fault, Servers, Timing};
pub use stream::{Stream, is_late};
pub use template::{BadTemplate, Template};
#[cfg(feature = "tls")]
pub use tls::Tls;
