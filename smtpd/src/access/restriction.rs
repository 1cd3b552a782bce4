//! The words of restriction lists, compiled at start: a mistake in them stops the daemon, not a letter.
//!
//! [`Lists::compile`] reads all lists of main.cf; [`Compiler`] turns words into [`Restriction`]s, opens the tables they
//! name, and expands restriction classes. Words of the reference that are not built are known by name.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use config::Settings;
use config::params::smtpd::Restrictions as Parameters;
use lookup::{Maps, OpenOptions};

use super::Object;
use super::block_list::{BlockList, Domains};

/// Which list a restriction stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Context {
    Client,
    Helo,
    Sender,
    Recipient,
    Data,
    EndOfData,
    Etrn,
}

/// One restriction, ready to be evaluated.
#[derive(Clone, Debug)]
pub enum Restriction {
    Permit,
    Reject,
    Defer,
    DeferIfPermit,
    DeferIfReject,
    /// `warn_if_reject` and what it applies to.
    Warn(Box<Self>),
    Sleep(Duration),
    RejectUnauthPipelining,
    RejectPlaintextSession,
    PermitMynetworks,
    PermitInetInterfaces,
    RejectUnknownClientHostname,
    RejectUnknownReverseClientHostname,
    RejectInvalidHeloHostname,
    RejectNonFqdnHeloHostname,
    RejectUnknownHeloHostname,
    /// Of the sender or the recipient.
    RejectNonFqdn(Object),
    RejectUnknownDomain(Object),
    RejectUnlisted(Object),
    RejectUnauthDestination,
    DeferUnauthDestination,
    PermitAuthDestination,
    RejectMultiRecipientBounce,
    /// `check_*_access`.
    Access(Object, Rc<Maps>),
    /// A DNS list.
    BlockList(Rc<BlockList>),
    /// What only clients with a login or a certificate get, and no client has either.
    Never,
    /// A word that is known and not built: mail that comes to it must wait.
    NotBuilt(&'static str),
    /// A restriction class.
    Class(Rc<[Self]>),
}

/// The compiled lists of main.cf.
pub struct Lists {
    pub client: Vec<Restriction>,
    pub helo: Vec<Restriction>,
    pub sender: Vec<Restriction>,
    pub relay: Vec<Restriction>,
    pub recipient: Vec<Restriction>,
    pub data: Vec<Restriction>,
    pub end_of_data: Vec<Restriction>,
    pub etrn: Vec<Restriction>,
    /// For the right-hand sides of access tables.
    pub classes: Classes,
    tables: Vec<Rc<Maps>>,
}

/// The restriction classes, as they mean in each list.
#[derive(Debug, Default)]
pub struct Classes(HashMap<(String, Context), Rc<[Restriction]>>);

/// A word that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// No restriction.
    Unknown(String),
    /// A restriction without what must follow it: the word, what it wants.
    Missing(String, &'static str),
    /// A table where the list says nothing about what it is asked for.
    BareTable(String),
    /// Classes that refer to each other without end.
    Recursion(String),
    /// Relaying is not restricted.
    OpenRelay,
}

impl Lists {
    /// Read the lists.
    pub fn compile(
        parameters: &Parameters,
        settings: &Settings,
        options: &OpenOptions,
    ) -> Result<Self, (&'static str, Mistake)> {
        let compiler = Compiler {
            names: &parameters.smtpd_restriction_classes,
            settings: Some(settings),
            options,
            tables: RefCell::default(),
            classes: RefCell::default(),
        };
        let list = |name, words: &[String], context| {
            compiler
                .compile(words, context, 0)
                .map_err(|mistake| (name, mistake))
        };
        let p = parameters;
        let lists = Self {
            client: list(
                "smtpd_client_restrictions",
                &p.smtpd_client_restrictions,
                Context::Client,
            )?,
            helo: list(
                "smtpd_helo_restrictions",
                &p.smtpd_helo_restrictions,
                Context::Helo,
            )?,
            sender: list(
                "smtpd_sender_restrictions",
                &p.smtpd_sender_restrictions,
                Context::Sender,
            )?,
            relay: list(
                "smtpd_relay_restrictions",
                &p.smtpd_relay_restrictions,
                Context::Recipient,
            )?,
            recipient: list(
                "smtpd_recipient_restrictions",
                &p.smtpd_recipient_restrictions,
                Context::Recipient,
            )?,
            data: list(
                "smtpd_data_restrictions",
                &p.smtpd_data_restrictions,
                Context::Data,
            )?,
            end_of_data: list(
                "smtpd_end_of_data_restrictions",
                &p.smtpd_end_of_data_restrictions,
                Context::EndOfData,
            )?,
            etrn: list(
                "smtpd_etrn_restrictions",
                &p.smtpd_etrn_restrictions,
                Context::Etrn,
            )?,
            classes: compiler.all_classes(),
            tables: compiler.tables.take().into_values().collect(),
        };
        if restricts_relaying(&lists.relay) || restricts_relaying(&lists.recipient) {
            Ok(lists)
        } else {
            Err(("smtpd_relay_restrictions", Mistake::OpenRelay))
        }
    }
}

impl Lists {
    /// The words in all lists that are known and not built.
    pub fn not_built(&self) -> BTreeSet<&'static str> {
        let lists = [
            &self.client,
            &self.helo,
            &self.sender,
            &self.relay,
            &self.recipient,
            &self.data,
            &self.end_of_data,
            &self.etrn,
        ];
        let classes = self.classes.0.values().map(Rc::as_ref);
        let lists = lists.into_iter().map(Vec::as_slice).chain(classes);
        lists.flatten().filter_map(Restriction::not_built).collect()
    }

