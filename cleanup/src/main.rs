//! cleanup(8)

fn main() {}
