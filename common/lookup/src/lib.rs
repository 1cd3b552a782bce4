//! Lookup table types, maps, match lists, address lookups.
