//! Runs a command: asks first if it does more than its parameters name, then shows its outcome.

use anyhow::Result;
use soar_connector::{Invocation, Manifest, RawParameters};

use super::bar::CommandBar;
use super::runner::{Runner, written};
use super::show::Showing;
use super::writer::PageWriter;
use super::{RunFlags, widening};
use crate::exit::Exit;
use crate::printer::{Output, OutputFile, Printer};

pub(in crate::subcommands) async fn carry_out(
    runner: &impl Runner,
    flags: &RunFlags,
    manifest: &Manifest,
    invocation: Invocation,
    raw: &RawParameters,
    printer: &mut Printer,
) -> Result<Exit> {
    if let Some(exit) = widening::confirm(runner, flags, manifest, &invocation, raw, printer).await? {
        return Ok(exit);
    }
    let file = flags.output_file.as_deref().map(OutputFile::beside).transpose()?;
    let output = flags.output();
    let out = file.as_ref().map(OutputFile::writer).transpose()?;
    let mut writer = PageWriter::new(output, flags.show, invocation.command(), out, printer);
    let rows_go_to_terminal = matches!(output, Output::Csv | Output::Ndjson) && file.is_none() && printer.is_terminal();
    let bar = CommandBar::new(rows_go_to_terminal, printer);
    let done = written(runner, invocation.clone(), &mut writer, &bar).await;
    bar.end();
    Showing { flags, invocation: &invocation, file }.show(done?, writer, printer)
}
