//! postcat(1)

fn main() {}
