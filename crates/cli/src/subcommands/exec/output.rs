//! Writes answers on a thread of its own. A reader that stops reading stops the requests, not this process.

use std::future::pending;
use std::io::{self, Write};
use std::thread;

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

/// The answers that wait for the thread. The permits limit their bytes, so that a request waits for nothing else.
const WAITING: usize = 256;

/// An answer, and the permits that its request holds until it is written.
pub(super) struct OutputLine {
    pub(super) line: Vec<u8>,
    pub(super) _permits: Vec<OwnedSemaphorePermit>,
}

/// Writes answers to `out` until the last sender is dropped or a write fails. The second receiver gets the result.
pub(super) fn writer(
    out: Box<dyn Write + Send>,
) -> io::Result<(mpsc::Sender<OutputLine>, oneshot::Receiver<io::Result<()>>)> {
    let (sender, answers) = mpsc::channel(WAITING);
    let (ended, end) = oneshot::channel();
    thread::Builder::new().name("answers".to_owned()).spawn(move || ended.send(write(answers, out)))?;
    Ok((sender, end))
}

/// Ends when nothing can read standard output any more, also while nothing is written. Never ends where only a failed
/// write tells it.
pub(super) async fn reader_gone() {
    if !tokio::task::spawn_blocking(wait_for_hang_up).await.unwrap_or(false) {
        pending::<()>().await;
    }
}

/// Waits until the pipe or the socket of standard output has no reader. Returns false if that cannot be told.
#[cfg(target_os = "linux")]
fn wait_for_hang_up() -> bool {
    use rustix::event::{PollFd, PollFlags, poll};
    let out = io::stdout();
    let mut polled = [PollFd::new(&out, PollFlags::empty())];
    while poll(&mut polled, None) == Err(rustix::io::Errno::INTR) {}
    polled[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

#[cfg(not(target_os = "linux"))]
fn wait_for_hang_up() -> bool {
    false
}

fn write(mut answers: mpsc::Receiver<OutputLine>, mut out: Box<dyn Write + Send>) -> io::Result<()> {
    loop {
        let next = match answers.try_recv() {
            Ok(answer) => Some(answer),
            Err(_) => {
                out.flush()?;
                answers.blocking_recv()
            }
        };
        match next {
            Some(answer) => out.write_all(&answer.line)?,
            None => return out.flush(),
        }
    }
}
