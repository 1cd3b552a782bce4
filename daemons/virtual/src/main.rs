//! virtual(8)

fn main() {}
