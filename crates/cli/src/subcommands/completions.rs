//! `footprint completions`: what a shell needs to complete command lines.

use anyhow::Result;
use clap::Args;
use clap_complete::Shell;

use crate::exit::Exit;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  footprint completions bash > ~/.local/share/bash-completion/completions/footprint
  footprint completions zsh > ~/.zfunc/_footprint
  footprint completions fish > ~/.config/fish/completions/footprint.fish";

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The shell to complete for
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, mut definition: clap::Command, printer: &mut Printer) -> Result<Exit> {
    // Into memory first: the generator panics when the pipe that it writes to is closed.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut definition, "footprint", &mut script);
    printer.bytes(&script)?;
    Ok(Exit::Successful)
}
