//! `service/type/field`, with `*` or nothing for any.

use config::master_cf::Entry;

/// What a request of the command line matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    name: Option<String>,
    kind: Option<String>,
    /// The field or the parameter.
    pub(super) item: Option<String>,
}

impl Pattern {
    /// Read at most `parts` parts.
    pub(super) fn parse(text: &str, parts: usize) -> Result<Self, String> {
        let mut words = text.splitn(parts, '/').map(|word| match word {
            "" | "*" => None,
            word => Some(word.to_owned()),
        });
        let mut next = || words.next().flatten();
        let pattern = Self {
            name: next(),
            kind: next(),
            item: next(),
        };
        match &pattern.kind {
            Some(kind) if kind.contains('/') => Err(format!("malformed service/type: \"{text}\"")),
            _ => Ok(pattern),
        }
    }

    /// Every part must be there, except that `*` stands for any.
    pub(super) fn parse_whole(text: &str, parts: usize) -> Result<Self, String> {
        if text
            .splitn(parts, '/')
            .filter(|word| !word.is_empty())
            .count()
            != parts
        {
            return Err(format!(
                "need {} in \"{text}\"",
                ["service", "service/type", "service/type/name"][parts - 1]
            ));
        }
        Self::parse(text, parts)
    }

    /// Whether the entry is meant.
    pub(super) fn matches(&self, entry: &Entry) -> bool {
        let [name, kind, ..] = &entry.fields;
        self.name.as_ref().is_none_or(|wanted| wanted == name)
            && self.kind.as_ref().is_none_or(|wanted| wanted == kind)
    }

    /// Whether the field or parameter is meant.
    pub(super) fn wants(&self, item: &str) -> bool {
        self.item.as_ref().is_none_or(|wanted| wanted == item)
    }
}
