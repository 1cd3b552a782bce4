//! Benchmarks beside the reference.

fn main() {}
