//! Going through maildrop/, several letters at once.

use std::path::Path;
use std::rc::Rc;

use queue::{Folder, Scan};
use service::Fatal;
use tokio::task::JoinSet;

use crate::claim::{self, Claimed};
use crate::config::Config;
use crate::copy::{self, Fate};

/// How many letters are handed to cleanup at once.
const AT_ONCE: usize = 16;

/// Take everything that is ready. A letter that must stay does so until the next call.
pub(crate) async fn scan(config: &Rc<Config>) -> Result<(), Fatal> {
    let unread = |error: std::io::Error| Fatal::io("scan maildrop", &error);
    let files = Scan::new(Folder::Maildrop).map_err(unread)?;
    let mut letters: JoinSet<Fate> = JoinSet::new();
    let mut stop = false;
    for found in files {
        let found = found.map_err(unread)?;
        let Some(claimed) = claim::claim(&found) else {
            continue;
        };
        let config = Rc::clone(config);
        letters.spawn_local(async move { take(&config, claimed).await });
        if letters.len() >= AT_ONCE {
            stop |= finished(&mut letters).await;
        }
        if stop {
            break;
        }
    }
    while !letters.is_empty() {
        finished(&mut letters).await;
    }
    Ok(())
}

/// Wait for one letter; whether cleanup is away, so that trying more is of no use.
async fn finished(letters: &mut JoinSet<Fate>) -> bool {
    match letters.join_next().await {
        Some(Ok(fate)) => fate == Fate::Unreachable,
        // The file of a copy that broke off is still there.
        Some(Err(_)) | None => false,
    }
}

async fn take(config: &Config, claimed: Claimed) -> Fate {
    let path = claimed.path.clone();
    let fate = copy::copy(config, claimed).await;
    if matches!(fate, Fate::Taken | Fate::Malformed) {
        remove(&path);
    }
    fate
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        maillog::warning!("remove {}: {error}", path.display());
    }
}
