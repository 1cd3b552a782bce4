//! The nearest of a list of names: what was perhaps meant by one that is misspelt.

/// The name that needs the fewest changes to be `word` (a letter more, less, another, or two that changed places), if
/// that is few enough to be a slip: one in four letters. Upper and lower case, `-` and `_` are alike.
#[must_use]
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = plain(word);
    let most = (word.len() / 4).clamp(1, 6);
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        // Ties go to the name that sorts first, so that the answer does not depend on the order of the list.
        let limit = best.map_or(most, |(distance, _)| distance);
        if name.len().abs_diff(word.len()) > limit {
            continue;
        }
        let distance = distance(&word, &plain(name));
        if distance <= most && best.is_none_or(|best| (distance, name) < best) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

fn plain(word: &str) -> Vec<u8> {
    word.bytes()
        .map(|byte| match byte {
            b'-' => b'_',
            byte => byte.to_ascii_lowercase(),
        })
        .collect()
}

/// How many changes make one of the other (optimal string alignment).
fn distance(from: &[u8], to: &[u8]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX);
            let changed = at(&above, column) + usize::from(letter != other);
            let mut least = changed
                .min(at(&above, column + 1) + 1)
                .min(at(&line, column) + 1);
            let swapped = row > 0
                && column > 0
                && from.get(row - 1) == Some(other)
                && to.get(column - 1) == Some(letter);
            if swapped {
                least = least.min(at(&before, column - 1) + 1);
            }
            line.push(least);
        }
        before = std::mem::replace(&mut above, line);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found() {
        let names = || crate::table::all().map(|spec| spec.name);
        for (slip, meant) in [
            (
                "smtpd_recipient_restriction",
                "smtpd_recipient_restrictions",
            ),
            ("mydestinations", "mydestination"),
            ("myhostnmae", "myhostname"),
            ("relay_host", "relayhost"),
            ("inet_interface", "inet_interfaces"),
            ("smtpd-banner", "smtpd_banner"),
            ("Mynetworks", "mynetworks"),
            ("smtp_tls_CAFile", "smtp_tls_CAfile"),
        ] {
            assert_eq!(nearest(slip, names()), Some(meant), "{slip}");
        }
        for unlike in ["foo", "", "x", "something_else_entirely"] {
            assert_eq!(nearest(unlike, names()), None, "{unlike}");
        }
        assert_eq!(distance(b"abc", b"acb"), 1);
        assert_eq!(distance(b"", b"abc"), 3);
    }
}
