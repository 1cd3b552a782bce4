//! `transport:nexthop`, as main.cf and tables have it.

/// A delivery method, or a part of one: what is empty is not said.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Method {
    pub(crate) transport: String,
    pub(crate) nexthop: Vec<u8>,
}

impl Method {
    /// Split at the first colon; without one it is all transport.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let text = text.trim_ascii();
        let colon = text.iter().position(|&byte| byte == b':');
        let (transport, rest) = text.split_at(colon.unwrap_or(text.len()));
        Self {
            transport: String::from_utf8_lossy(transport.trim_ascii()).into_owned(),
            nexthop: rest.get(1..).unwrap_or_default().trim_ascii().to_vec(),
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.transport.is_empty() && self.nexthop.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_split_at_the_first_colon() {
        let method = |text: &str| {
            let method = Method::parse(text.as_bytes());
            (method.transport, String::from_utf8(method.nexthop).unwrap())
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(method("smtp"), pair("smtp", ""));
        assert_eq!(method("smtp:[h]:25"), pair("smtp", "[h]:25"));
        assert_eq!(method(":[h]"), pair("", "[h]"));
        assert_eq!(method("slow:"), pair("slow", ""));
        assert_eq!(
            method("error: no mail here "),
            pair("error", "no mail here")
        );
        assert!(Method::parse(b":").is_empty());
    }
}
