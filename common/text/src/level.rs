//! Compatibility levels: `major[.minor[.patch]]`, as in compatibility_level and in `<level` comparisons.

use std::fmt;

/// One level; levels compare as their numbers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Level {
    /// The release the level is named after.
    pub major: u64,
    /// Zero when left out.
    pub minor: u64,
    /// Zero when left out.
    pub patch: u64,
}

/// The text is no level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLevel(
    /// The text.
    pub String,
);

impl fmt::Display for BadLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed compatibility level syntax: \"{}\"", self.0)
    }
}

impl Level {
    /// Read `3`, `3.6` or `3.6.1`.
    pub fn parse(text: &str) -> Result<Self, BadLevel> {
        let bad = || BadLevel(text.to_owned());
        let mut numbers = [0u64; 3];
        let mut parts = text.split('.');
        for number in &mut numbers {
            let Some(part) = parts.next() else { break };
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(bad());
            }
            *number = part.parse().map_err(|_| bad())?;
        }
        if parts.next().is_some() {
            return Err(bad());
        }
        let [major, minor, patch] = numbers;
        Ok(Self {
            major,
            minor,
            patch,
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.major)?;
        if self.minor != 0 || self.patch != 0 {
            write!(f, ".{}", self.minor)?;
        }
        if self.patch != 0 {
            write!(f, ".{}", self.patch)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_compare_by_number() {
        let level = |text| Level::parse(text).unwrap();
        assert!(level("3.10") > level("3.9"));
        assert_eq!(level("3"), level("3.0.0"));
        assert_eq!(level("3.6").to_string(), "3.6");
        for bad in [
            "",
            "x",
            "3.",
            "3.x",
            "-1",
            "1.2.3.4",
            "99999999999999999999",
        ] {
            assert!(Level::parse(bad).is_err(), "{bad}");
        }
    }
}
