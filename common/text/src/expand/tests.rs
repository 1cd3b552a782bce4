use super::*;
use proptest::prelude::*;

struct Sample;

impl Names for Sample {
    fn value(&mut self, name: &[u8]) -> Result<Option<Cow<'_, [u8]>>, Error> {
        Ok(match name {
            b"v" => Some(Cow::Borrowed(b"val")),
            b"e" => Some(Cow::Borrowed(b"")),
            b"level" => Some(Cow::Borrowed(b"3.6")),
            _ => None,
        })
    }

    fn function(&mut self, name: &[u8], argument: &[u8]) -> Option<Vec<u8>> {
        (name == b"upper").then(|| argument.to_ascii_uppercase())
    }
}

fn sample(template: &str) -> String {
    match expand(template.as_bytes(), &mut Sample) {
        Ok(value) => lossy(&value),
        Err(error) => error.to_string(),
    }
}

/// Each pair was also asked of the reference's `postconf -x`.
#[test]
fn the_language_as_the_reference_reads_it() {
    for (template, value) in [
        ("$v-x", "val-x"),
        ("$(v)x", "valx"),
        ("$$v", "$v"),
        ("$undefined|", "|"),
        ("a${v? b}c", "a bc"),
        ("${v?a}:b", "a:b"),
        ("${v:b}|${e:b}", "|b"),
        ("${v?{a}:b}", "a"),
        ("${ v ? {a} : {b} }", "a"),
        ("${e?a}|${e:{c d}}", "|c d"),
        ("${e?{a}:{b $v}}", "b val"),
        ("$(v?{a}:{b})", "a"),
        ("${{$v} == {val} ? {yes} : {no}}", "yes"),
        ("${{$v}=={val}?{yes}:{no}}", "yes"),
        ("${{$v} == {val}}|${{$v} == {x}}", "true|"),
        ("${{$v} == {val} : {yes}}", ""),
        ("${{10} < {9} ? {yes} : {no}}", "no"),
        ("${{1a} < {9} ? {yes} : {no}}", "yes"),
        ("${{3.10} <level {3.9} ? {yes} : {no}}", "no"),
        ("${{$level} >=level {3.6} ? {yes} : {no}}", "yes"),
        ("${upper{a$v}}", "AVAL"),
    ] {
        assert_eq!(sample(template), value, "{template}");
    }
}

#[test]
fn mistakes_are_named() {
    for (template, error) in [
        ("${v", "truncated macro reference: \"${v\""),
        ("$", "empty macro name: \"$\""),
        ("${}", "empty macro name: \"${}\""),
        ("${v.x}", "attribute name syntax error at: \"...v>>>.x\""),
        ("${v?{a}x}", "\":\" expected at: \"...a>>>x\""),
        ("${v?{a}:{b}x}", "unexpected input at: \"...b>>>x\""),
        (
            "${{3} >=lev {4} ? {a} : {b}}",
            "bad operator suffix at: \"...>=>>>lev\"",
        ),
        (
            "${{x} <level {4} ? {a} : {b}}",
            "malformed compatibility level syntax: \"x\"",
        ),
    ] {
        assert_eq!(sample(template), error, "{template}");
    }
}

#[test]
fn references_include_those_in_texts() {
    let names = references(b"$a ${b?{$c}:$d} ${{$e} == {f} ? {$g}} ${h{$i}}");
    let mut names: Vec<_> = names.into_iter().map(lossy).collect();
    names.sort();
    assert_eq!(names, ["a", "b", "c", "d", "e", "g", "i"]);
}

proptest! {
    #[test]
    fn any_template_ends(template in "[$(){}?:=<a v]{0,60}") {
        let _ = expand(template.as_bytes(), &mut Sample);
        let _ = references(template.as_bytes());
    }
}

#[test]
fn references_are_found_in_order_and_mistakes_anywhere() {
    let names = |text: &'static str| {
        checked_references(text.as_bytes()).map(|names| {
            names
                .into_iter()
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect::<Vec<_>>()
        })
    };
    let all = names("$a ${b?{$c}:{${{$d} == {$e} ? {$f}}}}").unwrap();
    assert_eq!(all, ["a", "b", "c", "d", "e", "f"]);
    assert!(names("$a ${b?{$}}").is_err());
    assert!(names("${a").is_err());
}
