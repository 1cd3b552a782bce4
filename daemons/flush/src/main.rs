//! flush(8)

fn main() {}
