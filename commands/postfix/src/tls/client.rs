//! enable-client.

use command::Fatal;

use super::openssl::OpenSsl;
use super::{CLIENT, is_all_default, options, tell, tell_reload, usage};
use crate::instance::Instance;

const SYNOPSIS: &str = "enable-client [-r devrandom]";

/// Turn on opportunistic TLS in the client, unless somebody has set it up already.
pub(super) fn enable(instance: &Instance, words: &[String]) -> Result<(), Fatal> {
    let arguments = options(words, "r:", SYNOPSIS)?;
    if !arguments.operands.is_empty() {
        return Err(usage(SYNOPSIS));
    }
    OpenSsl::find(instance)?;
    if !is_all_default(instance, &CLIENT) {
        tell(&[
            "*** Non-default SMTP client TLS settings detected, no changes made.",
            "For opportunistic TLS in the Postfix SMTP client, the below settings",
            "are typical:",
            "  smtp_tls_security_level = may",
            "  smtp_tls_loglevel = 1",
            "  smtp_tls_session_cache_database = lmdb:${data_directory}/smtp_scache",
        ]);
        return Ok(());
    }
    let data = &instance.directories.data_directory;
    let mut edits = vec![
        "smtp_tls_security_level = may".to_owned(),
        "smtp_tls_loglevel = 1".to_owned(),
        format!("smtp_tls_session_cache_database = lmdb:{data}/smtp_scache"),
    ];
    edits.push(random_source(&arguments));
    instance.edit(&edits)?;
    maillog::info!("Enabled opportunistic TLS in the Postfix SMTP client.");
    tell_reload();
    Ok(())
}

/// The setting of tls_random_source: the last `-r`, or the machine's own.
pub(super) fn random_source(arguments: &command::Arguments) -> String {
    let mut given = arguments.options.iter().rev();
    let given = given.find_map(|option| option.value.as_ref().filter(|_| option.letter == 'r'));
    let source = given.map_or("dev:/dev/urandom".into(), |value| value.to_string_lossy());
    format!("tls_random_source = {source}")
}
