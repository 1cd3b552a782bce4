//! Giving rights up, and (for workers) borrowing a user's: chroot, groups, ids, capabilities, no_new_privs.
//!
//! [`Jail::enter`] is the one place where a daemon becomes less than root. Its order is fixed: chroot, groups, gid,
//! uid, capabilities, no_new_privs. Once it returns Ok there is no way back.

use std::io;
use std::path::Path;

use caps::{CapSet, CapsHashSet};
use nix::unistd::{Gid, Uid, chdir, chroot, setegid, seteuid, setgroups, setresgid, setresuid};

/// What is left of a process after it gave up its rights.
#[derive(Clone, Copy, Debug)]
pub struct Jail<'a> {
    /// The new root directory, if any.
    pub root: Option<&'a Path>,
    /// User and group to become, if any.
    pub ids: Option<(u32, u32)>,
}

impl Jail<'_> {
    /// Give up everything that this jail does not have. Call while there is one thread.
    pub fn enter(self) -> io::Result<()> {
        if let Some(root) = self.root {
            chdir(root)?;
            chroot(root)?;
            chdir("/")?;
        }
        if let Some((uid, gid)) = self.ids {
            let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
            if !uid.is_root() && Uid::effective().is_root() {
                // Only root may shrink the bounding set, so this comes before the ids.
                caps::clear(None, CapSet::Bounding).map_err(failed)?;
            }
            if Uid::effective().is_root() {
                setgroups(&[gid])?;
            }
            setresgid(gid, gid, gid)?;
            setresuid(uid, uid, uid)?;
            if !uid.is_root() {
                drop_capabilities()?;
            }
        }
        nix::sys::prctl::set_no_new_privs()?;
        // Here a filter of system calls and Landlock rules will stand, from the table beside each program.
        Ok(())
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err calls"
)]
fn failed(error: caps::errors::CapsError) -> io::Error {
    io::Error::other(error.to_string())
}

/// Drop every capability of this thread and of its children.
fn drop_capabilities() -> io::Result<()> {
    for set in [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
        caps::set(None, set, &CapsHashSet::new()).map_err(failed)?;
    }
    // Kernels without ambient capabilities refuse this; there is nothing to drop then.
    let _ = caps::clear(None, CapSet::Ambient);
    Ok(())
}

/// Whether this process is root.
#[must_use]
pub fn is_root() -> bool {
    Uid::effective().is_root()
}

/// Real user id and group id.
#[must_use]
pub fn real_ids() -> (u32, u32) {
    (Uid::current().as_raw(), Gid::current().as_raw())
}

/// Effective user id and group id.
#[must_use]
pub fn effective_ids() -> (u32, u32) {
    (Uid::effective().as_raw(), Gid::effective().as_raw())
}

/// Whether the program was started with another user's or group's rights (setuid, setgid).
#[must_use]
pub fn is_set_id() -> bool {
    real_ids() != effective_ids()
}

/// Give up the group of a setgid program for good.
pub fn drop_set_gid() -> io::Result<()> {
    let gid = Gid::current();
    setresgid(gid, gid, gid)?;
    Ok(())
}

/// A user's identity that root has taken on for a while; dropping it makes the process root again.
///
/// Only effective ids change, so that the worker can come back; a command is run by
/// [`crate::command`], which gives everything up.
#[must_use]
pub struct Borrowed {
    uid: Uid,
    gid: Gid,
}

/// Take on a user's effective identity, until the value is dropped.
pub fn borrow_identity(uid: u32, gid: u32, groups: &[u32]) -> io::Result<Borrowed> {
    let before = Borrowed {
        uid: Uid::effective(),
        gid: Gid::effective(),
    };
    if before.uid.as_raw() == uid && before.gid.as_raw() == gid {
        return Ok(before);
    }
    let groups: Vec<Gid> = groups.iter().map(|&g| Gid::from_raw(g)).collect();
    setgroups(&groups)?;
    setegid(Gid::from_raw(gid))?;
    if let Err(error) = seteuid(Uid::from_raw(uid)) {
        setegid(before.gid)?;
        return Err(error.into());
    }
    Ok(before)
}

impl Drop for Borrowed {
    /// Come back; a process that cannot must not go on under a wrong identity, so it ends.
    fn drop(&mut self) {
        if Uid::effective() == self.uid && Gid::effective() == self.gid {
            return;
        }
        let back = seteuid(self.uid)
            .and_then(|()| setegid(self.gid))
            .and_then(|()| setgroups(&[self.gid]));
        if back.is_err() {
            std::process::abort();
        }
    }
}
