//! How terminals are connected: what a group says of its connections, and a target of TLS.

use super::Compiler;
use crate::{
    link::{self, Settings, Sources, Strategy, Tls},
    scenario::{
        connection::{ConnectionKeys, TargetTls},
        file,
        network::Network,
        node::Node,
        plan::EmbeddedTls,
        step::Step,
        words,
    },
};
use std::{num::NonZero, sync::Arc};

impl Compiler<'_> {
    /// What a group says of its connections; `tls` is that of its target.
    pub(super) fn connection(&mut self, node: &Node, group: &file::Group, tls: Option<Arc<Tls>>) -> Settings {
        let node = node.child("connection");
        let keys = group.connection.keys();
        self.check_connection(node, &keys);
        Settings {
            strategy: strategy(&keys),
            rate: keys.connect_rate,
            lifetime: keys.lifetime.map(|time| time.0),
            idle: keys.idle_timeout.map(|time| time.0),
            sources: Sources::of(keys.local_addresses.into_iter().map(|range| range.sources)),
            tls,
        }
    }

    fn check_connection(&mut self, node: &Node, keys: &ConnectionKeys) {
        if keys.strategy != words::Strategy::Shared {
            for key in ["pool", "match"].into_iter().filter(|key| node.has(key)) {
                self.complain(&node.at_key(key), format!("`{key}` goes with `strategy: shared`"));
            }
        }
        for (key, time) in [("lifetime", keys.lifetime), ("idleTimeout", keys.idle_timeout)] {
            let Some(time) = time else { continue };
            if keys.strategy == words::Strategy::PerTransaction {
                let message = format!("`{key}` is about connections that are kept");
                self.complain_with_help(
                    &node.at_key(key),
                    message,
                    "write `strategy: long-lived` or `shared`",
                );
            } else if time.0.is_zero() {
                self.complain(&node.at(key), "a connection lives for some time");
            }
        }
        if keys.connect_rate.is_some_and(|rate| rate <= 0.0) {
            self.complain(&node.at("connectRate"), "at this rate nobody connects");
        }
        for field in keys.r#match.iter().flatten().filter(|field| !(2..=128).contains(*field)) {
            self.complain(&node.at("match"), format!("there is no data element {field}"));
        }
    }

    /// The network of a group: its own, or that of its target.
    pub(super) fn group_network(&mut self, node: &Node, group: &file::Group) -> Option<Arc<link::Network>> {
        if let Some(own) = &group.network {
            self.check_network(node.child("network"), own);
            return Some(own.compiled());
        }
        let name = group.target.as_ref()?;
        self.file.targets.find(name)?.network.as_ref().map(Network::compiled)
    }

    /// The networks of targets, whether somebody uses them or not.
    pub(super) fn check_networks(&mut self) {
        for (name, target) in self.file.targets.iter() {
            if let Some(network) = &target.network {
                self.check_network(self.node("targets", name).child("network"), network);
            }
        }
    }

    /// The network of a step, which must be one of the terminal's.
    pub(super) fn step_network(&mut self, node: &Node, network: &Network, step: &Step) {
        if step.operations.is_empty() {
            self.complain(&node.at_key("network"), "`network` is about what terminals do with their host");
        }
        let mut groups = self.file.terminals.iter();
        if groups.any(|(_, group)| group.connection.keys().strategy == words::Strategy::Shared) {
            let message = "a connection that is shared has one network: that of its group";
            self.complain(&node.at_key("network"), message);
        }
        self.check_network(node.child("network"), network);
    }

    fn check_network(&mut self, node: &Node, network: &Network) {
        if network.resets.is_some() && network.reset_after.is_none() {
            let help = "write `resetAfter` with a number of bytes";
            self.complain_with_help(&node.at_key("resets"), "`resets` goes with `resetAfter`", help);
        }
        if network.jitter.is_some_and(|jitter| jitter > network.latency.unwrap_or_default()) {
            let message = "`jitter` is longer than `latency`: nothing arrives before it was sent";
            self.complain(&node.at("jitter"), message);
        }
    }

    /// TLS with the host of a target.
    pub(super) fn target_tls(&mut self, name: &str) -> Option<Arc<Tls>> {
        let node = self.node("targets", name).child("tls");
        let written = self.file.targets.find(name)?.tls.as_ref()?;
        for (one, other) in [("certificate", "key"), ("key", "certificate")] {
            if node.has(one) && !node.has(other) && !node.is_tainted() {
                self.complain(&node.at_key(one), format!("`{one}` needs `{other}`"));
            }
        }
        let verifies = written.verify.unwrap_or(true);
        if !verifies && written.ca.is_some() {
            self.complain(
                &node.at_key("ca"),
                "`ca` says who is trusted, and `verify: false` trusts everybody",
            );
        }
        if verifies && written.ca.is_none() && !node.is_tainted() {
            let help = "write `ca` with a PEM file, or `verify: false` to trust everybody";
            self.complain_with_help(&node.span, "TLS needs a `ca`: nobody is trusted who is not named", help);
        }
        Some(Arc::new(self.tls_of(node, written)))
    }

    fn tls_of(&mut self, node: &Node, written: &TargetTls) -> Tls {
        let mut pem = |key: &str, name: &Option<String>, check: PemCheck| {
            let text = self.read(&node.at(key), name.as_ref()?)?;
            self.or_complain(&node.at(key), check(&text))?;
            Some(text)
        };
        let authorities = pem("ca", &written.ca, link::check_certificates);
        let certificate = pem("certificate", &written.certificate, link::check_certificates);
        let key = pem("key", &written.key, link::check_key);
        let is_verified = written.verify.unwrap_or(true);
        Tls {
            name: written.server_name.clone(),
            authorities: authorities.filter(|_| is_verified),
            identity: certificate.zip(key),
            resumes: written.resumption.unwrap_or(true),
        }
    }

    /// TLS with the host inside this program.
    pub(super) fn embedded_tls(&self) -> Option<EmbeddedTls> {
        let written = self.file.host.tls?;
        let asks_clients = written.clients == crate::scenario::connection::Clients::Certified;
        Some(EmbeddedTls { asks_clients, resumes: written.resumption })
    }
}

/// Whether the text of a file is what it should be.
type PemCheck = fn(&str) -> Result<(), link::PemError>;

fn strategy(keys: &ConnectionKeys) -> Strategy {
    match keys.strategy {
        words::Strategy::PerTransaction => Strategy::PerTransaction,
        words::Strategy::LongLived => Strategy::LongLived,
        words::Strategy::Shared => Strategy::Shared {
            pool: keys.pool.and_then(NonZero::new).unwrap_or(NonZero::<u32>::MIN),
            fields: keys.r#match.clone().unwrap_or_else(|| MATCH.to_vec()).into(),
        },
    }
}

/// STAN and terminal.
const MATCH: [u8; 2] = [11, 41];
