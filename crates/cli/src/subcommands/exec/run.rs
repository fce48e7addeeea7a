//! Runs one request and sends its answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, MaybeDone, maybe_done};
use soar_connector::{Collector, Conclusion, Connector, ExecutionContext, Invocation, Outcome, Receipt};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::unconstrained;

use super::answer::{AnswerLine, failed};
use super::fault::LineProblem;
use super::output::OutputLine;
use super::request::ExecRequest;
use super::under_way::RequestsUnderWay;

/// The most bytes of replies and their table in one answer.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;

/// The parts that all requests share.
#[derive(Clone)]
pub(super) struct SharedParts {
    /// One permit per request that runs at once.
    pub(super) places: Arc<Semaphore>,
    pub(super) under_way: RequestsUnderWay,
    pub(super) answers: mpsc::Sender<OutputLine>,
}

/// The wait of a request for one of the places of [`SharedParts`].
pub(super) type SlotWait = MaybeDone<BoxFuture<'static, Result<OwnedSemaphorePermit, AcquireError>>>;

/// A request that can be run.
pub(super) struct Runnable {
    pub(super) request: ExecRequest,
    pub(super) line: u64,
    pub(super) connector: Arc<dyn Connector>,
    /// The request's share of the bytes that are read ahead.
    pub(super) bytes: OwnedSemaphorePermit,
    pub(super) cancelled: oneshot::Receiver<()>,
    pub(super) place: SlotWait,
}

impl SharedParts {
    /// Takes a place, or the next position in the queue for one. A caller that does this in the order of its lines
    /// starts the requests in that order, whichever of their tasks runs first.
    pub(super) fn place(&self) -> SlotWait {
        // Without `unconstrained`, tokio may return before the request is in the queue.
        let acquire = unconstrained(Arc::clone(&self.places).acquire_owned()).boxed();
        let mut place = maybe_done(acquire);
        let _ = (&mut place).now_or_never();
        place
    }

    /// Sends the line of an answer.
    pub(super) async fn answer(&self, line: Vec<u8>, permits: Vec<OwnedSemaphorePermit>) {
        // The sending fails only if nothing reads the answers any more.
        let _ = self.answers.send(OutputLine { line, _permits: permits }).await;
    }

    /// Runs the request and sends its answer.
    pub(super) async fn run(self, runnable: Runnable) {
        let Runnable { request, line, connector, bytes, mut cancelled, mut place } = runnable;
        let ExecRequest { id, command, parameters, .. } = request;
        let manifest = connector.manifest();
        let mut permits = vec![bytes];
        let its = id.clone();
        let line_of = move |outcome| AnswerLine { id: Some(its.clone()), line, outcome }.into_line();
        let answered = match manifest.invocation(&command, &parameters) {
            Err(invalid) => {
                let receipt = Receipt { request_id: ExecutionContext::new().request_id, ..Receipt::default() };
                let error = Some(invalid.error_tab(manifest));
                line_of(Collector::new(None, 0).finish(Conclusion { error, receipt, warnings: Vec::new() }))
            }
            Ok(invocation) => {
                let place = tokio::select! {
                    () = &mut place => std::pin::Pin::new(&mut place).take_output().and_then(Result::ok),
                    _ = &mut cancelled => None,
                };
                match place {
                    None => line_of(failed(&LineProblem::Cancelled(false), Some(invocation.command()))),
                    Some(place) => {
                        permits.push(place);
                        until_cancelled(connector.as_ref(), invocation, cancelled, line_of).await
                    }
                }
            }
        };
        self.under_way.remove(&id);
        self.answer(answered, permits).await;
    }
}

async fn until_cancelled(
    connector: &dyn Connector,
    invocation: Invocation,
    cancelled: oneshot::Receiver<()>,
    line_of: impl Fn(Outcome) -> Vec<u8>,
) -> Vec<u8> {
    let command = Arc::clone(invocation.command());
    let running = async {
        let mut collector = Collector::new(Some(invocation.command()), LARGEST_ANSWER);
        let ended = connector.execute_into(&invocation, &ExecutionContext::new(), &mut collector).await;
        line_of(collector.finish(ended))
    };
    // A panic ends this request only.
    tokio::select! {
        ended = AssertUnwindSafe(running).catch_unwind() => {
            ended.unwrap_or_else(|_| line_of(failed(&LineProblem::Panicked, Some(&command))))
        }
        _ = cancelled => line_of(failed(&LineProblem::Cancelled(true), Some(&command))),
    }
}
