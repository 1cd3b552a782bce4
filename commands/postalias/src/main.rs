//! postalias(1)

fn main() {}
