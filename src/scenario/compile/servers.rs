//! HTTP servers: targets with a `url`, and the merchant portal of the host inside this program in front of them.

use super::Compiler;
use crate::{
    http::{Server, Tls},
    scenario::{
        file::{File, Target},
        node::{Node, Span},
        plan::{self, Group},
    },
};
use std::time::Duration;

/// The servers of a scenario file, by their names in the order of the plan.
pub(super) fn names(file: &File) -> impl Iterator<Item = &str> {
    let declared = file.targets.iter().filter(|(_, target)| target.url.is_some()).map(|(name, _)| name);
    [PORTAL].into_iter().chain(declared)
}

impl Compiler<'_> {
    pub(super) fn servers(&mut self) -> Vec<Server> {
        let file = self.file;
        let mut servers = vec![server(PORTAL, "127.0.0.1", 0)];
        for (name, target) in file.targets.iter() {
            let node = self.node("targets", name);
            match (&target.url, &target.address) {
                (Some(url), None) => {
                    self.no_host(node);
                    servers.push(self.server(name, node, target, url));
                }
                (Some(_), Some(_)) => {
                    self.complain(&node.at_key("url"), "a target has an `address` or a `url`, not both");
                }
                (None, Some(_)) => self.no_server(node),
                (None, None) if node.is_tainted() => {}
                (None, None) => {
                    let message = "a target needs an `address`, or a `url` where it is an HTTP server";
                    self.complain(&node.span, message);
                }
            }
        }
        servers
    }

    /// Complains about steps that ask the portal where there is none.
    pub(super) fn check_portal(&mut self, uses: &[Span], groups: &[Group], has_portal: bool) {
        let is_served = groups.iter().any(|group| group.target == plan::Target::Embedded);
        let (message, help) = match (has_portal, is_served) {
            (true, true) => return,
            (true, false) => (
                "the portal belongs to the host inside this program, which no group talks to",
                "name a target with a `url` by `server`",
            ),
            (false, _) => (
                "without `server` this asks the merchant portal, and the host inside this program has none",
                "write `portal: {}` below `host`, or name a target with a `url` by `server`",
            ),
        };
        uses.iter().for_each(|span| self.complain_with_help(span, message, help));
    }

    fn server(&mut self, name: &str, node: &Node, target: &Target, url: &str) -> Server {
        if name == PORTAL {
            let message = "`portal` is the name of the portal inside this program";
            self.complain(&self.root.child("targets").at_key(name), message);
        }
        let Some(place) = Place::of(url) else {
            self.complain_with_help(
                &node.at("url"),
                "expected the URL of a server",
                "write it as https://portal.example:8443/api, without user, query or fragment",
            );
            return server(name, "", 0);
        };
        let connections = target.connections.map_or(CONNECTIONS, |count| count as usize);
        Server {
            prefix: place.prefix.to_owned(),
            tls: self.tls(node, target, &place),
            connections,
            idle: target.idle_timeout.map_or(IDLE, |time| time.0),
            ..server(name, place.host, place.port)
        }
    }

    fn tls(&mut self, node: &Node, target: &Target, place: &Place<'_>) -> Option<Tls> {
        if !place.is_secure {
            for key in OF_TLS.into_iter().filter(|key| node.has(key)) {
                self.complain(
                    &node.at_key(key),
                    format!("`{key}` is about TLS, and the `url` is plain http"),
                );
            }
            return None;
        }
        for (one, other) in [(CERTIFICATE, KEY), (KEY, CERTIFICATE)] {
            if node.has(one) && !node.has(other) {
                self.complain(&node.at_key(one), format!("`{one}` needs `{other}`"));
            }
        }
        if target.ca.is_none() && !node.is_tainted() {
            self.complain_with_help(
                &node.at("url"),
                "https needs a `ca`: nobody is trusted who is not named",
                "on many systems `ca: /etc/ssl/certs/ca-certificates.crt` names those whom browsers trust",
            );
        }
        let mut file = |key: &str, name: &Option<String>| match name {
            Some(name) => self.read(&node.at(key), name),
            None => None,
        };
        let authorities = file("ca", &target.ca).unwrap_or_default();
        let identity = file(CERTIFICATE, &target.client_certificate).zip(file(KEY, &target.client_key));
        let resumes = target.resumption.unwrap_or(true);
        Some(Tls { name: target.server_name.clone(), authorities, identity, resumes })
    }

    /// A server has none of the keys of a host.
    fn no_host(&mut self, node: &Node) {
        if node.has("tls") {
            let help = "write `url: https://…` and `ca` beside it";
            self.complain_with_help(&node.at_key("tls"), "`tls` goes with an `address`", help);
        }
        if node.has("network") {
            self.complain(&node.at_key("network"), "`network` goes with an `address`");
        }
    }

    /// A host has none of the keys of a server.
    fn no_server(&mut self, node: &Node) {
        let of_servers = OF_TLS.into_iter().chain(["connections", "idleTimeout"]);
        for key in of_servers.filter(|key| node.has(key)) {
            self.complain(&node.at_key(key), format!("`{key}` goes with a `url`"));
        }
    }
}

/// What a URL says of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place<'u> {
    is_secure: bool,
    host: &'u str,
    port: u16,
    prefix: &'u str,
}

impl<'u> Place<'u> {
    /// `http[s]://host[:port][/prefix]`, an address of IPv6 in brackets.
    fn of(url: &'u str) -> Option<Self> {
        let (is_secure, rest) = match url.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, url.strip_prefix("http://")?),
        };
        let (authority, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = match authority.strip_prefix('[') {
            Some(bracketed) => bracketed.split_once(']')?,
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let port = match port {
            "" if is_secure => 443,
            "" => 80,
            port => port.strip_prefix(':')?.parse().ok().filter(|port| *port > 0)?,
        };
        let is_plain = |text: &str| !text.contains(['@', '?', '#', '[', ']', ' ']) && text.is_ascii();
        let place = Self { is_secure, host, port, prefix: prefix.trim_end_matches('/') };
        (!host.is_empty() && is_plain(host) && is_plain(prefix)).then_some(place)
    }
}

fn server(name: &str, host: &str, port: u16) -> Server {
    Server {
        name: name.to_owned(),
        host: host.to_owned(),
        port,
        prefix: String::new(),
        tls: None,
        connections: CONNECTIONS,
        idle: IDLE,
        body_max: BODY_MAX,
    }
}

/// The server that every file has.
pub(super) const PORTAL: &str = "portal";
const CERTIFICATE: &str = "clientCertificate";
const KEY: &str = "clientKey";
const OF_TLS: [&str; 5] = ["ca", CERTIFICATE, KEY, "serverName", "resumption"];
const CONNECTIONS: usize = 64;
const IDLE: Duration = Duration::from_secs(60);
const BODY_MAX: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_a_server_is() {
        let place = |is_secure, host, port, prefix| Some(Place { is_secure, host, port, prefix });
        assert_eq!(
            Place::of("https://portal.example:8443/api/"),
            place(true, "portal.example", 8443, "/api")
        );
        assert_eq!(Place::of("http://[::1]:80"), place(false, "::1", 80, ""));
        assert_eq!(Place::of("https://a"), place(true, "a", 443, ""));
        for wrong in [
            "",
            "ftp://a",
            "https://",
            "http://a:0",
            "http://a:x",
            "http://u@a",
            "http://a/?q",
            "http://[::1",
        ] {
            assert_eq!(Place::of(wrong), None, "{wrong}");
        }
    }
}
