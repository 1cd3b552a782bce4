//! Calls of openssl(1).

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use command::Fatal;
use config::params::instances::Installation;

use crate::instance::Instance;

/// The command of openssl_path, which was seen to work.
pub(super) struct OpenSsl<'a> {
    instance: &'a Instance,
    path: String,
}

impl<'a> OpenSsl<'a> {
    /// Find a command that works.
    pub(super) fn find(instance: &'a Instance) -> Result<Self, Fatal> {
        let path = instance.settings.get::<Installation>()?.openssl_path;
        let openssl = Self { instance, path };
        match openssl.call(&["version"], b"") {
            Ok(done) if done.status.success() => Ok(openssl),
            _ => Err(Fatal::new(format!(
                "No working openssl(1) command found with 'openssl_path = {}'",
                openssl.path
            ))),
        }
    }

    fn call(&self, arguments: &[&str], input: &[u8]) -> std::io::Result<Output> {
        let mut child = self
            .instance
            .program(&self.path)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that ends without reading says why in its own words.
            let _ = stdin.write_all(input);
        }
        child.wait_with_output()
    }

    /// What the command prints; its first words of complaint are logged as a warning.
    pub(super) fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, Failed> {
        let Ok(done) = self.call(arguments, input) else {
            return Err(Failed);
        };
        if done.status.success() {
            return Ok(done.stdout);
        }
        let said = String::from_utf8_lossy(&done.stderr);
        if let Some(line) = said.lines().find(|line| !line.trim().is_empty()) {
            maillog::warning!("{line}");
        }
        Err(Failed)
    }

    /// As [`Self::run`], without a word when it fails.
    fn ask(&self, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
        let done = self.call(arguments, input).ok()?;
        done.status.success().then_some(done.stdout)
    }

    /// The SHA-256 of the public key that belongs to a private one, in hexadecimal digits.
    pub(super) fn digest_of_key(&self, key: &Path) -> Option<String> {
        let key = std::fs::read(key).ok()?;
        let public = self.ask(&["pkey", "-pubout", "-outform", "DER"], &key)?;
        self.digest(&public)
    }

    /// The SHA-256 of the public key in a certificate.
    pub(super) fn digest_of_certificate(&self, certificate: &Path) -> Option<String> {
        let certificate = std::fs::read(certificate).ok()?;
        let public = self.ask(&["x509", "-noout", "-pubkey"], &certificate)?;
        let public = self.ask(&["pkey", "-pubin", "-outform", "DER"], &public)?;
        self.digest(&public)
    }

    fn digest(&self, bytes: &[u8]) -> Option<String> {
        let printed = String::from_utf8(self.ask(&["dgst", "-sha256", "-hex"], bytes)?).ok()?;
        printed.split_whitespace().last().map(str::to_owned)
    }

    /// Whether a key is for RSA or for ECDSA.
    pub(super) fn algorithm_of(&self, key: &Path) -> Option<Algorithm> {
        let key = std::fs::read(key).ok()?;
        let text = self.ask(&["pkey", "-noout", "-text"], &key)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        if text.contains("prime1:") || text.contains("publicExponent:") {
            Some(Algorithm::Rsa)
        } else if text.contains("ASN1 OID:") {
            Some(Algorithm::Ecdsa)
        } else {
            None
        }
    }
}

/// The command has said why.
#[derive(Debug)]
pub(super) struct Failed;

/// The algorithm of a key pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rsa,
    Ecdsa,
}

impl Algorithm {
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "rsa" => Some(Self::Rsa),
            "ecdsa" => Some(Self::Ecdsa),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ecdsa => "ecdsa",
        }
    }

    /// The size of an RSA key, or the curve of another.
    pub(super) fn usual_bits(self) -> &'static str {
        match self {
            Self::Rsa => "2048",
            Self::Ecdsa => "prime256v1",
        }
    }

    /// What the names of its files begin with.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Rsa => "",
            Self::Ecdsa => "ec",
        }
    }

    /// The parameters of main.cf with the server's certificate and key.
    pub(super) fn parameters(self) -> (&'static str, &'static str) {
        match self {
            Self::Rsa => ("smtpd_tls_cert_file", "smtpd_tls_key_file"),
            Self::Ecdsa => ("smtpd_tls_eccert_file", "smtpd_tls_eckey_file"),
        }
    }
}
