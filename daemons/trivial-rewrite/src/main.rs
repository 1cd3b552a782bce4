//! trivial-rewrite(8) - say where an address is delivered.
//!
//! Answers one kind of question: sender and address in; transport, next hop, recipient and address class out. Completing
//! addresses needs no question, as every program does that itself.
//! Never touches mail. Logs domains that are in two address classes, and tables that do not answer.

mod classes;
mod domain;
mod generation;
mod name;
mod resolve;
mod routes;
mod server;
mod transport;

fn main() -> std::process::ExitCode {
    service::conversations::<server::Rewrite>()
}
