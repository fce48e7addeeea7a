//! `footprint site show`: shows a site.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};

/// Show a site
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    site: String,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = session.site(Some(&arguments.site)).await?;
    super::show_one(&site, arguments.output, printer)?;
    Ok(Exit::Successful)
}
