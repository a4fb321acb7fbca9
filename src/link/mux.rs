//! The multiplexer of a shared connection: who gets which answer. Sockets and buffers are the driver's business.

use crate::iso8583::{De, LengthHeader, Message, Spec};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// Who waits for which answer over one shared connection.
///
/// An answer is for whoever sent the request whose match elements are the same. A terminal has one request under way:
/// the next one takes the place of the one before it, whose answer is for nobody then.
#[derive(Debug)]
pub struct Mux {
    spec: &'static Spec,
    fields: Arc<[u8]>,
    /// Members by what their answers look like; those whose answers look alike are answered in their order.
    waiting: HashMap<Key, VecDeque<u32>>,
    keys: HashMap<u32, Key>,
}

/// The match elements of a message, each behind its length.
type Key = Box<[u8]>;

impl Mux {
    /// Nobody waits.
    #[must_use]
    pub fn new(spec: &'static Spec, fields: Arc<[u8]>) -> Self {
        Self { spec, fields, waiting: HashMap::new(), keys: HashMap::new() }
    }

    /// A member sends a request, without the length of its frame.
    pub fn request(&mut self, member: u32, payload: &[u8]) {
        self.leave(member);
        if let Some(key) = self.key(payload) {
            self.waiting.entry(key.clone()).or_default().push_back(member);
            self.keys.insert(member, key);
        }
    }

    /// The same for a whole frame.
    pub fn request_frame(&mut self, member: u32, frame: &[u8]) {
        let length = self.spec.framing.length.map_or(0, LengthHeader::size);
        self.request(member, frame.get(length..).unwrap_or_default());
    }

    /// Who an answer is for, given without the length of its frame; nobody waits for it any more then.
    pub fn answer(&mut self, payload: &[u8]) -> Option<u32> {
        let key = self.key(payload)?;
        let member = *self.waiting.get(&key)?.front()?;
        self.leave(member);
        Some(member)
    }

    /// A member waits no more.
    pub fn leave(&mut self, member: u32) {
        let Some(key) = self.keys.remove(&member) else { return };
        let Some(members) = self.waiting.get_mut(&key) else { return };
        members.retain(|other| *other != member);
        if members.is_empty() {
            self.waiting.remove(&key);
        }
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.keys.len()
    }

    fn key(&self, payload: &[u8]) -> Option<Key> {
        let frame = self.spec.framing.split(payload).ok()?;
        let message = Message::parse(self.spec, frame.body).ok()?;
        let mut key = Vec::with_capacity(32);
        for field in &*self.fields {
            let mut buffer = [0; ELEMENT_MAX];
            let value = De::new(*field).and_then(|de| message.get(de));
            let value = value.and_then(|value| value.write_to(&mut buffer).map(<[u8]>::len));
            let value = buffer.get(..value.unwrap_or(0)).unwrap_or_default();
            key.extend_from_slice(&(value.len() as u16).to_be_bytes());
            key.extend_from_slice(value);
        }
        Some(key.into())
    }
}

const ELEMENT_MAX: usize = 1024;
