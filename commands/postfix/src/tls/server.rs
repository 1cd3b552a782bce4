//! enable-server, new-server-key, new-server-cert, deploy-server-cert.

use std::fs;
use std::path::{Path, PathBuf};

use command::{Arguments, Fatal};
use config::params::core::Names;

use super::client::random_source;
use super::keys::{self, Pair};
use super::openssl::{Algorithm, OpenSsl};
use super::{SERVER, is_all_default, options, tell, tell_reload, usage};
use crate::instance::Instance;

/// What kind of key is wanted, and for which hosts.
struct Wish {
    algorithm: Algorithm,
    bits: String,
    hosts: Vec<String>,
}

impl Wish {
    fn of(instance: &Instance, arguments: &Arguments) -> Result<Self, Fatal> {
        let value = |letter| {
            let mut options = arguments.options.iter().rev();
            let found = options.find(|option| option.letter == letter);
            found.and_then(|option| option.value.as_ref())
        };
        let algorithm = match value('a') {
            None => Algorithm::Rsa,
            Some(name) => {
                let name = name.to_string_lossy();
                Algorithm::parse(&name).ok_or_else(|| {
                    Fatal::new(format!("Unsupported public key algorithm: {name}"))
                })?
            }
        };
        let bits = value('b').map_or(algorithm.usual_bits().into(), |bits| bits.to_string_lossy());
        Ok(Self {
            algorithm,
            bits: bits.into_owned(),
            hosts: hosts(instance, &arguments.operands)?,
        })
    }
}

/// The hosts that were named, or this one.
pub(super) fn hosts(
    instance: &Instance,
    operands: &[std::ffi::OsString],
) -> Result<Vec<String>, Fatal> {
    if operands.is_empty() {
        return Ok(vec![instance.settings.get::<Names>()?.myhostname]);
    }
    let mut hosts = Vec::new();
    for host in operands {
        let host = host.to_string_lossy().into_owned();
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_*".contains(c);
        if host.is_empty() || !host.chars().all(plain) {
            return Err(Fatal::new(format!("bad hostname: '{host}'")));
        }
        hosts.push(host);
    }
    Ok(hosts)
}

/// Turn on opportunistic TLS in the server, with a new key, unless somebody has set it up already.
pub(super) fn enable(instance: &Instance, words: &[String]) -> Result<(), Fatal> {
    const SYNOPSIS: &str = "enable-server [-a algorithm] [-b bits ] [-r devrandom] [hostname ...]";
    let arguments = options(words, "r:a:b:", SYNOPSIS)?;
    let openssl = OpenSsl::find(instance)?;
    if !is_all_default(instance, &SERVER) {
        tell(&[
            "*** Non-default SMTP server TLS settings detected, no changes made.",
            "For opportunistic TLS in the Postfix SMTP server, the below settings",
            "are typical:",
            "  smtpd_tls_security_level = may",
            "  smtpd_tls_loglevel = 1",
            "You can use \"postfix tls new-server-cert\" to create a new certificate.",
            "Or, \"postfix tls new-server-key\" to also force a new private key.",
            "If you publish DANE TLSA records, see:",
            "  https://tools.ietf.org/html/rfc7671#section-8",
            "  https://tools.ietf.org/html/rfc7671#section-5.1",
            "  https://tools.ietf.org/html/rfc7671#section-5.2",
            "  https://community.letsencrypt.org/t/please-avoid-3-0-1-and-3-0-2-dane-tlsa-records-with-le-certificates/7022",
        ]);
        return Ok(());
    }
    let wish = Wish::of(instance, &arguments)?;
    let pair = Pair::named(instance.settings.directory(), wish.algorithm)?;
    let key = keys::generate(&openssl, wish.algorithm, &wish.bits)?;
    pair.write(&openssl, &key, &wish.hosts)?;
    let (certificate, key) = (pair.certificate.display(), pair.key.display());
    let mut edits = deployed(wish.algorithm, &pair);
    edits.extend([
        "smtpd_tls_security_level = may".to_owned(),
        "smtpd_tls_received_header = yes".to_owned(),
        "smtpd_tls_loglevel = 1".to_owned(),
        random_source(&arguments),
    ]);
    instance.edit(&edits)?;
    tell(&[
        "Enabled opportunistic TLS in the Postfix SMTP server",
        "New TLS private key and certificate deployed.",
    ]);
    tell_reload();
    maillog::info!("To generate a CSR run:");
    maillog::info!("  # postfix tls output-server-csr -k {key} [<hostname> ...]");
    maillog::info!("Save the signed certificate chain in {certificate}.");
    tell(&[
        "To generate TLSA records run:",
        "  # postfix tls output-server-tlsa [-h <hostname>] ",
        "(If you have DANE TLSA RRs, update them as soon as possible to match",
        "the newly deployed keys).",
    ]);
    Ok(())
}

