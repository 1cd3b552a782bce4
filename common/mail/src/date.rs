//! Dates as headers have them (RFC 5322 section 3.3): `Fri, 20 Nov 2026 17:43:45 +0000 (UTC)`.

/// The header form of `seconds` since 1970, in the local time zone.
#[must_use]
pub fn header(seconds: i64) -> String {
    // A year that the C library cannot represent is shown as the beginning of time.
    let Ok(local) = sys::time::local(seconds).or_else(|_| sys::time::local(0)) else {
        return String::from("Thu, 01 Jan 1970 00:00:00 +0000 (UTC)");
    };
    let sign = if local.offset < 0 { '-' } else { '+' };
    let minutes = local.offset.abs() / 60;
    let zone = local.zone();
    let zone = if zone.is_empty() {
        String::new()
    } else {
        format!(" ({zone})")
    };
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} {sign}{:02}{:02}{zone}",
        name(&DAYS, local.weekday),
        local.day,
        name(&MONTHS, local.month.saturating_sub(1)),
        local.year,
        local.hour,
        local.minute,
        local.second,
        minutes / 60,
        minutes % 60,
    )
}

/// `YYYYMMDDhhmmss` in Greenwich time, as message ids made from short queue ids start.
#[must_use]
pub fn compact(seconds: i64) -> String {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let time = seconds.rem_euclid(86_400);
    format!(
        "{year:04}{month:02}{day:02}{:02}{:02}{:02}",
        time / 3600,
        time / 60 % 60,
        time % 60
    )
}

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn name(names: &[&'static str], index: u32) -> &'static str {
    let index = usize::try_from(index).unwrap_or_default();
    names.get(index).copied().unwrap_or("???")
}

/// Year, month and day of a day number since 1970, in the proleptic Gregorian calendar.
const fn civil(days: i64) -> (i64, i64, i64) {
    // Counted in eras of 400 years that begin on 1 March, so that the leap day is the last day of a year.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_form_is_greenwich_time() {
        assert_eq!(compact(0), "19700101000000");
        assert_eq!(compact(1_000_000_000), "20010909014640");
        assert_eq!(compact(951_782_400), "20000229000000");
        assert_eq!(compact(1_795_196_625), "20261120174345");
    }

    #[test]
    fn header_form_has_day_date_time_and_zone() {
        let text = header(1_000_000_000);
        assert_eq!(text.get(3..5), Some(", "));
        assert!(text.contains(" Sep 2001 "), "{text}");
        assert!(text.ends_with(')'), "{text}");
    }
}
