use std::path::Path;

use super::*;
use crate::lines;

fn shown(bytes: &str, line: usize, range: std::ops::Range<usize>, says: &str) -> String {
    let found = lines::logical(bytes.as_bytes());
    let place = Place::in_line(
        Path::new("main.cf"),
        bytes.as_bytes(),
        &found.lines[line],
        range,
    );
    Help::new(says).at(place).to_string()
}

#[test]
fn the_place_is_marked_under_its_line() {
    let main = "a = b\nmessage_size_limit = 10O\n";
    assert_eq!(
        shown(main, 1, 21..24, "a whole number is expected"),
        "  --> main.cf, line 2, column 22\n   |\n 2 | message_size_limit = 10O\n   |                      ^^^ a whole number is expected\n"
    );
}

#[test]
fn continuation_lines_and_tabs_keep_their_columns() {
    let main = "a = b,\n# a comment\n\tc d\n";
    assert_eq!(
        shown(main, 0, 9..10, "x"),
        "  --> main.cf, line 3, column 4\n   |\n 3 | \tc d\n   | \t  ^ x\n"
    );
    // Past the end of the text: after its last letter.
    assert_eq!(
        shown("foo\n", 0, 3..4, "\"=\" is expected"),
        "  --> main.cf, line 1, column 4\n   |\n 1 | foo\n   |    ^ \"=\" is expected\n"
    );
}

#[test]
fn long_lines_are_shown_around_the_place() {
    let main = format!("a = {}X{}\n", "b".repeat(300), "c".repeat(300));
    let shown = shown(&main, 0, 304..305, "here");
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines[0].ends_with("column 305"));
    assert!(lines[2].len() < 120);
    assert_eq!(lines[2].find('X'), lines[3].find('^'));
}

#[test]
fn the_nearest_name_is_told() {
    let help = Help::unknown_parameter(
        "smtpd_recipient_restriction",
        crate::table::all().map(|spec| spec.name),
    );
    assert_eq!(
        help.to_string(),
        "  = unknown parameter `smtpd_recipient_restriction`; did you mean `smtpd_recipient_restrictions`?\n"
    );
}

proptest::proptest! {
    #[test]
    fn any_place_can_be_shown(text in "[ -~\tä]{1,300}", start in 0usize..400, width in 0usize..400) {
        let place = Place::in_text("-o", &text, start..start + width);
        let shown = Help::new("x").at(Some(place)).to_string();
        proptest::prop_assert_eq!(shown.lines().count(), 4);
    }
}
