//! postlog(1)

fn main() {}
