//! Queue folders, names, the record format, queue files, locks, bounce, defer and trace logs.
