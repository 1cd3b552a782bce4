//! `service/type/field`, where `*` stands for any.

use crate::services::Service;

/// What a request of the command line matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    name: Option<String>,
    kind: Option<String>,
    /// The field or the parameter.
    pub(super) item: Option<String>,
}

impl Pattern {
    /// Read from one to `most` parts; `None` for a text that makes no sense.
    pub(super) fn parse(text: &str, most: usize) -> Option<Self> {
        Self::read(text, 1, most)
    }

    /// Every one of the parts must be there.
    pub(super) fn parse_whole(text: &str, parts: usize) -> Option<Self> {
        Self::read(text, parts, parts)
    }

    fn read(text: &str, least: usize, most: usize) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
        let makes_sense = !text.starts_with('/')
            && (least..=most).contains(&parts.len())
            && parts.iter().all(|part| *part == "*" || !part.contains('*'));
        let mut parts = parts
            .into_iter()
            .map(|part| (part != "*").then(|| part.to_owned()));
        makes_sense.then(|| Self {
            name: parts.next().flatten(),
            kind: parts.next().flatten(),
            item: parts.next().flatten(),
        })
    }

    /// Whether the service is meant.
    pub(super) fn matches(&self, service: &Service) -> bool {
        self.matches_names(service.name(), service.kind())
    }

    /// Whether a service of that name and type is meant.
    pub(super) fn matches_names(&self, name: &str, kind: &str) -> bool {
        self.name.as_ref().is_none_or(|wanted| wanted == name)
            && self.kind.as_ref().is_none_or(|wanted| wanted == kind)
    }

    /// Whether the field or parameter is meant.
    pub(super) fn wants(&self, item: &str) -> bool {
        self.item.as_ref().is_none_or(|wanted| wanted == item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asterisks_stand_alone() {
        for good in ["a", "a/", "a/unix", "*/unix", "a//unix"] {
            assert!(Pattern::parse(good, 2).is_some(), "{good}");
        }
        for bad in ["", "/", "/unix", "a*", "a/unix/x"] {
            assert!(Pattern::parse(bad, 2).is_none(), "{bad}");
        }
        assert!(Pattern::parse_whole("a", 2).is_none());
        let any = Pattern::parse_whole("*/unix/x", 3).unwrap();
        assert!(any.matches_names("b", "unix") && !any.matches_names("b", "inet"));
        assert!(any.wants("x") && !any.wants("y"));
    }
}
