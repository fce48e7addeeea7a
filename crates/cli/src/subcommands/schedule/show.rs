//! `footprint schedule show`: all of a schedule.

use anyhow::Result;
use clap::Args;
use soar_host::scheduler::Schedules;

use super::{Named, show_one};
use crate::exit::Exit;
use crate::instance::{OperatorSession, advised, refused};
use crate::printer::{Form, Printer};

/// Show a schedule: what it runs, when, who is told, and how it fares
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,

    /// How to write it
    #[arg(long, short, value_enum, default_value_t = Form::Table)]
    output: Form,
}

pub(super) async fn run(
    arguments: &Arguments,
    session: &OperatorSession,
    schedules: &Schedules,
    printer: &mut Printer,
) -> Result<Exit> {
    let (id, caller) = arguments.named.find(session, schedules).await?;
    let mut reader = session.store.reader().await.map_err(advised)?;
    let shown = schedules.see(&mut reader.records(), &caller, id).await.map_err(refused)?;
    show_one(&shown, arguments.output, printer)?;
    Ok(Exit::Successful)
}
