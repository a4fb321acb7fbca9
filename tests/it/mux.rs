//! Who gets which answer over a shared connection, whatever order they come in.

use crate::draft::Draft;
use posfleet::{
    iso8583::{De, FrameHead, Mti, Spec},
    link::Mux,
};
use proptest::prelude::*;
use std::{collections::HashMap, sync::Arc};

/// What happens at a shared connection.
#[derive(Clone, Copy, Debug)]
enum Happening {
    /// A terminal sends a request.
    Request(u32),
    /// The host answers one that a terminal has sent at some time: this one of those not answered.
    Answer(usize),
    /// The host answers one again that it has answered.
    Again(usize),
    /// A terminal waits no more.
    Leave(u32),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        4 => (0..8u32).prop_map(Happening::Request),
        4 => (0..64usize).prop_map(Happening::Answer),
        1 => (0..64usize).prop_map(Happening::Again),
        1 => (0..8u32).prop_map(Happening::Leave),
    ];
    proptest::collection::vec(one, 1..200)
}

proptest! {
    #[test]
    fn an_answer_is_for_the_terminal_whose_last_request_it_answers_and_for_nobody_else(all in happenings()) {
        let mut mux = Mux::new(Spec::unionpay(), Arc::from([11, 41]));
        let mut stans = HashMap::new();
        let mut waiting: HashMap<u32, u32> = HashMap::new();
        let mut open: Vec<(u32, u32)> = Vec::new();
        let mut answered: Vec<(u32, u32)> = Vec::new();
        for happening in all {
            match happening {
                Happening::Request(terminal) => {
                    let stan = stans.entry(terminal).and_modify(|stan| *stan += 1).or_insert(1);
                    mux.request_frame(terminal, &request(terminal, *stan));
                    waiting.insert(terminal, *stan);
                    open.push((terminal, *stan));
                }
                Happening::Answer(which) if !open.is_empty() => {
                    let (terminal, stan) = open.swap_remove(which % open.len());
                    let expected = (waiting.get(&terminal) == Some(&stan)).then_some(terminal);
                    prop_assert_eq!(mux.answer(&answer(terminal, stan)[2..]), expected);
                    if expected.is_some() {
                        waiting.remove(&terminal);
                    }
                    answered.push((terminal, stan));
                }
                Happening::Again(which) if !answered.is_empty() => {
                    let (terminal, stan) = answered[which % answered.len()];
                    prop_assert_eq!(mux.answer(&answer(terminal, stan)[2..]), None);
                }
                Happening::Leave(terminal) => {
                    mux.leave(terminal);
                    waiting.remove(&terminal);
                }
                Happening::Answer(_) | Happening::Again(_) => {}
            }
            prop_assert_eq!(mux.waiting(), waiting.len());
        }
    }
}

#[test]
fn answers_that_look_alike_go_to_those_who_asked_in_their_order() {
    let mut mux = Mux::new(Spec::unionpay(), Arc::from([11]));
    (0..3).for_each(|terminal| mux.request_frame(terminal, &request(terminal, 7)));
    let next = |mux: &mut Mux| mux.answer(&answer(9, 7)[2..]);
    assert_eq!(
        [next(&mut mux), next(&mut mux), next(&mut mux), next(&mut mux)],
        [Some(0), Some(1), Some(2), None]
    );
}

#[test]
fn what_is_no_message_is_for_nobody() {
    let mut mux = Mux::new(Spec::unionpay(), Arc::from([11, 41]));
    mux.request_frame(1, &request(1, 1));
    assert_eq!([mux.answer(b""), mux.answer(&[0x60; 40])], [None, None]);
    mux.request_frame(1, b"no message either");
    assert_eq!((mux.waiting(), mux.answer(&answer(1, 1)[2..])), (0, None));
}

fn request(terminal: u32, stan: u32) -> Vec<u8> {
    message(Mti::FINANCIAL, terminal, stan)
}

fn answer(terminal: u32, stan: u32) -> Vec<u8> {
    message(Mti::FINANCIAL.response(), terminal, stan)
}

fn message(mti: Mti, terminal: u32, stan: u32) -> Vec<u8> {
    let draft = Draft::empty(FrameHead::default(), mti);
    let draft = draft.with(De::STAN, format!("{stan:06}").as_bytes());
    draft.with(De::TERMINAL_ID, format!("{terminal:08}").as_bytes()).frame()
}
