//! `footprint completions`: the script with which a shell completes command lines.

use anyhow::{Context as _, Result};
use clap::Args;
use clap_complete::Shell;
use clap_complete::env::Shells;

use crate::completing;
use crate::exit::Exit;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  footprint completions bash > ~/.local/share/bash-completion/completions/footprint
  footprint completions fish > ~/.config/fish/completions/footprint.fish
  echo 'source <(footprint completions zsh)' >> ~/.zshrc

On each Tab the shell calls footprint. It completes flags, commands, parameters and their choices, profiles, and the sites,
connections and users of the instance.";

/// Bash splits words at `=`, so `--param NAME=VALUE` would be three words.
const BASH_WORDS: &str = "COMP_WORDBREAKS=${COMP_WORDBREAKS//=}\n";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    let shells = Shells::builtins();
    let completer =
        shells.completer(&arguments.shell.to_string()).context("There are no completions for this shell.")?;
    let mut script = Vec::new();
    completer.write_registration(completing::VARIABLE, "footprint", "footprint", "footprint", &mut script)?;
    if arguments.shell == Shell::Bash {
        script.extend_from_slice(BASH_WORDS.as_bytes());
    }
    printer.bytes(&script)?;
    Ok(Exit::Successful)
}
