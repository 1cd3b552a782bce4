//! The texts of delivery status notices (bounce(5)): built in, or from `bounce_template_file`, with `$name` expanded.
//!
//! bounce(8) sends them, `postconf -b` and `-t` show them. Logs what is odd in a file of templates; never reads more than
//! that file.

#![warn(missing_docs)]

mod expansion;
mod templates;

pub use expansion::{expand, load};
pub use templates::{Template, TemplateError, Templates};
