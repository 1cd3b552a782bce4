//! The parameter table: what each parameter is called, its type, bounds, stock value and meaning.
//!
//! Parameters are declared once, in `params/<owner>.rs`, with [`params!`] (or [`client_params!`] for the pairs of the
//! SMTP and LMTP client); each declaration gives a typed group for programs and the rows that postconf(1) prints.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::error::Error;
use crate::settings::Settings;
use crate::value::Kind;

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// The name in main.cf.
    pub name: &'static str,
    /// What values look like.
    pub kind: Kind,
    /// The smallest number, time in seconds or length in bytes; zero for no bound.
    pub min: u64,
    /// The largest; zero for no bound.
    pub max: u64,
    /// The value when main.cf says nothing, before expansion; empty for those that are computed.
    pub default: &'static str,
    /// One sentence on what it is for.
    pub doc: &'static str,
}

/// A struct of parameters that belong together, as a program receives them.
pub trait Group: Sized {
    /// Its parameters, in the order of its fields.
    const SPECS: &'static [Spec];

    /// Read every parameter of the group.
    fn load(settings: &Settings) -> Result<Self, Error>;
}

/// Which of the two protocols a client group is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// `smtp_...`
    Smtp,
    /// `lmtp_...`
    Lmtp,
}

/// As [`Group`], for parameters that exist for the SMTP and for the LMTP client.
pub trait ClientGroup: Sized {
    /// The `smtp_` names.
    const SMTP: &'static [Spec];
    /// The `lmtp_` names.
    const LMTP: &'static [Spec];

    /// Read every parameter of the group under one of its prefixes.
    fn load(settings: &Settings, prefix: Prefix) -> Result<Self, Error>;
}

/// A name that exists once for each transport or service, `<service>_<suffix>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// What follows the service's name and an underscore.
    pub suffix: &'static str,
    /// The value when main.cf says nothing.
    pub default: &'static str,
    /// One sentence on what it is for.
    pub doc: &'static str,
}

/// An old name that only feeds the stock value of a newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Legacy {
    /// The old name.
    pub name: &'static str,
    /// The name to use instead.
    pub instead: &'static str,
}

/// Every parameter, in no particular order.
pub fn all() -> impl Iterator<Item = &'static Spec> {
    crate::params::TABLES
        .iter()
        .flat_map(|tables| tables.iter())
        .flat_map(|table| table.iter())
}

/// The parameter of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Spec> {
    static INDEX: LazyLock<HashMap<&'static str, &'static Spec>> =
        LazyLock::new(|| all().map(|spec| (spec.name, spec)).collect());
    INDEX.get(name).copied()
}

/// The pattern that `name` follows, with the name of the transport or service.
#[must_use]
pub fn pattern(name: &str) -> Option<(&str, &'static Pattern)> {
    crate::params::PATTERNS.iter().find_map(|pattern| {
        let service = name.strip_suffix(pattern.suffix)?.strip_suffix('_')?;
        (!service.is_empty()).then_some((service, pattern))
    })
}

/// Whether this is an old name that still feeds a new one.
#[must_use]
pub fn legacy(name: &str) -> Option<&'static Legacy> {
    crate::params::LEGACY
        .iter()
        .find(|legacy| legacy.name == name)
}

/// The names that each transport or service has.
#[must_use]
pub const fn patterns() -> &'static [Pattern] {
    crate::params::PATTERNS
}

/// Every old name that still feeds a new one.
#[must_use]
pub const fn legacy_names() -> &'static [Legacy] {
    crate::params::LEGACY
}

/// What to do in place of setting an outdated parameter; `None` when the name is not outdated.
#[must_use]
pub fn outdated(name: &str) -> Option<&'static str> {
    crate::params::OUTDATED
        .iter()
        .find(|(outdated, _)| *outdated == name)
        .map(|(_, advice)| *advice)
}

/// Whether the parameter is accepted and listed but no program reads it in this version.
#[must_use]
pub fn is_without_effect(name: &str) -> bool {
    include_str!("../../../docs/parameters-without-effect.txt")
        .lines()
        .any(|listed| listed == name)
}

