//! Which protocol a device speaks, and the machines of both its ends.

use super::{
    line::{DataBits, LineSettings, Parity, StopBits},
    record::Record,
};
use crate::ecr::{
    Dialogue, Frame, Link, LinkPolicy, Patience, Register, Role, Service, Serving, Terminal, Text, caisse,
    concert, mis,
    script::{self, Script},
    zvt,
};
use std::{sync::Arc, time::Duration};

/// A protocol that is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `STX length data ETX LRC` with the tags of AllinPay.
    AllinPay,
    /// The same frame with the DFxx tags of bank acquirers.
    DfTlv,
    /// ZVT, serial or over TCP.
    Zvt,
    /// Concert V2 E+.
    Concert,
    /// Concert V3, which is Caisse-AP.
    CaisseAp,
    /// One that a file describes.
    Scripted,
}

/// A protocol that a file describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Whose terminals speak it, in a sentence or two.
    pub description: String,
    /// How their lines are set.
    pub line: LineSettings,
    /// What is said on them.
    pub script: Arc<Script>,
}

/// A protocol with its settings.
#[derive(Clone, Debug)]
pub struct Speaker {
    /// Which one.
    pub protocol: Protocol,
    /// What a file says about it, when it is [`Protocol::Scripted`].
    pub profile: Option<Arc<Profile>>,
    /// Whether it is spoken over TCP.
    pub is_tcp: bool,
    /// The register's number, where the protocol has one.
    pub register: u8,
    /// ISO 4217, numeric.
    pub currency: u16,
    /// The terminal's password, where the protocol has one.
    pub password: u32,
}

/// The register's machine of any protocol.
pub type BoxedRegister = Register<Box<dyn Dialogue + Send>>;
/// The terminal's machine of any protocol.
pub type BoxedTerminal = Terminal<Box<dyn Serving + Send>>;

impl Protocol {
    /// Those that are built in, with their names in files.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::AllinPay, "allinpay"),
        (Self::DfTlv, "df-tlv"),
        (Self::Zvt, "zvt"),
        (Self::Concert, "concert"),
        (Self::CaisseAp, "caisse-ap"),
    ];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(known, _)| *known == self).map_or("?", |(_, name)| name)
    }

    /// The protocol of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(protocol, _)| *protocol)
    }

    /// Whether it can be spoken over TCP.
    pub fn has_tcp(self) -> bool {
        matches!(self, Self::Zvt | Self::CaisseAp)
    }

    /// Whether its payloads are text, so that seven bits carry it.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Concert | Self::CaisseAp)
    }

    /// Whether its terminals tell who they are when they are asked how they are.
    pub fn tells_terminal(self) -> bool {
        matches!(self, Self::AllinPay | Self::DfTlv | Self::Zvt)
    }

    /// The settings of its line where a file says none.
    pub fn line(self) -> LineSettings {
        let default = LineSettings::DEFAULT;
        match self {
            Self::Zvt => LineSettings { stop: StopBits::Two, ..default },
            Self::Concert | Self::CaisseAp => {
                LineSettings { data: DataBits::Seven, parity: Parity::Even, ..default }
            }
            Self::AllinPay | Self::DfTlv | Self::Scripted => default,
        }
    }
}

impl Speaker {
    /// A serial speaker with the settings of the protocol's documents.
    pub fn new(protocol: Protocol) -> Self {
        Self { protocol, profile: None, is_tcp: false, register: 1, currency: DEFAULT_CURRENCY, password: 0 }
    }

    /// A serial speaker of a protocol that a file describes.
    pub fn scripted(profile: Arc<Profile>) -> Self {
        Self { profile: Some(profile), ..Self::new(Protocol::Scripted) }
    }

    /// A record of a line on which it is spoken, which hides what must not be read.
    pub fn record(&self) -> Record {
        let profile = self.profile.as_ref();
        profile.map_or_else(Record::default, |profile| Record::of(Arc::clone(&profile.script)))
    }

    /// The name of the driver.
    pub fn name(&self) -> &str {
        self.profile.as_ref().map_or(self.protocol.name(), |profile| &profile.name)
    }

    /// The settings of its line where a file says none.
    pub fn line(&self) -> LineSettings {
        self.profile.as_ref().map_or(self.protocol.line(), |profile| profile.line)
    }

