//! postqueue(8)

fn main() {}
