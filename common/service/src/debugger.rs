//! `-D`: the administrator's `debugger_command`, run once the program is ready to be looked at.
//!
//! The command is the shell's, with the rights that the daemon has at its start. The daemon goes on when the command
//! ends, so a command that leaves a debugger in the background ends in `sleep`. It inherits standard input, output and
//! error only. Logs the command.

use config::{Settings, params};

use crate::Fatal;

pub(crate) fn run(settings: &Settings) -> Result<(), Fatal> {
    let debug: params::core::Debug = settings.get()?;
    let command = debug.debugger_command.trim();
    if command.is_empty() {
        return Err(Fatal::new(
            "option -D: debugger_command is empty; set it in main.cf, or leave -D out",
        ));
    }
    maillog::info!("running: {command}");
    let ended =
        sys::process::debug(command).map_err(|error| Fatal::io("run debugger_command", &error))?;
    if !ended.success() {
        maillog::warning!("debugger_command: {ended}");
    }
    Ok(())
}
