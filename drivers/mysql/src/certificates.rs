//! Certificates of the table's configuration in the forms that the client library takes: files of its own.
//!
//! They are held in memory, in files without a name, as the library wants paths.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use mysql::{ClientIdentity, SslOpts};
use openssl::pkcs12::Pkcs12;
use openssl::pkey::PKey;
use openssl::stack::Stack;
use openssl::x509::X509;
use sys::nix::sys::memfd::{MFdFlags, memfd_create};

/// Where Debian has the authorities of the system.
const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What the configuration says about TLS.
pub(crate) struct Wanted {
    pub(crate) authorities_file: Option<PathBuf>,
    pub(crate) authorities_directory: Option<PathBuf>,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    /// Whether the certificate must be for the server's name.
    pub(crate) verify_name: bool,
    /// Whether TLS is wanted without any of the above.
    pub(crate) asked_for: bool,
}

/// TLS as the library takes it, with the files that it reads when it connects.
pub(crate) struct Secured {
    pub(crate) options: SslOpts,
}

impl Wanted {
    /// What the library needs; `None` when TLS is not wanted.
    pub(crate) fn secured(&self) -> Result<Option<Secured>, String> {
        let authorities = self.authorities()?;
        let wanted = authorities.is_some() || self.certificate.is_some() || self.verify_name;
        if !wanted && !self.asked_for {
            return Ok(None);
        }
        let mut options = SslOpts::default()
            .with_danger_accept_invalid_certs(authorities.is_none())
            .with_danger_skip_domain_validation(!self.verify_name)
            .with_root_cert_path(authorities);
        if let Some(certificate) = &self.certificate {
            let key = self.key.as_ref().unwrap_or(certificate);
            let path = self.identity(certificate, key)?;
            options = options.with_client_identity(Some(ClientIdentity::new(path)));
        }
        Ok(Some(Secured { options }))
    }

    /// One file with all authorities that count, if the server must come from one.
    fn authorities(&self) -> Result<Option<PathBuf>, String> {
        if let Some(file) = &self.authorities_file {
            read(file)?;
            return Ok(Some(file.clone()));
        }
        if let Some(directory) = &self.authorities_directory {
            let entries = fs::read_dir(directory)
                .map_err(|error| format!("{}: {}", directory.display(), sys::reason(&error)))?;
            let files = entries.filter_map(|entry| fs::read(entry.ok()?.path()).ok());
            let found =
                files.filter(|pem| X509::stack_from_pem(pem).is_ok_and(|all| !all.is_empty()));
            let all = found.collect::<Vec<_>>().join(&b'\n');
            if all.is_empty() {
                return Err(format!("{}: no certificates in it", directory.display()));
            }
            return in_memory(&all).map(Some);
        }
        Ok(self.verify_name.then(|| PathBuf::from(SYSTEM_AUTHORITIES)))
    }

    /// Certificate and key as one PKCS #12 archive.
    fn identity(&self, certificate: &Path, key: &Path) -> Result<PathBuf, String> {
        let bad = |path: &Path| {
            let path = path.display().to_string();
            move |error: openssl::error::ErrorStack| format!("{path}: {error}")
        };
        let chain = X509::stack_from_pem(&read(certificate)?).map_err(bad(certificate))?;
        let private = PKey::private_key_from_pem(&read(key)?).map_err(bad(key))?;
        let (own, issuers) = chain
            .split_first()
            .ok_or_else(|| format!("{}: no certificate in it", certificate.display()))?;
        let mut stack = Stack::new().map_err(bad(certificate))?;
        for issuer in issuers {
            stack.push(issuer.clone()).map_err(bad(certificate))?;
        }
        let mut builder = Pkcs12::builder();
        builder.name("client").pkey(&private).cert(own).ca(stack);
        let archive = builder.build2("").and_then(|archive| archive.to_der());
        in_memory(&archive.map_err(bad(certificate))?)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {}", path.display(), sys::reason(&error)))
}

/// Keep bytes in a file without a name; the path leads to it as long as this process lives.
fn in_memory(bytes: &[u8]) -> Result<PathBuf, String> {
    let made = memfd_create(c"certificates", MFdFlags::MFD_CLOEXEC);
    let mut file = File::from(made.map_err(|error| error.desc().to_owned())?);
    file.write_all(bytes).map_err(|error| sys::reason(&error))?;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    // Tables are opened once, and stay open.
    std::mem::forget(file);
    Ok(PathBuf::from(path))
}
