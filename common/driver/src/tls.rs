//! What a driver wants of TLS: which authorities it trusts, what it proves, and how much it asks for.

use std::fs;
use std::path::{Path, PathBuf};

use native_tls::{Certificate, Identity, TlsConnector};

/// The TLS of one table.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// A file of authorities' certificates, in place of the system's.
    pub authorities_file: Option<PathBuf>,
    /// A directory of such files, used when there is no file.
    pub authorities_directory: Option<PathBuf>,
    /// The client's own certificate, with what leads to its authority.
    pub certificate: Option<PathBuf>,
    /// The key of that certificate.
    pub key: Option<PathBuf>,
    /// Whether the server's certificate must come from an authority.
    pub verify: bool,
    /// Whether it must be for the server's name.
    pub verify_name: bool,
}

impl Tls {
    /// The connector of the library.
    pub fn connector(&self) -> Result<TlsConnector, String> {
        let mut builder = TlsConnector::builder();
        builder.danger_accept_invalid_certs(!self.verify);
        builder.danger_accept_invalid_hostnames(!self.verify_name);
        let authorities = self.authorities()?;
        if !authorities.is_empty() {
            builder.disable_built_in_roots(true);
            for authority in authorities {
                builder.add_root_certificate(authority);
            }
        }
        if let Some(certificate) = &self.certificate {
            let key = self.key.as_ref().unwrap_or(certificate);
            let identity = Identity::from_pkcs8(&read(certificate)?, &read(key)?)
                .map_err(|error| format!("{}: {error}", certificate.display()))?;
            builder.identity(identity);
        }
        builder.build().map_err(|error| format!("TLS: {error}"))
    }

    fn authorities(&self) -> Result<Vec<Certificate>, String> {
        if let Some(file) = &self.authorities_file {
            let found = Certificate::stack_from_pem(&read(file)?)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            return match found.is_empty() {
                true => Err(format!("{}: no certificates in it", file.display())),
                false => Ok(found),
            };
        }
        let Some(directory) = &self.authorities_directory else {
            return Ok(Vec::new());
        };
        let entries = fs::read_dir(directory)
            .map_err(|error| format!("{}: {}", directory.display(), sys::reason(&error)))?;
        let files = entries.filter_map(|entry| fs::read(entry.ok()?.path()).ok());
        let found: Vec<_> = files
            .filter_map(|pem| Certificate::stack_from_pem(&pem).ok())
            .flatten()
            .collect();
        match found.is_empty() {
            true => Err(format!("{}: no certificates in it", directory.display())),
            false => Ok(found),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {}", path.display(), sys::reason(&error)))
}
