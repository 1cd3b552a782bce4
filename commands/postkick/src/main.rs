//! postkick(1)

fn main() {}
