//! Byte strings and text: tokens, quoting, expansion, xtext, time units.
