//! ldap_table - the driver of `ldap:` tables, as ldap_table(5) describes them.
//!
//! A lookup is a search at the first of the servers in `server_host` that answers, and further ones where entries lead to others. Speaks
//! version 3 of the protocol only; follows no referrals; knows SASL's EXTERNAL only. Never changes a directory. Logs nothing by itself.

mod escape;
mod expand;
mod session;
mod settings;
mod url;

use std::process::ExitCode;

use driver::{Notes, Parameters, Results, Servers, Table, Template, Timing};

use expand::{Attributes, Expansion};
use session::{Access, Session};
use url::Search;

fn main() -> ExitCode {
    driver::main::<Ldap>()
}

struct Ldap {
    name: String,
    base: Template,
    filter: Template,
    search: Search,
    attributes: Attributes,
    results: Results,
    access: Access,
    servers: Servers<Session>,
}

impl Table for Ldap {
    fn open(parameters: &Parameters, notes: &mut Notes) -> Result<Self, String> {
        let filter = parameters.text("query_filter", "mailacceptinggeneralid=%s");
        settings::complain(parameters, notes);
        Ok(Self {
            name: parameters.table().to_owned(),
            base: parameters.template("search_base", parameters.text("search_base", ""))?,
            filter: parameters.template("query_filter", filter)?,
            search: settings::search(parameters)?,
            attributes: settings::attributes(parameters)?,
            results: Results::new(parameters)?,
            access: Access::new(parameters)?,
            servers: Servers::new(
                "ldap",
                settings::servers(parameters)?,
                Timing::new(parameters)?,
            )
            .in_order(),
        })
    }

    fn find(&self, key: &[u8], notes: &mut Notes) -> Result<Option<Vec<u8>>, String> {
        let of_table = |reason: String| format!("{}: {reason}", self.name);
        let base = self.base.query(key, escape::distinguished_name);
        let filter = self.filter.query(key, escape::filter);
        let (Some(base), Some(filter), Some(joined)) = (base, filter, self.results.of(key)) else {
            return Ok(None);
        };
        // Escaping leaves ASCII only, and the templates are text.
        let search = Search {
            base: String::from_utf8_lossy(&base).into_owned(),
            filter: String::from_utf8_lossy(&filter).into_owned(),
            ..self.search.clone()
        };
        let mut lines = Vec::new();
        let values = self.servers.run(
            notes,
            |server| Session::connect(server, &self.access),
            |session| {
                lines.clear();
                Expansion::new(&self.attributes, &mut lines).values(session, &search)
            },
        );
        lines.into_iter().for_each(|line| notes.add(of_table(line)));
        joined.all(values.map_err(of_table)?).map_err(of_table)
    }

    fn tidy(&self) {
        self.servers.tidy();
    }
}
