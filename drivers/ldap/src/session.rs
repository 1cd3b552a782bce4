//! A connection to a directory server: TLS, bind, searches.

use std::path::PathBuf;
use std::time::Duration;

use driver::{Fault, Parameters, Tls};
use ldap3::asn1::StructureTag;
use ldap3::{
    DerefAliases, LdapConn, LdapConnSettings, LdapError, LdapResult, Scope, SearchOptions,
};

use crate::expand::{Directory, Entry};
use crate::url::{Depth, Search};

/// Results of RFC 4511: the base of a search does not exist; there are more entries than wanted.
const NO_SUCH_OBJECT: u32 = 32;
const SIZE_LIMIT_EXCEEDED: u32 = 4;
/// Results that are the server's trouble and no answer: limits of time, busy, unavailable.
const TROUBLE: [u32; 3] = [3, 51, 52];

/// How to get in, and how to search there.
pub(crate) struct Access {
    bind: Bind,
    tls: Tls,
    start_tls: bool,
    timeout: Duration,
    dereference: DerefAliases,
    size_limit: i32,
}

enum Bind {
    None,
    Simple { name: String, password: String },
    External,
}

impl Access {
    pub(crate) fn new(parameters: &Parameters) -> Result<Self, String> {
        let path = |name| parameters.filled(name).map(PathBuf::from);
        let verify = parameters.flag("tls_require_cert", false)?;
        let dereference = match parameters.number("dereference", 0, 0..=3)? {
            0 => DerefAliases::Never,
            1 => DerefAliases::Searching,
            2 => DerefAliases::Finding,
            _ => DerefAliases::Always,
        };
        let most = parameters.number("expansion_limit", 0, 0..=u64::from(u32::MAX))?;
        let size_limit = parameters.number("size_limit", most, 0..=u64::from(u32::MAX))?;
        let tls = Tls {
            authorities_file: path("tls_ca_cert_file"),
            authorities_directory: path("tls_ca_cert_dir"),
            certificate: path("tls_cert"),
            key: path("tls_key"),
            verify,
            verify_name: verify,
        };
        // What is wrong with files is said when the table is opened.
        tls.connector().map_err(|error| parameters.bad(error))?;
        Ok(Self {
            bind: Bind::new(parameters)?,
            tls,
            start_tls: parameters.flag("start_tls", false)?,
            timeout: parameters.time("timeout", 10)?,
            dereference,
            size_limit: i32::try_from(size_limit).unwrap_or(i32::MAX),
        })
    }
}

impl Bind {
    fn new(parameters: &Parameters) -> Result<Self, String> {
        let method = parameters.text("bind", "yes").to_ascii_lowercase();
        match method.as_str() {
            "no" | "none" => Ok(Self::None),
            "yes" | "simple" => Ok(Self::Simple {
                name: parameters.text("bind_dn", "").to_owned(),
                password: parameters.text("bind_pw", "").to_owned(),
            }),
            "sasl" => {
                let mut mechanisms = parameters.words("sasl_mechs", "");
                if mechanisms.any(|mechanism| mechanism.eq_ignore_ascii_case("external")) {
                    Ok(Self::External)
                } else {
                    Err(parameters.bad("sasl_mechs: only EXTERNAL is known here"))
                }
            }
            _ => Err(parameters.bad(format_args!(
                "bind = {method}: no, none, yes, simple or sasl is expected"
            ))),
        }
    }
}

/// A session at a server.
pub(crate) struct Session {
    connection: LdapConn,
    timeout: Duration,
    dereference: DerefAliases,
    size_limit: i32,
}

impl Session {
    pub(crate) fn connect(url: &str, access: &Access) -> Result<Self, String> {
        let settings = LdapConnSettings::new()
            .set_conn_timeout(access.timeout)
            .set_connector(access.tls.connector()?)
            .set_starttls(access.start_tls && !url.starts_with("ldapi:"));
        let connection = LdapConn::with_settings(settings, url);
        let mut connection = connection.map_err(|error| reason(&error))?;
        connection.with_timeout(access.timeout);
        let bound = match &access.bind {
            Bind::None => None,
            // An empty name is anonymous, which needs no word in version 3.
            Bind::Simple { name, .. } if name.is_empty() => None,
            Bind::Simple { name, password } => Some(connection.simple_bind(name, password)),
            Bind::External => Some(connection.sasl_external_bind()),
        };
        if let Some(bound) = bound {
            let result = bound.map_err(|error| format!("bind: {}", reason(&error)))?;
            if result.rc != 0 {
                return Err(format!("bind: {}", said(&result)));
            }
        }
        Ok(Self {
            connection,
            timeout: access.timeout,
            dereference: access.dereference,
            size_limit: access.size_limit,
        })
    }
}

