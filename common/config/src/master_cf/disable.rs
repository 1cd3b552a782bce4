//! master_service_disable: services of master.cf that are not run.

use std::fmt;

use text::token;

use super::ServiceType;

/// Which services are not run. The first member that matches decides; a service that none matches is run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Disabled(Vec<Member>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    negated: bool,
    name: Option<String>,
    kind: ServiceType,
}

/// A member names no type of service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisabledError(
    /// The member.
    pub String,
);

impl fmt::Display for DisabledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "master_service_disable: \"{}\": name/type or type expected",
            self.0
        )
    }
}

impl Disabled {
    /// Read a list of `type`, `name/type` (or `name.type`, as old versions wrote) and either with `!` before it.
    pub fn parse(text: &str) -> Result<Self, DisabledError> {
        token::words(text)
            .map(|word| member(word).ok_or_else(|| DisabledError(word.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether the service is not run.
    #[must_use]
    pub fn matches(&self, name: &str, kind: ServiceType) -> bool {
        let hit = |member: &&Member| {
            member.kind == kind
                && member
                    .name
                    .as_deref()
                    .is_none_or(|listed| listed.eq_ignore_ascii_case(name))
        };
        self.0
            .iter()
            .find(hit)
            .is_some_and(|member| !member.negated)
    }

    /// Also stop every service of a type, whatever the list says.
    pub fn all_of(&mut self, kind: ServiceType) {
        self.0.insert(
            0,
            Member {
                negated: false,
                name: None,
                kind,
            },
        );
    }
}

fn member(word: &str) -> Option<Member> {
    let (negated, plain) = match word.strip_prefix('!') {
        Some(plain) => (true, plain),
        None => (false, word),
    };
    let lower = plain.to_ascii_lowercase();
    let (name, kind) = match lower.rsplit_once('/').or_else(|| lower.rsplit_once('.')) {
        Some((name, kind)) => (Some(name.to_owned()), kind),
        None => (None, lower.as_str()),
    };
    Some(Member {
        negated,
        name,
        kind: ServiceType::parse(kind)?,
    })
}
