//! What arrived: letters in Maildir and mbox files.

use std::fs;
use std::path::Path;

/// One delivered letter, with newline line ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// All of it, as in the file.
    pub text: String,
}

impl Letter {
    /// The value of the first header of that name, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers(name).into_iter().next()
    }

    /// The values of all headers of that name.
    pub fn headers(&self, name: &str) -> Vec<String> {
        let prefix = format!("{}:", name.to_ascii_lowercase());
        let head = self.head().replace("\n ", " ").replace("\n\t", " ");
        let found = head
            .lines()
            .filter(|line| line.to_ascii_lowercase().starts_with(&prefix));
        found
            .map(|line| line[prefix.len()..].trim().to_owned())
            .collect()
    }

    /// The header block, without the `From ` line of an mbox.
    pub fn head(&self) -> &str {
        let text = match self.text.split_once('\n') {
            Some((first, rest)) if first.starts_with("From ") => rest,
            _ => &self.text,
        };
        text.split_once("\n\n").map_or(text, |(head, _)| head)
    }

    /// Everything after the header block.
    pub fn body(&self) -> &str {
        self.text.split_once("\n\n").map_or("", |(_, body)| body)
    }
}

/// The new letters of a Maildir, oldest first; none when it does not exist.
pub fn maildir(path: &Path) -> Vec<Letter> {
    let Ok(entries) = fs::read_dir(path.join("new")) else {
        return Vec::new();
    };
    let mut letters: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            Some((
                entry.metadata().ok()?.modified().ok()?,
                fs::read(entry.path()).ok()?,
            ))
        })
        .collect();
    letters.sort();
    letters
        .into_iter()
        .map(|(_, bytes)| letter(&bytes))
        .collect()
}

/// The letters of an mbox file; none when it does not exist.
pub fn mbox(path: &Path) -> Vec<Letter> {
    let Ok(bytes) = fs::read(path) else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&bytes);
    let mut letters: Vec<Letter> = Vec::new();
    let mut blank = true;
    for line in text.split_inclusive('\n') {
        if blank && line.starts_with("From ") {
            letters.push(Letter {
                text: String::new(),
            });
        }
        if let Some(last) = letters.last_mut() {
            last.text += line;
        }
        blank = line == "\n";
    }
    letters
}

fn letter(bytes: &[u8]) -> Letter {
    Letter {
        text: String::from_utf8_lossy(bytes).into_owned(),
    }
}
