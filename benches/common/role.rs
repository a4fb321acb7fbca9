//! Processes of a bench's own: a host whose CPU, memory and descriptors are not those of the fleet that is measured.

use super::common::plan;
use posfleet::{
    driver::{Clock, HostServer, raise_descriptor_limit},
    host::Host,
};
use std::{
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

/// A process of this program that says one line about itself, ended with this value.
pub struct Role {
    child: Child,
    /// What it said.
    pub line: String,
}

impl Role {
    /// Starts this program with these arguments, and waits for its line.
    pub fn start(arguments: &[&str]) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("this program starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("piped");
        BufReader::new(output).read_line(&mut line).expect("the role says a line");
        Self { child, line: line.trim().to_owned() }
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The simulated acquirer for the terminals of a scenario; says where it listens, and ends when its parent does.
pub fn host(scenario: &str) {
    raise_descriptor_limit();
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let server =
        HostServer::start(Host::new(plan(scenario).host), address, Clock::start()).expect("a free port");
    println!("{}", server.address());
    let _ = io::stdin().read_line(&mut String::new());
}
