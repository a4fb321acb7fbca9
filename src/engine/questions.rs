//! The prompts of the devices of a run as questions that live control shows and answers.

use super::control::Questions;
use crate::{
    control::Prompt,
    driver::serial::{PromptAnswer, Prompts},
};

impl Questions for Prompts {
    fn open(&self) -> Vec<Prompt> {
        let question =
            |prompt: &crate::driver::serial::Prompt| Prompt { number: prompt.id, text: prompt.to_string() };
        Self::open(self).iter().map(question).collect()
    }

    fn answer(&self, number: u64, text: &str) -> Result<(), String> {
        let answer = PromptAnswer::typed(text).ok_or_else(|| EXPECTED.to_owned())?;
        Self::answer(self, number, answer).map_err(|error| error.to_string())
    }
}

const EXPECTED: &str = "expected `done`, `refused` with a reason, or `skip`";
