//! `postfix tls`: opportunistic TLS for client and server, and the server's keys and certificates (postfix-tls(1)).
//!
//! Keys and certificates are made by openssl(1), settings are written by postconf(1). Logs as `postfix/postfix-tls-script`.

mod client;
mod keys;
mod openssl;
mod records;
mod server;

use std::process::ExitCode;

use command::Fatal;

use crate::instance::Instance;

const COMMANDS: &str = "enable-client (or enable-server, new-server-key, new-server-cert, deploy-server-cert, output-server-csr, output-server-tlsa, all-default-client, all-default-server)";

/// Settings that say that somebody has thought about TLS in the client.
const CLIENT: [&str; 8] = [
    "smtp_use_tls",
    "smtp_enforce_tls",
    "smtp_tls_enforce_peername",
    "smtp_tls_security_level",
    "smtp_tls_cert_file",
    "smtp_tls_dcert_file",
    "smtp_tls_eccert_file",
    "smtp_tls_chain_files",
];

/// The same in the server.
const SERVER: [&str; 7] = [
    "smtpd_use_tls",
    "smtpd_enforce_tls",
    "smtpd_tls_security_level",
    "smtpd_tls_cert_file",
    "smtpd_tls_dcert_file",
    "smtpd_tls_eccert_file",
    "smtpd_tls_chain_files",
];

/// Do what the first word says.
pub(crate) fn run(instance: &Instance, words: &[String]) -> Result<ExitCode, Fatal> {
    instance.log_as("postfix-tls-script")?;
    let (word, rest) = match words {
        [word, rest @ ..] => (word.as_str(), rest),
        [] => ("", words),
    };
    let done = |()| ExitCode::SUCCESS;
    match word {
        "all-default-client" => all_default(instance, word, rest, &CLIENT),
        "all-default-server" => all_default(instance, word, rest, &SERVER),
        "enable-client" => client::enable(instance, rest).map(done),
        "enable-server" => server::enable(instance, rest).map(done),
        "new-server-key" => server::new_key(instance, rest).map(done),
        "new-server-cert" => server::new_cert(instance, rest).map(done),
        "deploy-server-cert" => server::deploy_given(instance, rest).map(done),
        "output-server-csr" => records::csr(instance, rest).map(done),
        "output-server-tlsa" => records::tlsa(instance, rest).map(done),
        _ => {
            maillog::error!("unknown tls command: '{word}'");
            Err(usage(COMMANDS))
        }
    }
}

fn usage(synopsis: &str) -> Fatal {
    Fatal::new(format!("usage: postfix tls {synopsis}"))
}

/// Options of a sub-command as getopt reads them; the synopsis is what a mistake is answered with.
fn options(words: &[String], letters: &str, synopsis: &str) -> Result<command::Arguments, Fatal> {
    command::options(words.iter().map(Into::into), letters).map_err(|_| usage(synopsis))
}

fn all_default(
    instance: &Instance,
    word: &str,
    rest: &[String],
    names: &[&str],
) -> Result<ExitCode, Fatal> {
    if !rest.is_empty() {
        return Err(usage(word));
    }
    Ok(if is_all_default(instance, names) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whether main.cf says nothing about these, not even the stock value; an empty one counts as nothing.
fn is_all_default(instance: &Instance, names: &[&str]) -> bool {
    let set = |name: &&str| instance.settings.set(name);
    names
        .iter()
        .filter_map(set)
        .all(|value| value.trim().is_empty())
}

fn tell(lines: &[&str]) {
    for line in lines {
        maillog::info!("{line}");
    }
}

/// How new settings come into force.
fn tell_reload() {
    tell(&[
        "Run the command:",
        "  # postfix reload",
        "if you want the new settings to take effect immediately.",
    ]);
}
