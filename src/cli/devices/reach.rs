//! `posfleet devices check` and `identify`: all devices of a rack at once, told in the order of the file.

use super::{Question, RackArguments, load, runtime, setup};
use crate::{
    cli::{Exit, Format, complain, print, print_json},
    driver::serial::{Device, DeviceError},
    ecr::{Answer, Verdict},
    rack::{self, FailureClass, Rack},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;

/// Asks all devices at once, and tells of each in the order of the file.
pub(super) fn reach(arguments: &RackArguments, question: Question) -> Result<Exit, Exit> {
    let rack = load(&arguments.rack)?;
    let chosen = chosen(&rack, &arguments.device)?;
    let setup = setup(&rack, arguments.trace.as_deref())?;
    let within = Duration::from_secs(arguments.within);
    let mut results = runtime()?.block_on(async {
        let mut asking = JoinSet::new();
        for (place, device) in chosen.iter().enumerate() {
            let device = Device::new(device, &setup);
            asking.spawn(async move { (place, ask(device, question, within).await) });
        }
        asking.join_all().await
    });
    results.sort_by_key(|(place, _)| *place);
    let results = chosen.into_iter().zip(results.into_iter().map(|(_, result)| result));
    Ok(report(results.collect(), question, arguments.format))
}

async fn ask(
    mut device: Device,
    question: Question,
    within: Duration,
) -> Result<Option<Answer>, DeviceError> {
    let answer = match question {
        Question::Open => device.probe().await.map(|()| None),
        Question::Identity => device.identify(within).await.map(Some),
    };
    device.release().await;
    answer
}

fn chosen<'r>(rack: &'r Rack, ids: &[String]) -> Result<Vec<&'r rack::Device>, Exit> {
    if let Some(unknown) = ids.iter().find(|id| !rack.devices.iter().any(|device| device.id == **id)) {
        complain(format_args!("the rack has no device `{unknown}`"));
        return Err(Exit::Usage);
    }
    let is_chosen =
        |device: &&rack::Device| if ids.is_empty() { device.is_enabled } else { ids.contains(&device.id) };
    Ok(rack.devices.iter().filter(is_chosen).collect())
}

type Reached<'r> = (&'r rack::Device, Result<Option<Answer>, DeviceError>);

fn report(results: Vec<Reached<'_>>, question: Question, format: Format) -> Exit {
    match format {
        Format::Json => drop(print_json(&results.iter().map(result_json).collect::<Vec<_>>())),
        Format::Human => results.iter().for_each(|(device, result)| {
            let told = match result {
                Ok(answer) => told(answer.as_ref()),
                Err(error) => format!("FAILED ({}): {error}", error.class().word()),
            };
            print(&format!("{:16} {told}", device.id));
        }),
    }
    let failed = results.iter().filter_map(|(_, result)| result.as_ref().err());
    let classes: Vec<FailureClass> = failed.map(DeviceError::class).collect();
    match (classes.is_empty(), classes.contains(&FailureClass::Infrastructure), question) {
        (true, ..) => Exit::Pass,
        (_, true, _) => Exit::Failed,
        _ => Exit::CheckFailed,
    }
}

fn told(answer: Option<&Answer>) -> String {
    match answer {
        None => "the port opens".to_owned(),
        Some(answer) if answer.verdict == Verdict::Unsupported => {
            "its protocol has no question for that".to_owned()
        }
        Some(answer) => {
            let named = [
                ("terminal", &answer.terminal),
                ("serial number", &answer.serial_number),
                ("firmware", &answer.firmware),
            ];
            let said = named.into_iter().filter(|(_, text)| !text.0.is_empty());
            let said: Vec<String> =
                said.map(|(name, text)| format!("{name} {}", text.0.escape_ascii())).collect();
            if said.is_empty() { "answers, and tells no terminal id".to_owned() } else { said.join(", ") }
        }
    }
}

fn result_json((device, result): &Reached<'_>) -> Value {
    let text = |bytes: &[u8]| (!bytes.is_empty()).then(|| bytes.escape_ascii().to_string());
    let answer = result.as_ref().ok().and_then(Option::as_ref);
    json!({
        "id": device.id,
        "ok": result.is_ok(),
        "terminal": answer.and_then(|answer| text(&answer.terminal.0)),
        "firmware": answer.and_then(|answer| text(&answer.firmware.0)),
        "serial_number": answer.and_then(|answer| text(&answer.serial_number.0)),
        "class": result.as_ref().err().map(|error| error.class().word()),
        "error": result.as_ref().err().map(ToString::to_string),
    })
}
