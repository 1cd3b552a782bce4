//! International domain names in ASCII: Punycode (RFC 3492) under the `xn--` prefix of IDNA, label by label.
//!
//! For `${domain_to_ascii{...}}` of main.cf, where the tables of the whole of IDNA would weigh more than the programs that
//! read it: letters become small ones, and are otherwise taken as they are written (in the composed form that keyboards
//! give). The form in which names travel is made by the mail crate.

/// The domain in ASCII and in small letters. A label that cannot be encoded, being too long, stays as it is.
#[must_use]
pub fn to_ascii(domain: &str) -> String {
    let dots = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];
    let labels: Vec<String> = domain.split(dots).map(label).collect();
    labels.join(".")
}

fn label(label: &str) -> String {
    let small = label.to_lowercase();
    if small.is_ascii() {
        return small;
    }
    let letters: Vec<u32> = small.chars().map(u32::from).collect();
    match encode(&letters).filter(|code| code.len() <= 59) {
        Some(code) => format!("xn--{code}"),
        None => small,
    }
}

const BASE: u32 = 36;
const LEAST: u32 = 1;
const MOST: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;

/// RFC 3492, section 6.3.
fn encode(letters: &[u32]) -> Option<String> {
    let plain = letters.iter().filter_map(|letter| ascii(*letter));
    let mut code: String = plain.collect();
    let basic = u32::try_from(code.len()).ok()?;
    if basic > 0 {
        code.push('-');
    }
    let total = u32::try_from(letters.len()).ok()?;
    let (mut letter, mut delta, mut bias, mut handled) = (128u32, 0u32, 72u32, basic);
    while handled < total {
        let next = letters.iter().copied().filter(|one| *one >= letter).min()?;
        delta = delta.checked_add((next - letter).checked_mul(handled + 1)?)?;
        letter = next;
        for one in letters {
            if *one < letter {
                delta = delta.checked_add(1)?;
            }
            if *one == letter {
                number(&mut code, delta, bias);
                bias = adapt(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta = delta.checked_add(1)?;
        letter += 1;
    }
    Some(code)
}

/// One number of variable length.
fn number(code: &mut String, delta: u32, bias: u32) {
    let mut rest = delta;
    let mut weight = BASE;
    loop {
        let threshold = weight.saturating_sub(bias).clamp(LEAST, MOST);
        if rest < threshold {
            break code.push(digit(rest));
        }
        code.push(digit(threshold + (rest - threshold) % (BASE - threshold)));
        rest = (rest - threshold) / (BASE - threshold);
        weight += BASE;
    }
}

fn adapt(delta: u32, handled: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / DAMP } else { delta / 2 };
    delta += delta / handled;
    let mut bias = 0;
    while delta > (BASE - LEAST) * MOST / 2 {
        delta /= BASE - LEAST;
        bias += BASE;
    }
    bias + (BASE - LEAST + 1) * delta / (delta + SKEW)
}

fn digit(value: u32) -> char {
    char::from_digit(if value < 26 { value + 10 } else { value - 26 }, BASE).unwrap_or('-')
}

fn ascii(letter: u32) -> Option<char> {
    char::from_u32(letter).filter(char::is_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The samples of RFC 3492, section 7.1, and everyday names.
    #[test]
    fn names_become_ascii() {
        for (name, wanted) in [
            ("Example.COM", "example.com"),
            ("Bücher.example", "xn--bcher-kva.example"),
            ("faß.de", "xn--fa-hia.de"),
            ("münchen。example", "xn--mnchen-3ya.example"),
            ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            (
                "почемужеонинеговорятпорусски",
                "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l",
            ),
            ("", ""),
        ] {
            assert_eq!(to_ascii(name), wanted, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_name_ends(name in "\\PC{0,80}") {
            let _ = to_ascii(&name);
        }
    }
}
