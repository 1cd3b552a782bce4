//! postsuper(8)

fn main() {}
