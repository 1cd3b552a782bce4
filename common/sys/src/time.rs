//! Local time, as log lines and mail headers show it.

use std::io;

/// A broken-down local time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Local {
    /// Year, such as 2026.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 60.
    pub second: u32,
    /// 0 is Sunday.
    pub weekday: u32,
    /// East of Greenwich, in seconds.
    pub offset: i64,
    zone: [u8; 8],
}

impl Local {
    /// The abbreviation of the time zone, such as `CET`.
    #[must_use]
    pub fn zone(&self) -> &str {
        let end = self
            .zone
            .iter()
            .position(|&b| b == 0)
            .unwrap_or(self.zone.len());
        std::str::from_utf8(self.zone.get(..end).unwrap_or_default()).unwrap_or("")
    }
}

unsafe extern "C" {
    fn tzset();
}

/// Read the time zone now, before a jail hides its file.
pub fn load_zone() {
    // SAFETY: tzset reads the environment and a file; callers are at the start of a program, with one thread.
    unsafe { tzset() }
}

/// The local time at `seconds` since 1970.
pub fn local(seconds: i64) -> io::Result<Local> {
    let time: libc::time_t = seconds;
    let mut tm = std::mem::MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both pointers are to live values of the right type; localtime_r keeps neither.
    if unsafe { libc::localtime_r(&raw const time, tm.as_mut_ptr()) }.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: localtime_r succeeded, so it has filled the structure.
    let tm = unsafe { tm.assume_init() };
    let mut zone = [0; 8];
    if !tm.tm_zone.is_null() {
        // SAFETY: tm_zone points to a NUL-terminated string that lives as long as the zone is loaded.
        let name = unsafe { std::ffi::CStr::from_ptr(tm.tm_zone) }.to_bytes();
        for (slot, &byte) in zone.iter_mut().zip(name) {
            *slot = byte;
        }
    }
    let part = |n: i32| u32::try_from(n).unwrap_or_default();
    Ok(Local {
        year: tm.tm_year.saturating_add(1900),
        month: part(tm.tm_mon) + 1,
        day: part(tm.tm_mday),
        hour: part(tm.tm_hour),
        minute: part(tm.tm_min),
        second: part(tm.tm_sec),
        weekday: part(tm.tm_wday),
        offset: tm.tm_gmtoff,
        zone,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_second_has_its_date_in_any_zone() {
        let there = local(1_000_000_000).unwrap();
        let seconds_of_day = i64::from(there.hour * 3600 + there.minute * 60 + there.second);
        assert_eq!(
            (1_000_000_000 + there.offset).rem_euclid(86_400),
            seconds_of_day
        );
        assert_eq!((there.year, there.month), (2001, 9));
    }
}
