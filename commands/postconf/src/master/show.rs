//! Listing entries, fields and parameters.

use std::collections::BTreeMap;
use std::io::{self, Write};

use config::help::Help;
use config::master_cf::FIELDS;
use config::{Explained, Loader, MainCf, Settings};

use super::pattern::Pattern;
use crate::known::{self, Known};
use crate::main_cf;
use crate::options::{Options, Part};
use crate::print;
use crate::services::{self, Missing, Service};

/// List what the command line asks for.
pub(super) fn run(options: &Options, part: Part) -> Result<(), Explained> {
    let overrides = main_cf::overrides(options)?;
    let services = services::read(&options.directory, Missing::Error)?;
    let main = main_cf::main_cf(options)?;
    let set = known::set(&main, &overrides);
    let settings = main_cf::settings(options, main.clone())?;
    let known = Known::stock(&services).with_users(&set, &services, &settings)?;
    known.warn_undefined(&options.directory);
    let mut requests = requests(options, part)?;
    let listing = Listing {
        part,
        options,
        main: &main,
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    for service in &services {
        let mut shown = None;
        for (pattern, is_used) in &mut requests {
            if pattern.matches(service) {
                let service = match &shown {
                    Some(service) => service,
                    None => shown.insert(listing.shown(service)?),
                };
                *is_used |= listing.print(&mut out, service, pattern)?;
            }
        }
    }
    out.flush().map_err(|error| write_failed(&error))?;
    for (word, _) in options
        .words
        .iter()
        .zip(&requests)
        .filter(|(_, (_, is_used))| !is_used)
    {
        maillog::warning!("unmatched request: \"{word}\"");
    }
    known.warn_services(&options.directory, &services, options.quiet);
    Ok(())
}

/// The requests of the command line, or one for everything, and whether they matched anything.
fn requests(options: &Options, part: Part) -> Result<Vec<(Pattern, bool)>, Explained> {
    let (most, form) = match part {
        Part::Fields => (3, "-F option requires service_name[/type[/field]]"),
        Part::Parameters => (3, "-P option requires service_name[/type[/parameter]]"),
        Part::Entries => (2, "-M option requires service_name[/type]"),
    };
    if options.words.is_empty() {
        return Ok(Pattern::parse("*", 1)
            .map(|any| (any, true))
            .into_iter()
            .collect());
    }
    let mut requests = Vec::new();
    for word in &options.words {
        let pattern = Pattern::parse(word, most).ok_or_else(|| Explained::from(form))?;
        if let Some(item) = &pattern.item
            && part == Part::Fields
        {
            field(item)?;
        }
        requests.push((pattern, false));
    }
    Ok(requests)
}

/// Which field that is.
pub(super) fn field(name: &str) -> Result<usize, Explained> {
    FIELDS
        .iter()
        .position(|field| *field == name)
        .ok_or_else(|| {
            let text = format!("invalid service attribute name: \"{name}\"");
            Explained {
                text,
                help: Some(Help::unknown("field", name, FIELDS).into()),
            }
        })
}

struct Listing<'a> {
    part: Part,
    options: &'a Options,
    main: &'a MainCf,
}

impl Listing<'_> {
    /// The service as it is printed: with -x, `$name` is replaced as its program would see it.
    fn shown(&self, service: &Service) -> Result<Service, Explained> {
        let mut result = service.clone();
        if !self.options.expand {
            return Ok(result);
        }
        let settings = self.scope(service)?;
        for at in service.override_places() {
            if let Some(argument) = result.entry.arguments.get_mut(at) {
                *argument = settings.expand(argument).map_err(main_cf::not_expanded)?;
            }
        }
        Ok(result)
    }

    fn scope(&self, service: &Service) -> Result<Settings, Explained> {
        let mut loader = Loader::new(service.program()).service(service.name());
        for (name, value) in service.overrides() {
            loader = loader.set(&format!("{name}={value}"))?;
        }
        for assignment in &self.options.overrides {
            loader = loader.set(assignment)?;
        }
        Ok(loader.over(self.options.directory.clone(), self.main.clone()))
    }

    /// Print what a request wants of a service; `false` if there is nothing.
    fn print(
        &self,
        out: &mut impl Write,
        service: &Service,
        pattern: &Pattern,
    ) -> Result<bool, Explained> {
        match self.part {
            Part::Fields => self.fields(out, service, pattern),
            Part::Parameters => self.parameters(out, service, pattern),
            Part::Entries => self.entry(out, service).map(|()| true),
        }
        .map_err(|error| write_failed(&error))
    }

    fn entry(&self, out: &mut impl Write, service: &Service) -> io::Result<()> {
        if !self.options.json {
            return writeln!(out, "{}", super::line(service, self.options.fold));
        }
        let command = super::command(service, "", false);
        let values = service.entry.fields[..7].iter().chain([&command]);
        let members: Vec<(&str, &str)> =
            FIELDS.into_iter().zip(values.map(String::as_str)).collect();
        print::object(out, &members)
    }

    fn fields(
        &self,
        out: &mut impl Write,
        service: &Service,
        pattern: &Pattern,
    ) -> io::Result<bool> {
        let options = self.options;
        for (field, value) in FIELDS.into_iter().zip(&service.entry.fields) {
            if !pattern.wants(field) {
                continue;
            }
            let name = format!("{}/{}/{field}", service.name(), service.kind());
            if field != "command" {
                print::setting(out, &name, value, options)?;
            } else if options.hide_values {
                writeln!(out, "{name}")?;
            } else if options.json {
                print::object(out, &[(&name, &super::command(service, "", false))])?;
            } else {
                let before = if options.hide_names {
                    String::new()
                } else {
                    format!("{name} = ")
                };
                writeln!(out, "{}", super::command(service, &before, options.fold))?;
            }
        }
        Ok(true)
    }

    fn parameters(
        &self,
        out: &mut impl Write,
        service: &Service,
        pattern: &Pattern,
    ) -> io::Result<bool> {
        let mut any = false;
        for (parameter, value) in service.overrides().collect::<BTreeMap<_, _>>() {
            if pattern.wants(parameter) {
                let name = format!("{}/{}/{parameter}", service.name(), service.kind());
                print::setting(out, &name, value, self.options)?;
                any = true;
            }
        }
        Ok(any)
    }
}

fn write_failed(error: &io::Error) -> Explained {
    format!("write: {}", sys::reason(error)).into()
}