    /// The first access table that was replaced since it was opened.
    pub fn changed(&self) -> Option<&str> {
        self.tables.iter().find_map(|table| table.changed())
    }
}

impl Restriction {
    fn not_built(&self) -> Option<&'static str> {
        if let Self::Warn(inner) = self {
            return inner.not_built();
        }
        if let Self::NotBuilt(word) = self {
            return Some(word);
        }
        None
    }
}

/// Whether a list stops strangers from relaying before it permits everything.
fn restricts_relaying(list: &[Restriction]) -> bool {
    for restriction in list {
        if matches!(restriction, Restriction::Permit) {
            return false;
        }
        let stops = if let Restriction::Class(class) = restriction {
            restricts_relaying(class)
        } else {
            stops_strangers(restriction)
        };
        if stops {
            return true;
        }
    }
    false
}

const fn stops_strangers(restriction: &Restriction) -> bool {
    matches!(
        restriction,
        Restriction::RejectUnauthDestination
            | Restriction::DeferUnauthDestination
            | Restriction::Reject
            | Restriction::Defer
            | Restriction::DeferIfPermit
    )
}

impl Classes {
    /// The words of an access table's right-hand side, which may not name tables.
    pub fn compile(&self, text: &str, context: Context) -> Result<Vec<Restriction>, Mistake> {
        let words: Vec<String> = text::token::groups(text).map(str::to_owned).collect();
        let mut restrictions = Vec::new();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if let Some(class) = self.0.get(&(word.clone(), context)) {
                restrictions.push(Restriction::Class(Rc::clone(class)));
            } else {
                restrictions.push(simple(word, &mut rest)?);
            }
        }
        Ok(restrictions)
    }
}

struct Compiler<'a> {
    names: &'a [String],
    settings: Option<&'a Settings>,
    options: &'a OpenOptions,
    tables: RefCell<HashMap<String, Rc<Maps>>>,
    classes: RefCell<Classes>,
}

type Words<'w> = std::slice::Iter<'w, String>;

