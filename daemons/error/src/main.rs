//! error(8)

fn main() {}
