//! bounce(8)

fn main() {}
