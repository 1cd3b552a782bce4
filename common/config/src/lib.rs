//! main.cf, master.cf, overrides, and the parameter table.
