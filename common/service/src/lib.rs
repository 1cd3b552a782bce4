//! The daemon skeleton: taking clients, the jail, idle and use limits, watchdog.
