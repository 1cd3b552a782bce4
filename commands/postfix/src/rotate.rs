//! logrotate: the log file gets a name with the time in it, and is compressed when nobody writes to it any more.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, SystemTime};

use command::Fatal;
use config::params::core::Logging;
use sys::nix::sys::signal::Signal;
use sys::time::{self, Local};

use crate::instance::Instance;

/// How long programs may go on writing to the old file.
const SETTLE: Duration = Duration::from_secs(1);

/// Rotate the log file of maillog_file.
pub(crate) fn run(instance: &Instance) -> Result<(), Fatal> {
    let logging: Logging = instance.settings.get()?;
    let file = logging.maillog_file.as_str();
    if file.is_empty() {
        return Err(Fatal::new(
            "empty 'maillog_file' parameter value - logfile rotation failed",
        ));
    }
    if file.starts_with("/dev/") {
        return Err(Fatal::new(format!("not rotating '{file}'")));
    }
    rotate(instance, &logging)
        .map_err(|reason| Fatal::new(format!("logfile '{file}' rotation failed: {reason}")))
}

fn rotate(instance: &Instance, logging: &Logging) -> Result<(), Fatal> {
    let file = logging.maillog_file.as_str();
    let rotated = format!("{file}.{}", stamped(&logging.maillog_file_rotate_suffix)?);
    if Path::new(&rotated).exists() {
        return Err(Fatal::new(format!("{rotated} exists")));
    }
    fs::rename(file, &rotated).map_err(|error| Fatal::io(format_args!("rename {file}"), &error))?;
    if let Some(pid) = instance.master()? {
        sys::process::signal(pid, Signal::SIGHUP)
            .map_err(|error| Fatal::io(format_args!("kill {pid}"), &error))?;
        thread::sleep(SETTLE);
    }
    let compressor = logging.maillog_file_compressor.as_str();
    let done = instance
        .program(compressor)
        .arg(&rotated)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Fatal::io(compressor, &error))?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    let said = said.lines().next().unwrap_or_default();
    Err(Fatal::new(format!(
        "{compressor} {rotated}: {}: {said}",
        done.status
    )))
}

fn stamped(format: &str) -> Result<String, Fatal> {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let seconds = i64::try_from(now.as_secs()).unwrap_or_default();
    let local = time::local(seconds).map_err(|error| Fatal::io("local time", &error))?;
    Ok(suffix(format, &local, seconds))
}

/// What strftime(3) makes of the format, for the conversions that names of files need; others stay as they are.
fn suffix(format: &str, time: &Local, seconds: i64) -> String {
    let mut text = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        match letters.next() {
            Some('Y') => text += &time.year.to_string(),
            Some('m') => text += &format!("{:02}", time.month),
            Some('d') => text += &format!("{:02}", time.day),
            Some('H') => text += &format!("{:02}", time.hour),
            Some('M') => text += &format!("{:02}", time.minute),
            Some('S') => text += &format!("{:02}", time.second),
            Some('s') => text += &seconds.to_string(),
            Some('F') => text += &format!("{}-{:02}-{:02}", time.year, time.month, time.day),
            Some('T') => text += &format!("{:02}:{:02}:{:02}", time.hour, time.minute, time.second),
            Some('%') => text.push('%'),
            Some(other) => text.extend(['%', other]),
            None => text.push('%'),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_time() {
        let time = time::local(1_600_000_000).unwrap();
        let text = suffix("%Y%m%d-%H%M%S", &time, 1_600_000_000);
        assert_eq!(text.len(), 15);
        assert!(text.starts_with("202009"));
        assert_eq!(suffix("%s%%%q", &time, 1_600_000_000), "1600000000%%q");
    }
}
