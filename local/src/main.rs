//! local(8)

fn main() {}
