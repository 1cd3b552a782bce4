//! `query_filter`: a query whose texts have parts of the key in them, so that no key can be anything but data.
//!
//! The filter is read once, as JSON with MongoDB's names for what JSON lacks (`{"$oid": ...}`). A key is put into the texts of what
//! was read, never into JSON, so it cannot end a text or become an operator. Where a text means more than itself, the key does not:
//! in a regular expression it stands for its own letters, and within `$expr`, where a text that begins with `$` names a field, it is
//! marked as literal. Programs, schemas, search phrases and names take no part of a key, which is said when the table is opened.

use driver::{Parameters, Template};
use mongodb::bson::{Bson, Document, Regex, doc};

/// Operators whose texts the server reads in a language of its own.
const FOREIGN: [&str; 5] = [
    "$where",
    "$function",
    "$accumulator",
    "$jsonSchema",
    "$text",
];

/// A query, with templates for texts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filter(Vec<(String, Node)>);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// Without a part of the key.
    Fixed(Bson),
    /// A text, and what it means.
    Text(Template, Meaning),
    /// A regular expression with its options.
    Pattern(Template, Regex),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// What a text means to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Itself.
    Data,
    /// A regular expression.
    Pattern,
    /// In an expression: a field, when it begins with `$`.
    Expression,
    /// A regular expression in an expression.
    ExpressionPattern,
    /// A language that a key must not be put into.
    Foreign,
}

impl Filter {
    /// Read a filter; the error says what is wrong with it.
    pub(crate) fn parse(text: &str, parameters: &Parameters) -> Result<Self, String> {
        let reader = Reader(parameters);
        reader.members(object(text)?, Meaning::Data).map(Self)
    }

    /// The query for a key; `None` where the key lacks a part.
    pub(crate) fn fill(&self, key: &str) -> Option<Document> {
        fill(&self.0, key)
    }
}

/// Read an object.
pub(crate) fn object(text: &str) -> Result<Document, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// Reads filters of a table.
struct Reader<'a>(&'a Parameters);

impl Reader<'_> {
    fn members(&self, document: Document, meaning: Meaning) -> Result<Vec<(String, Node)>, String> {
        let members = document.into_iter().map(|(name, value)| {
            let template = self.template(&name)?;
            if template.has_parts() {
                return Err(format!("a %-expansion in the name \"{name}\""));
            }
            let name = text(&template, "", false).unwrap_or(name);
            let node = self.node(value, within(&name, meaning))?;
            Ok((name, node))
        });
        members.collect()
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "kinds without text in them, also those that the library may add"
    )]
    fn node(&self, value: Bson, meaning: Meaning) -> Result<Node, String> {
        Ok(match value {
            Bson::String(said) => {
                let template = self.template(&said)?;
                if !template.has_parts() {
                    Node::Fixed(text(&template, "", false).unwrap_or(said).into())
                } else if meaning == Meaning::Foreign {
                    return Err(format!("no %-expansion is allowed in \"{said}\""));
                } else {
                    Node::Text(template, meaning)
                }
            }
            Bson::RegularExpression(regex) => {
                let template = self.template(regex.pattern.as_str())?;
                if meaning == Meaning::Foreign && template.has_parts() {
                    return Err(format!(
                        "no %-expansion is allowed in \"{}\"",
                        regex.pattern
                    ));
                }
                Node::Pattern(template, regex)
            }
            Bson::Array(all) => {
                let nodes = all.into_iter().map(|value| self.node(value, meaning));
                Node::List(nodes.collect::<Result<_, _>>()?)
            }
            Bson::Document(document) => Node::Object(self.members(document, meaning)?),
            other => Node::Fixed(other),
        })
    }

    fn template(&self, said: &str) -> Result<Template, String> {
        Template::parse_with(said, |name| self.0.of_main_cf(name))
            .map_err(|error| format!("\"{said}\": {error}"))
    }
}

