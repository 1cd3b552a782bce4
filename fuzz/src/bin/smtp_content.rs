//! The content of a message, by DATA and by BDAT: all input is used up, and both read the same lines.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smtpd::content::{BareLf, Content, Rules};

fuzz_target!(|bytes: &[u8]| {
    for bare_lf in [
        BareLf::Accept,
        BareLf::Normalize,
        BareLf::Note,
        BareLf::Reject,
    ] {
        let rules = Rules {
            bare_lf,
            line_limit: 40,
            size_limit: 5_000,
        };
        let mut content = Content::new(rules);
        let mut output = Vec::new();
        let mut rest = bytes;
        loop {
            let progress = content.read_data(rest, &mut output);
            rest = rest.get(progress.consumed..).unwrap();
            if progress.ended || progress.consumed == 0 {
                break;
            }
            output.clear();
        }
        let mut content = Content::new(rules);
        let mut output = Vec::new();
        for chunk in bytes.chunks(7) {
            content.read_chunk(chunk, &mut output);
        }
        content.end_chunks(&mut output);
        while let Some((_, _, rest)) = queue::record::split(&output) {
            output = rest.to_vec();
        }
        assert!(output.is_empty(), "what comes out is whole records");
    }
});
