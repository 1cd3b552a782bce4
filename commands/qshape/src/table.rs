//! The distribution as a table for a terminal: domains to the left, counts to the right.

use std::io::Write;

use crate::distribution::Distribution;
use crate::options::Options;

/// The domain column is never narrower, whatever the terminal is.
const LEAST_DOMAIN: usize = 18;

/// How the table looks.
pub(crate) struct Table {
    width: usize,
    fewest_children: usize,
    rows: Option<usize>,
    headings: Vec<String>,
}

impl Table {
    /// `rows`: no more than so many.
    pub(crate) fn new(options: &Options, rows: Option<usize>) -> Self {
        let mut headings = vec!["T".to_owned()];
        headings.extend(options.spans.headings());
        Self {
            width: options.width,
            fewest_children: options.fewest_children,
            rows,
            headings,
        }
    }

    /// Append the table.
    pub(crate) fn write(&self, counts: &Distribution, out: &mut Vec<u8>) {
        let Some(totals) = counts.totals() else {
            return;
        };
        let sums = std::iter::once(&totals.total).chain(&totals.spans);
        let widths: Vec<usize> = self
            .headings
            .iter()
            .zip(sums)
            .map(|(heading, sum)| column(heading.len().max(sum.to_string().len())))
            .collect();
        let left = self.width.saturating_sub(widths.iter().sum());
        let left = left.max(LEAST_DOMAIN);
        row(out, left, "", self.headings.iter().zip(&widths));
        for (domain, row_counts) in counts
            .rows(self.fewest_children)
            .into_iter()
            .take(self.rows.unwrap_or(usize::MAX))
        {
            let cells = std::iter::once(&row_counts.total).chain(&row_counts.spans);
            row(out, left, &shortened(domain, left), cells.zip(&widths));
        }
    }
}

/// A column has a blank before its widest number, and room for two digits.
const fn column(widest: usize) -> usize {
    if widest > 2 { widest + 1 } else { 3 }
}

fn row<'a, C: ToString + 'a>(
    out: &mut Vec<u8>,
    left: usize,
    domain: &str,
    cells: impl Iterator<Item = (&'a C, &'a usize)>,
) {
    let mut line = format!("{domain:>left$}");
    for (cell, width) in cells {
        line += &format!("{:>width$}", cell.to_string());
    }
    // A vector takes everything.
    let _ = writeln!(out, "{line}");
}

/// The end of a domain that is too long, with a mark before it.
fn shortened(domain: &str, room: usize) -> String {
    let length = domain.chars().count();
    if length <= room {
        return domain.to_owned();
    }
    let mark = if domain.starts_with('.') { ".+" } else { "+" };
    let end = domain.chars().skip(length + mark.len() - room);
    mark.chars().chain(end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_domains_lose_their_beginning() {
        assert_eq!(shortened("short.example", 18), "short.example");
        assert_eq!(
            shortened("a.very.long.domain.example", 18),
            "+ng.domain.example"
        );
        assert_eq!(
            shortened(".a.very.long.domain.example", 18),
            ".+g.domain.example"
        );
    }
}
