//! What a client called itself, and which protocol it speaks since.

/// The fruit of HELO or EHLO.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hello {
    /// The name, printable.
    pub name: Vec<u8>,
    /// Whether it was EHLO.
    pub extended: bool,
}

impl Hello {
    /// HELO.
    pub fn simple(name: &[u8]) -> Self {
        Self {
            name: printable(name),
            extended: false,
        }
    }

    /// EHLO.
    pub fn extended(name: &[u8]) -> Self {
        Self {
            name: printable(name),
            extended: true,
        }
    }

    /// The protocol's name, as in Received: headers.
    pub const fn protocol(&self) -> &'static str {
        if self.extended { "ESMTP" } else { "SMTP" }
    }
}

fn printable(name: &[u8]) -> Vec<u8> {
    let show = |&byte: &u8| {
        if byte.is_ascii_control() { b'?' } else { byte }
    };
    name.iter().map(show).collect()
}
