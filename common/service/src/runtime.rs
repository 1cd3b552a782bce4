//! The one place where a runtime starts: after the jail, on this one thread.

use std::future::Future;

use tokio::task::LocalSet;

use crate::Fatal;

/// Threads beside the loop, which only wait for fsync.
const SYNC_THREADS: usize = 16;

pub(crate) fn run<T>(work: impl Future<Output = T>) -> Result<T, Fatal> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(SYNC_THREADS)
        .build()
        .map_err(|error| Fatal::io("start the event loop", &error))?;
    Ok(LocalSet::new().block_on(&runtime, work))
}

/// Wait until master closes the status channel: it ended, or was told to reload.
pub(crate) async fn dismissed(channel: std::os::unix::net::UnixStream) {
    let Ok(channel) = tokio::net::UnixStream::from_std(channel) else {
        return;
    };
    let mut byte = [0];
    loop {
        if channel.readable().await.is_err() {
            return;
        }
        match channel.try_read(&mut byte) {
            Ok(0) => return,
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return,
            Ok(_) | Err(_) => {}
        }
    }
}