    /// Whether its terminals tell who they are when they are asked how they are: terminal id and serial number.
    pub fn tells(&self) -> [bool; 2] {
        match &self.profile {
            Some(profile) => profile.script.tells(Service::Status),
            None => [self.protocol.tells_terminal(), false],
        }
    }

    /// Whether a register can ask its terminals for this.
    pub fn offers(&self, service: Service) -> bool {
        match self.protocol {
            Protocol::AllinPay | Protocol::DfTlv | Protocol::Zvt => true,
            Protocol::Concert => service.moves_money() || service == Service::Status,
            Protocol::CaisseAp => service.moves_money(),
            Protocol::Scripted => {
                self.profile.as_ref().is_some_and(|profile| profile.script.exchange(service).is_some())
            }
        }
    }

    /// Whether its registers carry messages of the terminal to a host.
    pub fn relays(&self) -> bool {
        match &self.profile {
            Some(profile) => profile.script.relays(),
            None => matches!(self.protocol, Protocol::AllinPay | Protocol::DfTlv),
        }
    }

    fn script(&self) -> Arc<Script> {
        self.profile
            .as_ref()
            .map_or_else(|| Arc::new(Script::silent()), |profile| Arc::clone(&profile.script))
    }

    /// The cash register's machine.
    pub fn register(&self) -> BoxedRegister {
        let dialogue: Box<dyn Dialogue + Send> = match self.protocol {
            Protocol::AllinPay => Box::new(mis::Asking::new(mis::Preset::allinpay())),
            Protocol::DfTlv => Box::new(mis::Asking::new(mis::Preset::df_tlv())),
            Protocol::Zvt => Box::new(zvt::Asking::new(self.password, self.currency)),
            Protocol::Concert => Box::new(concert::Asking::new(self.register, self.currency)),
            Protocol::CaisseAp => Box::new(caisse::Asking::new(self.register, self.currency, true)),
            Protocol::Scripted => Box::new(script::Asking::new(self.script())),
        };
        Register::new(dialogue, self.link(Role::Register), Patience { reconnects: self.is_tcp, ..PATIENCE })
    }

    /// The machine of a pretended terminal with this terminal id, which tells this firmware where it can.
    pub fn terminal(&self, id: &str, firmware: &str) -> BoxedTerminal {
        let mis = |preset| mis::Answering::new(preset).with_terminal(Text::from(id));
        let serving: Box<dyn Serving + Send> = match self.protocol {
            Protocol::AllinPay => Box::new(mis(mis::Preset::allinpay())),
            Protocol::DfTlv => Box::new(mis(mis::Preset::df_tlv())),
            Protocol::Zvt => match id.parse() {
                Ok(number) => {
                    Box::new(zvt::Answering::default().with_terminal(number).with_firmware(firmware))
                }
                Err(_) => Box::new(zvt::Answering::default().with_firmware(firmware)),
            },
            Protocol::Concert => Box::new(concert::Answering::default()),
            Protocol::CaisseAp => Box::new(caisse::Answering::default()),
            Protocol::Scripted => {
                Box::new(script::Answering::new(self.script(), Text::from(id)).with_firmware(firmware))
            }
        };
        Terminal::new(serving, self.link(Role::Terminal))
    }

    fn link(&self, role: Role) -> Link {
        let (frame, policy) = match (self.protocol, self.is_tcp) {
            (Protocol::AllinPay, _) => (Frame::STX_BCD, LinkPolicy::BARE),
            (Protocol::DfTlv, _) => (Frame::STX_BCD, LinkPolicy::BY_TERMINAL),
            (Protocol::Zvt, false) => (Frame::ZVT_SERIAL, LinkPolicy::ZVT),
            (Protocol::Zvt, true) => (Frame::ZVT_TCP, LinkPolicy::TCP),
            (Protocol::Scripted, _) => {
                let script = self.script();
                (script.frame.clone(), script.link)
            }
            (Protocol::CaisseAp, true) => (Frame::SILENCE, LinkPolicy::SILENCE),
            (Protocol::Concert | Protocol::CaisseAp, _) => (Frame::STX_LRC, LinkPolicy::CONCERT),
        };
        Link::new(frame, policy, role)
    }
}

/// How long a register tries; the line is opened as often as it can be in this time.
const PATIENCE: Patience =
    Patience { connect: Duration::from_secs(5), pause: Duration::from_secs(2), tries: 10, reconnects: false };
/// The yuan; whoever pays in another currency says so.
const DEFAULT_CURRENCY: u16 = 156;
