//! Frames, typed connections, hello, timeouts, a descriptor sent with a message.
