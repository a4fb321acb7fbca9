//! Groups of terminals: profiles, identities, targets.

use super::{Compiler, keys::KeySource};
use crate::{
    flow::Numbers,
    iso8583::{MerchantId, Spec, TerminalId},
    rack::{Device, Rack},
    scenario::{
        acquirer::{Acquirer, KeySchemeWord, Settings, traits},
        diagnostic::Problem,
        duration::Time,
        file,
        node::{Node, Span},
        plan::{Group, Identity, Target},
        table::{Row, Table},
        words::{Keys, Mac, MacKey},
    },
    terminal::Profile,
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// How many terminals a group has, and the rows that tell them apart.
struct Size {
    count: u32,
    table: Option<Table>,
    /// The devices of a rack that they are.
    rack: Option<Arc<Rack>>,
}

impl Compiler<'_> {
    pub(super) fn groups(&mut self) -> Vec<Group> {
        let file = self.file;
        if file.terminals.is_empty() {
            self.complain(&self.root.at_key("terminals"), "there is no group of terminals");
        }
        let sizes = self.sizes();
        let mut first_number = 0;
        let mut groups = Vec::new();
        let mut taken = HashSet::new();
        let names = file.targets.names();
        let tls: HashMap<_, _> = names.filter_map(|name| Some((name, self.target_tls(name)?))).collect();
        for (((name, group), size), acquirer) in file.terminals.iter().zip(&sizes).zip(self.context.acquirers)
        {
            let node = self.node("terminals", name);
            let written = group.settings();
            let settings =
                acquirer.as_ref().map_or(written.clone(), |acquirer| written.or(&acquirer.settings));
            let keys = self.key_source(node, group, &settings);
            let identities = self.identities(node, group, size, first_number, &keys);
            self.unique(node, &identities, &mut taken);
            first_number += size.count;
            groups.push(Group {
                name: name.to_owned(),
                profile: Arc::new(self.profile(name, node, group, acquirer.as_ref())),
                identities: identities.into(),
                target: self.target(node, group),
                devices: size.rack.clone(),
                link: {
                    let tls = group.target.as_ref().and_then(|target| tls.get(target.as_str()).cloned());
                    self.connection(node, group, tls)
                },
                network: self.group_network(node, group),
            });
        }
        groups
    }

    /// Terminals of a host with a portal tell of their device, unless their group says otherwise.
    pub(super) fn tell_devices(&self, groups: &mut [Group]) {
        for ((_, written), group) in self.file.terminals.iter().zip(groups) {
            if written.tells_device.is_none() && group.target == Target::Embedded {
                Arc::make_mut(&mut group.profile).tells_device = true;
            }
        }
    }

    /// The sizes of all groups, split in proportion where the command line sets their total.
    fn sizes(&mut self) -> Vec<Size> {
        let file = self.file;
        let mut sizes: Vec<Size> = Vec::new();
        for ((name, group), rack) in file.terminals.iter().zip(self.context.racks) {
            let node = self.node("terminals", name);
            sizes.push(self.size(node, group, rack.clone()));
        }
        if let Some(total) = self.context.overrides.terminals {
            // Devices are as many as they are.
            let mut virtual_ones: Vec<&mut Size> =
                sizes.iter_mut().filter(|size| size.rack.is_none()).collect();
            let natural: Vec<u32> = virtual_ones.iter().map(|size| size.count).collect();
            for (size, count) in virtual_ones.iter_mut().zip(split(total, &natural)) {
                size.count = count;
            }
        }
        for ((name, group), size) in file.terminals.iter().zip(&sizes) {
            let rows = size.table.as_ref().map_or(u32::MAX, |table| table.len() as u32);
            if size.count > rows {
                let at =
                    self.node("terminals", name).at(if group.count.is_some() { "count" } else { "file" });
                self.complain(
                    &at,
                    format!("{} terminals are wanted, and the file has {rows} rows", size.count),
                );
            }
        }
        sizes
    }

    fn size(&mut self, node: &Node, group: &file::Group, rack: Option<Arc<Rack>>) -> Size {
        if group.devices.is_some() {
            for key in ["count", "file"].into_iter().filter(|key| node.has(key)) {
                self.complain(&node.at_key(key), format!("`{key}` and `devices` exclude each other"));
            }
            let count = rack.as_ref().map_or(0, |rack| rack.devices.len() as u32);
            return Size { count, table: None, rack };
        }
        let at = node.at("file");
        let text = group.file.as_ref().and_then(|name| Some((name, self.read(&at, name)?)));
        let table = text.and_then(|(name, text)| {
            let table = Table::read(name, &text, &["terminal_id", "merchant_id", "tmk"], 2);
            self.or_complain(&at, table)
        });
        let count = group.count.or(table.as_ref().map(|table| table.len() as u32));
        if count == Some(0) {
            self.complain(&node.at("count"), "a group has one terminal at least");
        } else if count.is_none() && group.file.is_none() && !node.is_tainted() {
            self.complain(&node.span, "a group needs `count`, `file` or `devices`");
        } else if count > Some(MAX_TERMINALS) {
            self.complain(&node.at("count"), format!("a group has {MAX_TERMINALS} terminals at most"));
        }
        Size { count: count.unwrap_or(0).min(MAX_TERMINALS), table, rack: None }
    }

    fn identities(
        &mut self,
        node: &Node,
        group: &file::Group,
        size: &Size,
        first: u32,
        keys: &KeySource,
    ) -> Vec<Identity> {
        if let Some(table) = &size.table {
            let rows: Vec<_> = table.rows().take(size.count as usize).zip(first..).collect();
            let made: Vec<_> = rows.into_iter().map(|(row, number)| identity(row, number, keys)).collect();
            return self.listed(&node.at("file"), made);
        }
        let terminal = Pattern::new(&group.terminal_id);
        let merchant = Pattern::new(&group.merchant_id);
        if size.count > 1 && terminal.width == 0 {
            self.complain_with_help(
                &node.at("terminalId"),
                "all terminals of the group would have the same identity",
                "write `#` for each digit of the terminal's number: `TEST####`",
            );
            return Vec::new();
        }
        let made: Result<Vec<Identity>, (&str, String)> = (first..)
            .take(size.count as usize)
            .map(|number| {
                let told = size.device(number - first).and_then(|device| device.expected.terminal.clone());
                let id = told.map_or_else(|| terminal.id(number), Ok).and_then(exactly::<8, TerminalId>);
                let id = id.map_err(|error| ("terminalId", error))?;
                let merchant = merchant.id(number).and_then(exactly::<15, MerchantId>);
                let merchant = merchant.map_err(|error| ("merchantId", error))?;
                Ok(Identity { numbers: Numbers { terminal: id, merchant }, tmk: keys.key(number, id) })
            })
            .collect();
        made.map_err(|(key, message)| self.complain(&node.at(key), message)).unwrap_or_default()
    }

    /// The terminals of a file; the first few complaints about its rows.
    fn listed(&mut self, span: &Span, made: Vec<Result<Identity, String>>) -> Vec<Identity> {
        let (good, bad): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
        self.complain_about_rows(span, bad.into_iter().filter_map(Result::err).collect());
        good.into_iter().filter_map(Result::ok).collect()
    }

    pub(super) fn complain_about_rows(&mut self, span: &Span, complaints: Vec<String>) {
        let rest = complaints.len().saturating_sub(MOST_ROWS);
        for complaint in complaints.into_iter().take(MOST_ROWS) {
            self.complain(span, complaint);
        }
        if rest > 0 {
            self.complain(span, format!("… and {rest} more rows of the file"));
        }
    }

    fn unique(&mut self, node: &Node, identities: &[Identity], taken: &mut HashSet<TerminalId>) {
        let twice = identities.iter().find(|identity| !taken.insert(identity.numbers.terminal));
        if let Some(identity) = twice {
            let key = ["file", "devices"].into_iter().find(|key| node.has(key)).unwrap_or("terminalId");
            self.complain(&node.at(key), format!("two terminals are called `{}`", identity.numbers.terminal));
        }
    }

    fn profile(
        &mut self,
        name: &str,
        node: &Node,
        group: &file::Group,
        acquirer: Option<&Acquirer>,
    ) -> Profile {
        let settings = group.settings();
        self.check_settings(node, &settings);
        let settings = acquirer.map_or(settings.clone(), |acquirer| settings.or(&acquirer.settings));
        let own = group.spec.and_then(|spec| Spec::by_name(spec.word()));
        let spec = own.or(acquirer.map(|acquirer| acquirer.spec)).unwrap_or(Spec::unionpay());
        let traits = traits(group.kind);
        if group.receipts == Some(true) && !traits.prints {
            self.complain(
                &node.at("receipts"),
                "this kind of terminal uploads signatures and prints nothing",
            );
        }
        Profile {
            abilities: traits.abilities,
            prints: group.receipts.unwrap_or(false),
            first_downloads: group.first_downloads,
            tells_device: group.tells_device.unwrap_or(false),
            battery: group.battery,
            ..settings.profile(name, spec)
        }
    }

    /// Settings that do not go together, whether the group or its profile says them.
    fn check_settings(&mut self, node: &Node, settings: &Settings) {
        let at = |key| if node.has(key) || !node.has("profile") { node.at(key) } else { node.at("profile") };
        let is_zero = |time: Option<Time>| time.is_some_and(|time| time.0.is_zero());
        if is_zero(settings.response_timeout) || is_zero(settings.connect_timeout) {
            let key = if is_zero(settings.response_timeout) { "responseTimeout" } else { "connectTimeout" };
            self.complain(&at(key), "a terminal waits for some time");
        }
        let is_derived = settings.key_scheme.is_some_and(|scheme| scheme != KeySchemeWord::Session);
        if settings.encrypt_tracks == Some(true)
            && !is_derived
            && !matches!(settings.keys, Some(Keys::DoubleDesTrack | Keys::Sm4))
        {
            let at =
                if node.has("encryptTracks") { node.at_key("encryptTracks") } else { node.at("profile") };
            let message = "tracks cannot be encrypted without a track key";
            self.complain_with_help(&at, message, "write `keys: double-des-track` or `keys: sm4`");
        }
        if settings.mac == Some(Mac::Sm4Cbc) && settings.keys != Some(Keys::Sm4) {
            self.complain_with_help(&at("mac"), "sm4-cbc needs SM4 keys", "write `keys: sm4`");
        }
        let is_double = matches!(settings.mac, Some(Mac::X919 | Mac::Pboc));
        if is_double && !is_derived && self.file.host.mac_key == MacKey::Single {
            let message = "x919 and pboc need a MAC key of 16 bytes, and the host hands out 8";
            self.complain_with_help(&at("mac"), message, "write `macKey: double` below `host`");
        }
    }

    fn target(&mut self, node: &Node, group: &file::Group) -> Target {
        let targets = &self.file.targets;
        let Some(name) = &group.target else {
            let hosts = targets.iter().filter(|(_, target)| target.url.is_none());
            let names: Vec<&str> = hosts.map(|(name, _)| name).collect();
            if !names.is_empty() && !node.is_tainted() {
                let message = format!("the group needs a `target`: {}", names.join(" or "));
                self.complain(&node.span, message);
            }
            return Target::Embedded;
        };
        let Some(target) = targets.find(name) else {
            if !self.root.child("targets").is_tainted() {
                self.unknown(&node.at("target"), "target", name, targets.names());
            }
            return Target::Embedded;
        };
        let Some(address) = &target.address else {
            if target.url.is_some() {
                let message =
                    format!("`{name}` is an HTTP server; terminals talk to a target with an `address`");
                self.complain(&node.at("target"), message);
            }
            return Target::Embedded;
        };
        let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        if !port.is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0)) {
            let at = self.node("targets", name).at("address");
            self.problems.push(Problem::new(at, "expected an address such as 192.0.2.1:8583"));
        }
        Target::Address(address.clone())
    }
}

