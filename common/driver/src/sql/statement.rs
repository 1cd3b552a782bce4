//! SQL statements with keys in them, so that no key can be anything but data.
//!
//! A [`Statement`] is a template whose text is read as SQL: what a part of the key must become depends on where it stands, in
//! `'text'`, in `"text"` or a `"name"`, in `` `name` ``, or outside of all quotes, and on what the server takes for the end of
//! a text. A part outside of quotes may only be a number or a plain word; such a place is worth a warning when the table is opened.

use std::fmt;

use crate::parameters::Parameters;
use crate::template::{BadTemplate, Piece, Template};

/// A query template that is SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement(Template);

/// What a server takes for quotes and escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres {
        /// Whether `\` is an ordinary character in `'text'` (`standard_conforming_strings`).
        standard_strings: bool,
    },
    /// MySQL and MariaDB.
    Mysql {
        /// Whether `\` escapes in texts (not in the SQL mode `NO_BACKSLASH_ESCAPES`).
        backslash: bool,
    },
}

/// A part of a key that cannot be said safely at its place in the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unquotable;

impl fmt::Display for Unquotable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the query has a %-expansion outside of quotes, where this key is not allowed")
    }
}

/// Where in a statement a place is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Context {
    /// Outside of all quotes.
    Plain,
    /// Between quotes of this kind, `\` being an escape or not.
    Quoted { quote: u8, escapes: bool },
    /// `[name]` of SQLite.
    Brackets,
    /// `$tag$text$tag$` of PostgreSQL.
    Dollars(Vec<u8>),
    /// `--` up to the end of the line.
    Comment,
    /// `/* */`.
    BlockComment,
}

impl Statement {
    /// Read a statement.
    pub fn parse(text: &str) -> Result<Self, BadTemplate> {
        Template::parse(text).map(Self)
    }

    /// The statement of a table: `query`, or what the parameters of older configurations make of it.
    pub fn of_table(parameters: &Parameters) -> Result<Self, String> {
        let query = match parameters.filled("query") {
            Some(query) => query.to_owned(),
            None => Self::of_old_parameters(parameters)?,
        };
        parameters.template("query", &query).map(Self)
    }

    fn of_old_parameters(parameters: &Parameters) -> Result<String, String> {
        if let Some(function) = parameters.filled("select_function") {
            return Ok(format!("SELECT {function}('%s')"));
        }
        let missing = |_| parameters.bad("the parameter query is missing");
        let field = parameters.required("select_field").map_err(missing)?;
        let table = parameters.required("table").map_err(missing)?;
        let key = parameters.required("where_field").map_err(missing)?;
        let more = parameters.text("additional_conditions", "");
        Ok(format!(
            "SELECT {field} FROM {table} WHERE {key} = '%s' {more}"
        ))
    }

    /// What an administrator should know about the statement.
    #[must_use]
    pub fn warning(&self, dialect: Dialect) -> Option<&'static str> {
        let mut place = Place::new(dialect);
        let mut warning = None;
        for piece in self.0.pieces() {
            match piece {
                Piece::Text(text) => place.read(text),
                Piece::Part { .. } | Piece::Value(_) => match &place.context {
                    Context::Quoted { quote: b'"', .. } if dialect == Dialect::Sqlite => {
                        warning = Some("put %-expansions between single quotes, not double quotes");
                    }
                    Context::Quoted { .. } => {}
                    Context::Plain
                    | Context::Brackets
                    | Context::Dollars(_)
                    | Context::Comment
                    | Context::BlockComment => {
                        return Some("put %-expansions between single quotes");
                    }
                },
            }
        }
        warning
    }

    /// The statement for a key; `None` where the key lacks a part.
    pub fn fill(&self, key: &[u8], dialect: Dialect) -> Result<Option<Vec<u8>>, Unquotable> {
        let mut place = Place::new(dialect);
        let mut statement = Vec::new();
        for piece in self.0.pieces() {
            match piece {
                Piece::Text(text) => {
                    place.read(text);
                    statement.extend_from_slice(text);
                }
                Piece::Part { part, .. } => {
                    let Some(data) = part.of(key) else {
                        return Ok(None);
                    };
                    place.quote(data, &mut statement)?;
                }
                Piece::Value(value) => place.quote(value, &mut statement)?,
            }
        }
        Ok(Some(statement))
    }
}

/// How far a statement has been read.
struct Place {
    dialect: Dialect,
    context: Context,
    /// The last bytes outside of quotes, which tell `E'` and `$tag$` apart from others.
    word: Vec<u8>,
}

