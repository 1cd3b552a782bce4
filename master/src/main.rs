//! master(8)

fn main() {}
