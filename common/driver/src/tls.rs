//! What a driver wants of TLS: which authorities it trusts, what it proves, and how much it asks for.

use std::fs;
use std::path::{Path, PathBuf};

use native_tls::{Certificate, Identity, TlsConnector};
use openssl::pkey::PKey;

/// The TLS of one table.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// A file of authorities' certificates, in place of the system's.
    pub authorities_file: Option<PathBuf>,
    /// A directory of such files, used when there is no file.
    pub authorities_directory: Option<PathBuf>,
    /// The client's own certificate, with what leads to its authority.
    pub certificate: Option<PathBuf>,
    /// The key of that certificate, without a pass phrase; in the file of the certificate where there is none.
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
            let key = private_key(self.key.as_ref().unwrap_or(certificate))?;
            let identity = Identity::from_pkcs8(&read(certificate)?, &key)
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

/// A key in PKCS #8, the one form that the library takes, of whatever form it is in its file.
fn private_key(path: &Path) -> Result<Vec<u8>, String> {
    // A pass phrase is given so that none is asked for at a terminal.
    let key = PKey::private_key_from_pem_passphrase(&read(path)?, b"");
    key.and_then(|key| key.private_key_to_pem_pkcs8())
        .map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::asn1::Asn1Time;
    use openssl::ec::{EcGroup, EcKey};
    use openssl::hash::MessageDigest;
    use openssl::nid::Nid;
    use openssl::x509::{X509, X509Name};

    /// A certificate, and its key in the form of before PKCS #8.
    fn pair() -> (Vec<u8>, Vec<u8>) {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let own = EcKey::generate(&group).unwrap();
        let key = PKey::from_ec_key(own.clone()).unwrap();
        let mut name = X509Name::builder().unwrap();
        name.append_entry_by_text("CN", "client").unwrap();
        let name = name.build();
        let mut certificate = X509::builder().unwrap();
        certificate.set_subject_name(&name).unwrap();
        certificate.set_issuer_name(&name).unwrap();
        certificate.set_pubkey(&key).unwrap();
        let (start, end) = (Asn1Time::days_from_now(0), Asn1Time::days_from_now(1));
        certificate.set_not_before(&start.unwrap()).unwrap();
        certificate.set_not_after(&end.unwrap()).unwrap();
        certificate.sign(&key, MessageDigest::sha256()).unwrap();
        let certificate = certificate.build().to_pem().unwrap();
        (certificate, own.private_key_to_pem().unwrap())
    }

    #[test]
    fn keys_of_older_forms_and_in_the_file_of_the_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, parts: &[&[u8]]| {
            let path = folder.path().join(name);
            fs::write(&path, parts.concat()).unwrap();
            Some(path)
        };
        let (certificate, key) = pair();
        assert!(key.starts_with(b"-----BEGIN EC PRIVATE KEY-----"));
        let apart = Tls {
            certificate: file("certificate", &[&certificate]),
            key: file("key", &[&key]),
            ..Tls::default()
        };
        apart.connector().unwrap();
        let together = Tls {
            certificate: file("both", &[&certificate, &key]),
            ..Tls::default()
        };
        together.connector().unwrap();
        let without = Tls {
            certificate: file("certificate", &[&certificate]),
            ..Tls::default()
        };
        let failed = without.connector().unwrap_err();
        assert!(failed.contains("/certificate: "), "{failed}");
    }
}
