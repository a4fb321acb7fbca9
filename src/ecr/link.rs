//! Carries payloads over a serial line: acknowledgements, repeats, sessions, presence. What they say is for the sessions.

use super::{
    deframer::{Deframer, Piece},
    frame::{Frame, FrameError},
    policy::{LinkPolicy, Role, Signalling},
};
use crate::time::Instant;
use std::{collections::VecDeque, fmt, time::Duration};

/// What a link tells its session.
#[derive(Clone, PartialEq, Eq)]
pub enum Notice {
    /// A payload came.
    Frame(Vec<u8>),
    /// The other side has what was sent.
    Delivered,
    /// The other side did not take what was sent.
    Undelivered {
        /// Whether it may have it all the same.
        was_sent: bool,
    },
    /// The other side answered the enquiry: it is there and free.
    Present,
}

impl fmt::Debug for Notice {
    /// Shows no payload: it may hold a card.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(payload) => write!(f, "Frame({} bytes)", payload.len()),
            Self::Delivered => f.write_str("Delivered"),
            Self::Undelivered { was_sent } => write!(f, "Undelivered(sent: {was_sent})"),
            Self::Present => f.write_str("Present"),
        }
    }
}

/// One end of a line.
///
/// | state | ACK | NAK | ENQ | EOT | frame | time |
/// |---|---|---|---|---|---|---|
/// | idle | – | – | ACK, receiving (NAK when busy) | – | take it (not in sessions) | – |
/// | enquiring | send the frame | undelivered | terminal gives way | – | – | enquire again |
/// | sending | delivered | send again | – | – | the last one again: acknowledge; another: delivered, take it | send again |
/// | receiving | – | – | ACK | idle | take it | idle |
pub struct Link {
    frame: Frame,
    policy: LinkPolicy,
    role: Role,
    deframer: Deframer,
    state: State,
    /// A busy side refuses enquiries.
    is_busy: bool,
    queue: VecDeque<Vec<u8>>,
    /// The last payload taken, until something of ours was delivered: the same one again is a repeat.
    last: Option<(Vec<u8>, Instant)>,
    last_byte: Instant,
    notices: VecDeque<Notice>,
    outgoing: Vec<u8>,
}

enum State {
    Idle,
    Enquiring { payload: Option<Vec<u8>>, left: u8, until: Instant },
    Sending { payload: Vec<u8>, left: u8, until: Instant },
    Receiving { since: Instant, until: Instant },
}

impl Link {
    /// An idle end of a line.
    pub fn new(frame: Frame, policy: LinkPolicy, role: Role) -> Self {
        Self {
            frame,
            policy,
            role,
            deframer: Deframer::default(),
            state: State::Idle,
            is_busy: false,
            queue: VecDeque::new(),
            last: None,
            last_byte: Instant::START,
            notices: VecDeque::new(),
            outgoing: Vec::new(),
        }
    }

    /// Forgets everything that was under way, for a new connection.
    pub fn reset(&mut self) {
        let (frame, is_busy) = (self.frame.clone(), self.is_busy);
        *self = Self { is_busy, ..Self::new(frame, self.policy, self.role) };
    }

    /// Gives up what is being sent and what waits to be; what is being received comes to its end.
    pub fn give_up(&mut self) {
        self.queue.clear();
        if !matches!(self.state, State::Receiving { .. }) {
            self.state = State::Idle;
        }
    }

    /// Refuses enquiries from now on, or takes them again.
    pub fn set_busy(&mut self, is_busy: bool) {
        self.is_busy = is_busy;
    }

    /// Whether nothing is being sent or received.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Sends a payload, after those that wait.
    ///
    /// # Errors
    /// When the payload has no frame, or too many wait already.
    pub fn send(&mut self, now: Instant, payload: &[u8]) -> Result<(), FrameError> {
        self.frame.build(payload, &mut Vec::new())?;
        if self.queue.len() >= QUEUE_MAX {
            return Err(FrameError::TooLong);
        }
        self.queue.push_back(payload.to_vec());
        self.start_next(now);
        Ok(())
    }

    /// Asks whether the other side is there and free; for links with sessions.
    pub fn enquire(&mut self, now: Instant) {
        if self.is_idle() {
            self.enter_enquiry(now, None);
        }
    }

