//! `footprint connection rotate-key`: seals every secret of the instance with a new key.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{Form, Printer};

const EXAMPLES: &str = "\
Examples:
  footprint connection rotate-key

A host that runs meanwhile goes on: it finds the new key in the file. What a crash cut off goes on when it is run again.
Make a new copy of the key file afterwards; the old key opens nothing any more.";

/// Make a new sealing key, seal every secret with it, and drop the old one
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// How to write what was done
    #[arg(long, short, value_enum, default_value_t = Form::Table)]
    output: Form,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("connection rotate-key");
    let rotated = session.connected_operations()?.rotate_sealing_key(&context).await;
    let rotation = session.tried(context, rotated).await?;
    if arguments.output == Form::Json {
        printer.json(&rotation)?;
        return Ok(Exit::Successful);
    }
    let secrets = match rotation.resealed {
        1 => "1 secret is".to_owned(),
        number => format!("{number} secrets are"),
    };
    printer.done(&format!("{secrets} sealed with the new key {}.", rotation.current))?;
    if rotation.finished_earlier_one {
        printer.note("This finished a rotation that had been cut off.");
    }
    let file = session.folder.sealing_key_file();
    printer.note(&format!("Make a new copy of {}: without it no sealed secret can be opened.", file.display()));
    Ok(Exit::Successful)
}
