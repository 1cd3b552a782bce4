//! A panic ends one conversation, not its neighbours: it is logged, and the conversation's future is dropped.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Make panics one log line each, with the place.
pub(crate) fn log_them() {
    std::panic::set_hook(Box::new(|info| {
        let what = info.payload_as_str().unwrap_or("a value that is no text");
        match info.location() {
            Some(place) => maillog::bug!("{what} ({}:{})", place.file(), place.line()),
            None => maillog::bug!("{what}"),
        }
    }));
}

/// Run a future; `false` when it panicked.
pub(crate) async fn contained(work: impl Future<Output = ()>) -> bool {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(Poll::Ready(())) => Poll::Ready(true),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(false),
        }
    })
    .await
}
