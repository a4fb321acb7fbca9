//! The way from every group to its host: addresses, connections and TLS, tried before anything starts.

use super::EngineError;
use crate::{
    driver::{Dialer, HostServer, HostSide, make_certificates, resolve},
    iso8583::Spec,
    link::{Settings, Tls},
    scenario::{Plan, Target},
};
use std::{net::SocketAddr, sync::Arc};

/// The way from a group to its host.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) address: SocketAddr,
    /// The host's name or address, as the scenario writes it.
    host: String,
    settings: Settings,
    spec: &'static Spec,
}

impl Way {
    /// How the terminals of the group get their connections on one of `shards`.
    pub(super) fn dialer(&self, shards: usize) -> Result<Dialer, EngineError> {
        let dialer = Dialer::new(self.address, &self.host, &self.settings, self.spec, shards);
        dialer.map_err(|error| EngineError::Link(self.host.clone(), error.to_string()))
    }
}

/// Both sides of TLS with the host inside this program, where the plan wants it.
pub(super) fn embedded_tls(plan: &Plan) -> Result<Option<(HostSide, Arc<Tls>)>, EngineError> {
    let Some(wanted) = plan.host_tls else { return Ok(None) };
    let failed =
        |error: crate::driver::TlsError| EngineError::Link("embedded host".into(), error.to_string());
    let (host, terminals) = make_certificates(wanted.asks_clients, wanted.resumes).map_err(failed)?;
    Ok(Some((HostSide::new(&host).map_err(failed)?, Arc::new(terminals))))
}

/// The way of every group, in their order.
pub(super) fn ways(
    plan: &Plan,
    host: Option<&HostServer>,
    tls: Option<Arc<Tls>>,
) -> Result<Arc<[Way]>, EngineError> {
    let way = |group: &crate::scenario::Group| {
        let (settings, spec) = (group.link.clone(), group.profile.spec);
        let way = match &group.target {
            Target::Embedded => {
                let address = host.expect("it runs where a group needs it").address();
                Way {
                    address,
                    host: address.ip().to_string(),
                    settings: Settings { tls: tls.clone(), ..settings },
                    spec,
                }
            }
            Target::Address(text) => {
                let address = resolve(text, group.profile.connect_timeout)
                    .map_err(|error| EngineError::Target(text.clone(), error))?;
                Way { address, host: name_in(text).to_owned(), settings, spec }
            }
        };
        // Shards dial for themselves; what is wrong shall be known before they start.
        let dialer = way.dialer(1)?;
        dialer.try_sources().map_err(|error| EngineError::Link(way.host.clone(), error.to_string()))?;
        Ok(way)
    };
    plan.groups.iter().map(way).collect()
}

/// The host of `host:port`, without the brackets of IPv6.
fn name_in(text: &str) -> &str {
    let host = text.rsplit_once(':').map_or(text, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}
