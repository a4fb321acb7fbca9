//! A runtime of a thread's own, for work that begins and ends with it.

use std::io;
use tokio::runtime::Builder;

/// Does `work` to its end. What it leaves under way ends with it, and holds nobody: the system's resolver knows no
/// time-out, and a runtime that is merely dropped waits for it.
///
/// # Errors
/// When the system has no descriptors for a runtime.
pub fn block_on<T>(work: impl Future<Output = T>) -> io::Result<T> {
    let runtime = Builder::new_current_thread().enable_all().build_local(Default::default())?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::mpsc::{self, TryRecvError},
        time::Duration,
    };

    #[test]
    fn a_name_that_is_still_being_looked_up_holds_nobody() {
        let (silence, never) = mpsc::channel::<()>();
        let ((begin, began), (end, ended)) = (mpsc::channel(), mpsc::channel());
        let done = block_on(async move {
            tokio::task::spawn_blocking(move || {
                let _ = begin.send(());
                let _ = never.recv_timeout(Duration::from_secs(30));
                let _ = end.send(());
            });
            began.recv()
        });
        assert_eq!(done.expect("a runtime"), Ok(()));
        assert_eq!(ended.try_recv(), Err(TryRecvError::Empty), "nobody waited for it");
        drop(silence);
    }
}
