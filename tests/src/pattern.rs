//! Patterns for replies and log lines: literal text with a few holes.
//!
//! `*` is any text, `{id}` a queue id, `{n}` decimal digits, `{f}` digits and dots (a delay). The whole text must
//! match. What stands for a hole is greedy only as far as the rest still matches.

/// Whether the whole of `text` matches `pattern`.
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some(hole) = Hole::first(pattern) else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(&pattern[..hole.start]) else {
        return false;
    };
    let rest = &pattern[hole.end..];
    let longest = text.find(|c| !(hole.accepts)(c)).unwrap_or(text.len());
    text.char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .filter(|&at| at >= hole.least && at <= longest)
        .any(|at| matches(rest, &text[at..]))
}

type Accepts = fn(char) -> bool;

struct Hole {
    start: usize,
    end: usize,
    least: usize,
    accepts: Accepts,
}

impl Hole {
    fn first(pattern: &str) -> Option<Self> {
        let kinds: [(&str, usize, Accepts); 4] = [
            ("*", 0, |_| true),
            ("{id}", 6, |c| c.is_ascii_alphanumeric()),
            ("{n}", 1, |c| c.is_ascii_digit()),
            ("{f}", 1, |c| c.is_ascii_digit() || c == '.'),
        ];
        kinds
            .into_iter()
            .filter_map(|(mark, least, accepts)| {
                let start = pattern.find(mark)?;
                Some(Self {
                    start,
                    end: start + mark.len(),
                    least,
                    accepts,
                })
            })
            .min_by_key(|hole| hole.start)
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn holes() {
        assert!(matches(
            "connect from *[127.0.0.1]",
            "connect from localhost[127.0.0.1]"
        ));
        assert!(matches("{id}: removed", "4F1A2B3C4D: removed"));
        assert!(!matches("{id}: removed", ": removed"));
        assert!(matches(
            "delay={f}, delays={f}/{f}/{f}/{f}, *",
            "delay=0.1, delays=0.1/0/0.02/1.2, dsn=2.0.0"
        ));
        assert!(!matches("{n}", "12x"));
        assert!(matches("*a*a", "banana"));
        assert!(!matches("x", "xy"));
    }
}