impl Size {
    /// The device with this number in its group.
    fn device(&self, number: u32) -> Option<&Device> {
        self.rack.as_ref()?.devices.get(number as usize)
    }
}

/// Splits `total` in proportion to `weights`; what remains goes to the largest fractions, the first ones first.
fn split(total: u32, weights: &[u32]) -> Vec<u32> {
    let sum: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    if sum == 0 {
        return weights.to_vec();
    }
    let exact = |weight: u32| u64::from(total) * u64::from(weight);
    let mut parts: Vec<u32> = weights.iter().map(|weight| (exact(*weight) / sum) as u32).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(exact(weights[*index]) % sum));
    let rest = total - parts.iter().sum::<u32>();
    for index in order.into_iter().take(rest as usize) {
        parts[index] += 1;
    }
    parts
}

/// A text in which one run of `#` stands for a number.
struct Pattern<'t> {
    before: &'t str,
    width: usize,
    after: &'t str,
}

impl<'t> Pattern<'t> {
    fn new(text: &'t str) -> Self {
        let start = text.find('#').unwrap_or(text.len());
        let (before, rest) = text.split_at(start);
        let width = rest.find(|c| c != '#').unwrap_or(rest.len());
        Self { before, width, after: &rest[width..] }
    }

    /// The text for terminal number `number`, which counts from 0 and is written from 1 on.
    fn id(&self, number: u32) -> Result<String, String> {
        let Self { before, width, after } = self;
        let digits = if *width == 0 { String::new() } else { format!("{:0width$}", number + 1) };
        if digits.len() > *width {
            return Err(format!("`{}` is too short for terminal number {}", "#".repeat(*width), number + 1));
        }
        Ok(format!("{before}{digits}{after}"))
    }
}

