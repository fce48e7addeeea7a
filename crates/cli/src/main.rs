//! `footprint`: the CODA Footprint connector, its simulator, and a SOAR host that runs it, from the terminal.

mod command_line;
mod completing;
mod connection;
mod exit;
mod instance;
mod logging;
mod memory;
mod parameters;
mod printer;
mod runtime;
mod shell;
mod subcommands;
#[cfg(test)]
mod surfaces;
mod values;
mod when;
mod wrong_use;

use std::process::ExitCode;

use crate::exit::Exit;
use crate::printer::Printer;

fn main() -> ExitCode {
    // Every subcommand may have a secret in memory: a key, a password or the sealing key.
    memory::protect();
    let mut printer = Printer::new();
    let ended = command_line::run(&mut printer);
    Exit::of(ended, &mut printer).into()
}
