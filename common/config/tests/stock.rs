//! The stock values of the whole table, against a list that is read when one changes: `stock.txt`, sorted,
//! one `name = value` a line, unexpanded.

use std::fmt::Write;

use config::table;
use expect_test::expect_file;

#[test]
fn stock_values_are_those_of_the_list() {
    let mut specs: Vec<_> = table::all().collect();
    specs.sort_by_key(|spec| spec.name);
    let mut list = String::new();
    for spec in &specs {
        writeln!(list, "{} = {}", spec.name, spec.default).unwrap();
    }
    expect_file!["./stock.txt"].assert_eq(&list);
}

#[test]
fn every_name_is_declared_once() {
    let mut names: Vec<_> = table::all().map(|spec| spec.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    let is_known = |name: &str| table::find(name).is_some();
    assert!(
        table::legacy_names()
            .iter()
            .all(|legacy| is_known(legacy.instead) && !is_known(legacy.name))
    );
    assert!(
        names
            .iter()
            .all(|name| table::find(name).is_some_and(|spec| spec.name == *name))
    );
}
