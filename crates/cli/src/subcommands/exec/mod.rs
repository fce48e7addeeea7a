//! `footprint exec`: runs requests from standard input, one JSON object per line, and writes one outcome per line.

mod answer;
mod fault;
mod lines;
mod output;
mod request;
mod run;
mod schema;
mod sessions;
mod under_way;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use soar_connector::Plugin;
use tokio::io::BufReader;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use self::answer::{AnswerLine, failed};
use self::fault::LineProblem;
use self::lines::InputLine;
use self::request::{ExecRequest, LineAction, RequestId, Unusable};
use self::run::{Runnable, SharedParts};
use self::schema::LineSchema;
use self::sessions::Sessions;
use self::under_way::RequestsUnderWay;
use super::simulate::{StopSignals, runtime};
use crate::connection::{self, flags::ConnectionFlags};
use crate::exit::{self, Exit, WrongUse};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  footprint exec --profile lab <<< '{\"id\": 1, \"command\": \"List Devices\", \"parameters\": {\"Page\": 1}}'
  footprint exec --at-once 32 < requests.ndjson > answers.ndjson
  footprint exec --schema request > request.schema.json

A first line without a command gives the connection, so that no profile is needed:
  {\"settings\": {\"Server URL\": \"https://footprint.example.com\", \"User Name\": \"soar@example.com\", \"Password\": \"…\"}}
  {\"id\": 1, \"command\": \"List Devices\"}
  {\"cancel\": 1}

Requests start in the order of their lines. Answers come in the order in which requests end.
At the end of the input all requests are finished.
Exit codes: 0 all lines were answered, 1 interrupted or the output failed, 2 wrong use.";

/// The longest line in bytes.
const LONGEST_LINE: usize = 4 * 1024 * 1024;

/// The bytes of requests that are read ahead.
const READ_AHEAD: usize = 4 * LONGEST_LINE;

/// The bytes that a request counts beside its line.
const OVERHEAD: usize = 1024;

/// The time for the last answers after a signal.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The number of requests that run at once
    #[arg(long, value_name = "NUMBER", default_value_t = 16, value_parser = crate::values::within::<u16>(1..=256))]
    at_once: u16,

    /// Print the JSON Schema of a line of the input or of the output
    #[arg(long, value_enum, value_name = "LINE")]
    schema: Option<LineSchema>,
}

pub(crate) fn run(
    arguments: &Arguments,
    flags: &ConnectionFlags,
    plugin: &dyn Plugin,
    printer: &mut Printer,
) -> Result<Exit> {
    if let Some(schema) = arguments.schema {
        printer.line(schema.text().trim_end())?;
        return Ok(Exit::Successful);
    }
    if flags.use_standard_input() {
        let text =
            "Standard input has the requests: give the secret in their settings, in a file or in the environment.";
        return Err(WrongUse(text.to_owned()).into());
    }
    let default = match connection::connect(plugin, flags) {
        Ok(connector) => Ok(connector),
        Err(error) if flags.name_connection() => return Err(error),
        Err(error) => Err(LineProblem::NoConnection(error.to_string())),
    };
    let sessions = Sessions::new(plugin, flags.profile_file(), default);
    let runtime = runtime()?;
    let ended = runtime.block_on(serve(arguments, sessions, printer));
    // A thread may still wait for standard input.
    runtime.shutdown_background();
    match ended {
        // Unlike the lines that `head` leaves out, answers are missing.
        Err(error) if exit::is_closed_pipe(&error) => Ok(Exit::Failed),
        ended => ended,
    }
}

/// A line and its share of the bytes that are read ahead.
struct Arrived {
    line: InputLine,
    number: u64,
    bytes: OwnedSemaphorePermit,
}

async fn serve(arguments: &Arguments, mut sessions: Sessions<'_>, printer: &Printer) -> Result<Exit> {
    let mut signal = std::pin::pin!(StopSignals::listen()?.wait());
    let mut reader_gone = std::pin::pin!(output::reader_gone());
    let (answers, mut written) = output::writer(printer.stream(true)).context("No thread could be started")?;
    let (sender, mut arrived) = mpsc::channel(1);
    tokio::spawn(read(sender));
    let running = SharedParts {
        places: Arc::new(Semaphore::new(usize::from(arguments.at_once))),
        under_way: RequestsUnderWay::default(),
        answers,
    };
    let mut failed_input = None;
    let is_interrupted = loop {
        let line = tokio::select! {
            biased;
            () = &mut signal => break true,
            // The answers cannot be written: dropping the runtime cancels the requests.
            () = &mut reader_gone => {
                let under_way = running.under_way.clone();
                drop(running);
                return Ok(without_reader(&under_way, written).await);
            }
            ended = &mut written => {
                return ended.context("The answers cannot be written")?.map(|()| Exit::Failed).map_err(Into::into);
            }
            line = arrived.recv() => line,
        };
        match line {
            Some(Ok(arrived)) => take(arrived, &mut sessions, &running),
            Some(Err(error)) => failed_input = Some(error),
            None => break false,
        }
    };
    let under_way = running.under_way.clone();
    drop(running);
    if !is_interrupted {
        tokio::select! {
            ended = &mut written => {
                ended.context("The answers cannot be written")??;
                return match failed_input {
                    Some(error) => Err(error).context("Standard input cannot be read"),
                    None => Ok(Exit::Successful),
                };
            }
            () = &mut reader_gone => return Ok(without_reader(&under_way, written).await),
            () = &mut signal => {}
        }
    }
    under_way.cancel_all();
    if let Ok(ended) = tokio::time::timeout(LAST_ANSWERS, written).await {
        ended.context("The answers cannot be written")??;
    }
    Ok(Exit::Failed)
}

/// The exit code when nobody reads answers any more. Answers that were still to be written are missing.
async fn without_reader(
    under_way: &RequestsUnderWay,
    written: tokio::sync::oneshot::Receiver<std::io::Result<()>>,
) -> Exit {
    if under_way.is_empty() && matches!(written.await, Ok(Ok(()))) { Exit::Successful } else { Exit::Failed }
}

/// Reads lines until the end of the input, and no further ahead than [`READ_AHEAD`].
async fn read(lines: mpsc::Sender<std::io::Result<Arrived>>) {
    let mut input = BufReader::with_capacity(256 * 1024, tokio::io::stdin());
    let room = Arc::new(Semaphore::new(READ_AHEAD));
    let mut number = 0;
    loop {
        number += 1;
        let line = match lines::next(&mut input, LONGEST_LINE).await {
            Ok(Some(line)) => line,
            Ok(None) => return,
            Err(error) => {
                let _ = lines.send(Err(error)).await;
                return;
            }
        };
        let length = match &line {
            InputLine::Whole(text) if text.iter().all(u8::is_ascii_whitespace) => continue,
            InputLine::Whole(text) => text.len(),
            InputLine::TooLong => 0,
        };
        let bytes = u32::try_from(length + OVERHEAD).unwrap_or(u32::MAX);
        let Ok(bytes) = Arc::clone(&room).acquire_many_owned(bytes).await else { return };
        if lines.send(Ok(Arrived { line, number, bytes })).await.is_err() {
            return;
        }
    }
}

/// Starts the request of a line, or answers the line.
fn take(arrived: Arrived, sessions: &mut Sessions<'_>, running: &SharedParts) {
    let Arrived { line, number, bytes } = arrived;
    let refused = match line {
        InputLine::TooLong => Some((None, LineProblem::LongLine(LONGEST_LINE))),
        InputLine::Whole(text) => match LineAction::read(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text)) {
            Err(Unusable { id, fault }) => Some((id, fault)),
            Ok(LineAction::Connect(named)) => sessions.set_default(&named).err().map(|fault| (None, fault)),
            Ok(LineAction::Cancel(id)) => {
                (!running.under_way.cancel(&id)).then_some((Some(id), LineProblem::NotUnderWay))
            }
            Ok(LineAction::Run(request)) => match start(request, number, sessions, running) {
                Ok(start) => {
                    tokio::spawn(running.clone().run(start(bytes)));
                    return;
                }
                Err((id, fault)) => Some((Some(id), fault)),
            },
        },
    };
    if let Some((id, fault)) = refused {
        let running = running.clone();
        let answer = AnswerLine { id, line: number, outcome: failed(&fault, None) };
        // The line's share of the bytes limits the number of these tasks.
        tokio::spawn(async move { running.answer(answer.into_line(), vec![bytes]).await });
    }
}

/// The request with its connector, to be completed with its permit.
fn start(
    request: ExecRequest,
    line: u64,
    sessions: &mut Sessions<'_>,
    running: &SharedParts,
) -> Result<impl FnOnce(OwnedSemaphorePermit) -> Runnable + use<>, (RequestId, LineProblem)> {
    let connector = match sessions.connector(request.connection.as_ref()) {
        Ok(connector) => connector,
        Err(fault) => return Err((request.id, fault)),
    };
    let Some(cancelled) = running.under_way.add(&request.id) else {
        return Err((request.id, LineProblem::DuplicateId));
    };
    let place = running.place();
    Ok(move |bytes| Runnable { request, line, connector, bytes, cancelled, place })
}
