//! Places of servers as configurations write them: hosts with ports, and URIs.

/// A host, without the brackets around IPv6, and the port that `host:port` or `[v6]:port` says.
#[must_use]
pub fn split_port(address: &str) -> (&str, Option<&str>) {
    let bracketed = address.strip_prefix('[').and_then(|a| a.split_once(']'));
    if let Some((host, rest)) = bracketed {
        return (host, rest.strip_prefix(':'));
    }
    match address.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host, Some(port)),
        _ => (address, None),
    }
}

/// The host and port of an entry of a list, which may begin with `inet:`.
pub fn host_and_port(text: &str, default: u16) -> Result<(&str, u16), String> {
    let (host, port) = split_port(text.strip_prefix("inet:").unwrap_or(text));
    if host.is_empty() {
        return Err(format!("hosts: no name in \"{text}\""));
    }
    let port = port.map_or(Ok(default), |port| {
        port.parse()
            .map_err(|_| format!("hosts: bad port in \"{text}\""))
    });
    Ok((host, port?))
}

/// A URI without what is secret in it: the login, and the options behind `?`.
#[must_use]
pub fn public_name(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let rest = rest.split_once('?').map_or(rest, |(base, _)| base);
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{host}")
}

/// A part of a URI with what its `%xx` stand for; `None` when that is no text.
#[must_use]
pub fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let hex = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = after.get(2..)?;
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_with_and_without_ports() {
        for (text, host, port) in [
            ("db.example", "db.example", 1),
            ("inet:db.example:77", "db.example", 77),
            ("inet:[::1]:77", "::1", 77),
            ("[::1]", "::1", 1),
            ("::1", "::1", 1),
        ] {
            assert_eq!(host_and_port(text, 1), Ok((host, port)), "{text}");
        }
        for text in ["", "inet:", ":77", "host:port", "host:65536"] {
            assert!(host_and_port(text, 1).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_secret_is_not_named() {
        for (text, name) in [
            ("x://me:p@ss@h.example/d?password=x", "x://h.example/d"),
            ("x://h:1,i:2/d", "x://h:1,i:2/d"),
            ("h.example", "h.example"),
        ] {
            assert_eq!(public_name(text), name);
        }
    }

    #[test]
    fn escapes_of_uris() {
        assert_eq!(decoded("ou=a%20b%c3%BC").as_deref(), Some("ou=a bü"));
        for text in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_ends(text: String) {
            let _ = (host_and_port(&text, 1).is_ok(), public_name(&text), decoded(&text));
        }
    }
}