impl Compiler<'_> {
    fn compile(
        &self,
        words: &[String],
        context: Context,
        depth: usize,
    ) -> Result<Vec<Restriction>, Mistake> {
        let mut restrictions = Vec::new();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            restrictions.push(self.restriction(word, &mut rest, context, depth)?);
        }
        Ok(restrictions)
    }

    fn restriction(
        &self,
        word: &str,
        rest: &mut Words<'_>,
        context: Context,
        depth: usize,
    ) -> Result<Restriction, Mistake> {
        let missing = |what| Mistake::Missing(word.to_owned(), what);
        if word.eq_ignore_ascii_case("warn_if_reject") {
            let next = rest.next().ok_or_else(|| missing("a restriction"))?;
            let inner = self.restriction(next, rest, context, depth)?;
            return Ok(Restriction::Warn(Box::new(inner)));
        }
        if let Some(object) = access_object(word) {
            let table = rest
                .next()
                .filter(|table| table.contains(':'))
                .ok_or_else(|| missing("a table, type:name"))?;
            return Ok(Restriction::Access(object, self.table(table)));
        }
        if self.names.iter().any(|name| name == word) {
            return self.class(word, context, depth).map(Restriction::Class);
        }
        if word.contains(':') {
            let object =
                default_object(context).ok_or_else(|| Mistake::BareTable(word.to_owned()))?;
            return Ok(Restriction::Access(object, self.table(word)));
        }
        simple(word, rest)
    }

    fn class(
        &self,
        name: &str,
        context: Context,
        depth: usize,
    ) -> Result<Rc<[Restriction]>, Mistake> {
        let key = (name.to_owned(), context);
        if let Some(known) = self.classes.borrow().0.get(&key) {
            return Ok(Rc::clone(known));
        }
        if depth > MAX_DEPTH {
            return Err(Mistake::Recursion(name.to_owned()));
        }
        let value = self
            .settings
            .and_then(|settings| settings.text(name).ok().flatten());
        let value = value.ok_or_else(|| Mistake::Unknown(name.to_owned()))?;
        let words: Vec<String> = text::token::groups(&value).map(str::to_owned).collect();
        let class: Rc<[Restriction]> = self.compile(&words, context, depth + 1)?.into();
        self.classes.borrow_mut().0.insert(key, Rc::clone(&class));
        Ok(class)
    }

    /// Every class in every list where it makes sense: access tables may name any.
    fn all_classes(&self) -> Classes {
        for name in self.names {
            for context in CONTEXTS {
                // A class that cannot stand in this list is simply not known there.
                let _ = self.class(name, context, 0);
            }
        }
        self.classes.take()
    }

    fn table(&self, name: &str) -> Rc<Maps> {
        let mut tables = self.tables.borrow_mut();
        let table = tables
            .entry(name.to_owned())
            .or_insert_with(|| Rc::new(Maps::open(name, &[name], self.options)));
        Rc::clone(table)
    }
}

const MAX_DEPTH: usize = 100;

const CONTEXTS: [Context; 7] = [
    Context::Client,
    Context::Helo,
    Context::Sender,
    Context::Recipient,
    Context::Data,
    Context::EndOfData,
    Context::Etrn,
];

/// What a table without `check_..._access` before it is asked for.
const fn default_object(context: Context) -> Option<Object> {
    match context {
        Context::Client => Some(Object::Client),
        Context::Helo => Some(Object::Helo),
        Context::Sender => Some(Object::Sender),
        Context::Recipient => Some(Object::Recipient),
        Context::Etrn => Some(Object::Etrn),
        Context::Data | Context::EndOfData => None,
    }
}

fn access_object(word: &str) -> Option<Object> {
    match word.to_ascii_lowercase().as_str() {
        "check_client_access" => Some(Object::Client),
        "check_reverse_client_hostname_access" => Some(Object::ReverseClient),
        "check_helo_access" => Some(Object::Helo),
        "check_sender_access" => Some(Object::Sender),
        "check_recipient_access" => Some(Object::Recipient),
        "check_etrn_access" => Some(Object::Etrn),
        _ => None,
    }
}

