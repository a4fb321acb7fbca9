//! `posfleet devices power-cycle` and `card`: what hands do to one terminal of a rack, tried from the command line.

use super::{CardArguments, HandArguments, load, one, runtime, setup};
use crate::{
    cli::{Exit, complain, print},
    driver::{
        Clock,
        serial::{CardFeeder, Device, Prompts, attend, typed_lines},
    },
    rack::FailureClass,
};
use std::time::Duration;

/// Switches a terminal off and on, and asks who is there then.
pub(super) fn power_cycle(arguments: &HandArguments) -> Result<Exit, Exit> {
    let rack = load(&arguments.rack)?;
    let described = one(&rack, &arguments.device)?;
    let mut device = Device::new(described, &setup(&rack, None)?);
    let cycled = runtime()?.block_on(async {
        let cycled = device.power_cycle(Duration::from_secs(arguments.within)).await;
        device.release().await;
        cycled
    });
    match cycled {
        Ok(cycled) => {
            let (gone, back) = (cycled.vanished.as_secs_f64(), cycled.returned.as_secs_f64());
            print(&format!("{:16} vanished after {gone:.1} s, back after {back:.1} s", described.id));
            Ok(Exit::Pass)
        }
        Err(error) => Err(blame(&described.id, &error, error.class())),
    }
}

/// Has a card put into a terminal as its rack says.
pub(super) fn card(arguments: &CardArguments) -> Result<Exit, Exit> {
    let HandArguments { rack, device, within } = &arguments.hand;
    let rack = load(rack)?;
    let described = one(&rack, device)?;
    let (clock, lines) = (Clock::start(), typed_lines());
    let prompts = if lines.is_some() { Prompts::default() } else { Prompts::unattended() };
    let feeder = CardFeeder::new(clock, prompts.clone(), Duration::from_secs(*within));
    let presented = runtime()?.block_on(async {
        let Some(lines) = lines else { return feeder.present(described, &arguments.card).await };
        let attending = attend(&prompts, clock, lines, |line| eprintln!("{line}"));
        let mut presenting = std::pin::pin!(feeder.present(described, &arguments.card));
        tokio::select! {
            presented = &mut presenting => presented,
            // The console is closed: other answers may still come.
            () = attending => presenting.await,
        }
    });
    match presented {
        Ok(()) => {
            print(&format!("{:16} card {} is presented", described.id, arguments.card));
            Ok(Exit::Pass)
        }
        Err(absent) => Err(blame(&described.id, &absent, absent.class())),
    }
}

fn blame(id: &str, error: &dyn std::fmt::Display, class: FailureClass) -> Exit {
    complain(format_args!("{id}: FAILED ({}): {error}", class.word()));
    match class {
        FailureClass::Infrastructure => Exit::Failed,
        FailureClass::Device => Exit::CheckFailed,
        FailureClass::Scenario => Exit::BadConfiguration,
    }
}
