//! Running the shared async code in a program that has no runtime.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Run a future to its end in a program without a runtime, where every call of this crate blocks inside.
pub fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        // Only a future that waits for something else than this crate comes here; asking again later keeps it right.
        std::thread::sleep(Duration::from_millis(1));
    }
}
