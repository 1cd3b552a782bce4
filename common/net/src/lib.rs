//! Endpoints, networks, timed line streams, listen and connect.
