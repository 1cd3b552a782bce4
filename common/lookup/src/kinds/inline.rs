//! `inline:{key=value, { key = text with spaces }}`, `static:value`, `static:{ text }` and `randmap:{ value ... }`.

use text::token;

use crate::error::OpenError;
use crate::kinds::text::Text;
use crate::maintain::files;
use crate::table::OpenOptions;

/// The pairs written in the table's name.
pub(crate) fn open(name: &str, options: &OpenOptions) -> Result<Text, OpenError> {
    let need = |what: &str| {
        OpenError::Syntax(format!(
            "{what}: \"inline:{name}\"; need \"inline:{{name={}...}}\"",
            if options.files { "filename" } else { "value" }
        ))
    };
    let inner = token::inside(name).map_err(|_| need("bad syntax"))?;
    let mut pairs = Vec::new();
    for word in token::groups(inner) {
        let word = match word.starts_with('{') {
            true => token::inside(word).map_err(|_| need("bad syntax"))?,
            false => word,
        };
        let (key, value) = word
            .split_once('=')
            .ok_or_else(|| need("missing '=' after attribute name"))?;
        let key = key.trim();
        if key.is_empty() {
            return Err(need("missing attribute name"));
        }
        let value = value.trim().as_bytes();
        let value = match options.files {
            true => files::content(value).map_err(|error| need(&error))?,
            false => value.to_vec(),
        };
        pairs.push((key.as_bytes().to_vec(), value));
    }
    if pairs.is_empty() {
        return Err(need("bad syntax"));
    }
    Ok(Text::of_pairs(pairs, options))
}

/// The members of `{ word word ... }`; none when the braces are not as they should be.
pub(crate) fn words(name: &str) -> Vec<&str> {
    token::inside(name).map_or_else(|_| Vec::new(), |inner| token::groups(inner).collect())
}

/// The values of `randmap:{ value ... }`.
pub(crate) fn random_values(name: &str) -> Result<Vec<Vec<u8>>, OpenError> {
    let values = words(name);
    if values.is_empty() {
        return Err(OpenError::Syntax(format!(
            "bad syntax: \"randmap:{name}\"; need \"randmap:{{value...}}\""
        )));
    }
    let bare = |value: &str| token::inside(value).unwrap_or(value).as_bytes().to_vec();
    Ok(values.into_iter().map(bare).collect())
}

/// The value of a `static:` table.
pub(crate) fn static_value(name: &str) -> Result<Vec<u8>, OpenError> {
    if !name.starts_with('{') {
        return Ok(name.as_bytes().to_vec());
    }
    match token::inside(name) {
        Ok(text) => Ok(text.as_bytes().to_vec()),
        Err(error) => Err(OpenError::Syntax(format!(
            "bad static:name syntax: {error} in \"{name}\""
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_braces() {
        let options = OpenOptions::default();
        let table = open("{ a=1, B = , {c = x y}, a=2 }", &options);
        assert!(table.is_err(), "a lone '=' has no name");
        let table = open("{a=1, {C = x y}, a=2}", &options).unwrap();
        assert_eq!(table.find(b"a"), Some(b"2".to_vec()));
        assert_eq!(table.find(b"c"), Some(b"x y".to_vec()));
        assert_eq!(table.find(b"d"), None);
    }

    #[test]
    fn bad_syntax_names_the_table() {
        for bad in ["{}", "{a}", "a=b", "{a=b,{z=c", "{=x}"] {
            let error = open(bad, &OpenOptions::default()).unwrap_err().to_string();
            assert!(error.contains(&format!("\"inline:{bad}\"")), "{error}");
        }
    }

    #[test]
    fn static_values() {
        assert_eq!(static_value("x y").unwrap(), b"x y");
        assert_eq!(static_value("{ b c }").unwrap(), b"b c");
        assert!(static_value("{ b c").is_err());
    }
}
