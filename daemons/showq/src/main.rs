//! showq(8)

fn main() {}
