//! trivial-rewrite(8)

fn main() {}