/// Declare groups of parameters: one struct per group, one field per parameter.
macro_rules! params {
    ($(
        $(#[doc = $about:literal])+
        pub struct $group:ident {
            $(
                $(#[doc = $doc:literal])+
                $field:ident $(as $name:literal)? : $type:ty $([$min:literal .. $($max:literal)?])? = $default:literal;
            )+
        }
    )+) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone, PartialEq)]
            pub struct $group { $( $(#[doc = $doc])+ pub $field: $type, )+ }

            impl $crate::table::Group for $group {
                const SPECS: &'static [$crate::table::Spec] = &[$(
                    $crate::table::Spec {
                        name: $crate::table::first!($($name,)? stringify!($field)),
                        kind: <$type as $crate::value::Value>::KIND,
                        min: $crate::table::first!($($min,)? 0),
                        max: $crate::table::first!($($($max,)?)? 0),
                        default: $default,
                        doc: concat!($($doc),+),
                    },
                )+];

                fn load(settings: &$crate::Settings) -> Result<Self, $crate::Error> {
                    let mut specs = Self::SPECS.iter();
                    Ok(Self { $( $field: settings.next(&mut specs)?, )+ })
                }
            }
        )+

        /// The rows of every group in this file.
        pub(crate) const TABLE: &[&[$crate::table::Spec]] = &[$( <$group as $crate::table::Group>::SPECS, )+];
    };
}

/// Declare groups whose parameters exist as `smtp_...` and as `lmtp_...`; fields leave the prefix out.
macro_rules! client_params {
    ($(
        $(#[doc = $about:literal])+
        pub struct $group:ident {
            $(
                $(#[doc = $doc:literal])+
                $field:ident $(as $smtp:literal | $lmtp:literal)? : $type:ty $([$min:literal .. $($max:literal)?])?
                    = $default:literal $(| $other:literal)?;
            )+
        }
    )+) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone, PartialEq)]
            pub struct $group { $( $(#[doc = $doc])+ pub $field: $type, )+ }

            impl $crate::table::ClientGroup for $group {
                const SMTP: &'static [$crate::table::Spec] = &[$(
                    $crate::table::Spec {
                        name: $crate::table::first!($($smtp,)? concat!("smtp_", stringify!($field))),
                        kind: <$type as $crate::value::Value>::KIND,
                        min: $crate::table::first!($($min,)? 0),
                        max: $crate::table::first!($($($max,)?)? 0),
                        default: $default,
                        doc: concat!($($doc),+),
                    },
                )+];
                const LMTP: &'static [$crate::table::Spec] = &[$(
                    $crate::table::Spec {
                        name: $crate::table::first!($($lmtp,)? concat!("lmtp_", stringify!($field))),
                        kind: <$type as $crate::value::Value>::KIND,
                        min: $crate::table::first!($($min,)? 0),
                        max: $crate::table::first!($($($max,)?)? 0),
                        default: $crate::table::first!($($other,)? $default),
                        doc: concat!($($doc),+),
                    },
                )+];

                fn load(settings: &$crate::Settings, prefix: $crate::Prefix) -> Result<Self, $crate::Error> {
                    let mut specs = match prefix {
                        $crate::Prefix::Smtp => Self::SMTP.iter(),
                        $crate::Prefix::Lmtp => Self::LMTP.iter(),
                    };
                    Ok(Self { $( $field: settings.next(&mut specs)?, )+ })
                }
            }
        )+

        /// The rows of every group in this file, under both prefixes.
        pub(crate) const TABLE: &[&[$crate::table::Spec]] = &[$(
            <$group as $crate::table::ClientGroup>::SMTP,
            <$group as $crate::table::ClientGroup>::LMTP,
        )+];
    };
}

/// The first of its arguments: a given value, or the one that stands for it.
macro_rules! first {
    ($first:expr $(, $rest:expr)* $(,)?) => {
        $first
    };
}

pub(crate) use {client_params, first, params};
