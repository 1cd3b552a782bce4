//! postconf(1)

fn main() {}
