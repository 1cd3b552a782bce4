//! master(8): starts, watches and restarts every daemon; owns the listening sockets.
//!
//! Runs as root from `postfix start` to `postfix stop`. Reads master.cf, makes a socket or FIFO for each service, and
//! starts a process of the service's program when a client comes and no running process has a free place. What to do is
//! decided by [`book::Book`], which knows no system call; the loop does it. master never handles mail, never speaks to a
//! client, and has no runtime and no second thread. Logs its start, reload and end, and every child that ended badly.

mod book;
mod event_loop;
mod listen;
mod lock;
mod options;
mod overload;
mod refresh;
mod reload;
mod service;
mod setup;
mod spawn;
mod status;
mod timers;
mod wakeup;

pub use setup::run;
