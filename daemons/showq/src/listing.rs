//! The list as a whole: folder after folder, sent piece by piece.

use std::io;

use queue::Folder;
use queue::scan::Scan;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::{Showq, message, wire};

/// The folders in the order of the list.
const FOLDERS: [Folder; 5] = [
    Folder::Maildrop,
    Folder::Active,
    Folder::Incoming,
    Folder::Deferred,
    Folder::Hold,
];
/// Send when this much has come together.
const PIECE: usize = 32 * 1024;
/// Let other clients have their turn after this many files.
const TURN: usize = 64;

/// Send the whole list.
pub(crate) async fn send(showq: &Showq, client: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let mut out = wire::GREETING.to_vec();
    let mut seen = 0_usize;
    for folder in FOLDERS {
        let mut scan = match Scan::new(folder) {
            Ok(scan) => scan,
            Err(error) => {
                maillog::warning!(
                    "open queue folder {}: {error}; it is not listed",
                    folder.name()
                );
                continue;
            }
        };
        while let Some(found) = next(&mut scan) {
            message::describe(showq, folder, &found, &mut out);
            seen += 1;
            if out.len() >= PIECE {
                client.write_all(&out).await?;
                out.clear();
            } else if seen.is_multiple_of(TURN) {
                tokio::task::yield_now().await;
            }
        }
    }
    out.push(wire::END);
    client.write_all(&out).await?;
    client.shutdown().await
}

/// The next file; a folder that cannot be read any further ends here.
fn next(scan: &mut Scan) -> Option<queue::scan::Found> {
    scan.next_file().unwrap_or_else(|error| {
        maillog::warning!(
            "scan queue folder {}: {error}; the rest of it is not listed",
            scan.folder().name()
        );
        None
    })
}