/// What texts mean below a name.
fn within(name: &str, outside: Meaning) -> Meaning {
    let in_expression = matches!(outside, Meaning::Expression | Meaning::ExpressionPattern);
    match name {
        _ if outside == Meaning::Foreign || FOREIGN.contains(&name) => Meaning::Foreign,
        "$regex" => Meaning::Pattern,
        "$options" => Meaning::Foreign,
        "$literal" if in_expression => Meaning::Data,
        "regex" if in_expression => Meaning::ExpressionPattern,
        "options" if in_expression => Meaning::Foreign,
        "$expr" => Meaning::Expression,
        _ => outside,
    }
}

fn fill(members: &[(String, Node)], key: &str) -> Option<Document> {
    let members = members.iter();
    let filled = members.map(|(name, node)| Some((name.clone(), node.fill(key)?)));
    filled.collect()
}

impl Node {
    fn fill(&self, key: &str) -> Option<Bson> {
        Some(match self {
            Self::Fixed(value) => value.clone(),
            Self::Text(template, meaning) => {
                let pattern = matches!(meaning, Meaning::Pattern | Meaning::ExpressionPattern);
                let said = text(template, key, pattern)?;
                match meaning {
                    Meaning::Expression | Meaning::ExpressionPattern => {
                        doc! { "$literal": said }.into()
                    }
                    Meaning::Data | Meaning::Pattern | Meaning::Foreign => said.into(),
                }
            }
            Self::Pattern(template, regex) => Bson::RegularExpression(Regex {
                pattern: text(template, key, true)?.try_into().ok()?,
                options: regex.options.clone(),
            }),
            Self::List(nodes) => {
                let values = nodes.iter().map(|node| node.fill(key));
                Bson::Array(values.collect::<Option<_>>()?)
            }
            Self::Object(members) => fill(members, key)?.into(),
        })
    }
}

/// A template with the parts of a key in it, which in a regular expression stand for themselves.
fn text(template: &Template, key: &str, pattern: bool) -> Option<String> {
    let filled = template.query(key.as_bytes(), |part, text| match pattern {
        true => escape(part, text),
        false => text.extend_from_slice(part),
    });
    // Keys are split at ASCII letters only, so this is a text again.
    String::from_utf8(filled?).ok()
}

