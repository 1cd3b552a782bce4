//! The whole-system suite.
