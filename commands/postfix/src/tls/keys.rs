//! New keys, certificates and signing requests: the files, their names, and what is written in them.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use command::Fatal;

use super::openssl::{Algorithm, OpenSsl};

/// A key and a certificate in files.
pub(super) struct Pair {
    pub(super) key: PathBuf,
    pub(super) certificate: PathBuf,
}

/// Days until a self-signed certificate ends: a hundred years, as nobody looks at it.
const DAYS: &str = "36525";

impl Pair {
    /// Names that no pair has yet, with the time in them.
    pub(super) fn named(folder: &Path, algorithm: Algorithm) -> Result<Self, Fatal> {
        let prefix = algorithm.prefix();
        let stamp = stamp(SystemTime::now());
        let pair = Self {
            key: folder.join(format!("{prefix}key-{stamp}.pem")),
            certificate: folder.join(format!("{prefix}cert-{stamp}.pem")),
        };
        for (what, path) in [
            ("private key", &pair.key),
            ("certificate", &pair.certificate),
        ] {
            if path.exists() {
                return Err(Fatal::new(format!(
                    "New {what} file already exists: {}",
                    path.display()
                )));
            }
        }
        Ok(pair)
    }

    /// Write the key for root alone, and a certificate that it has signed itself.
    pub(super) fn write(
        &self,
        openssl: &OpenSsl<'_>,
        key: &[u8],
        hosts: &[String],
    ) -> Result<(), Fatal> {
        let failed = |path: &Path, error: &io::Error| Fatal::io(path.display(), error);
        save(&self.key, key, 0o600).map_err(|error| failed(&self.key, &error))?;
        let certificate = self_signed(openssl, &self.key, hosts);
        let saved = certificate.and_then(|certificate| {
            save(&self.certificate, &certificate, 0o644)
                .map_err(|error| failed(&self.certificate, &error))
        });
        if saved.is_err() {
            // A key without its certificate is of no use.
            let _ = std::fs::remove_file(&self.key);
        }
        saved
    }
}

/// A new private key.
pub(super) fn generate(
    openssl: &OpenSsl<'_>,
    algorithm: Algorithm,
    bits: &str,
) -> Result<Vec<u8>, Fatal> {
    let curve = if bits == "secp256r1" {
        "prime256v1"
    } else {
        bits
    };
    let made = match algorithm {
        Algorithm::Rsa => openssl.run(&["genrsa", bits], b""),
        Algorithm::Ecdsa => openssl.run(
            &[
                "ecparam",
                "-param_enc",
                "named_curve",
                "-genkey",
                "-name",
                curve,
            ],
            b"",
        ),
    };
    made.map_err(|_| {
        let name = algorithm.name();
        Fatal::new(format!("error generating new {name} {bits} private key"))
    })
}

fn self_signed(openssl: &OpenSsl<'_>, key: &Path, hosts: &[String]) -> Result<Vec<u8>, Fatal> {
    let file = key.display().to_string();
    let mut subject = vec![format!("CN = {}", hosts[0])];
    subject.insert(0, "[name]".to_owned());
    let configuration = configuration(&subject, hosts, true);
    let arguments = [
        "req",
        "-x509",
        "-new",
        "-sha256",
        "-batch",
        "-days",
        DAYS,
        "-config",
        "/dev/stdin",
        "-key",
        &file,
    ];
    openssl
        .run(&arguments, configuration.as_bytes())
        .map_err(|_| Fatal::new("error generating self-signed SSL certificate"))
}

/// A certificate signing request, for the hosts but without a name.
pub(super) fn request(
    openssl: &OpenSsl<'_>,
    key: &Path,
    hosts: &[String],
) -> Result<Vec<u8>, Fatal> {
    let file = key.display().to_string();
    let configuration = configuration(&["[name]".to_owned()], hosts, false);
    let arguments = [
        "req",
        "-new",
        "-sha256",
        "-batch",
        "-subj",
        "/",
        "-config",
        "/dev/stdin",
        "-key",
        &file,
    ];
    openssl
        .run(&arguments, configuration.as_bytes())
        .map_err(|_| Fatal::new("error generating certificate signing request"))
}

/// The file that tells openssl what to write into a certificate or a request.
fn configuration(subject: &[String], hosts: &[String], certificate: bool) -> String {
    let names: Vec<_> = hosts.iter().map(|host| format!("DNS:{host}")).collect();
    let names = names.join(", ");
    let extensions = if certificate {
        "x509_extensions"
    } else {
        "req_extensions"
    };
    let limits = if certificate {
        "basicConstraints = CA:false\n"
    } else {
        ""
    };
    format!(
        "[req]\nprompt = no\ndistinguished_name = name\n{extensions} = more\n\
         {}\n\
         [more]\n{limits}subjectKeyIdentifier = hash\n\
         extendedKeyUsage = serverAuth, clientAuth\nsubjectAltName = {names}\n",
        subject.join("\n")
    )
}

fn save(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// `yyyymmdd-hhmmss` in UTC.
fn stamp(time: SystemTime) -> String {
    let seconds = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let (days, rest) = (seconds / 86400, seconds % 86400);
    // Years begin in March here, so that the day of a leap year is the last one.
    let days = days + 719_468;
    let era = days / 146_097;
    let day = days % 146_097;
    let year = (day - day / 1460 + day / 36524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day + 2) / 153;
    let day = day - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}{month:02}{day:02}-{:02}{:02}{:02}",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn names_carry_the_time_in_utc() {
        let at = |seconds| stamp(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "19700101-000000");
        assert_eq!(at(951_782_399), "20000228-235959");
        assert_eq!(at(951_782_400), "20000229-000000");
        assert_eq!(at(1_795_178_231), "20261120-123711");
    }

    #[test]
    fn requests_name_every_host() {
        let hosts = ["a.example".to_owned(), "b.example".to_owned()];
        let text = configuration(&["[name]".to_owned()], &hosts, false);
        assert!(text.contains("subjectAltName = DNS:a.example, DNS:b.example\n"));
        assert!(!text.contains("basicConstraints"));
    }
}