/// An identity of exactly `N` characters.
fn exactly<const N: usize, T: std::str::FromStr<Err: std::fmt::Display>>(text: String) -> Result<T, String> {
    if text.len() != N {
        return Err(format!("expected {N} characters, `{text}` has {}", text.len()));
    }
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn identity(row: Row<'_>, number: u32, keys: &KeySource) -> Result<Identity, String> {
    let column = |name| row.get(name).to_owned();
    let terminal =
        exactly::<8, TerminalId>(column("terminal_id")).map_err(|e| row.complaint("terminal_id", e))?;
    let merchant =
        exactly::<15, MerchantId>(column("merchant_id")).map_err(|e| row.complaint("merchant_id", e))?;
    let tmk = match row.get("tmk") {
        "" => keys.key(number, terminal),
        text => text.parse().map_err(|error| row.complaint("tmk", error))?,
    };
    if !keys.takes(&tmk) {
        return Err(row.complaint("tmk", keys.misfit()));
    }
    Ok(Identity { numbers: Numbers { terminal, merchant }, tmk })
}

const MAX_TERMINALS: u32 = 1_000_000;
const MOST_ROWS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_gives_everything_away() {
        assert_eq!(split(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(split(3, &[1000, 500]), [2, 1]);
        assert_eq!(split(5, &[0, 0]), [0, 0]);
        assert_eq!(
            split(u32::MAX, &[3, 1]).iter().map(|part| u64::from(*part)).sum::<u64>(),
            u64::from(u32::MAX)
        );
    }

    #[test]
    fn patterns_number_from_one() {
        assert_eq!(Pattern::new("T###X").id(0), Ok("T001X".to_owned()));
        assert_eq!(Pattern::new("FIXED").id(7), Ok("FIXED".to_owned()));
        assert!(Pattern::new("#").id(9).is_err());
    }
}
