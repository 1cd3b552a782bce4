//! `name = value`: one line of main.cf, of a table of parameters, or of a text protocol.

use std::fmt;

/// Why a text is no `name = value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeError {
    /// Nothing stands before the equals sign.
    MissingName,
    /// There is no equals sign after the name.
    MissingEquals,
}

impl fmt::Display for AttributeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingName => "missing attribute name",
            Self::MissingEquals => "missing '=' after attribute name",
        })
    }
}

/// Split at the first equals sign; white space around name and value is dropped. A name has no white space in it.
pub fn name_value(text: &str) -> Result<(&str, &str), AttributeError> {
    let text = text.trim_ascii();
    let (name, value) = text.split_once('=').ok_or(AttributeError::MissingEquals)?;
    let name = name.trim_ascii_end();
    if name.is_empty() {
        return Err(AttributeError::MissingName);
    }
    if name.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return Err(AttributeError::MissingEquals);
    }
    Ok((name, value.trim_ascii_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_at_the_first_equals_sign() {
        assert_eq!(name_value(" a = b = c "), Ok(("a", "b = c")));
        assert_eq!(name_value("a="), Ok(("a", "")));
        assert_eq!(name_value("= b"), Err(AttributeError::MissingName));
        assert_eq!(name_value("a b = c"), Err(AttributeError::MissingEquals));
        assert_eq!(name_value("a"), Err(AttributeError::MissingEquals));
    }
}
