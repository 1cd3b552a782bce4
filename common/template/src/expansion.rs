//! `$name` in the texts of notices: parameters of main.cf, and two times in the unit that their name ends with.

use std::time::Duration;

use config::{Error, Settings, params};
use text::expand;

use crate::templates::{TemplateError, Templates};

/// The templates of a file, unexpanded; those of an empty path are built in.
pub fn load(path: &str) -> Result<Templates, TemplateError> {
    let mut templates = Templates::default();
    if path.is_empty() {
        return Ok(templates);
    }
    path.clone_into(&mut templates.origin);
    let bytes = std::fs::read(path).map_err(|error| TemplateError::Unreadable {
        path: path.to_owned(),
        reason: sys::reason(&error),
    })?;
    templates.read(&String::from_utf8_lossy(&bytes))?;
    Ok(templates)
}

/// The same with `$name` replaced. The first error is of main.cf, the second of the templates.
pub fn expand(
    mut templates: Templates,
    settings: &Settings,
) -> Result<Result<Templates, TemplateError>, Error> {
    let mut names = Names {
        settings,
        times: settings.get()?,
        origin: templates.origin.clone(),
        template: "",
        is_undefined: false,
    };
    for template in templates.each_mut() {
        names.template = template.name;
        for line in &mut template.text {
            let expanded = expand::expand(line.as_bytes(), &mut |name: &[u8]| names.value(name));
            let origin = names.origin.clone();
            let (template, text) = (names.template, line.clone());
            match expanded {
                Ok(bytes) if !names.is_undefined => {
                    *line = String::from_utf8_lossy(&bytes).into_owned();
                }
                Ok(_) => {
                    return Ok(Err(TemplateError::Undefined {
                        origin,
                        template,
                        text,
                    }));
                }
                Err(error) => {
                    maillog::warning!("{error}");
                    return Ok(Err(TemplateError::Syntax {
                        origin,
                        template,
                        text,
                    }));
                }
            }
        }
    }
    Ok(Ok(templates))
}

/// Where names get their values from.
struct Names<'a> {
    settings: &'a Settings,
    times: params::qmgr::Times,
    origin: String,
    template: &'static str,
    /// Some name meant nothing.
    is_undefined: bool,
}

/// Times of this many units are better said in a larger one.
const EXCESSIVE: u64 = 1000;

impl Names<'_> {
    fn value(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(name).ok();
        let value = text.and_then(|name| self.text(name));
        self.is_undefined |= value.is_none();
        value.map(String::into_bytes)
    }

    fn text(&self, name: &str) -> Option<String> {
        let times = [
            ("delay_warning_time_", self.times.delay_warning_time),
            ("maximal_queue_lifetime_", self.times.maximal_queue_lifetime),
        ];
        for (prefix, time) in times {
            if let Some(unit) = name.strip_prefix(prefix)
                && let Some(seconds) = seconds(unit)
            {
                return Some(self.in_unit(name, unit, time, seconds));
            }
        }
        self.settings.text(name).ok().flatten()
    }

    /// A time in the unit that a name ends with; a unit that does not fit is warned of.
    fn in_unit(&self, name: &str, unit: &str, time: Duration, seconds: u64) -> String {
        let result = time.as_secs() / seconds;
        if result == 0 && !time.is_zero() {
            self.warn("zero result", "reduce", name, unit);
        } else if result >= EXCESSIVE {
            let what = format!("excessive result \"{result}\"");
            self.warn(&what, "increase", name, unit);
        }
        result.to_string()
    }

    fn warn(&self, what: &str, change: &str, name: &str, unit: &str) {
        let Self {
            origin, template, ..
        } = self;
        maillog::warning!(
            "{origin}: {what} in {template} template conversion of parameter \"{name}\""
        );
        maillog::warning!(
            "please {change} time unit \"{unit}\" of \"{name}\" in {template} template"
        );
        maillog::warning!("for instructions see the bounce(5) manual");
    }
}

fn seconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "seconds" => 1,
        "minutes" => 60,
        "hours" => 3_600,
        "days" => 86_400,
        "weeks" => 604_800,
        _ => return None,
    })
}
