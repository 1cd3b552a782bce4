//! The texts of notices (-b, -t), as bounce(8) has them.

use std::io::{self, Write};

use config::{Explained, Loader, params};
use template::Templates;

use crate::main_cf;
use crate::options::Options;

/// Print the templates, with `$name` replaced or as they are.
pub(crate) fn run(options: &Options, expanded: bool) -> Result<(), Explained> {
    let main = main_cf::main_cf(options)?;
    let settings = Loader::new("postconf").over(options.directory.clone(), main);
    let path = match options.words.first() {
        Some(path) => path.clone(),
        None => {
            let reports: params::bounce::Reports = settings.get()?;
            reports.bounce_template_file
        }
    };
    let mut templates = template::load(&path).map_err(|error| error.to_string())?;
    if expanded {
        templates = template::expand(templates, &settings)?.map_err(|error| error.to_string())?;
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    print(&mut out, &templates, expanded)
        .and_then(|()| out.flush())
        .map_err(|error| format!("write: {}", sys::reason(&error)).into())
}

fn print(out: &mut impl Write, templates: &Templates, expanded: bool) -> io::Result<()> {
    for (at, template) in templates.each().into_iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        if expanded {
            writeln!(out, "expanded_{}_text = <<EOF", template.name)?;
        } else {
            writeln!(out, "{}_template = <<EOF", template.name)?;
            writeln!(out, "Charset: {}", template.charset)?;
            writeln!(out, "From: {}", template.from)?;
            writeln!(out, "Subject: {}", template.subject)?;
            if !template.postmaster_subject.is_empty() {
                writeln!(out, "Postmaster-Subject: {}", template.postmaster_subject)?;
            }
            writeln!(out)?;
        }
        for line in &template.text {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "EOF")?;
    }
    Ok(())
}
