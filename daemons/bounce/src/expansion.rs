//! `$name` in the texts of notices: parameters of main.cf, and two times in the unit that their name ends with.

use std::time::Duration;

use config::{Error, Settings, params};
use text::expand::expand;

use crate::template::{Template, Templates};

/// The templates as main.cf wants them, expanded. A wrong file leaves the built-in texts, with a warning.
pub(crate) fn templates(settings: &Settings) -> Result<Templates, Error> {
    let reports: params::bounce::Reports = settings.get()?;
    let times: params::qmgr::Times = settings.get()?;
    let mut templates = Templates::default();
    let path = reports.bounce_template_file;
    if !path.is_empty() {
        let mut own = templates.clone();
        let read = match std::fs::read(&path) {
            Ok(bytes) => own
                .read(&String::from_utf8_lossy(&bytes))
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match read {
            Ok(()) => templates = own,
            Err(error) => maillog::warning!(
                "bounce_template_file: {path}: {error} -- using the built-in templates"
            ),
        }
    }
    for template in templates.each() {
        fill(template, settings, &times);
    }
    Ok(templates)
}

fn fill(template: &mut Template, settings: &Settings, times: &params::qmgr::Times) {
    let mut names = |name: &[u8]| {
        let name = std::str::from_utf8(name).ok()?;
        let value = in_unit(name, "delay_warning_time_", times.delay_warning_time).or_else(|| {
            in_unit(
                name,
                "maximal_queue_lifetime_",
                times.maximal_queue_lifetime,
            )
        });
        let value = value.or_else(|| settings.text(name).ok().flatten());
        if value.is_none() {
            maillog::warning!("bounce template: unknown parameter: {name}");
        }
        value.map(String::into_bytes)
    };
    for line in &mut template.text {
        match expand(line.as_bytes(), &mut names) {
            Ok(bytes) => *line = String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => maillog::warning!("bounce template: {error}"),
        }
    }
}

/// A time in the unit that a name ends with.
fn in_unit(name: &str, prefix: &str, time: Duration) -> Option<String> {
    let unit = match name.strip_prefix(prefix)? {
        "seconds" => 1,
        "minutes" => 60,
        "hours" => 3_600,
        "days" => 86_400,
        "weeks" => 604_800,
        _ => return None,
    };
    Some((time.as_secs() / unit).to_string())
}
