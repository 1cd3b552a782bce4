//! compatibility_level: the stock values of older versions, which stay in force below a level (COMPATIBILITY_README).
//!
//! A program asks whether a parameter [keeps its old value](Settings::keeps_old) and logs "using backwards-compatible
//! default setting NAME=value to ..." when that made a difference to a letter.

use text::expand;
use text::level::Level;

use crate::error::Error;
use crate::settings::Settings;
use crate::table;

/// The level from which on no old value is in force.
pub const LAST: Level = Level {
    major: 3,
    minor: 11,
    patch: 0,
};

impl Settings {
    /// Whether a parameter has the stock value of an older version: nobody sets it, and compatibility_level is below the
    /// level that its stock value names.
    pub fn keeps_old(&self, name: &str) -> Result<bool, Error> {
        if self.set(name).is_some() {
            return Ok(false);
        }
        match table::find(name).and_then(|spec| changed_at(spec.default)) {
            Some(level) => Ok(self.level()? < level),
            None => Ok(false),
        }
    }

    /// Whether any stock value may be that of an older version, which postfix(1) says at each call.
    pub fn is_backwards_compatible(&self) -> Result<bool, Error> {
        Ok(self.level()? < LAST)
    }

    fn level(&self) -> Result<Level, Error> {
        let text = self.text("compatibility_level")?.unwrap_or_default();
        Level::parse(&text).map_err(|bad| Error::Expansion {
            name: "compatibility_level".to_owned(),
            what: expand::Error::Level(bad.0),
        })
    }
}

/// The level at which a stock value changes, as `<level {3.6}` in its text says.
fn changed_at(stock: &str) -> Option<Level> {
    let (_, after) = stock.split_once("{$compatibility_level} <level {")?;
    Level::parse(after.split('}').next()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Loader, MainCf};

    fn settings(main: &str) -> Settings {
        let main = MainCf::parse("main.cf".as_ref(), main.as_bytes()).unwrap();
        Loader::new("smtpd").over("/c".into(), main)
    }

    #[test]
    fn old_values_end_at_their_level() {
        let keeps = |main, name| settings(main).keeps_old(name).unwrap();
        assert!(keeps("", "append_dot_mydomain"));
        assert!(!keeps("append_dot_mydomain = yes", "append_dot_mydomain"));
        assert!(!keeps("compatibility_level = 1", "append_dot_mydomain"));
        assert!(keeps("compatibility_level = 1", "relay_domains"));
        assert!(!keeps("compatibility_level = 3.6", "respectful_logging"));
        assert!(!keeps("", "myhostname"));
    }

    #[test]
    fn the_last_level_is_that_of_the_table() {
        let levels = table::all().filter_map(|spec| changed_at(spec.default));
        assert_eq!(levels.max(), Some(LAST));
        assert!(settings("").is_backwards_compatible().unwrap());
        assert!(
            !settings("compatibility_level = 3.11")
                .is_backwards_compatible()
                .unwrap()
        );
        assert!(
            settings("compatibility_level = x")
                .is_backwards_compatible()
                .is_err()
        );
    }
}
