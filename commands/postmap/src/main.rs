//! postmap(1)

fn main() {}
