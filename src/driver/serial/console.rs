//! The prompts of a run on the console that started it: each is shown once, and the line that is typed answers it.

use super::prompt::{Prompt, PromptAnswer, Prompts};
use crate::driver::Clock;
use std::io::{self, IsTerminal};
use tokio::sync::mpsc;

/// The lines that are typed at the console; `None` when nobody can type there.
pub fn typed_lines() -> Option<mpsc::Receiver<String>> {
    let stdin = io::stdin();
    stdin.is_terminal().then(|| {
        let (typed, lines) = mpsc::channel(LINES);
        // A thread of its own: the runtime would wait for a line that never comes when it ends.
        std::thread::spawn(move || {
            let typed_so_far = stdin.lines().map_while(Result::ok);
            for line in typed_so_far {
                if typed.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        lines
    })
}

/// Shows prompts, one at a time, and answers each by the next line, until no lines come any more.
///
/// An empty line, `y` or `done` means done; `n` and `n REASON` refuse; `s` says that there is no operator for it.
/// Lines that come while nothing is asked are thrown away: they were typed too late.
pub async fn attend(
    prompts: &Prompts,
    clock: Clock,
    mut lines: mpsc::Receiver<String>,
    mut show: impl FnMut(&str),
) {
    let mut changes = prompts.changes();
    loop {
        let Some(prompt) = prompts.open().into_iter().next() else {
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                line = lines.recv() => if line.is_none() { return },
            }
            continue;
        };
        let left = prompt.deadline.since(clock.now()).as_secs();
        show(&format!("{prompt}  [Enter: done, n REASON: refused, s: skip; {left} s]"));
        if !answered(prompts, &prompt, &mut lines, &mut changes, &mut show).await {
            return;
        }
    }
}

/// Waits until a prompt is answered, here or elsewhere; `false` when no lines come any more.
async fn answered(
    prompts: &Prompts,
    prompt: &Prompt,
    lines: &mut mpsc::Receiver<String>,
    changes: &mut tokio::sync::watch::Receiver<u64>,
    show: &mut impl FnMut(&str),
) -> bool {
    while prompts.open().iter().any(|open| open.id == prompt.id) {
        tokio::select! {
            _ = changes.changed() => {}
            line = lines.recv() => match line.as_deref().map(PromptAnswer::typed) {
                None => return false,
                // It may have been answered elsewhere in this moment.
                Some(Some(answer)) => drop(prompts.answer(prompt.id, answer)),
                Some(None) => show("Enter: done, n REASON: refused, s: skip"),
            },
        }
    }
    true
}

impl PromptAnswer {
    /// What a typed line means: an empty one, `y` or `done`; `n` or `refused` with a reason; `s` or `skip`.
    pub fn typed(line: &str) -> Option<Self> {
        let line = line.trim();
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" | "y" | "yes" | "done" => Some(Self::Done),
            "n" | "no" | "refused" => Some(Self::Refused(rest.trim().to_owned())),
            "s" | "skip" => Some(Self::NoOperator),
            _ => None,
        }
    }
}

/// So many typed lines wait at most.
const LINES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_mean_what_is_said_about_them() {
        for (line, answer) in [
            ("", Some(PromptAnswer::Done)),
            (" done ", Some(PromptAnswer::Done)),
            ("n", Some(PromptAnswer::Refused(String::new()))),
            ("n the card is broken", Some(PromptAnswer::Refused("the card is broken".to_owned()))),
            ("s", Some(PromptAnswer::NoOperator)),
            ("what?", None),
        ] {
            assert_eq!(PromptAnswer::typed(line), answer, "{line}");
        }
    }
}
