//! A stub resolver and the mail-relevant record types.
