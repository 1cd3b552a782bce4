//! What a session consisted of: the counts in its last log line.

use std::fmt;

use crate::command::Verb;

/// How often each command came, and how often it succeeded.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    counts: [Count; Verb::ALL.len()],
    /// Whether a line of content ended in LF alone, where that is to be noted.
    pub bare_lf: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    total: u32,
    succeeded: u32,
}

impl Statistics {
    /// A command begins.
    pub fn begin(&mut self, verb: Verb) {
        if let Some(count) = self.counts.get_mut(verb as usize) {
            count.total = count.total.saturating_add(1);
        }
    }

    /// The command succeeded.
    pub fn succeed(&mut self, verb: Verb) {
        if let Some(count) = self.counts.get_mut(verb as usize) {
            count.succeeded = count.succeeded.saturating_add(1);
        }
    }
}

impl fmt::Display for Statistics {
    /// ` ehlo=1 mail=1 rcpt=0/1 commands=2/3`, with the leading blank.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = Count::default();
        for (verb, count) in Verb::ALL.into_iter().zip(self.counts) {
            if count.total > 0 {
                write!(f, " {}={count}", verb.name().to_ascii_lowercase())?;
                all.total = all.total.saturating_add(count.total);
                all.succeeded = all.succeeded.saturating_add(count.succeeded);
            }
        }
        if all.total == 0 {
            return f.write_str(" commands=0/0");
        }
        write!(f, " commands={all}")?;
        if self.bare_lf {
            f.write_str(" notes=bare_lf")?;
        }
        Ok(())
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { total, succeeded } = self;
        if total == succeeded {
            write!(f, "{total}")
        } else {
            write!(f, "{succeeded}/{total}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line() {
        let mut statistics = Statistics::default();
        assert_eq!(statistics.to_string(), " commands=0/0");
        for (verb, ok) in [
            (Verb::Rcpt, false),
            (Verb::Mail, true),
            (Verb::Ehlo, true),
            (Verb::Rcpt, true),
            (Verb::Unknown, false),
        ] {
            statistics.begin(verb);
            if ok {
                statistics.succeed(verb);
            }
        }
        assert_eq!(
            statistics.to_string(),
            " ehlo=1 mail=1 rcpt=1/2 unknown=0/1 commands=3/5"
        );
    }
}
