//! `footprint connection rotate-key`: seals every secret of the instance with a new key.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};

const EXAMPLES: &str = "\
Examples:
  footprint connection rotate-key

Hosts may run meanwhile: they find the new key in the file. After a crash, run the command again to finish the rotation.
Make a new copy of the key file afterwards: the old key opens no secret any more.";

/// Create a new sealing key, seal every secret with it, and delete the old key
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("connection rotate-key");
    let rotated = session.connected_operations()?.rotate_sealing_key(&context).await;
    let rotation = session.tried(context, rotated).await?;
    if arguments.output == OutputFormat::Json {
        printer.json(&rotation)?;
        return Ok(Exit::Successful);
    }
    let secrets = match rotation.resealed {
        1 => "1 secret is".to_owned(),
        number => format!("{number} secrets are"),
    };
    printer.done(&format!("{secrets} sealed with the new key {}.", rotation.current))?;
    if rotation.finished_earlier_one {
        printer.note("This finished a rotation that was interrupted.");
    }
    let file = session.folder.sealing_key_file();
    printer.note(&format!("Make a new copy of {}. Without it no sealed secret can be opened.", file.display()));
    Ok(Exit::Successful)
}