/// In a regular expression of Perl's kind, a letter behind `\` that is no ASCII letter, digit or underscore is just that.
fn escape(part: &[u8], text: &mut Vec<u8>) {
    for &byte in part {
        if byte.is_ascii() && !byte.is_ascii_alphanumeric() && byte != b'_' {
            text.push(b'\\');
        }
        text.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As the opener of a table gives them, for filters that name the parameter `mine`.
    fn parameters() -> Parameters {
        Parameters::new("t", [("%{mine}".to_owned(), r#"a"$b"#.to_owned())])
    }

    fn filled(filter: &str, key: &str) -> Option<Document> {
        Filter::parse(filter, &parameters()).unwrap().fill(key)
    }

    #[test]
    fn parts_of_the_key_are_put_into_texts() {
        let filter = r#"{"$or": [{"username": "%s"}, {"alias.%%": "<%u@%2.%1>"}], "active": 1}"#;
        let wanted = doc! {
            "$or": [{ "username": "a@x.example" }, { "alias.%": "<a@x.example>" }], "active": 1,
        };
        assert_eq!(filled(filter, "a@x.example"), Some(wanted));
        assert_eq!(filled(filter, "bare"), None);
        assert_eq!(filled(r#"{"a": "100%%"}"#, "k"), Some(doc! { "a": "100%" }));
    }

    #[test]
    fn parameters_of_main_cf_are_data_too() {
        let filter = r#"{"a": "%{mine}", "$expr": {"$eq": ["$a", "%{mine}"]}}"#;
        let said = r#"a"$b"#;
        let wanted = doc! { "a": said, "$expr": { "$eq": ["$a", { "$literal": said }] } };
        assert_eq!(filled(filter, "k"), Some(wanted));
        let unknown = Filter::parse(r#"{"a": "%{other}"}"#, &parameters()).unwrap_err();
        assert_eq!(unknown, r#""%{other}": other is not set in main.cf"#);
    }

    #[test]
    fn order_and_kinds_stay() {
        let filter = r#"{"z": {"y": 1, "b": {"$numberLong": "5"}}, "a": [true, null, 1.5]}"#;
        let wanted = doc! { "z": { "y": 1, "b": 5_i64 }, "a": [true, Bson::Null, 1.5] };
        assert_eq!(filled(filter, "k"), Some(wanted));
    }

    #[test]
    fn a_key_is_never_an_operator_or_the_end_of_a_text() {
        for key in [
            r#"x", "$where": "1"#,
            r#""}, {"a": {"$ne": ""#,
            "$where",
            r#"{"$gt": ""}"#,
            "\\",
            r"\u0022",
        ] {
            assert_eq!(filled(r#"{"a": "%s"}"#, key), Some(doc! { "a": key }));
        }
    }

    #[test]
    fn in_expressions_a_key_names_no_field() {
        let filter = r#"{"$expr": {"$eq": ["$username", {"$concat": ["%u", "$at", "%d"]}]}}"#;
        let wanted = doc! { "$expr": { "$eq": ["$username", { "$concat": [
            { "$literal": "$password" }, "$at", { "$literal": "x" },
        ] }] } };
        assert_eq!(filled(filter, "$password@x"), Some(wanted));
        let marked = r#"{"$expr": {"$eq": ["$a", {"$literal": "%s"}]}}"#;
        let wanted = doc! { "$expr": { "$eq": ["$a", { "$literal": "$b" }] } };
        assert_eq!(filled(marked, "$b"), Some(wanted));
    }

    #[test]
    fn in_patterns_a_key_stands_for_its_letters() {
        let key = ".*|a+b_c@ü";
        let said = r"^\.\*\|a\+b_c\@ü$";
        let filter = r#"{"a": {"$not": {"$regex": "^%s$", "$options": "i"}}}"#;
        let wanted = doc! { "a": { "$not": { "$regex": said, "$options": "i" } } };
        assert_eq!(filled(filter, key), Some(wanted));
        let typed = r#"{"a": {"$regularExpression": {"pattern": "^%s$", "options": "i"}}}"#;
        let found = filled(typed, key).unwrap();
        let regex = Regex {
            pattern: said.to_owned().try_into().unwrap(),
            options: "i".to_owned().try_into().unwrap(),
        };
        assert_eq!(found, doc! { "a": regex });
        let computed = r#"{"$expr": {"$regexMatch": {"input": "$a", "regex": "^%s$"}}}"#;
        let wanted = doc! { "$expr": { "$regexMatch": {
            "input": "$a", "regex": { "$literal": said },
        } } };
        assert_eq!(filled(computed, key), Some(wanted));
    }

    #[test]
    fn what_takes_no_key_is_refused() {
        for filter in [
            r#"{"$where": "this.a == '%s'"}"#,
            r#"{"$text": {"$search": "%s"}}"#,
            r#"{"$jsonSchema": {"properties": {"a": {"pattern": "%s"}}}}"#,
            r#"{"$expr": {"$function": {"body": "return 1", "args": ["%s"], "lang": "js"}}}"#,
            r#"{"a": {"$regex": "x", "$options": "%s"}}"#,
            r#"{"%u": 1}"#,
            r#"{"a": "%x"}"#,
            r#"{"a": %s}"#,
            r#"["%s"]"#,
            r#"{"a": {"$oid": "%s"}}"#,
            "",
        ] {
            assert!(Filter::parse(filter, &parameters()).is_err(), "{filter}");
        }
        assert!(Filter::parse(r#"{"$where": "this.a == 1"}"#, &parameters()).is_ok());
    }

    proptest! {
        #[test]
        fn any_filter_and_key_end(filter: String, key: String) {
            if let Ok(filter) = Filter::parse(&filter, &parameters()) {
                let _ = filter.fill(&key);
            }
        }

        #[test]
        fn whatever_the_key_the_query_is_the_same(key: String) {
            let filter = r#"{"a": "%s", "$expr": {"$eq": ["%s", "$b"]}, "c": {"$in": ["%s", 1]}}"#;
            let wanted = doc! {
                "a": &key, "$expr": { "$eq": [{ "$literal": &key }, "$b"] }, "c": { "$in": [&key, 1] },
            };
            prop_assert_eq!(filled(filter, &key), Some(wanted));
        }
    }
}