impl Directory for Session {
    fn search(&mut self, search: &Search, wanted: &[&str]) -> Result<Option<Vec<Entry>>, Fault> {
        let scope = match search.depth {
            Depth::Base => Scope::Base,
            Depth::One => Scope::OneLevel,
            Depth::Sub => Scope::Subtree,
        };
        let seconds = i32::try_from(self.timeout.as_secs()).unwrap_or(i32::MAX);
        let options = SearchOptions::new()
            .deref(self.dereference)
            .timelimit(seconds)
            .sizelimit(self.size_limit);
        let found = self
            .connection
            .with_search_options(options)
            .with_timeout(self.timeout)
            .search(&search.base, scope, &search.filter, wanted.to_vec());
        let ldap3::SearchResult(entries, result) = found.map_err(|error| fault(&error))?;
        match result.rc {
            0 => {}
            NO_SUCH_OBJECT => return Ok(None),
            SIZE_LIMIT_EXCEEDED => {
                let base = &search.base;
                return Err(Fault::Unusable(format!(
                    "Search base '{base}': more entries than size_limit"
                )));
            }
            code if TROUBLE.contains(&code) => return Err(Fault::Late(said(&result))),
            _ => {
                return Err(Fault::Refused(said(&result)));
            }
        }
        let entries = entries
            .into_iter()
            .filter(|entry| !entry.is_ref() && !entry.is_intermediate());
        match entries.map(|entry| read(entry.0)).collect::<Option<_>>() {
            Some(entries) => Ok(Some(entries)),
            None => Err(Fault::Lost(
                "the server sent an entry that is none".to_owned(),
            )),
        }
    }
}

/// A SearchResultEntry (RFC 4511, section 4.5.2): a name, and attributes with their values.
fn read(entry: StructureTag) -> Option<Entry> {
    let mut parts = entry.expect_constructed()?.into_iter();
    let (_name, list) = (parts.next()?, parts.next()?);
    let attributes = list.expect_constructed()?.into_iter().map(|attribute| {
        let mut parts = attribute.expect_constructed()?.into_iter();
        let name = parts.next()?.expect_primitive()?;
        let values = parts.next()?.expect_constructed()?.into_iter();
        let values = values
            .map(StructureTag::expect_primitive)
            .collect::<Option<_>>()?;
        Some((String::from_utf8_lossy(&name).into_owned(), values))
    });
    Some(Entry {
        attributes: attributes.collect::<Option<_>>()?,
    })
}

fn fault(error: &LdapError) -> Fault {
    let text = reason(error);
    if matches!(error, LdapError::Timeout { .. }) {
        Fault::Late(text)
    } else if matches!(error, LdapError::FilterParsing) {
        Fault::Unusable(format!("query_filter: {text}"))
    } else {
        Fault::Lost(text)
    }
}

fn reason(error: &LdapError) -> String {
    if matches!(error, LdapError::Timeout { .. }) {
        return "timed out".to_owned();
    }
    if let LdapError::Io { source } = error {
        return sys::reason(source);
    }
    error.to_string()
}

/// The server's words for a result, or what its number means.
fn said(result: &LdapResult) -> String {
    let meaning = match result.rc {
        1 => "Operations error",
        2 => "Protocol error",
        3 => "Time limit exceeded",
        8 => "Strong(er) authentication required",
        13 => "Confidentiality required",
        34 => "Invalid DN syntax",
        48 => "Inappropriate authentication",
        49 => "Invalid credentials",
        50 => "Insufficient access",
        51 => "Server is busy",
        52 => "Server is unavailable",
        53 => "Server is unwilling to perform",
        _ => "Refused by the server",
    };
    let number = result.rc;
    match result.text.as_str() {
        "" => format!("{meaning} ({number})"),
        text => format!("{meaning} ({number}): {text}"),
    }
}
