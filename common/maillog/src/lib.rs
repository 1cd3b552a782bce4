//! Levels, the log line, and the syslog and postlog transports.
