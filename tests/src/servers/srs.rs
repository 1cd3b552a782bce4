//! Servers of the Sender Rewriting Scheme: `postsrsd`, which speaks the protocol of tcp_table(5), and the Python library of SRS and of
//! socketmap servers that Debian has as `python3-srs`.

use std::fs;

use crate::machine::Machine;

use super::Server;

/// The whole of a server: the library does the protocol and the scheme.
const SOCKETMAP: &str = "
import os, socketserver, sys, threading
import SRS, SocketMap

srs = SRS.new(secret=['wherever'])

class Handler(SocketMap.Handler):
    def log(self, *words):
        pass
    def _handle_forward(self, key):
        if key.lower().endswith(b'@ferro.example') or b'@' not in key:
            raise LookupError
        return srs.forward(key.decode(), 'ferro.example')
    def _handle_reverse(self, key):
        if not key.upper().startswith(b'SRS'):
            raise LookupError
        try:
            return srs.reverse(key.decode())
        except Exception:
            raise LookupError

class Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

os.umask(0)
if os.path.exists(sys.argv[1]):
    os.remove(sys.argv[1])
unix = SocketMap.Daemon(sys.argv[1], Handler)
threading.Thread(target=unix.run, daemon=True).start()
Tcp(('127.0.0.1', 10003), Handler).serve_forever()
";

impl Server {
    /// postsrsd for ferro.example: at port 10001 what a sender becomes, and at port 10002 what it was.
    pub fn postsrsd(machine: &Machine) -> Self {
        let mut server = Self::new(machine, "postsrsd", "nobody", 10002);
        let secret = server.path("secret");
        fs::write(&secret, "wherever\n").expect("write");
        server.command = ["postsrsd", "-4", "-d", "ferro.example", "-s", &secret]
            .map(str::to_owned)
            .to_vec();
        server.start();
        server
    }

    /// The same as the maps `forward` and `reverse` of a socketmap server, at port 10003 and at `socket` in its directory.
    pub fn srs_socketmap(machine: &Machine) -> Self {
        let mut server = Self::new(machine, "srs", "nobody", 10003);
        let program = server.path("server.py");
        fs::write(&program, SOCKETMAP).expect("write");
        server.command = [
            "/usr/bin/python3".to_owned(),
            program,
            server.path("socket"),
        ]
        .to_vec();
        server.start();
        server
    }
}
