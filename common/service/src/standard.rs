//! One client on standard input and output (`-S`), whatever kind of file these are.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;

/// A socket whose other end is copied from standard input and to standard output by two threads. Join the handle
/// after the socket is closed: then everything has been written.
pub(crate) fn pair() -> io::Result<(UnixStream, JoinHandle<()>)> {
    let (near, far) = UnixStream::pair()?;
    let mut input = far.try_clone()?;
    std::thread::spawn(move || {
        copy(&mut io::stdin().lock(), &mut input);
        // The daemon sees the end of input; it may still answer.
        let _ = input.shutdown(Shutdown::Write);
    });
    let mut output = far;
    let writer = std::thread::spawn(move || copy(&mut output, &mut io::stdout().lock()));
    near.set_nonblocking(true)?;
    Ok((near, writer))
}

/// Copy until either side is gone, passing on each piece at once.
fn copy(from: &mut impl Read, to: &mut impl Write) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => {
                let piece = buffer.get(..count).unwrap_or_default();
                if to.write_all(piece).and_then(|()| to.flush()).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}