/// Restrictions that name no table.
fn simple(word: &str, rest: &mut Words<'_>) -> Result<Restriction, Mistake> {
    let name = word.to_ascii_lowercase();
    if let Some(domains) = Domains::named(&name) {
        let list = rest.next().and_then(|text| BlockList::parse(domains, text));
        let list = list.ok_or_else(|| Mistake::Missing(word.to_owned(), "a domain"))?;
        return Ok(Restriction::BlockList(Rc::new(list)));
    }
    Ok(match name.as_str() {
        "permit" => Restriction::Permit,
        "reject" => Restriction::Reject,
        "defer" => Restriction::Defer,
        "defer_if_permit" => Restriction::DeferIfPermit,
        "defer_if_reject" => Restriction::DeferIfReject,
        "sleep" => {
            let time = rest.next().and_then(|text| text::time::seconds(text, b's'));
            let time = time.ok_or_else(|| Mistake::Missing(word.to_owned(), "a time"))?;
            Restriction::Sleep(Duration::from_secs(time))
        }
        "reject_unauth_pipelining" => Restriction::RejectUnauthPipelining,
        "reject_plaintext_session" => Restriction::RejectPlaintextSession,
        "permit_mynetworks" => Restriction::PermitMynetworks,
        "permit_inet_interfaces" => Restriction::PermitInetInterfaces,
        "permit_sasl_authenticated" | "permit_tls_clientcerts" | "permit_tls_all_clientcerts" => {
            Restriction::Never
        }
        "reject_unknown_client_hostname" | "reject_unknown_client" => {
            Restriction::RejectUnknownClientHostname
        }
        "reject_unknown_reverse_client_hostname" => Restriction::RejectUnknownReverseClientHostname,
        "reject_invalid_helo_hostname" | "reject_invalid_hostname" => {
            Restriction::RejectInvalidHeloHostname
        }
        "reject_non_fqdn_helo_hostname" | "reject_non_fqdn_hostname" => {
            Restriction::RejectNonFqdnHeloHostname
        }
        "reject_unknown_helo_hostname" | "reject_unknown_hostname" => {
            Restriction::RejectUnknownHeloHostname
        }
        "reject_non_fqdn_sender" => Restriction::RejectNonFqdn(Object::Sender),
        "reject_non_fqdn_recipient" => Restriction::RejectNonFqdn(Object::Recipient),
        "reject_unknown_sender_domain" => Restriction::RejectUnknownDomain(Object::Sender),
        "reject_unknown_recipient_domain" => Restriction::RejectUnknownDomain(Object::Recipient),
        "reject_unlisted_sender" => Restriction::RejectUnlisted(Object::Sender),
        "reject_unlisted_recipient" | "check_recipient_maps" => {
            Restriction::RejectUnlisted(Object::Recipient)
        }
        "reject_unauth_destination" => Restriction::RejectUnauthDestination,
        "defer_unauth_destination" => Restriction::DeferUnauthDestination,
        "permit_auth_destination" => Restriction::PermitAuthDestination,
        "reject_multi_recipient_bounce" => Restriction::RejectMultiRecipientBounce,
        _ => match NOT_BUILT.iter().find(|known| **known == name) {
            Some(known) => {
                if known.starts_with("check_") && rest.next().is_none() {
                    return Err(Mistake::Missing(word.to_owned(), "what is asked"));
                }
                Restriction::NotBuilt(known)
            }
            None => return Err(Mistake::Unknown(word.to_owned())),
        },
    })
}

