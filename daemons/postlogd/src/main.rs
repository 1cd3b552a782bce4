//! postlogd(8)

fn main() {}
