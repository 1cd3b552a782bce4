//! POSIX regular expressions of the C library (regex(3)): leftmost-longest matches, as regexp_table(5) promises.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::ops::Range;

/// How a pattern is compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flags {
    /// Extended syntax.
    pub extended: bool,
    /// Letters of either case are the same.
    pub ignore_case: bool,
    /// `^` and `$` match at line breaks too, and `.` matches none.
    pub lines: bool,
}

/// A compiled pattern.
pub struct PosixRegex {
    // In a box, because the C library may keep pointers into it.
    compiled: Box<libc::regex_t>,
}

impl PosixRegex {
    /// Compile a pattern; the error is the C library's sentence.
    pub fn compile(pattern: &CStr, flags: Flags) -> Result<Self, String> {
        let mut bits = 0;
        for (wanted, bit) in [
            (flags.extended, libc::REG_EXTENDED),
            (flags.ignore_case, libc::REG_ICASE),
            (flags.lines, libc::REG_NEWLINE),
        ] {
            bits |= if wanted { bit } else { 0 };
        }
        let mut compiled: Box<MaybeUninit<libc::regex_t>> = Box::new(MaybeUninit::zeroed());
        // SAFETY: the place is valid for writes, the pattern ends with NUL.
        let error = unsafe { libc::regcomp(compiled.as_mut_ptr(), pattern.as_ptr(), bits) };
        if error != 0 {
            return Err(message(error, &compiled));
        }
        // SAFETY: regcomp succeeded, so it has filled the whole value.
        let compiled = unsafe { compiled.assume_init() };
        Ok(Self { compiled })
    }

    /// The leftmost longest match: the ranges of the whole and of as many groups as there is room for, in `groups`. Groups
    /// that took no part are `None`.
    #[must_use]
    pub fn find(&self, text: &CStr, groups: &mut [Option<Range<usize>>]) -> bool {
        let mut matches = [libc::regmatch_t {
            rm_so: -1,
            rm_eo: -1,
        }; MOST_GROUPS];
        let room = groups.len().min(MOST_GROUPS);
        // SAFETY: the pattern is compiled, the text ends with NUL, and there is room for `room` matches.
        let result = unsafe {
            libc::regexec(
                &raw const *self.compiled,
                text.as_ptr(),
                room,
                matches.as_mut_ptr(),
                0,
            )
        };
        if result != 0 {
            return false;
        }
        for (group, found) in groups.iter_mut().zip(matches) {
            let start = usize::try_from(found.rm_so);
            let end = usize::try_from(found.rm_eo);
            *group = start.ok().zip(end.ok()).map(|(start, end)| start..end);
        }
        true
    }
}

/// Groups beyond this many are not reported.
pub const MOST_GROUPS: usize = 100;

impl Drop for PosixRegex {
    fn drop(&mut self) {
        // SAFETY: regcomp has made it, and it is freed once.
        unsafe { libc::regfree(&raw mut *self.compiled) };
    }
}

impl std::fmt::Debug for PosixRegex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PosixRegex")
    }
}

fn message(error: i32, compiled: &MaybeUninit<libc::regex_t>) -> String {
    let mut text = [0_u8; 256];
    // SAFETY: the buffer has the length that is told; the C library ends what it writes there with NUL.
    unsafe {
        libc::regerror(
            error,
            compiled.as_ptr(),
            text.as_mut_ptr().cast::<c_char>(),
            text.len(),
        );
    }
    let text = CStr::from_bytes_until_nul(&text).unwrap_or_default();
    text.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: Flags = Flags {
        extended: true,
        ignore_case: true,
        lines: false,
    };

    #[test]
    fn leftmost_longest_with_groups() {
        let regex = PosixRegex::compile(c"(foo|foobar)(x)?", FLAGS).unwrap();
        let mut groups = [None, None, None];
        assert!(regex.find(c"a FOOBAR", &mut groups));
        assert_eq!(groups, [Some(2..8), Some(2..8), None]);
        assert!(!regex.find(c"fo", &mut groups));
    }

    #[test]
    fn errors_are_sentences() {
        let error = PosixRegex::compile(c"a(", FLAGS).unwrap_err();
        assert_eq!(error, "Unmatched ( or \\(");
    }
}
