//! Exchanges of device profiles: the steps of a service, and what the answers to each mean.

use super::{
    super::node::Node,
    profile::{Messages, Reader},
    profile_file::{ExchangeFile, ExpectFile, StepFile, ThenWord, TimeoutWord},
};
use crate::ecr::{
    Deed,
    script::{Action, Alternative, Exchange, Meaning, OnTimeout, Slot, Stage},
};

impl Reader<'_> {
    /// The exchange called `name`, which stands at `node`.
    pub(super) fn exchange(
        &mut self,
        file: &ExchangeFile,
        name: &str,
        node: &Node,
        messages: &Messages,
    ) -> Option<Exchange> {
        let stages = if file.steps.is_empty() {
            vec![self.only_stage(file, node, messages)?]
        } else {
            if file.send.is_some() || !file.expect.is_empty() || file.within.is_some() {
                let message = "`steps` stand alone: `send`, `expect` and `within` are said in them";
                self.complain(node.span.clone(), message.to_owned());
            }
            let place = node.child("steps");
            let stages = file.steps.iter().enumerate();
            let stages: Vec<_> =
                stages.map(|(at, step)| self.stage(step, place.item(at), messages)).collect();
            stages.into_iter().collect::<Option<Vec<Stage>>>()?
        };
        let exchange = Exchange { stages };
        self.check_exchange(&exchange, name, node);
        Some(exchange)
    }

    fn only_stage(&mut self, file: &ExchangeFile, node: &Node, messages: &Messages) -> Option<Stage> {
        let (Some(send), Some(within)) = (&file.send, file.within) else {
            self.complain(node.span.clone(), "an exchange has `send` and `within`, or `steps`".to_owned());
            return None;
        };
        let message = self.named(send, node.child("send"), messages);
        let expect = self.alternatives(&file.expect, node, messages);
        Some(Stage {
            action: Action::Say(message?),
            expect,
            within: within.into(),
            on_timeout: on_timeout(file.on_timeout),
        })
    }

    fn stage(&mut self, file: &StepFile, node: &Node, messages: &Messages) -> Option<Stage> {
        let deeds = [
            file.prompt.as_ref().map(|text| Deed::Prompt(text.clone())),
            file.power_cycle.then_some(Deed::PowerCycle),
            file.reconnect.then_some(Deed::Reconnect),
        ];
        let mut deeds = deeds.into_iter().flatten();
        let (deed, more) = (deeds.next(), deeds.next());
        let expect = self.alternatives(&file.expect, node, messages);
        let action = match (&file.send, deed, more) {
            (Some(send), None, None) => self.named(send, node.child("send"), messages).map(Action::Say),
            (None, Some(deed), None) if expect.is_empty() => Some(Action::Do(deed)),
            _ => {
                let message = "a step is one of `send`, `prompt`, `powerCycle` and `reconnect`; answers come to `send` only";
                self.complain(node.span.clone(), message.to_owned());
                None
            }
        };
        Some(Stage {
            action: action?,
            expect,
            within: file.within.into(),
            on_timeout: on_timeout(file.on_timeout),
        })
    }

    fn alternatives(&mut self, file: &[ExpectFile], node: &Node, messages: &Messages) -> Vec<Alternative> {
        let place = node.child("expect");
        let each = file.iter().enumerate();
        each.filter_map(|(at, one)| self.alternative(one, place.item(at), messages)).collect()
    }

    fn alternative(&mut self, file: &ExpectFile, node: &Node, messages: &Messages) -> Option<Alternative> {
        let message = self.named(&file.message, node.child("message"), messages);
        let reply = file.reply.as_ref().map(|reply| self.named(reply, node.child("reply"), messages));
        let same = file.same.iter().enumerate();
        let same: Vec<Slot> =
            same.filter_map(|(at, name)| self.slot(name, node.child("same").item(at))).collect();
        let meaning = self.meaning(file, node);
        let needed: &[(Slot, &str)] = match meaning {
            Meaning::Line => &[(Slot::Line, "line")],
            Meaning::Relay => &[(Slot::Relay, "relay")],
            _ => &[],
        };
        for (slot, name) in needed {
            if message.as_ref().is_some_and(|message| !message.has(*slot)) {
                self.complain(node.span.clone(), format!("the message has no `{{{name}}}`"));
            }
        }
        if meaning == Meaning::Relay
            && reply.as_ref().is_none_or(|reply| reply.as_ref().is_some_and(|reply| !reply.has(Slot::Relay)))
        {
            self.complain(
                node.span.clone(),
                "the host's answer goes back in a `reply` with `{relay}`".to_owned(),
            );
        }
        Some(Alternative { message: message?, meaning, reply: reply.flatten(), same })
    }

    fn meaning(&mut self, file: &ExpectFile, node: &Node) -> Meaning {
        let said = [file.wait, file.then.is_some(), !file.approved.is_empty()];
        if said.iter().filter(|is_said| **is_said).count() != 1 {
            let message = "a message either says `wait`, or ends it with the codes that are `approved`";
            let more = if file.then.is_some() { ", or has `then`" } else { "" };
            self.complain(node.span.clone(), format!("{message}{more}"));
        }
        match file.then {
            Some(ThenWord::Next) => Meaning::Next,
            Some(ThenWord::Print) => Meaning::Line,
            Some(ThenWord::Relay) => Meaning::Relay,
            None if file.wait => Meaning::Wait,
            None => Meaning::Result(file.approved.iter().map(|code| code.clone().into_bytes()).collect()),
        }
    }

    pub(super) fn slot(&mut self, name: &str, node: &Node) -> Option<Slot> {
        let known = Slot::ALL.iter().find(|(_, known)| *known == name).map(|(slot, _)| *slot);
        let own = self.own.iter().position(|own| own == name).and_then(|at| u8::try_from(at).ok());
        let slot = known.or_else(|| own.map(Slot::Own));
        if slot.is_none() {
            self.complain(node.span.clone(), format!("there is no value `{name}`"));
        }
        slot
    }

    /// 1. Somebody must be told something, and last: after that the terminal decides.
    /// 2. Only the last step ends it, and every step before it leads to the next.
    /// 3. What moves money is said again only with the number by which the terminal knows it again.
    fn check_exchange(&mut self, exchange: &Exchange, name: &str, node: &Node) {
        let is_say = |stage: &Stage| matches!(stage.action, Action::Say(_));
        if !exchange.stages.last().is_some_and(is_say) {
            self.complain(node.span.clone(), "the last step sends the message that asks".to_owned());
        }
        let last = exchange.stages.len() - 1;
        let is_end = |one: &Alternative| matches!(one.meaning, Meaning::Result(_));
        for (at, stage) in exchange.stages.iter().enumerate() {
            let goes_on = stage.expect.is_empty() || stage.with(&Meaning::Next).is_some();
            if at < last && (stage.expect.iter().any(is_end) || !goes_on) {
                let message = format!("step {} of `{name}` must lead to the next: `then: next`", at + 1);
                self.complain(node.span.clone(), message);
            }
            if at == last && !stage.expect.is_empty() && !stage.expect.iter().any(is_end) {
                self.complain(node.span.clone(), format!("nothing ends `{name}`: no message has `approved`"));
            }
        }
        let moves_money = matches!(name, "sale" | "void" | "refund");
        let says_again = exchange.stages.iter().any(|stage| matches!(stage.on_timeout, OnTimeout::Again(_)));
        if moves_money && says_again && !exchange.asks(Slot::Id) {
            let message = format!("without `{{id}}` in its message, `{name}` said again may be done again");
            self.complain(node.span.clone(), message);
        }
    }
}

fn on_timeout(word: TimeoutWord) -> OnTimeout {
    match word {
        TimeoutWord::Lost => OnTimeout::Lost,
        TimeoutWord::Again => OnTimeout::Again(1),
        TimeoutWord::Next => OnTimeout::Next,
    }
}
