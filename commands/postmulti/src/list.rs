//! `-l`: the instances, one on a line.

use std::io::{self, Write};
use std::process::ExitCode;

use command::Fatal;

use crate::family::Family;
use crate::instance::Instance;
use crate::options::Request;

/// Print name, group, whether it is enabled, and directory of each.
pub(crate) fn print(family: &Family, request: &Request, json: bool) -> Result<ExitCode, Fatal> {
    let line = if json { object } else { columns };
    let text: String = family.selected(request).into_iter().map(line).collect();
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Fatal::io("write output", &error))?;
    Ok(ExitCode::SUCCESS)
}

fn columns(instance: &Instance) -> String {
    let or_none = |text: &str| if text.is_empty() { "-" } else { text }.to_owned();
    format!(
        "{:<15} {:<15} {:<9} {}\n",
        or_none(&instance.name),
        or_none(&instance.group),
        if instance.enabled { "y" } else { "n" },
        instance.config
    )
}

fn object(instance: &Instance) -> String {
    let text = |text: &str| serde_json::Value::from(text);
    format!(
        "{{\"name\": {}, \"group\": {}, \"enabled\": {}, \"config_directory\": {}}}\n",
        text(&instance.name),
        text(&instance.group),
        instance.enabled,
        text(&instance.config)
    )
}
