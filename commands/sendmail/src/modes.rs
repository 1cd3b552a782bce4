//! Becoming the program that does what was asked for: postqueue, postalias, postfix or smtpd.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use config::{Settings, params};

use crate::options::{Mode, Options};

/// `-C` counts for this program and all that it runs.
pub(crate) fn set_configuration(options: &Options) -> Result<(), String> {
    let Some(path) = &options.configuration else {
        return Ok(());
    };
    let directory = if path.is_file() {
        path.parent().unwrap_or(Path::new("."))
    } else {
        path
    };
    sys::process::set_environment("MAIL_CONFIG", directory.as_os_str())
        .map_err(|error| format!("-C {}: {error}", path.display()))
}

/// Replace this process; returns only when that fails.
pub(crate) fn become_program(options: &Options, settings: &Settings) -> Result<(), String> {
    let directories: params::core::Directories =
        settings.get().map_err(|error| error.to_string())?;
    let commands = PathBuf::from(directories.command_directory);
    let (program, mut words) = match &options.mode {
        Mode::List => (commands.join("postqueue"), words(&["-p"])),
        Mode::Flush => (commands.join("postqueue"), words(&["-f"])),
        Mode::FlushSite(site) => (commands.join("postqueue"), words(&["-s", site])),
        Mode::FlushMessage(id) => (commands.join("postqueue"), words(&["-i", id])),
        Mode::Daemon => (commands.join("postfix"), words(&["start"])),
        Mode::Aliases => (commands.join("postalias"), alias_words(options, settings)?),
        Mode::Smtp => {
            let daemons = PathBuf::from(directories.daemon_directory);
            (daemons.join("smtpd"), words(&["-S"]))
        }
        Mode::Deliver | Mode::Verify | Mode::Nothing => return Ok(()),
    };
    for _ in 1..options.verbose {
        words.insert(0, OsString::from("-v"));
    }
    let error = sys::process::exec(&program, &words);
    Err(format!("exec {}: {error}", program.display()))
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

fn alias_words(options: &Options, settings: &Settings) -> Result<Vec<OsString>, String> {
    let mut all = words(&["--"]);
    match &options.alias_database {
        Some(database) => all.push(database.into()),
        None => {
            let aliases: params::local::Aliases =
                settings.get().map_err(|error| error.to_string())?;
            all.extend(aliases.alias_database.iter().map(OsString::from));
        }
    }
    if all.len() == 1 {
        return Err("alias_database is empty: there is nothing to rebuild".to_owned());
    }
    Ok(all)
}
