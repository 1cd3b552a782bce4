//! Times with a unit, as in main.cf: `300s`, `5d`; a number alone takes the parameter's own unit.

/// Seconds in `unit`: s, m, h, d or w, in either case.
#[must_use]
pub const fn unit_seconds(unit: u8) -> Option<u64> {
    match unit.to_ascii_lowercase() {
        b's' => Some(1),
        b'm' => Some(60),
        b'h' => Some(3600),
        b'd' => Some(86_400),
        b'w' => Some(604_800),
        _ => None,
    }
}

/// The seconds that `text` says; `unit` is the unit of a bare number. `None` for anything else, signs included.
#[must_use]
pub fn seconds(text: &str, unit: u8) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, suffix) = text.split_at_checked(digits)?;
    let unit = match suffix.as_bytes() {
        [] => unit,
        [unit] => *unit,
        _ => return None,
    };
    number
        .parse::<u64>()
        .ok()?
        .checked_mul(unit_seconds(unit)?)
        .filter(|seconds| *seconds <= MAX_SECONDS)
}

/// As far as a time may reach: the largest number of seconds that the reference accepts.
pub const MAX_SECONDS: u64 = 2_147_483_647;

/// The unit that a parameter's stock value ends in, which bare numbers then mean too; seconds when it has none.
#[must_use]
pub fn unit_of(stock: &str) -> u8 {
    stock
        .bytes()
        .last()
        .filter(|byte| unit_seconds(*byte).is_some() && stock.len() > 1)
        .unwrap_or(b's')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        assert_eq!(seconds("5", b'd'), Some(432_000));
        assert_eq!(seconds("5h", b'd'), Some(18_000));
        assert_eq!(seconds("2W", b's'), Some(1_209_600));
        for bad in [
            "",
            "s",
            "5x",
            "-1s",
            "5 s",
            "5ss",
            "99999999999999999999",
            "2147483648",
        ] {
            assert_eq!(seconds(bad, b's'), None, "{bad}");
        }
        assert_eq!(unit_of("${stress?{10}:{300}}s"), b's');
        assert_eq!(unit_of("5d"), b'd');
    }
}
