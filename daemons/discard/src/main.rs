//! discard(8)

fn main() {}
