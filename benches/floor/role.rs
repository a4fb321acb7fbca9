//! The hosts of the bench: processes of their own, which say how much CPU they have used when they are asked.

use super::{common::plan, raw};
use posfleet::{
    driver::{Clock, HostServer, usage},
    host::Host,
};
use std::{
    io::{self, BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

/// A host in a process of its own, ended with this value.
pub struct Role {
    child: Child,
    ask: ChildStdin,
    told: BufReader<ChildStdout>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Role {
    /// The raw host.
    pub fn echo() -> Self {
        Self::start(&["role-echo"])
    }

    /// The simulated acquirer, for the terminals of a scenario.
    pub fn acquirer(scenario: &str) -> Self {
        Self::start(&["role-host", scenario])
    }

    fn start(arguments: &[&str]) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("this program starts");
        let ask = child.stdin.take().expect("piped");
        let mut told = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        told.read_line(&mut line).expect("the host says where it listens");
        Self { child, ask, told, address: line.trim().parse().expect("an address") }
    }

    /// CPU time that it has used.
    pub fn cpu(&mut self) -> Duration {
        writeln!(self.ask, "cpu").expect("it listens");
        let mut line = String::new();
        self.told.read_line(&mut line).expect("it answers");
        Duration::from_nanos(line.trim().parse().expect("nanoseconds"))
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the arguments say that this process is; `false` where it is the bench itself.
pub fn play(arguments: &[String]) -> bool {
    match arguments.first().map(String::as_str) {
        Some("role-echo") => {
            thread::spawn(|| {
                answer_parent();
                std::process::exit(0);
            });
            raw::echo_host();
        }
        Some("role-host") => acquirer(&arguments[1]),
        _ => return false,
    }
    true
}

fn acquirer(scenario: &str) {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let host = Host::new(plan(scenario).host);
    let server = HostServer::start(host, address, Clock::start()).expect("a free port");
    println!("{}", server.address());
    answer_parent();
}

/// Says how much CPU this process has used, as often as it is asked; ends when the parent does.
fn answer_parent() {
    for _ in io::stdin().lines().map_while(Result::ok) {
        println!("{}", usage().cpu.as_nanos());
    }
}
