//! `footprint`: the CODA Footprint connector, its tests and its simulator, from the terminal.

mod command_line;
mod connection;
mod exit;
mod instance;
mod logging;
mod parameters;
mod printer;
mod shell;
mod subcommands;
mod when;

use std::process::ExitCode;

use crate::exit::Exit;
use crate::printer::Printer;

fn main() -> ExitCode {
    let mut printer = Printer::new();
    let ended = command_line::run(&mut printer);
    Exit::of(ended, &mut printer).into()
}
