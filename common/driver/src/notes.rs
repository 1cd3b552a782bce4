//! What an administrator should read in the log although the lookup may have an answer.

/// More than this many of one lookup are dropped.
const MAX: usize = 32;

/// Lines for the log, in order.
#[derive(Debug, Default)]
pub struct Notes(Vec<String>);

impl Notes {
    /// Add a line.
    pub fn add(&mut self, line: impl Into<String>) {
        if self.0.len() < MAX {
            self.0.push(line.into());
        }
    }

    /// The lines.
    #[must_use]
    pub fn into_vec(self) -> Vec<String> {
        self.0
    }
}
