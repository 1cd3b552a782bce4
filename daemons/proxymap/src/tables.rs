//! The open tables, shared by all clients.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use lookup::{OpenOptions, Purpose, Table};

/// Tables by name, by whether they fold the case of keys, and by whether results may hold parts of them.
pub(crate) struct Tables {
    options: OpenOptions,
    open: RefCell<HashMap<(String, bool, bool), Rc<Table>>>,
}

impl Tables {
    pub(crate) fn new(options: OpenOptions) -> Self {
        Self {
            options,
            open: RefCell::default(),
        }
    }

    /// Open a table in every way, while files can still be opened.
    pub(crate) fn prepare(&self, name: &str) {
        for fold in [true, false] {
            for substitution in [true, false] {
                self.get(name, fold, substitution);
            }
        }
    }

    /// The table; one that cannot be opened fails each lookup.
    pub(crate) fn get(&self, name: &str, fold: bool, substitution: bool) -> Rc<Table> {
        let mut open = self.open.borrow_mut();
        let table = open
            .entry((name.to_owned(), fold, substitution))
            .or_insert_with(|| {
                let purpose = match substitution {
                    true => Purpose::Plain,
                    false => Purpose::Routing,
                };
                let options = OpenOptions {
                    fold,
                    purpose,
                    ..self.options.clone()
                };
                Rc::new(Table::open_or_unavailable(name, &options))
            });
        Rc::clone(table)
    }
}
