//! Searches, and the LDAP URLs (RFC 4516) in entries that stand for one.

use driver::place::decoded;

/// How far below its base a search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The base itself.
    Base,
    /// What is directly below it.
    One,
    /// The base and all that is below.
    Sub,
}

impl Depth {
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "base" => Some(Self::Base),
            "one" => Some(Self::One),
            "sub" => Some(Self::Sub),
            _ => None,
        }
    }
}

/// A search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Search {
    pub(crate) base: String,
    pub(crate) depth: Depth,
    pub(crate) filter: String,
}

/// Whether a value is a URL and no distinguished name.
pub(crate) fn is_url(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    ["ldap://", "ldaps://", "ldapi://"]
        .iter()
        .any(|scheme| lower.starts_with(scheme))
}

/// The search that a URL stands for, and the attributes that it selects; the server is always the one at hand.
pub(crate) fn parse(url: &str) -> Option<(Search, Vec<String>)> {
    let (_, rest) = url.split_once("://")?;
    let (_, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let mut parts = rest.split('?');
    let mut next = || parts.next().unwrap_or("");
    let base = decoded(next())?;
    let attributes = next();
    let depth = match next() {
        "" => Depth::Base,
        name => Depth::by_name(name)?,
    };
    let filter = match next() {
        "" => "(objectClass=*)".to_owned(),
        filter => decoded(filter)?,
    };
    let attributes = attributes.split(',').filter(|name| !name.is_empty());
    let attributes = attributes.map(decoded).collect::<Option<Vec<_>>>()?;
    let search = Search {
        base,
        depth,
        filter,
    };
    Some((search, attributes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_of_a_url() {
        let url = "ldap:///ou=a%20b,dc=x?mail,cn?one?(a=%2a)";
        let (search, attributes) = parse(url).unwrap();
        assert_eq!(search.base, "ou=a b,dc=x");
        assert_eq!(search.depth, Depth::One);
        assert_eq!(search.filter, "(a=*)");
        assert_eq!(attributes, ["mail", "cn"]);
        let (search, attributes) = parse("ldap://host:1/dc=x").unwrap();
        assert_eq!((search.depth, attributes.len()), (Depth::Base, 0));
        assert_eq!(search.filter, "(objectClass=*)");
        assert_eq!(parse("ldap:///x??nonsense"), None);
        assert!(is_url("LDAP:///x") && !is_url("cn=ldap://x"));
    }

    proptest! {
        #[test]
        fn any_text_ends(text: String) {
            let _ = parse(&format!("ldap://{text}"));
        }
    }
}
