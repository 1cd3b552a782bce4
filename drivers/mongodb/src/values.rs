//! What is wanted of the documents that a query finds: `projection` or `result_attribute`, and the values of what comes back.
//!
//! Texts, whole numbers and lists of them are values. A field of another kind is left out, with a line for the log.

use driver::Parameters;
use mongodb::bson::{Bson, Document};

use crate::filter::object;

/// The name that every document has for itself.
const ID: &str = "_id";

/// Which fields are wanted.
#[derive(Debug)]
pub(crate) struct Wanted {
    projection: Document,
}

impl Wanted {
    /// Read `projection` and `result_attribute`, of which a table has one.
    pub(crate) fn new(parameters: &Parameters) -> Result<Self, String> {
        let names: Vec<_> = parameters.words("result_attribute", "").collect();
        let mut projection = match (parameters.filled("projection"), names.is_empty()) {
            (Some(text), true) => {
                object(text).map_err(|error| parameters.bad(format_args!("projection: {error}")))?
            }
            (None, false) => {
                let names = names.into_iter();
                names
                    .map(|name| (name.to_owned(), Bson::Int32(1)))
                    .collect()
            }
            (None, true) => {
                return Err(parameters.bad("result_attribute or projection is missing"));
            }
            (Some(_), false) => {
                return Err(parameters.bad("result_attribute and projection exclude each other"));
            }
        };
        projection.insert(ID, 0);
        Ok(Self { projection })
    }

    /// As the server takes it.
    pub(crate) const fn projection(&self) -> &Document {
        &self.projection
    }

    /// Add the values of a document, in its order.
    pub(crate) fn take(
        &self,
        document: Document,
        values: &mut Vec<Vec<u8>>,
        lines: &mut Vec<String>,
    ) {
        for (name, value) in document {
            // A server that computes fields may send it all the same.
            if name != ID {
                take(&name, value, values, lines);
            }
        }
    }
}

/// Add the values of a field. Lists within lists are no deeper than the library reads documents.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all but the kinds that have values, also those that the library may add"
)]
fn take(name: &str, value: Bson, values: &mut Vec<Vec<u8>>, lines: &mut Vec<String>) {
    match value {
        Bson::String(text) => values.push(text.into_bytes()),
        Bson::Int32(number) => values.push(number.to_string().into_bytes()),
        Bson::Int64(number) => values.push(number.to_string().into_bytes()),
        Bson::Array(all) => {
            for value in all {
                take(name, value, values, lines);
            }
        }
        // As in other databases, this is the absence of a value.
        Bson::Null => {}
        other => {
            let kind = other.element_type();
            let line = format!("field {name} ignored: {kind:?} is no text, whole number or list");
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mongodb::bson::doc;

    fn wanted(pairs: &[(&str, &str)]) -> Result<Wanted, String> {
        let pairs = pairs.iter();
        let pairs = pairs.map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Wanted::new(&Parameters::new("t", pairs))
    }

    #[test]
    fn fields_are_named_or_projected() {
        let named = wanted(&[("result_attribute", "b, a.c")]).unwrap();
        assert_eq!(named.projection, doc! { "b": 1, "a.c": 1, "_id": 0 });
        let text = r#"{"_id": 1, "path": {"$concat": ["$domain", "/"]}}"#;
        let projected = wanted(&[("projection", text)]).unwrap();
        let wanted_back = doc! { "_id": 0, "path": { "$concat": ["$domain", "/"] } };
        assert_eq!(projected.projection, wanted_back);
    }

    #[test]
    fn one_of_both_is_needed() {
        for (pairs, error) in [
            (&[][..], "t: result_attribute or projection is missing"),
            (
                &[("result_attribute", "a"), ("projection", "{}")],
                "t: result_attribute and projection exclude each other",
            ),
            (
                &[("projection", "[1]")],
                "t: projection: invalid type: sequence",
            ),
        ] {
            let failed = wanted(pairs).unwrap_err();
            assert!(failed.starts_with(error), "{failed}");
        }
    }

    #[test]
    fn values_are_texts_whole_numbers_and_lists() {
        let wanted = wanted(&[("result_attribute", "x")]).unwrap();
        let (mut values, mut lines) = (Vec::new(), Vec::new());
        let document = doc! {
            "_id": 7, "a": "one", "b": [2, 3_i64, ["four"]], "n": Bson::Null, "f": [1.5, 2.5], "d": { "e": 1 },
        };
        wanted.take(document, &mut values, &mut lines);
        assert_eq!(values, [&b"one"[..], b"2", b"3", b"four"]);
        assert_eq!(
            lines,
            [
                "field f ignored: Double is no text, whole number or list",
                "field d ignored: EmbeddedDocument is no text, whole number or list"
            ]
        );
    }
}
