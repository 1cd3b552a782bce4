//! Byte strings and text: tokens, `$name` expansion, xtext, name=value, time units, compatibility levels.
//!
//! Everything here is a pure function of its arguments: nothing reads files, keeps state or logs.

#![warn(missing_docs)]
#![warn(clippy::indexing_slicing)]

pub mod attributes;
pub mod expand;
pub mod idn;
pub mod level;
pub mod quote;
pub mod time;
pub mod token;
pub mod xtext;
