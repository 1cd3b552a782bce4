//! main.cf, master.cf, overrides, and the parameter table.
//!
//! A program loads [`Settings`] once ([`Loader`]) and asks for typed groups of parameters:
//! `settings.get::<params::smtpd::Limits>()?`. Every parameter is declared once, in `params/<owner>.rs`; postconf(1)
//! and the documentation are made from the same declarations. master(8) and postconf(1) read master.cf as [`MasterCf`].
//!
//! Nothing here keeps state outside the values it returns, and nothing logs: what an administrator should know is in
//! [`Settings::warnings`], for the program to log once its log is open.

#![warn(missing_docs)]
#![warn(clippy::indexing_slicing)]

pub mod compatibility;
mod dynamic;
mod error;
pub mod help;
pub mod lines;
mod loader;
mod log;
mod main_cf;
pub mod master_cf;
mod owner;
pub mod params;
mod settings;
pub mod table;
mod value;

pub use error::Error;
pub use help::Explained;
pub use loader::{DEFAULT_DIRECTORY, Loader};
pub use log::{is_for_stderr, maillog_file, open_log, open_log_as};
pub use main_cf::MainCf;
pub use master_cf::MasterCf;
pub use owner::mail_owner;
pub use settings::{Settings, Source};
pub use table::{ClientGroup, Group, Prefix};
pub use value::{Kind, Raw, TableList, Value, Words};
