//! The results: medians and ratios, as a table and as JSON.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Map, Value, json};
use suite::Mta;

/// What was measured so far.
#[derive(Default)]
pub(crate) struct Report(Vec<Row>);

struct Row {
    bench: String,
    figure: &'static str,
    postfix: Vec<f64>,
    ferropost: Vec<f64>,
}

impl Report {
    /// Note one result of one run.
    pub(crate) fn add(&mut self, bench: &str, figure: &'static str, mta: Mta, value: f64) {
        let same = |row: &Row| row.bench == bench && row.figure == figure;
        let place = self.0.iter().position(same).unwrap_or_else(|| {
            self.0.push(Row {
                bench: bench.to_owned(),
                figure,
                postfix: Vec::new(),
                ferropost: Vec::new(),
            });
            self.0.len() - 1
        });
        if let Some(row) = self.0.get_mut(place) {
            mta.pick(&mut row.ferropost, &mut row.postfix).push(value);
        }
    }

    /// The table.
    #[expect(clippy::print_stdout, reason = "the result of the program")]
    pub(crate) fn print(&self) {
        println!(
            "{:<12} {:<40} {:>12} {:>12} {:>8}",
            "bench", "median of", "postfix", "ferropost", "ratio"
        );
        for row in &self.0 {
            let (postfix, ferropost) = (median(&row.postfix), median(&row.ferropost));
            println!(
                "{:<12} {:<40} {:>12} {:>12} {:>8}",
                row.bench,
                row.figure,
                number(postfix),
                number(ferropost),
                number(ratio(postfix, ferropost))
            );
        }
    }

    /// The same with every run's result.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let mut benches = Map::new();
        for row in &self.0 {
            let (postfix, ferropost) = (median(&row.postfix), median(&row.ferropost));
            let bench = benches
                .entry(row.bench.clone())
                .or_insert_with(|| json!({}));
            let Value::Object(figures) = bench else {
                continue;
            };
            figures.insert(
                row.figure.to_owned(),
                json!({
                    "postfix": {"median": postfix, "runs": row.postfix},
                    "ferropost": {"median": ferropost, "runs": row.ferropost},
                    "ratio": ratio(postfix, ferropost),
                }),
            );
        }
        fs::write(path, format!("{:#}\n", Value::Object(benches)))
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// Ferropost's figure as a multiple of the reference's.
fn ratio(postfix: Option<f64>, ferropost: Option<f64>) -> Option<f64> {
    Some(ferropost? / postfix?)
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_counts() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[]), None);
        assert_eq!(ratio(Some(2.0), Some(5.0)), Some(2.5));
    }
}
