//! Which tables may be asked for.

use std::collections::HashSet;

/// The tables of `proxy_read_maps` or `proxy_write_maps`, without the `proxy:` that marks them.
#[derive(Debug, Default)]
pub(crate) struct Approved(HashSet<String>);

impl Approved {
    /// Take the list's members; those that do not begin with `proxy:` come from parameters that name other things too.
    pub(crate) fn new<'a>(members: impl Iterator<Item = &'a str>) -> Self {
        let tables = members.filter_map(|member| {
            let table = member.trim_start_matches('!').strip_prefix("proxy:")?;
            let mut table = table;
            while let Some(inner) = table.strip_prefix("proxy:") {
                table = inner;
            }
            Some(table.to_owned())
        });
        Self(tables.collect())
    }

    pub(crate) fn allows(&self, table: &str) -> bool {
        self.0.contains(table)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_marked() {
        let members = [
            "hash:/a",
            "proxy:hash:/b",
            "check_client_access",
            "!proxy:cidr:/c",
        ];
        let approved = Approved::new(members.into_iter());
        assert!(approved.allows("hash:/b"));
        assert!(approved.allows("cidr:/c"));
        assert!(!approved.allows("hash:/a"));
        assert!(!approved.allows("proxy:hash:/b"));
        assert_eq!(approved.names().count(), 2);
    }
}
