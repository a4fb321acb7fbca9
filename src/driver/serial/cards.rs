//! Puts a card into a terminal before money is asked for: by a person, a program or a robot, as its rack says.

use super::{
    program::{Program, ProgramError},
    prompt::{Prompt, PromptAnswer, Prompts},
    robot::{self, RobotError},
};
use crate::{
    driver::Clock,
    rack::{CardSource, Device, FailureClass},
};
use std::time::Duration;

/// Has cards put into terminals.
#[derive(Clone, Debug)]
pub struct CardFeeder {
    clock: Clock,
    prompts: Prompts,
    within: Duration,
}

/// Why there is no card in a terminal. None of these is the terminal's fault.
#[derive(Debug, thiserror::Error)]
pub enum Absent {
    /// Nobody has answered in time.
    #[error("skipped, no operator")]
    NoOperator,
    /// Whoever was asked will not or cannot do it.
    #[error("the card was refused: {0}")]
    Refused(String),
    /// The program of the rack has failed.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The robot of the rack has failed.
    #[error(transparent)]
    Robot(#[from] RobotError),
}

impl Absent {
    /// Whose fault it is.
    pub fn class(&self) -> FailureClass {
        FailureClass::Infrastructure
    }

    /// Whether what needs the card is skipped rather than failed.
    pub fn is_skipped(&self) -> bool {
        matches!(self, Self::NoOperator)
    }
}

impl CardFeeder {
    /// One that asks people at this desk, and gives everybody so long for a card.
    pub fn new(clock: Clock, prompts: Prompts, within: Duration) -> Self {
        Self { clock, prompts, within }
    }

    /// Has a card put into a device; done at once where the rack says that nobody needs to.
    ///
    /// # Errors
    /// When it is not there in time.
    pub async fn present(&self, device: &Device, card: &str) -> Result<(), Absent> {
        let prompt = Prompt::new(device, format!("insert card {card}")).with_card(card);
        self.fulfil(device, prompt).await
    }

    /// Has a card taken out of a device again; done at once where the rack says that nobody needs to.
    ///
    /// # Errors
    /// When it is not out in time.
    pub async fn remove(&self, device: &Device) -> Result<(), Absent> {
        self.fulfil(device, Prompt::new(device, "remove the card".to_owned())).await
    }

    async fn fulfil(&self, device: &Device, prompt: Prompt) -> Result<(), Absent> {
        let answer = match &device.cards {
            CardSource::Nobody => PromptAnswer::Done,
            CardSource::Operator => self.prompts.ask(self.clock, prompt, self.within).await,
            CardSource::Command(words) => return Ok(self.run(words, &prompt).await?),
            CardSource::Robot(url) => robot::ask(url, &prompt, self.within).await?,
        };
        match answer {
            PromptAnswer::Done => Ok(()),
            PromptAnswer::Refused(reason) => Err(Absent::Refused(reason)),
            PromptAnswer::NoOperator => Err(Absent::NoOperator),
        }
    }

    /// The program is told the card – nothing where it is to be removed – and the device as its last arguments, and all
    /// that is known in its environment.
    async fn run(&self, words: &[String], prompt: &Prompt) -> Result<(), ProgramError> {
        let card = prompt.card.as_deref().unwrap_or_default();
        let fixed = [("DEVICE", prompt.device.as_str()), ("CARD", card), ("TEXT", prompt.text.as_str())];
        let fixed = fixed.map(|(name, value)| (format!("POSFLEET_{name}"), value.to_owned()));
        let labels = prompt.labels.iter().map(|(name, value)| (variable(name), value.clone()));
        let environment: Vec<(String, String)> = fixed.into_iter().chain(labels).collect();
        Program { words, more: &[card, &prompt.device], environment: &environment }.run(self.within).await
    }
}

/// The variable of a label: `POSFLEET_LABEL_SLOT` for `slot`.
fn variable(label: &str) -> String {
    let letters = label.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
    format!("POSFLEET_LABEL_{}", letters.collect::<String>().to_ascii_uppercase())
}
