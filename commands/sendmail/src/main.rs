//! sendmail(1)

fn main() {}
