//! postlock(1)

fn main() {}
