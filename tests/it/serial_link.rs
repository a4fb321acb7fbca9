//! Two ends of a line with nothing between them: acknowledgements, repeats, sessions.

use posfleet::{
    ecr::{Frame, Link, LinkPolicy, Notice, Role, signal},
    time::Instant,
};
use std::time::Duration;

fn pair(policy: LinkPolicy) -> (Link, Link) {
    let new = |role| Link::new(Frame::STX_LRC, policy, role);
    (new(Role::Register), new(Role::Terminal))
}

/// Carries what both have to say to the other until both are silent; `lose` may take a transmission away.
fn carry(now: Instant, a: &mut Link, b: &mut Link, mut lose: impl FnMut(&[u8]) -> bool) {
    loop {
        let (there, back) = (std::mem::take(a.outgoing()), std::mem::take(b.outgoing()));
        if there.is_empty() && back.is_empty() {
            return;
        }
        if !lose(&there) {
            b.receive(now, &there);
        }
        if !lose(&back) {
            a.receive(now, &back);
        }
    }
}

fn notices(link: &mut Link) -> Vec<Notice> {
    std::iter::from_fn(|| link.poll()).collect()
}

#[test]
fn a_lost_acknowledgement_makes_a_repeat_and_no_second_payload() {
    let (mut register, mut terminal) = pair(LinkPolicy::ZVT);
    register.send(Instant::START, b"A").unwrap();
    carry(Instant::START, &mut register, &mut terminal, |bytes| bytes == [signal::ACK]);
    let later = Instant::START + Duration::from_secs(5);
    assert_eq!(register.deadline(), Some(later));
    register.timeout(later);
    carry(later, &mut register, &mut terminal, |_| false);
    assert_eq!(notices(&mut register), [Notice::Delivered]);
    assert_eq!(notices(&mut terminal), [Notice::Frame(b"A".to_vec())]);
}

/// Bytes that come late are no silence: it is the timer that says so, after whoever reads has looked.
#[test]
fn a_frame_that_is_read_late_is_whole() {
    let (mut register, _) = pair(LinkPolicy::ZVT);
    let mut frame = Vec::new();
    Frame::STX_LRC.build(b"AB", &mut frame).unwrap();
    let later = Instant::START + 2 * LinkPolicy::ZVT.gap;
    register.receive(Instant::START, &frame[..2]);
    register.receive(later, &frame[2..]);
    assert_eq!(notices(&mut register), [Notice::Frame(b"AB".to_vec())]);
    register.receive(later, &frame[..2]);
    register.timeout(later + LinkPolicy::ZVT.gap);
    assert_eq!(register.outgoing()[..], [signal::ACK, signal::NAK], "what is silent in a frame has lost it");
}

#[test]
fn a_side_that_hears_nothing_gives_up_after_its_repeats() {
    let (mut register, mut terminal) = pair(LinkPolicy::ZVT);
    let mut sent = 0;
    register.send(Instant::START, b"A").unwrap();
    while let Some(now) = register.deadline() {
        carry(now, &mut register, &mut terminal, |_| {
            sent += 1;
            true
        });
        register.timeout(now);
    }
    assert_eq!((sent, notices(&mut register)), (6, vec![Notice::Undelivered { was_sent: true }]));
}

#[test]
fn both_enquire_at_once_and_both_are_heard() {
    let (mut register, mut terminal) = pair(LinkPolicy::CONCERT);
    register.send(Instant::START, b"A").unwrap();
    terminal.send(Instant::START, b"B").unwrap();
    carry(Instant::START, &mut register, &mut terminal, |_| false);
    assert_eq!(notices(&mut register), [Notice::Delivered, Notice::Frame(b"B".to_vec())]);
    assert_eq!(notices(&mut terminal), [Notice::Frame(b"A".to_vec()), Notice::Delivered]);
}

#[test]
fn presence_is_answered_and_a_busy_side_refuses() {
    let (mut register, mut terminal) = pair(LinkPolicy::CONCERT);
    register.enquire(Instant::START);
    carry(Instant::START, &mut register, &mut terminal, |_| false);
    assert_eq!(notices(&mut register), [Notice::Present]);
    terminal.set_busy(true);
    register.enquire(Instant::START);
    carry(Instant::START, &mut register, &mut terminal, |_| false);
    assert_eq!(notices(&mut register), [Notice::Undelivered { was_sent: false }]);
}

/// An enquiry that overtakes the end of the session would meet a terminal that is still busy with it.
#[test]
fn a_register_that_asks_again_at_once_waits_for_the_end_of_the_session() {
    let (mut register, mut terminal) = pair(LinkPolicy::CONCERT);
    terminal.set_busy(true);
    terminal.send(Instant::START, b"A").unwrap();
    // Up to the register's ACK for the frame, whose EOT is still to come.
    for _ in 0..2 {
        let there = std::mem::take(terminal.outgoing());
        register.receive(Instant::START, &there);
        let back = std::mem::take(register.outgoing());
        if register.poll().is_some() {
            register.give_up();
            register.send(Instant::START, b"B").unwrap();
            assert_eq!(register.outgoing().len(), 0);
        }
        terminal.receive(Instant::START, &back);
    }
    terminal.set_busy(false);
    carry(Instant::START, &mut register, &mut terminal, |_| false);
    assert_eq!(notices(&mut terminal), [Notice::Delivered, Notice::Frame(b"B".to_vec())]);
}