    /// Takes bytes from the line.
    ///
    /// That they come late is no silence: whoever reads the line may have been late himself. Silence is what
    /// [`Self::timeout`] says.
    pub fn receive(&mut self, now: Instant, bytes: &[u8]) {
        self.last_byte = now;
        self.deframer.push(bytes);
        while let Some(piece) = self.deframer.next_piece(&self.frame) {
            self.take(now, piece);
        }
    }

    /// Does what is due by now.
    pub fn timeout(&mut self, now: Instant) {
        self.settle_gap(now);
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Enquiring { payload, left, until } if until <= now => match left.checked_sub(1) {
                Some(left) => {
                    self.signal(self.policy.signals.enq);
                    self.state = State::Enquiring { payload, left, until: now + self.policy.acknowledgement };
                }
                None => self.fail(now, false),
            },
            State::Sending { payload, left, until } if until <= now => self.repeat(now, payload, left),
            State::Receiving { until, .. } if until <= now => self.start_next(now),
            unchanged => self.state = unchanged,
        }
    }

    /// When [`Self::timeout`] is due next.
    pub fn deadline(&self) -> Option<Instant> {
        let gap = self.deframer.is_pending().then(|| self.last_byte + self.policy.gap);
        let state = match self.state {
            State::Idle => None,
            State::Enquiring { until, .. }
            | State::Sending { until, .. }
            | State::Receiving { until, .. } => Some(until),
        };
        gap.into_iter().chain(state).min()
    }

    /// The next notice for the session.
    pub fn poll(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// The bytes to be written to the line, to be taken away.
    pub fn outgoing(&mut self) -> &mut Vec<u8> {
        &mut self.outgoing
    }

    fn take(&mut self, now: Instant, piece: Piece) {
        match piece {
            Piece::Frame(payload) => self.take_frame(now, payload),
            Piece::Bad(_) => self.refuse(),
            Piece::Signal(byte) if byte == self.policy.signals.ack => self.acknowledged(now),
            Piece::Signal(byte) if byte == self.policy.signals.nak => self.refused(now),
            Piece::Signal(byte) if byte == self.policy.signals.enq => self.enquired(now),
            Piece::Signal(_) => {
                if matches!(self.state, State::Receiving { .. }) {
                    self.state = State::Idle;
                    self.start_next(now);
                }
            }
        }
    }

    fn take_frame(&mut self, now: Instant, payload: Vec<u8>) {
        if self.is_session() {
            // A frame outside of a session is what is left of one that was given up.
            let State::Receiving { since, .. } = self.state else { return };
            self.state = State::Receiving { since, until: now + self.patience() };
        }
        let same = self.last.as_ref().filter(|(last, _)| *last == payload).map(|(_, at)| now.since(*at));
        if self.policy.signalling != Signalling::Bare
            && let Some(age) = same.filter(|age| *age <= self.memory())
        {
            // A copy that comes at once was doubled by the line: two acknowledgements would be one too many.
            if self.acknowledges() && age >= self.policy.gap {
                self.signal(self.policy.signals.ack);
            }
            return;
        }
        if self.acknowledges() {
            self.signal(self.policy.signals.ack);
        }
        if matches!(self.state, State::Sending { .. }) {
            // Nobody goes on without what he waits for: only the acknowledgement was lost.
            self.delivered(now);
        }
        self.last = Some((payload.clone(), now));
        self.notices.push_back(Notice::Frame(payload));
    }

    fn refuse(&mut self) {
        let takes_frames = !self.is_session() || matches!(self.state, State::Receiving { .. });
        if self.acknowledges() && takes_frames {
            self.signal(self.policy.signals.nak);
        }
    }

    fn acknowledged(&mut self, now: Instant) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Enquiring { payload: Some(payload), .. } => {
                self.transmit(now, payload, self.policy.repeats)
            }
            State::Enquiring { payload: None, .. } => {
                self.signal(self.policy.signals.eot);
                self.notices.push_back(Notice::Present);
                self.start_next(now);
            }
            State::Sending { .. } => {
                self.delivered(now);
                if self.is_session() {
                    self.signal(self.policy.signals.eot);
                }
                self.start_next(now);
            }
            other => self.state = other,
        }
    }

    fn refused(&mut self, now: Instant) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Enquiring { .. } => self.fail(now, false),
            State::Sending { payload, left, .. } => self.repeat(now, payload, left),
            other => self.state = other,
        }
    }

    fn enquired(&mut self, now: Instant) {
        if !self.is_session() || matches!(self.state, State::Sending { .. }) {
            return;
        }
        if self.is_busy {
            return self.signal(self.policy.signals.nak);
        }
        if let State::Receiving { since, .. } = self.state
            && now.since(since) < self.policy.gap
        {
            // The line has doubled it.
            return;
        }
        if let State::Enquiring { payload, .. } = &mut self.state {
            // Both enquire at once: the terminal gives way and asks again later.
            if self.role == Role::Register {
                return;
            }
            self.queue.extend(payload.take());
            self.queue.rotate_right(1);
        }
        self.last = None;
        self.signal(self.policy.signals.ack);
        self.state = State::Receiving { since: now, until: now + self.patience() };
    }

    fn repeat(&mut self, now: Instant, payload: Vec<u8>, left: u8) {
        match left.checked_sub(1) {
            Some(left) => self.transmit(now, payload, left),
            None => {
                if self.is_session() {
                    self.signal(self.policy.signals.eot);
                }
                self.fail(now, true);
            }
        }
    }

    fn transmit(&mut self, now: Instant, payload: Vec<u8>, left: u8) {
        let built = self.frame.build(&payload, &mut self.outgoing);
        debug_assert!(built.is_ok(), "send() has built it before");
        // What came before the frame went out is no answer to it: a line may double an ACK.
        self.deframer.skip_signals(&self.frame);
        self.state = State::Sending { payload, left, until: now + self.policy.acknowledgement };
    }

    fn start_next(&mut self, now: Instant) {
        while self.is_idle()
            && let Some(payload) = self.queue.pop_front()
        {
            if self.is_session() {
                self.enter_enquiry(now, Some(payload));
            } else {
                self.transmit(now, payload, self.policy.repeats);
                if !self.awaits_acknowledgement() {
                    self.delivered(now);
                }
            }
        }
    }

    fn enter_enquiry(&mut self, now: Instant, payload: Option<Vec<u8>>) {
        self.signal(self.policy.signals.enq);
        let (left, until) = (self.policy.repeats, now + self.policy.acknowledgement);
        self.state = State::Enquiring { payload, left, until };
    }

    fn delivered(&mut self, _now: Instant) {
        self.state = State::Idle;
        self.last = None;
        self.notices.push_back(Notice::Delivered);
    }

    fn fail(&mut self, now: Instant, was_sent: bool) {
        self.state = State::Idle;
        self.notices.push_back(Notice::Undelivered { was_sent });
        self.start_next(now);
    }

    fn settle_gap(&mut self, now: Instant) {
        let is_over = self.deframer.is_pending() && self.last_byte + self.policy.gap <= now;
        if is_over && let Some(piece) = self.deframer.gap(&self.frame) {
            self.take(now, piece);
        }
    }

    fn signal(&mut self, byte: u8) {
        self.outgoing.push(byte);
    }

    fn is_session(&self) -> bool {
        self.policy.signalling == Signalling::Session
    }

    fn acknowledges(&self) -> bool {
        match self.policy.signalling {
            Signalling::Bare => false,
            Signalling::ByTerminal => self.role == Role::Terminal,
            Signalling::Acknowledged | Signalling::Session => true,
        }
    }

    fn awaits_acknowledgement(&self) -> bool {
        match self.policy.signalling {
            Signalling::Bare => false,
            Signalling::ByTerminal => self.role == Role::Register,
            Signalling::Acknowledged | Signalling::Session => true,
        }
    }

    /// How long a payload that comes again is a repeat; later it is a new one.
    fn memory(&self) -> Duration {
        self.policy.acknowledgement * 2
    }

    /// How long a receiver waits for the sender, who may repeat.
    fn patience(&self) -> Duration {
        self.policy.acknowledgement * (u32::from(self.policy.repeats) + 2)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Idle => "idle",
            State::Enquiring { .. } => "enquiring",
            State::Sending { .. } => "sending",
            State::Receiving { .. } => "receiving",
        };
        f.debug_struct("Link").field("role", &self.role).field("state", &state).finish_non_exhaustive()
    }
}

/// Payloads that may wait for the line.
const QUEUE_MAX: usize = 8;
