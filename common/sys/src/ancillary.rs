//! A descriptor sent along with the first bytes of a message over a UNIX stream socket.
//!
//! Exactly one descriptor travels at a time. Anything beyond it that a peer sends is closed at once.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, UnixAddr, recvmsg, sendmsg};

/// Room for this many descriptors, so that the kernel has no reason to truncate and leak what a peer sends too much.
const ROOM: usize = 64;

/// Send bytes with one descriptor; returns how many bytes were taken (the descriptor goes with the first).
pub fn send(socket: BorrowedFd<'_>, bytes: &[u8], passed: BorrowedFd<'_>) -> io::Result<usize> {
    let fds = [passed.as_raw_fd()];
    let control = [ControlMessage::ScmRights(&fds)];
    let iov = [IoSlice::new(bytes)];
    Ok(sendmsg::<UnixAddr>(
        socket.as_raw_fd(),
        &iov,
        &control,
        MsgFlags::MSG_NOSIGNAL,
        None,
    )?)
}

/// Receive bytes and, where the peer sent one with them, a descriptor (close-on-exec).
pub fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<(usize, Option<OwnedFd>)> {
    let mut space = nix::cmsg_space!([RawFd; ROOM]);
    let mut iov = [IoSliceMut::new(buffer)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<UnixAddr>(socket.as_raw_fd(), &mut iov, Some(&mut space), flags)?;
    let mut received = Vec::new();
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(fds) = control {
            // SAFETY: the kernel has just installed these descriptors in this process; nobody else owns them.
            received.extend(
                fds.into_iter()
                    .map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }),
            );
        }
    }
    let bytes = message.bytes;
    Ok((bytes, received.into_iter().next()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_descriptor_arrives_usable() {
        let (a, b) = UnixStream::pair().unwrap();
        let (mut near, far) = UnixStream::pair().unwrap();
        assert_eq!(send(a.as_fd(), b"x", far.as_fd()).unwrap(), 1);
        drop(far);
        let mut buffer = [0; 8];
        let (count, fd) = receive(b.as_fd(), &mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"x");
        UnixStream::from(fd.unwrap()).write_all(b"hello").unwrap();
        let mut text = String::new();
        near.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello");
    }

    #[test]
    fn bytes_without_a_descriptor_arrive_without_one() {
        let (mut a, b) = UnixStream::pair().unwrap();
        a.write_all(b"plain").unwrap();
        let mut buffer = [0; 8];
        let (count, fd) = receive(b.as_fd(), &mut buffer).unwrap();
        assert_eq!((count, fd.is_none()), (5, true));
    }
}
