//! postfix(1)

fn main() {}
