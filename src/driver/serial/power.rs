//! Switches a device off and on by the programs of its rack, and believes it only when the port vanished and came back.

use super::{
    device::Setup,
    locate::LocateError,
    program::{Program, ProgramError},
};
use crate::rack::{Device, FailureClass, Power, Selector};
use std::time::Duration;

/// How long the port of a device that was switched off and on took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerCycled {
    /// From the command that switches off until the port was gone.
    pub vanished: Duration,
    /// From the command that switches on until it was there again.
    pub returned: Duration,
}

/// Why nobody can say that a device was switched off and on. None of these is the terminal's fault.
#[derive(Debug, thiserror::Error)]
pub enum PowerError {
    /// The rack has no `power` for it.
    #[error("the rack does not say how {0} is switched off and on")]
    NoSwitch(String),
    /// It has no port to vanish.
    #[error("{0} was not there before it was switched off")]
    NotThere(Selector),
    /// The program that switches it off has failed.
    #[error("switching off: {0}")]
    Off(#[source] ProgramError),
    /// The program that switches it on has failed.
    #[error("switching on: {0}")]
    On(#[source] ProgramError),
    /// The port stayed: the hub has kept the power on, or the terminal has a battery.
    #[error(
        "the port {0} did not vanish within {1:?} after it was switched off: the device was not power-cycled"
    )]
    NotVanished(Selector, Duration),
    /// The port went and stayed away.
    #[error("the port {0} vanished, and did not come back within {1:?} after it was switched on")]
    NotBack(Selector, Duration),
    /// It cannot be said which port it is.
    #[error(transparent)]
    Locate(#[from] LocateError),
}

impl PowerError {
    /// Whose fault it is.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::NoSwitch(_) => FailureClass::Scenario,
            _ => FailureClass::Infrastructure,
        }
    }
}

/// Switches a device off and on; its port must be closed.
///
/// # Errors
/// Unless its port was there, vanished, and is there again. A device whose port did not vanish is switched on all the
/// same: nobody knows what the program has done.
pub async fn power_cycle(device: &Device, setup: &Setup) -> Result<PowerCycled, PowerError> {
    let power = device.power.as_ref().ok_or_else(|| PowerError::NoSwitch(device.id.clone()))?;
    let switch = Switch { setup, device, power };
    // A pretended terminal that was just closed puts its port there anew.
    if !switch.sees(true).await? {
        return Err(PowerError::NotThere(device.port.clone()));
    }
    let vanished = switch.turn(&power.off, false).await.map_err(PowerError::Off)?;
    let returned = switch.turn(&power.on, true).await.map_err(PowerError::On)?;
    let unseen = |what: fn(Selector, Duration) -> PowerError| what(device.port.clone(), power.within);
    Ok(PowerCycled {
        vanished: vanished?.ok_or_else(|| unseen(PowerError::NotVanished))?,
        returned: returned?.ok_or_else(|| unseen(PowerError::NotBack))?,
    })
}

struct Switch<'a> {
    setup: &'a Setup,
    device: &'a Device,
    power: &'a Power,
}

type Seen = Result<Option<Duration>, LocateError>;

impl Switch<'_> {
    /// Runs the program, and tells how long it took until the port was there or was not; `None` when it never was so.
    ///
    /// The port has its whole time from the end of the program on: how long a program takes to say that it has
    /// switched says nothing about the device.
    async fn turn(&self, words: &[String], is_present: bool) -> Result<Seen, ProgramError> {
        let begin = tokio::time::Instant::now();
        let environment = [("POSFLEET_DEVICE".to_owned(), self.device.id.clone())];
        Program { words, more: &[], environment: &environment }.run(self.power.within.max(PROGRAM)).await?;
        Ok(self.sees(is_present).await.map(|is_so| is_so.then(|| begin.elapsed())))
    }

    /// Waits until the port is there, or is not; tells whether it came to that in time.
    async fn sees(&self, is_present: bool) -> Result<bool, LocateError> {
        let begin = tokio::time::Instant::now();
        while self.setup.locator.is_present(&self.device.port).await? != is_present {
            if begin.elapsed() >= self.power.within {
                return Ok(false);
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(true)
    }
}

/// How often it is looked whether a port is there: no bus tells a port of its own accord without its library.
const LOOK: Duration = Duration::from_millis(50);
/// A program that switches has so long at least; how short a lab makes the time of the port does not matter to it.
const PROGRAM: Duration = Duration::from_secs(30);
