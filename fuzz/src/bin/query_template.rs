//! Templates of queries and results: no panic; text without a percent sign stays, and parts are parts of the key.
#![no_main]

use driver::Template;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &[u8], &[u8])| {
    let (text, key, value) = input;
    let Ok(template) = Template::parse(text) else {
        assert!(text.contains('%'));
        return;
    };
    let mut parts = 0;
    let query = template.query(key, |part, query| {
        parts += part.len();
        assert!(part.is_empty() || key.windows(part.len()).any(|window| window == part));
        query.extend_from_slice(part);
    });
    if let Some(query) = &query {
        assert!(query.len() <= text.len() + parts);
    }
    if !text.contains('%') {
        assert_eq!(query.as_deref(), Some(text.as_bytes()));
        assert_eq!(
            template.result(key, value).as_deref(),
            Some(text.as_bytes())
        );
    }
    if !template.suits(key) {
        assert_eq!(template.result(key, value), None);
    }
});
