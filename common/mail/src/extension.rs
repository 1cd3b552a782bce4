//! Address extensions: `user+extension`, split by any character of `recipient_delimiter`.

/// The name before the delimiter and the extension after it; `None` when the local part is not to be split.
///
/// Postmaster, MAILER-DAEMON and double-bounce are never split; with `-` as a delimiter and `owner_request_special`,
/// neither are `owner-list` and `list-request`. An empty name is no name.
#[must_use]
pub fn split<'a>(
    local_part: &'a [u8],
    delimiters: &[u8],
    owner_request_special: bool,
) -> Option<(&'a [u8], &'a [u8])> {
    let at = local_part.iter().position(|b| delimiters.contains(b))?;
    if at == 0 || is_special(local_part) {
        return None;
    }
    if local_part.get(at) == Some(&b'-') && owner_request_special && is_list_address(local_part) {
        return None;
    }
    Some((local_part.get(..at)?, local_part.get(at + 1..)?))
}

/// Split a whole address: the address without its extension, and the extension with its delimiter.
#[must_use]
pub fn strip<'a>(
    address: &'a [u8],
    delimiters: &[u8],
    owner_request_special: bool,
) -> Option<(Vec<u8>, &'a [u8])> {
    let at = memchr::memrchr(b'@', address).unwrap_or(address.len());
    let (local_part, domain) = address.split_at(at);
    let (name, _) = split(local_part, delimiters, owner_request_special)?;
    let extension = local_part.get(name.len()..)?;
    Some(([name, domain].concat(), extension))
}

/// Put an extension (with its delimiter) before the `@` of an address.
#[must_use]
pub fn add(address: &[u8], extension: &[u8]) -> Vec<u8> {
    let at = memchr::memrchr(b'@', address).unwrap_or(address.len());
    let (local_part, domain) = address.split_at(at);
    [local_part, extension, domain].concat()
}

fn is_special(local_part: &[u8]) -> bool {
    [b"postmaster".as_slice(), b"mailer-daemon", b"double-bounce"]
        .iter()
        .any(|name| local_part.eq_ignore_ascii_case(name))
}

fn is_list_address(local_part: &[u8]) -> bool {
    let starts = local_part
        .get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"owner-"));
    let rest = local_part.len().saturating_sub(8);
    let ends = local_part
        .get(rest..)
        .is_some_and(|end| rest > 0 && end.eq_ignore_ascii_case(b"-request"));
    starts || ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_delimiter_splits() {
        let split = |text: &'static str| split(text.as_bytes(), b"+-", true);
        assert_eq!(split("user+a-b"), Some((&b"user"[..], &b"a-b"[..])));
        assert_eq!(split("user"), None);
        assert_eq!(split("+x"), None);
        assert_eq!(split("user+"), Some((&b"user"[..], &b""[..])));
        assert_eq!(split("MAILER-DAEMON"), None);
        assert_eq!(split("owner-list"), None);
        assert_eq!(split("list-request"), None);
        assert_eq!(split("list-admin"), Some((&b"list"[..], &b"admin"[..])));
    }

    #[test]
    fn extensions_move_between_addresses() {
        let (plain, extension) = strip(b"user+x@d", b"+", true).unwrap();
        assert_eq!((plain.as_slice(), extension), (&b"user@d"[..], &b"+x"[..]));
        assert_eq!(add(b"other@e", b"+x"), b"other+x@e");
        assert_eq!(add(b"other", b"+x"), b"other+x");
    }
}