impl Place {
    const fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            context: Context::Plain,
            word: Vec::new(),
        }
    }

    /// Go over a piece of the statement's own text.
    fn read(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some((&byte, after)) = rest.split_first() {
            let taken = match &self.context {
                Context::Plain => self.read_plain(byte, after),
                Context::Quoted { quote, escapes } => {
                    if *escapes && byte == b'\\' && !after.is_empty() {
                        2
                    } else {
                        if byte == *quote {
                            // A doubled quote ends the text and begins it again, which comes to the same.
                            self.leave();
                        }
                        1
                    }
                }
                Context::Brackets => {
                    if byte == b']' {
                        self.leave();
                    }
                    1
                }
                Context::Dollars(tag) => {
                    let length = tag.len();
                    if rest.starts_with(tag) {
                        self.leave();
                        length
                    } else {
                        1
                    }
                }
                Context::Comment => {
                    if byte == b'\n' {
                        self.leave();
                    }
                    1
                }
                Context::BlockComment => {
                    if rest.starts_with(b"*/") {
                        self.leave();
                        2
                    } else {
                        1
                    }
                }
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// One step outside of quotes; returns how many bytes it took.
    fn read_plain(&mut self, byte: u8, after: &[u8]) -> usize {
        let mysql = matches!(self.dialect, Dialect::Mysql { .. });
        let postgres = matches!(self.dialect, Dialect::Postgres { .. });
        match byte {
            b'\'' | b'"' => {
                let escapes = match self.dialect {
                    Dialect::Sqlite => false,
                    Dialect::Mysql { backslash } => backslash,
                    Dialect::Postgres { standard_strings } => {
                        let marked = self.word.eq_ignore_ascii_case(b"e");
                        byte == b'\'' && (marked || !standard_strings)
                    }
                };
                self.context = Context::Quoted {
                    quote: byte,
                    escapes,
                };
            }
            b'`' if !postgres => {
                self.context = Context::Quoted {
                    quote: byte,
                    escapes: false,
                };
            }
            b'[' if self.dialect == Dialect::Sqlite => self.context = Context::Brackets,
            b'$' if postgres && self.word.is_empty() => {
                let end = after.iter().position(|&b| b == b'$');
                let tag = end.and_then(|end| after.get(..end));
                if let Some(tag) = tag.filter(|tag| tag.iter().all(|&b| is_word(b))) {
                    let tag = [b"$", tag, b"$"].concat();
                    let length = tag.len();
                    self.context = Context::Dollars(tag);
                    return length;
                }
            }
            b'-' if after.first() == Some(&b'-') => self.context = Context::Comment,
            b'#' if mysql => self.context = Context::Comment,
            b'/' if after.first() == Some(&b'*') => self.context = Context::BlockComment,
            _ => {}
        }
        if is_word(byte) {
            self.word.push(byte);
        } else {
            self.word.clear();
        }
        1
    }

    fn leave(&mut self) {
        self.context = Context::Plain;
        self.word.clear();
    }

    /// Add a part of the key at this place.
    fn quote(&self, data: &[u8], statement: &mut Vec<u8>) -> Result<(), Unquotable> {
        match &self.context {
            Context::Quoted { quote, escapes } => {
                for &byte in data {
                    match byte {
                        _ if byte == *quote => statement.extend_from_slice(&[byte, byte]),
                        b'\\' if *escapes => statement.extend_from_slice(b"\\\\"),
                        _ => statement.push(byte),
                    }
                }
                Ok(())
            }
            Context::Plain if !data.is_empty() && data.iter().all(|&b| is_word(b) || b == b'.') => {
                statement.extend_from_slice(data);
                Ok(())
            }
            Context::Plain
            | Context::Brackets
            | Context::Dollars(_)
            | Context::Comment
            | Context::BlockComment => Err(Unquotable),
        }
    }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STANDARD: Dialect = Dialect::Postgres {
        standard_strings: true,
    };
    const OLD: Dialect = Dialect::Postgres {
        standard_strings: false,
    };
    const MYSQL: Dialect = Dialect::Mysql { backslash: true };
    const ANSI: Dialect = Dialect::Mysql { backslash: false };

    fn fill(template: &str, key: &str, dialect: Dialect) -> Result<Option<String>, Unquotable> {
        let statement = Statement::parse(template).unwrap();
        let filled = statement.fill(key.as_bytes(), dialect)?;
        Ok(filled.map(|text| String::from_utf8(text).unwrap()))
    }

    fn filled(template: &str, key: &str, dialect: Dialect) -> String {
        fill(template, key, dialect).unwrap().unwrap()
    }

    #[test]
    fn quotes_are_doubled_and_backslashes_where_they_escape() {
        let key = r#"a'b"c\"#;
        let cases = [
            ("'%s'", Dialect::Sqlite, r#"'a''b"c\'"#),
            ("\"%s\"", Dialect::Sqlite, r#""a'b""c\""#),
            ("'%s'", STANDARD, r#"'a''b"c\'"#),
            ("E'%s'", STANDARD, r#"E'a''b"c\\'"#),
            ("'%s'", OLD, r#"'a''b"c\\'"#),
            ("'%s'", MYSQL, r#"'a''b"c\\'"#),
            ("\"%s\"", MYSQL, r#""a'b""c\\""#),
            ("'%s'", ANSI, r#"'a''b"c\'"#),
            ("`%s`", MYSQL, r#"`a'b"c\`"#),
        ];
        for (template, dialect, expected) in cases {
            assert_eq!(
                filled(template, key, dialect),
                expected,
                "{template} {dialect:?}"
            );
        }
    }

    #[test]
    fn text_around_decides_where_a_place_is() {
        let hostile = "x' OR 1=1 --";
        for template in [
            "SELECT 'it''s', '%s'",
            "/* ' */ '%s'",
            "-- '\n'%s'",
            "\"'\"'%s'",
        ] {
            let statement = filled(template, hostile, STANDARD);
            assert!(statement.ends_with("'x'' OR 1=1 --'"), "{statement}");
        }
        assert_eq!(filled(r"'\'', '%s'", "a'", MYSQL), r"'\'', 'a'''");
        assert_eq!(filled("$q$ ' $q$ '%s'", "a'", STANDARD), "$q$ ' $q$ 'a'''");
    }

    #[test]
    fn outside_of_quotes_only_plain_words() {
        assert_eq!(filled("id = %u", "17@x", Dialect::Sqlite), "id = 17");
        for template in ["id = %s", "$$%s$$", "-- %s", "/*%s*/"] {
            assert_eq!(
                fill(template, "1;drop", STANDARD),
                Err(Unquotable),
                "{template}"
            );
        }
        let statement = Statement::parse("id = %s").unwrap();
        assert!(statement.warning(MYSQL).is_some());
        assert!(Statement::parse("'%s'").unwrap().warning(MYSQL).is_none());
        let double = Statement::parse("\"%s\"").unwrap();
        assert!(double.warning(Dialect::Sqlite).is_some());
        assert!(double.warning(MYSQL).is_none());
    }

    #[test]
    fn old_parameters_make_a_query() {
        let of = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|&(n, v)| (n.to_owned(), v.to_owned()));
            Statement::of_table(&Parameters::new("t", pairs))
        };
        let old = [
            ("select_field", "v"),
            ("table", "t"),
            ("where_field", "k"),
            ("additional_conditions", "AND x"),
        ];
        assert_eq!(
            of(&old).unwrap(),
            Statement::parse("SELECT v FROM t WHERE k = '%s' AND x").unwrap()
        );
        assert_eq!(
            of(&[("select_function", "f")]).unwrap(),
            Statement::parse("SELECT f('%s')").unwrap()
        );
        assert_eq!(of(&[]).unwrap_err(), "t: the parameter query is missing");
        assert_eq!(
            of(&[("query", "%x")]).unwrap_err(),
            "t: Invalid query template: %x: an unknown %-expansion"
        );
    }

    /// Read a quoted text as the server does: what it stands for, and what follows it.
    fn read_text(text: &[u8], escapes: bool) -> (Vec<u8>, Vec<u8>) {
        let quote = text[0];
        let mut value = Vec::new();
        let mut at = 1;
        loop {
            match text[at] {
                b'\\' if escapes => {
                    value.push(text[at + 1]);
                    at += 2;
                }
                byte if byte == quote && text.get(at + 1) == Some(&quote) => {
                    value.push(quote);
                    at += 2;
                }
                byte if byte == quote => return (value, text[at + 1..].to_vec()),
                byte => {
                    value.push(byte);
                    at += 1;
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_key_is_read_back_as_it_was(key: Vec<u8>) {
            let cases = [
                ("'%s' END", Dialect::Sqlite, false),
                ("\"%s\" END", Dialect::Sqlite, false),
                ("'%s' END", STANDARD, false),
                ("'%s' END", OLD, true),
                ("\"%s\" END", STANDARD, false),
                ("'%s' END", MYSQL, true),
                ("\"%s\" END", MYSQL, true),
                ("'%s' END", ANSI, false),
                ("`%s` END", MYSQL, false),
            ];
            for (template, dialect, escapes) in cases {
                let statement = Statement::parse(template).unwrap();
                let text = statement.fill(&key, dialect).unwrap().unwrap();
                prop_assert_eq!(read_text(&text, escapes), (key.clone(), b" END".to_vec()));
            }
        }

        #[test]
        fn any_template_and_key_end(template: String, key: Vec<u8>) {
            if let Ok(statement) = Statement::parse(&template) {
                for dialect in [Dialect::Sqlite, STANDARD, OLD, MYSQL, ANSI] {
                    let _ = statement.fill(&key, dialect);
                    let _ = statement.warning(dialect);
                }
            }
        }
    }
}