/// A new key with its certificate; nothing uses them yet.
pub(super) fn new_key(instance: &Instance, words: &[String]) -> Result<(), Fatal> {
    const SYNOPSIS: &str = "new-server-key [-a algorithm] [-b bits ] [hostname ...]";
    let arguments = options(words, "a:b:", SYNOPSIS)?;
    let openssl = OpenSsl::find(instance)?;
    let wish = Wish::of(instance, &arguments)?;
    let pair = Pair::named(instance.settings.directory(), wish.algorithm)?;
    let key = keys::generate(&openssl, wish.algorithm, &wish.bits)?;
    pair.write(&openssl, &key, &wish.hosts)?;
    tell_created(&pair, true);
    Ok(())
}

/// A new certificate for the key that is in use, or for a new one where there is none.
pub(super) fn new_cert(instance: &Instance, words: &[String]) -> Result<(), Fatal> {
    const SYNOPSIS: &str = "new-server-cert [-a algorithm] [-b bits ] [hostname ...]";
    let arguments = options(words, "a:b:", SYNOPSIS)?;
    let openssl = OpenSsl::find(instance)?;
    let wish = Wish::of(instance, &arguments)?;
    let pair = Pair::named(instance.settings.directory(), wish.algorithm)?;
    let used = key_in_use(instance, wish.algorithm)?;
    let is_new = used.is_none();
    let key = match used {
        Some(path) => private_part(&openssl, &path)?,
        None => keys::generate(&openssl, wish.algorithm, &wish.bits)?,
    };
    pair.write(&openssl, &key, &wish.hosts)?;
    tell_created(&pair, is_new);
    Ok(())
}

/// The key without what else may be in its file, such as certificates.
fn private_part(openssl: &OpenSsl<'_>, path: &Path) -> Result<Vec<u8>, Fatal> {
    let bytes = fs::read(path).map_err(|error| Fatal::io(path.display(), &error))?;
    openssl.run(&["pkey"], &bytes).map_err(|_| no_key(path))
}

fn no_key(path: &Path) -> Fatal {
    Fatal::new(format!("no private key found in file: {}", path.display()))
}

/// Where main.cf says that the server's key of this kind is.
pub(super) fn key_in_use(
    instance: &Instance,
    algorithm: Algorithm,
) -> Result<Option<PathBuf>, Fatal> {
    let (_, parameter) = algorithm.parameters();
    let file = instance.settings.text(parameter)?.unwrap_or_default();
    Ok(match file.as_str() {
        "" | "none" => None,
        file => Some(placed(instance, file)),
    })
}

/// A file that may be named relative to the configuration directory.
pub(super) fn placed(instance: &Instance, file: &str) -> PathBuf {
    instance.settings.directory().join(file)
}

/// The digest of a key file, or why there is none.
pub(super) fn key_digest(openssl: &OpenSsl<'_>, path: &Path) -> Result<String, Fatal> {
    openssl.digest_of_key(path).ok_or_else(|| no_key(path))
}

fn deployed(algorithm: Algorithm, pair: &Pair) -> Vec<String> {
    let (certificate, key) = algorithm.parameters();
    vec![
        format!("{certificate} = {}", pair.certificate.display()),
        format!("{key} = {}", pair.key.display()),
    ]
}

fn tell_created(pair: &Pair, is_new: bool) {
    let (certificate, key) = (pair.certificate.display(), pair.key.display());
    maillog::info!("New private key and self-signed certificate created. To deploy run:");
    maillog::info!("  # postfix tls deploy-server-cert {certificate} {key}");
    maillog::info!("To generate a CSR run:");
    maillog::info!("  # postfix tls output-server-csr -k {key} [<hostname> ...]");
    maillog::info!("Save the signed certificate chain in {certificate}, and deploy as above.");
    maillog::info!("To generate TLSA records run:");
    maillog::info!("  # postfix tls output-server-tlsa [-h <hostname>] {key}");
    if is_new {
        maillog::info!("(deploy after updating the DNS and waiting for stale RRs to expire).");
    }
}

/// Make main.cf name a certificate and its key.
pub(super) fn deploy_given(instance: &Instance, words: &[String]) -> Result<(), Fatal> {
    let [certificate, key] = words else {
        return Err(usage("deploy-server-cert certfile keyfile"));
    };
    let openssl = OpenSsl::find(instance)?;
    let pair = Pair {
        certificate: placed(instance, certificate),
        key: placed(instance, key),
    };
    let of_key = key_digest(&openssl, &pair.key)?;
    let of_certificate = openssl
        .digest_of_certificate(&pair.certificate)
        .ok_or_else(|| Fatal::new("error computing certificate public key digest"))?;
    if of_key != of_certificate {
        return Err(Fatal::new(format!(
            "Certificate in {} does not match key in {}",
            pair.certificate.display(),
            pair.key.display()
        )));
    }
    let algorithm = openssl.algorithm_of(&pair.key).ok_or_else(|| {
        Fatal::new(format!(
            "neither an RSA nor an ECDSA key: {}",
            pair.key.display()
        ))
    })?;
    instance.edit(&deployed(algorithm, &pair))?;
    maillog::info!("New TLS private key and certificate deployed.");
    tell_reload();
    Ok(())
}
