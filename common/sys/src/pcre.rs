//! Perl compatible regular expressions (the PCRE2 library), as pcre_table(5) promises.

use std::ops::Range;
use std::ptr::{self, NonNull};

use pcre2_sys as raw;

/// How a pattern is compiled; see pcre2api(3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flags {
    /// PCRE2_CASELESS.
    pub caseless: bool,
    /// PCRE2_MULTILINE.
    pub multiline: bool,
    /// PCRE2_DOTALL.
    pub dotall: bool,
    /// PCRE2_EXTENDED.
    pub extended: bool,
    /// PCRE2_ANCHORED.
    pub anchored: bool,
    /// PCRE2_DOLLAR_ENDONLY.
    pub dollar_endonly: bool,
    /// PCRE2_UNGREEDY.
    pub ungreedy: bool,
}

/// A pattern that does not compile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadPattern {
    /// Where, in bytes from its beginning.
    pub offset: usize,
    /// The library's sentence.
    pub what: String,
}

/// A compiled pattern, with room for the groups of a match.
pub struct Pcre {
    code: NonNull<raw::pcre2_code_8>,
    data: NonNull<raw::pcre2_match_data_8>,
    groups: usize,
}

impl Pcre {
    /// Compile a pattern.
    pub fn compile(pattern: &[u8], flags: Flags) -> Result<Self, BadPattern> {
        let mut bits = 0;
        for (wanted, bit) in [
            (flags.caseless, raw::PCRE2_CASELESS),
            (flags.multiline, raw::PCRE2_MULTILINE),
            (flags.dotall, raw::PCRE2_DOTALL),
            (flags.extended, raw::PCRE2_EXTENDED),
            (flags.anchored, raw::PCRE2_ANCHORED),
            (flags.dollar_endonly, raw::PCRE2_DOLLAR_ENDONLY),
            (flags.ungreedy, raw::PCRE2_UNGREEDY),
        ] {
            bits |= if wanted { bit } else { 0 };
        }
        let (mut error, mut offset) = (0, 0);
        // SAFETY: pattern and length belong together; error and offset are valid places; no compile context is given.
        let code = unsafe {
            raw::pcre2_compile_8(
                pattern.as_ptr(),
                pattern.len(),
                bits,
                &raw mut error,
                &raw mut offset,
                ptr::null_mut(),
            )
        };
        let Some(code) = NonNull::new(code) else {
            return Err(BadPattern {
                offset,
                what: message(error),
            });
        };
        // SAFETY: the code was compiled just now.
        let data =
            unsafe { raw::pcre2_match_data_create_from_pattern_8(code.as_ptr(), ptr::null_mut()) };
        let Some(data) = NonNull::new(data) else {
            // SAFETY: the code was compiled just now, and nobody else has it.
            unsafe { raw::pcre2_code_free_8(code.as_ptr()) };
            return Err(BadPattern {
                offset: 0,
                what: "out of memory".to_owned(),
            });
        };
        // SAFETY: the data was made just now.
        let pairs = unsafe { raw::pcre2_get_ovector_count_8(data.as_ptr()) };
        Ok(Self {
            code,
            data,
            groups: usize::try_from(pairs).unwrap_or(1).saturating_sub(1),
        })
    }

    /// How many groups the pattern has.
    #[must_use]
    pub const fn groups(&self) -> usize {
        self.groups
    }

    /// Whether it matches somewhere in `text`; the error is the library's sentence, such as that a match takes too many
    /// steps.
    pub fn matches(&mut self, text: &[u8]) -> Result<bool, String> {
        // SAFETY: code and match data belong together and are used by nobody else while `self` is borrowed for writing;
        // text and length belong together.
        let result = unsafe {
            raw::pcre2_match_8(
                self.code.as_ptr(),
                text.as_ptr(),
                text.len(),
                0,
                0,
                self.data.as_ptr(),
                ptr::null_mut(),
            )
        };
        match result {
            raw::PCRE2_ERROR_NOMATCH => Ok(false),
            error if error < 0 => Err(message(error)),
            _ => Ok(true),
        }
    }

    /// The range of a group in the last match; 0 is the whole. `None` when it took no part.
    #[must_use]
    pub fn group(&self, number: usize) -> Option<Range<usize>> {
        if number > self.groups {
            return None;
        }
        // SAFETY: the vector has a pair for the whole and for each group, and lives as long as the match data.
        let (start, end) = unsafe {
            let vector = raw::pcre2_get_ovector_pointer_8(self.data.as_ptr());
            (*vector.add(2 * number), *vector.add(2 * number + 1))
        };
        (start != raw::PCRE2_UNSET && start <= end).then_some(start..end)
    }
}

impl Drop for Pcre {
    fn drop(&mut self) {
        // SAFETY: both were made by the library for this value alone, and are freed once.
        unsafe {
            raw::pcre2_match_data_free_8(self.data.as_ptr());
            raw::pcre2_code_free_8(self.code.as_ptr());
        }
    }
}

impl std::fmt::Debug for Pcre {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pcre")
    }
}

fn message(error: i32) -> String {
    let mut text = [0_u8; 256];
    // SAFETY: the buffer has the length that is told; the library ends what it writes there with NUL.
    unsafe { raw::pcre2_get_error_message_8(error, text.as_mut_ptr(), text.len()) };
    let end = text
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(text.len());
    String::from_utf8_lossy(text.get(..end).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: Flags = Flags {
        caseless: true,
        multiline: false,
        dotall: true,
        extended: false,
        anchored: false,
        dollar_endonly: false,
        ungreedy: false,
    };

    #[test]
    fn groups_of_a_match() {
        let mut pcre = Pcre::compile(b"(foo|foobar)(x)?$", FLAGS).unwrap();
        assert_eq!(pcre.groups(), 2);
        assert_eq!(pcre.matches(b"a FOOBAR"), Ok(true));
        assert_eq!(pcre.group(0), Some(2..8));
        assert_eq!(pcre.group(1), Some(2..8));
        assert_eq!(pcre.group(2), None);
        assert_eq!(pcre.group(3), None);
        assert_eq!(pcre.matches(b"fo"), Ok(false));
    }

    #[test]
    fn errors_have_a_place_and_a_sentence() {
        let error = Pcre::compile(b"^a(", FLAGS).unwrap_err();
        assert_eq!(
            (error.offset, error.what.as_str()),
            (3, "missing closing parenthesis")
        );
        let mut slow = Pcre::compile(b"(*LIMIT_MATCH=10)^(a|a?)+$", FLAGS).unwrap();
        assert_eq!(
            slow.matches(b"aaaaaaaaaaaaaaaaaaaab"),
            Err("match limit exceeded".to_owned())
        );
    }
}
