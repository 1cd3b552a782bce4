//! postdrop(1)

fn main() {}
