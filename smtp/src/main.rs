//! smtp(8): sends over SMTP and LMTP.

fn main() {}
