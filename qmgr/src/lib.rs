//! qmgr(8)
pub mod schedule;