/// Words of the reference that wait for policy servers, verification, certificates and logins.
const NOT_BUILT: [&str; 25] = [
    "check_policy_service",
    "check_ccert_access",
    "check_sasl_access",
    "check_client_ns_access",
    "check_client_mx_access",
    "check_client_a_access",
    "check_reverse_client_hostname_ns_access",
    "check_reverse_client_hostname_mx_access",
    "check_reverse_client_hostname_a_access",
    "check_helo_ns_access",
    "check_helo_mx_access",
    "check_helo_a_access",
    "check_sender_ns_access",
    "check_sender_mx_access",
    "check_sender_a_access",
    "check_recipient_ns_access",
    "check_recipient_mx_access",
    "check_recipient_a_access",
    "reject_unverified_sender",
    "reject_unverified_recipient",
    "reject_sender_login_mismatch",
    "reject_authenticated_sender_login_mismatch",
    "reject_unauthenticated_sender_login_mismatch",
    "reject_known_sender_login_mismatch",
    "permit_mx_backup",
];

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(word) => write!(f, "unknown smtpd restriction: \"{word}\""),
            Self::Missing(word, what) => write!(f, "restriction \"{word}\" wants {what} after it"),
            Self::BareTable(table) => write!(
                f,
                "table \"{table}\" needs check_..._access before it in this list"
            ),
            Self::Recursion(class) => write!(
                f,
                "restriction class \"{class}\" refers to itself without end"
            ),
            Self::OpenRelay => f.write_str(
                "in parameter smtpd_relay_restrictions or smtpd_recipient_restrictions, specify at least one working \
                 instance of: reject_unauth_destination, defer_unauth_destination, reject, defer, defer_if_permit or \
                 check_relay_domains",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(text: &str, context: Context) -> Result<Vec<Restriction>, Mistake> {
        let words: Vec<String> = text::token::groups(text).map(str::to_owned).collect();
        let compiler = Compiler {
            names: &[],
            settings: None,
            options: &OpenOptions::default(),
            tables: RefCell::default(),
            classes: RefCell::default(),
        };
        compiler.compile(&words, context, 0)
    }

    fn mistake(text: &str, context: Context) -> String {
        compile(text, context).unwrap_err().to_string()
    }

    #[test]
    fn words_become_restrictions() {
        let list = compile(
            "permit_mynetworks, warn_if_reject check_client_access static:OK, inline:{a=OK}, Reject_Unauth_Destination sleep 2",
            Context::Recipient,
        )
        .unwrap();
        assert!(matches!(
            list.as_slice(),
            [
                Restriction::PermitMynetworks,
                Restriction::Warn(_),
                Restriction::Access(Object::Recipient, _),
                Restriction::RejectUnauthDestination,
                Restriction::Sleep(_),
            ]
        ));
    }

    #[test]
    fn words_that_wait_for_the_rest_of_the_program_are_known() {
        let text = "warn_if_reject check_policy_service inet:1:2, Reject_Unverified_Sender";
        let list = compile(text, Context::Recipient).unwrap();
        let words: Vec<_> = list.iter().filter_map(Restriction::not_built).collect();
        assert_eq!(words, ["check_policy_service", "reject_unverified_sender"]);
    }

    #[test]
    fn mistakes() {
        let recipient = Context::Recipient;
        assert_eq!(
            mistake("foo_bar", recipient),
            "unknown smtpd restriction: \"foo_bar\""
        );
        assert!(mistake("check_policy_service", recipient).contains("wants what is asked"));
        assert!(mistake("check_client_access", recipient).contains("wants a table"));
        assert!(mistake("warn_if_reject", recipient).contains("wants a restriction"));
        assert!(mistake("static:OK", Context::Data).contains("check_..._access"));
        assert!(mistake("sleep x", recipient).contains("wants a time"));
    }

    #[test]
    fn open_relays_are_found() {
        let restricts = |text| restricts_relaying(&compile(text, Context::Recipient).unwrap());
        assert!(restricts("permit_mynetworks reject_unauth_destination"));
        assert!(restricts("defer_if_permit"));
        assert!(!restricts(
            "permit_mynetworks permit reject_unauth_destination"
        ));
        assert!(!restricts("permit_mynetworks warn_if_reject reject"));
        assert!(!restricts(""));
    }
}
