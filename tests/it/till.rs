//! A till that makes the requests of every kind for a host by hand, and keeps what the host records.

use crate::draft::Draft;
use posfleet::{
    card::{Card, CardGenerator, CardRange, Expiry, Pan},
    crypto::{Mak, WorkKeys},
    host::{Config, ConnectionId, Enrolment, Host, Outbox, Output, Session, UnknownCards},
    iso8583::{De, FrameHead, MerchantId, Mti, TerminalId},
    ledger::{Account, Booking, Record},
    money::Amount,
    operation::{Kind, Reference, Variant},
    reconcile::Key,
    rng::Seed,
    terminal::Profile,
    time::{Instant, WallClock},
};
use std::time::Duration;

/// A till, signed in, and its host.
pub struct Till {
    pub host: Host,
    pub records: Vec<Record>,
    pub cards: Vec<Card>,
    pub now: Instant,
    /// DE 41 of the next requests.
    pub terminal: &'static str,
    pub batch: u32,
    session: Session,
    mak: Mak,
    stan: u32,
}

impl Till {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut till = Self::before_sign_in(change);
        till.sign_in();
        till
    }

    /// A till in front of a host that is about to restore records.
    pub fn before_sign_in(change: impl FnOnce(&mut Config)) -> Self {
        let generator = CardGenerator::new(CardRange::default(), 1, Expiry::new(26, 1).unwrap()).unwrap();
        let cards: Vec<Card> = (0..3).map(|index| generator.card(index)).collect();
        let enrol = |(terminal, merchant): (&str, &str)| Enrolment {
            terminal: TerminalId::from_bytes(terminal.as_bytes()).unwrap(),
            merchant: MerchantId::from_bytes(merchant.as_bytes()).unwrap(),
            tmk: TMK.parse().unwrap(),
        };
        let mut config = Config {
            terminals: TERMINALS.map(enrol).to_vec(),
            cards: cards.clone().into(),
            unknown_cards: UnknownCards::Decline,
            opening_balance: OPENING,
            sale_limit: Amount::from_minor(50_000),
            clock: WallClock::starting_at(1_767_254_400),
            seed: Seed(5),
            ..Config::default()
        };
        change(&mut config);
        let host = Host::new(config);
        let session = Session::new(ConnectionId(1), &host);
        let mak = WorkKeys::random(posfleet::crypto::WorkKeyLayout::TDES, || 1).mak;
        let (records, now) = (Vec::new(), Instant::START);
        Self { host, records, cards, now, terminal: TERMINALS[0].0, batch: 1, session, mak, stan: 0 }
    }

    pub fn sign_in(&mut self) {
        let request = self.management(Mti::NETWORK, 3);
        let answer = self.send_plain(&request);
        self.mak = WorkKeys::unwrap(&TMK.parse().unwrap(), answer.raw(De::PRIVATE_62)).unwrap().mak;
    }

    pub fn management(&mut self, mti: Mti, network: u16) -> Draft {
        self.stan += 1;
        let private60 = format!("00{:06}{network:03}", self.batch);
        self.identified(mti).with(De::STAN, &six(self.stan)).with(De::PRIVATE_60, private60.as_bytes())
    }

    /// A request with the next STAN, the first card where the kind has one, and no original.
    pub fn request(&mut self, kind: Kind, minor: u64) -> Draft {
        self.request_as(kind, Variant::Plain, minor)
    }

    pub fn request_as(&mut self, kind: Kind, variant: Variant, minor: u64) -> Draft {
        let form = variant.form(kind);
        self.stan += 1;
        let entry: &[u8] = if kind.takes_card() { b"012" } else { b"032" };
        let private60 = format!("{:02}{:06}00060", form.message_kind, self.batch);
        let mut draft = self
            .identified(form.mti)
            .with(De::PROCESSING_CODE, &six(form.processing_code.unwrap()))
            .with(De::STAN, &six(self.stan))
            .with(De::ENTRY_MODE, entry)
            .with(De::CONDITION_CODE, format!("{:02}", form.condition_code.unwrap()).as_bytes())
            .with(De::CURRENCY, b"156")
            .with(De::PRIVATE_60, private60.as_bytes());
        if kind.takes_amount() {
            draft = draft.with(De::AMOUNT, &twelve(minor));
        }
        if kind.takes_card() {
            draft = with_card(draft, &self.cards[0]);
        }
        if kind == Kind::QrSale {
            draft = draft.with(De::PRIVATE_59, b"A30196222095947245984168");
        }
        draft
    }

    /// A request about what an answer has approved.
    pub fn request_about(&mut self, kind: Kind, minor: u64, original: &Draft) -> Draft {
        let mut draft = self.request(kind, minor);
        let (batch, date) = (&original.raw(De::PRIVATE_60)[2..8], original.raw(De::LOCAL_DATE));
        let numbers = [batch, original.raw(De::STAN)].concat();
        let named = match kind.form().reference {
            Reference::None => panic!("{} is about nothing", kind.name()),
            Reference::Empty => b"0000000000000000".to_vec(),
            Reference::Date => [b"000000000000", date].concat(),
            Reference::Transaction => numbers,
            Reference::DatedTransaction => [&numbers, date].concat(),
        };
        draft = draft.with(De::ORIGINAL_DATA, &named);
        for de in [De::RRN, De::APPROVAL_CODE] {
            let is_pre_auth = original.text(De::CONDITION_CODE).as_deref() == Some("06");
            if original.text(de).is_some() && !(is_pre_auth && de == De::RRN) && kind != Kind::QrQuery {
                draft = draft.with(de, original.raw(de));
            }
        }
        draft
    }

    pub fn ask(&mut self, kind: Kind, minor: u64) -> Draft {
        let request = self.request(kind, minor);
        self.send(&request)
    }

    pub fn ask_about(&mut self, kind: Kind, minor: u64, original: &Draft) -> Draft {
        let request = self.request_about(kind, minor, original);
        self.send(&request)
    }

    /// The code of the answer to an operation about another.
    pub fn code_about(&mut self, kind: Kind, minor: u64, original: &Draft) -> String {
        code(&self.ask_about(kind, minor, original))
    }

    /// The code of the answer to the reversal of a request.
    pub fn reverse(&mut self, request: &Draft) -> String {
        let reversal = request.clone().mti(Mti::REVERSAL).without(De::RRN).without(De::PRIVATE_59);
        code(&self.send(&reversal.with(De::RESPONSE_CODE, b"98")))
    }

    /// Sends a message with a right MAC; the records came before the answer, and each moves money only.
    pub fn send(&mut self, request: &Draft) -> Draft {
        self.send_plain(&request.clone().mac(&self.mak))
    }

    pub fn send_plain(&mut self, request: &Draft) -> Draft {
        let mut out = Outbox::default();
        self.host.received(self.now, &mut self.session, &request.frame(), &mut out);
        let mut answers = Vec::new();
        while let Some(output) = out.poll() {
            match output {
                Output::Record(record) => {
                    assert!(answers.is_empty(), "a record comes before the answer that tells of it");
                    assert_eq!(sum(&record), 0, "{record:?}");
                    self.records.push(record);
                }
                Output::Send(_, range) => answers.push(Draft::of(out.bytes(range))),
                Output::Wait(_) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(answers.len(), 1);
        answers.remove(0)
    }

    pub fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    pub fn pan(&self) -> Pan {
        self.cards[0].pan
    }

    /// What the first card has less than at the start.
    pub fn spent(&self) -> i64 {
        -self.host.ledger().balance(&Account::Card(self.pan()))
    }

    pub fn held(&self) -> i64 {
        self.host.ledger().balance(&Account::Hold(self.pan()))
    }

    pub fn merchant(&self) -> i64 {
        let merchant = MerchantId::from_bytes(TERMINALS[0].1.as_bytes()).unwrap();
        self.host.ledger().balance(&Account::Merchant(merchant))
    }

    /// The booking of a request or of its answer.
    pub fn booking(&self, draft: &Draft) -> &Booking {
        let key = Key {
            terminal: TerminalId::from_bytes(draft.raw(De::TERMINAL_ID)).unwrap(),
            batch: draft.text(De::PRIVATE_60).unwrap()[2..8].parse().unwrap(),
            stan: draft.text(De::STAN).unwrap().parse().unwrap(),
        };
        self.host.ledger().get(&key).unwrap()
    }

    fn identified(&self, mti: Mti) -> Draft {
        let profile = Profile::default();
        let merchant = TERMINALS.iter().find(|(id, _)| *id == self.terminal).unwrap().1;
        Draft::empty(FrameHead { tpdu: profile.tpdu, header: profile.header }, mti)
            .with(De::TERMINAL_ID, self.terminal.as_bytes())
            .with(De::MERCHANT_ID, merchant.as_bytes())
    }
}

/// DE 39.
pub fn code(answer: &Draft) -> String {
    answer.text(De::RESPONSE_CODE).unwrap()
}

pub fn with_card(draft: Draft, card: &Card) -> Draft {
    draft.with(De::PAN, card.pan.as_bytes()).with(De::EXPIRY, &card.expiry.to_ascii())
}

pub fn sum(record: &Record) -> i64 {
    match record {
        Record::Booked(booking) => booking.postings.sum(),
        Record::Moved { postings, .. } => postings.sum(),
        Record::BatchClosed { .. } => 0,
    }
}

pub fn twelve(number: u64) -> Vec<u8> {
    format!("{number:012}").into_bytes()
}

fn six(number: u32) -> Vec<u8> {
    format!("{number:06}").into_bytes()
}

/// Two terminals of different merchants.
pub const TERMINALS: [(&str, &str); 2] = [("10000001", "898100012340001"), ("10000002", "898100012340002")];
pub const OPENING: Amount = Amount::from_minor(100_000);
const TMK: &str = "0123456789ABCDEFFEDCBA9876543210";
