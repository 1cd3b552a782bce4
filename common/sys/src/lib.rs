//! The only unsafe code: ids, rights, fork and exec, descriptors, locks, signals, passing descriptors.
