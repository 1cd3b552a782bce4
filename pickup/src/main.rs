//! pickup(8)

fn main() {}
