//! Every conversation between our programs, one file each.
