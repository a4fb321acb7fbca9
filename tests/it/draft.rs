//! A message taken apart, so that tests can change one thing and put it together again.

use posfleet::{
    crypto::{MacAlgorithm, MacForm, MacSchedule, Mak},
    iso8583::{De, FrameHead, Message, Mti, Packer, Spec},
};
use std::collections::BTreeMap;

/// A message taken apart; the MAC is made anew when it is put together.
#[derive(Clone, Debug)]
pub struct Draft {
    pub head: FrameHead,
    pub mti: Mti,
    elements: BTreeMap<De, Vec<u8>>,
    mac: Option<MacSchedule>,
    spoil_mac: bool,
}

impl Draft {
    /// Takes a frame apart.
    pub fn of(frame: &[u8]) -> Self {
        let frame = Spec::unionpay().framing.open(frame).unwrap();
        let message = Message::parse(Spec::unionpay(), frame.body).unwrap();
        let text = |de| {
            let mut text = Vec::new();
            message.get(de).unwrap().append_to(&mut text);
            text
        };
        let elements = message.numbers().filter(|de| *de != De::MAC).map(|de| (de, text(de))).collect();
        Self { head: frame.head, mti: message.mti(), elements, mac: None, spoil_mac: false }
    }

    /// A message of no elements.
    pub fn empty(head: FrameHead, mti: Mti) -> Self {
        Self { head, mti, elements: BTreeMap::new(), mac: None, spoil_mac: false }
    }

    /// The least that answers a request: approved, and what must be repeated.
    pub fn reply_to(frame: &[u8]) -> Self {
        let mut reply = Self::of(frame);
        let repeated = [
            De::PROCESSING_CODE,
            De::AMOUNT,
            De::STAN,
            De::TERMINAL_ID,
            De::MERCHANT_ID,
            De::CURRENCY,
            De::PRIVATE_60,
        ];
        reply.elements.retain(|de, _| repeated.contains(de));
        reply.mti = reply.mti.response();
        reply.head = reply.head.response();
        reply.with(De::RESPONSE_CODE, b"00")
    }

    pub fn with(mut self, de: De, text: &[u8]) -> Self {
        self.elements.insert(de, text.to_vec());
        self
    }

    pub fn without(mut self, de: De) -> Self {
        self.elements.remove(&de);
        self
    }

    pub fn mti(self, mti: Mti) -> Self {
        Self { mti, ..self }
    }

    pub fn mac(self, key: &Mak) -> Self {
        let mac = MacSchedule::new(key, MacAlgorithm::UnionPayEcb, MacForm::Ascii8).unwrap();
        Self { mac: Some(mac), ..self }
    }

    pub fn without_mac(self) -> Self {
        Self { mac: None, ..self }
    }

    pub fn wrong_mac(self) -> Self {
        Self { spoil_mac: true, ..self }
    }

    pub fn asking_for(mut self, processing_request: u8) -> Self {
        self.head.header = self.head.header.with_processing_request(processing_request);
        self
    }

    /// The text of an element.
    pub fn text(&self, de: De) -> Option<String> {
        self.elements.get(&de).map(|text| String::from_utf8_lossy(text).into_owned())
    }

    pub fn raw(&self, de: De) -> &[u8] {
        &self.elements[&de]
    }

    /// Puts it together.
    pub fn frame(&self) -> Vec<u8> {
        let mut frame = Vec::new();
        let mut packer = Packer::new(Spec::unionpay(), &mut frame, &self.head, self.mti);
        for (de, text) in &self.elements {
            packer.put(*de, text);
        }
        match &self.mac {
            Some(schedule) => packer.finish_with_mac(|data| {
                let mut mac = schedule.mac(data);
                mac[7] ^= u8::from(self.spoil_mac);
                mac
            }),
            None => packer.finish(),
        }
        .unwrap();
        frame
    }
}

/// The numbers of the elements of a frame.
pub fn numbers(frame: &[u8]) -> Vec<u8> {
    let frame = Spec::unionpay().framing.open(frame).unwrap();
    Message::parse(Spec::unionpay(), frame.body).unwrap().numbers().map(|de| de.number()).collect()
}
