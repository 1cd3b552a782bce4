//! qmgr(8)

fn main() {}
