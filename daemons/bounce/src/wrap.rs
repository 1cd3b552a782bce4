//! Long lines of reports, broken between words.

/// The longest line, if words allow it.
const WIDTH: usize = 79;
/// What continued lines start with.
const INDENT: &[u8] = b"    ";

/// Break a text between words; continued lines are indented. Control characters become `?`.
pub(crate) fn wrap(text: &[u8]) -> Vec<Vec<u8>> {
    let text: Vec<u8> = text
        .iter()
        .map(|&b| if b < b' ' || b == 0x7F { b'?' } else { b })
        .collect();
    let mut lines = Vec::new();
    let mut rest = text.as_slice();
    loop {
        let (indent, width) = if lines.is_empty() {
            (&b""[..], WIDTH)
        } else {
            (INDENT, WIDTH - INDENT.len())
        };
        let end = break_at(rest, width);
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, b""));
        lines.push([indent, line].concat());
        rest = after.trim_ascii_start();
        if rest.is_empty() {
            return lines;
        }
    }
}

/// Where the line ends: the whole text if it fits, the last space within the width, or the first one after it.
fn break_at(text: &[u8], width: usize) -> usize {
    if text.len() <= width {
        return text.len();
    }
    let within = text.get(..=width).unwrap_or(text);
    match within.iter().rposition(|&b| b == b' ') {
        Some(space) if space > 0 => space,
        _ => text
            .iter()
            .skip(1)
            .position(|&b| b == b' ')
            .map_or(text.len(), |space| space + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        let text = "<bad@[127.0.0.2]>: host 127.0.0.2[127.0.0.2] said: 550 5.1.1 no such user (in reply to RCPT TO command)";
        let lines: Vec<_> = wrap(text.as_bytes())
            .into_iter()
            .map(|line| String::from_utf8(line).unwrap())
            .collect();
        assert_eq!(
            lines,
            [
                "<bad@[127.0.0.2]>: host 127.0.0.2[127.0.0.2] said: 550 5.1.1 no such user (in",
                "    reply to RCPT TO command)"
            ]
        );
        assert_eq!(wrap(b""), [b""]);
        assert_eq!(wrap(&[b'x'; 200]).len(), 1);
        assert_eq!(wrap(b"a\nb"), [b"a?b"]);
    }
}
