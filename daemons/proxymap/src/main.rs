//! proxymap(8)

fn main() {}
