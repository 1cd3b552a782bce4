//! `<agent>_delivery_status_filter`: an administrator's own status codes and texts in place of what a delivery came to.
//!
//! Success stays success, and failure failure; but a failure may become a delay, and a delay a failure. Logs what is wrong with a result.

use config::{Settings, TableList};
use lookup::{Maps, OpenOptions};
use mail::DsnStatus;
use mail::outcome::Dsn;

/// The tables of this program, if there are any.
pub(crate) struct Filter(Maps);

impl Filter {
    /// As main.cf has it for this program; programs that are no delivery agents have none.
    pub(crate) fn open(settings: &Settings) -> Result<Self, config::Error> {
        let program = settings.text("process_name")?.unwrap_or_default();
        let title = format!("{program}_delivery_status_filter");
        let tables = TableList::from(settings.text(&title)?.unwrap_or_default().as_str());
        let options = OpenOptions::from_settings(settings)?;
        Ok(Self(Maps::open(&title, &tables, &options)))
    }

    /// The status and text to report.
    pub(crate) async fn apply(&self, dsn: Dsn) -> Dsn {
        if self.0.is_empty() {
            return dsn;
        }
        let key = [dsn.status.to_string().as_bytes(), b" ", &dsn.reason].concat();
        // A failed lookup was logged by the table, and must not change what becomes of mail.
        let Ok(Some(result)) = self.0.find(&key).await else {
            return dsn;
        };
        replaced(dsn, &result).unwrap_or_else(|dsn| {
            let (title, result) = (self.0.title(), String::from_utf8_lossy(&result));
            maillog::warning!("{title}: bad status code, or success for failure: \"{result}\"");
            *dsn
        })
    }
}

/// The same with another status and text; back as it was, if that makes no sense.
fn replaced(mut dsn: Dsn, result: &[u8]) -> Result<Dsn, Box<Dsn>> {
    match DsnStatus::leading(result) {
        (Some(status), text)
            if (status.class == 2) == (dsn.status.class == 2) && !text.is_empty() =>
        {
            dsn.status = status;
            dsn.reason = text.to_vec();
            Ok(dsn)
        }
        _ => Err(Box::new(dsn)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_stays_success() {
        let dsn = |class| Dsn::new(DsnStatus::new(class, 1, 1), "as it was");
        let changed = |class, result: &str| {
            replaced(dsn(class), result.as_bytes())
                .map(|dsn| dsn.status.to_string())
                .ok()
        };
        assert_eq!(changed(5, "4.2.1  try later").as_deref(), Some("4.2.1"));
        assert_eq!(changed(2, "2.0.0 fine").as_deref(), Some("2.0.0"));
        assert_eq!(changed(5, "2.0.0 fine"), None);
        assert_eq!(changed(2, "5.0.0 no"), None);
        assert_eq!(changed(5, "5.0.0"), None);
        assert_eq!(changed(5, "no code"), None);
    }
}
