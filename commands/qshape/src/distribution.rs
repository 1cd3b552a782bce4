//! Counts of addresses by domain and by span of age. Pure.

use std::collections::HashMap;

/// The row of all domains together.
pub(crate) const TOTAL: &str = "TOTAL";
/// The domain of the null sender.
const NOBODY: &str = "MAILER-DAEMON";

/// How ages are divided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spans {
    /// How many there are; the last has no end.
    pub(crate) count: usize,
    /// Minutes of the first.
    pub(crate) minutes: f64,
    /// All are as long as the first; otherwise each ends at twice the age at which the one before ended.
    pub(crate) linear: bool,
}

impl Spans {
    /// The number of the span, 1 to the count, that an age in seconds falls into.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "ages of mail in minutes are small; a cast of floats saturates"
    )]
    pub(crate) fn of_age(&self, seconds: i64) -> usize {
        let units = seconds as f64 / (60.0 * self.minutes);
        if units < 1.0 {
            return 1;
        }
        let span = if self.linear {
            (units + 1.0) as usize
        } else {
            2 + units.log2() as usize
        };
        span.min(self.count)
    }

    /// The age in minutes at which each span ends, as it stands over the columns.
    pub(crate) fn headings(&self) -> Vec<String> {
        let mut end = 0.0;
        let mut headings = Vec::with_capacity(self.count);
        for _ in 1..self.count {
            end += if end == 0.0 || self.linear {
                self.minutes
            } else {
                end
            };
            headings.push(format!("{end}"));
        }
        headings.push(format!("{end}+"));
        headings
    }
}

/// How many there are of one domain: in all, and in each span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) total: u64,
    pub(crate) spans: Vec<u64>,
}

/// The counts of all domains.
pub(crate) struct Distribution {
    spans: Spans,
    parents: bool,
    domains: HashMap<String, Counts>,
    /// How many different domains a parent domain has directly below it.
    children: HashMap<String, usize>,
}

impl Distribution {
    /// `parents`: parent domains are counted too.
    pub(crate) fn new(spans: Spans, parents: bool) -> Self {
        let mut distribution = Self {
            spans,
            parents,
            domains: HashMap::new(),
            children: HashMap::new(),
        };
        distribution.row(TOTAL);
        distribution
    }

    /// Count an address.
    pub(crate) fn add(&mut self, address: &[u8], span: usize) {
        self.count(TOTAL, span);
        let mut domain = domain(address);
        let mut is_new = self.count(&domain, span);
        while self.parents
            && let Some(parent) = parent(&domain)
        {
            if is_new {
                *self.children.entry(parent.clone()).or_default() += 1;
            }
            is_new = self.count(&parent, span);
            domain = parent;
        }
    }

    /// The rows, those of the greatest total first; parent domains only with so many domains below them.
    pub(crate) fn rows(&self, fewest_children: usize) -> Vec<(&str, &Counts)> {
        let children = |domain: &str| self.children.get(domain).copied().unwrap_or_default();
        let mut rows: Vec<(&str, &Counts)> = self
            .domains
            .iter()
            .map(|(domain, counts)| (domain.as_str(), counts))
            .filter(|(domain, _)| !domain.starts_with('.') || children(domain) >= fewest_children)
            .collect();
        rows.sort_by(|(a, x), (b, y)| {
            let totals = y.total.cmp(&x.total);
            totals.then(a.len().cmp(&b.len())).then(a.cmp(b))
        });
        rows
    }

    /// The row of all domains.
    pub(crate) fn totals(&self) -> Option<&Counts> {
        self.domains.get(TOTAL)
    }

    /// Says whether the domain is a new one.
    fn count(&mut self, domain: &str, span: usize) -> bool {
        let row = self.row(domain);
        row.total += 1;
        if let Some(count) = row.spans.get_mut(span.saturating_sub(1)) {
            *count += 1;
        }
        row.total == 1
    }

    fn row(&mut self, domain: &str) -> &mut Counts {
        let spans = self.spans.count;
        self.domains
            .entry(domain.to_owned())
            .or_insert_with(|| Counts {
                total: 0,
                spans: vec![0; spans],
            })
    }
}

/// What stands after the last `@`, in lower case, without needless dots; the whole address when there is no `@`.
fn domain(address: &[u8]) -> String {
    if address.is_empty() {
        return NOBODY.to_owned();
    }
    let after = address.rsplit(|&byte| byte == b'@').next();
    let text = String::from_utf8_lossy(after.unwrap_or_default())
        .to_lowercase()
        .replace("..", ".");
    let inner = text.strip_prefix('.').filter(|rest| !rest.is_empty());
    let inner = inner.unwrap_or(&text);
    let inner = inner
        .strip_suffix('.')
        .filter(|rest| !rest.is_empty())
        .unwrap_or(inner);
    inner.chars().filter(|c| !c.is_control()).collect()
}

/// The domain above, with a dot before it; `None` where that is a top-level domain.
fn parent(domain: &str) -> Option<String> {
    let (label, above) = domain.strip_prefix('.').unwrap_or(domain).split_once('.')?;
    (!label.is_empty() && above.contains('.')).then(|| format!(".{above}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Spans = Spans {
        count: 10,
        minutes: 5.0,
        linear: false,
    };

    #[test]
    fn ages_fall_into_spans() {
        let span = |minutes: i64| USUAL.of_age(minutes * 60);
        assert_eq!(
            [-9, 0, 4, 5, 9, 10, 20, 39].map(span),
            [1, 1, 1, 2, 2, 3, 4, 4]
        );
        assert_eq!([1279, 1280, 99_999].map(span), [9, 10, 10]);
        let linear = Spans {
            linear: true,
            count: 4,
            ..USUAL
        };
        assert_eq!(
            [0, 5, 10, 15, 99].map(|minutes| linear.of_age(minutes * 60)),
            [1, 2, 3, 4, 4]
        );
        assert_eq!(linear.headings(), ["5", "10", "15", "15+"]);
        let half = Spans {
            minutes: 0.5,
            count: 3,
            ..USUAL
        };
        assert_eq!(half.headings(), ["0.5", "1", "1+"]);
    }

    #[test]
    fn domains_of_addresses() {
        for (address, wanted) in [
            ("", "MAILER-DAEMON"),
            ("root", "root"),
            ("a@B.Example", "b.example"),
            ("b@.c.example.", "c.example"),
            ("x@a..b", "a.b"),
            ("\"a@b\"@c.d", "c.d"),
            ("x@.", "."),
            ("\"\"@[1.2.3.4]", "[1.2.3.4]"),
        ] {
            assert_eq!(domain(address.as_bytes()), wanted, "{address}");
        }
    }

    #[test]
    fn parents_are_shown_with_enough_children() {
        let mut counts = Distribution::new(USUAL, true);
        for address in ["a@x.b.c.d", "a@y.b.c.d", "a@y.b.c.d", "a@b.c.d", "a@c.d"] {
            counts.add(address.as_bytes(), 1);
        }
        let rows = |fewest| {
            let rows = counts.rows(fewest);
            let shown = rows
                .iter()
                .map(|(domain, row)| format!("{domain} {}", row.total));
            shown.collect::<Vec<_>>().join(", ")
        };
        assert_eq!(
            rows(1),
            "TOTAL 5, .c.d 4, .b.c.d 3, y.b.c.d 2, c.d 1, b.c.d 1, x.b.c.d 1"
        );
        assert_eq!(rows(3), "TOTAL 5, y.b.c.d 2, c.d 1, b.c.d 1, x.b.c.d 1");
    }
}
