//! `footprint package`: writes a package for another SOAR host.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use clap::builder::PossibleValuesParser;
use soar_connector::Manifest;
use soar_packages::{RunMode, Source, TargetHost};

use crate::exit::{Exit, WrongUse};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  footprint package cortex-xsoar --out pack
  footprint package d3-soar --via-host --out integration";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The other SOAR host
    #[arg(value_parser = PossibleValuesParser::new(TargetHost::ALL.map(TargetHost::name)))]
    host: String,

    /// The folder to write, which must not exist or be empty
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,

    /// Run commands over the Command API of a host (footprint serve), in pure Python. Without it the package needs the
    /// Python package coda-footprint where its commands run
    #[arg(long)]
    via_host: bool,
}

pub(crate) fn run(arguments: &Arguments, manifest: &Manifest, printer: &mut Printer) -> Result<Exit> {
    let host = TargetHost::named(&arguments.host).context("the host was checked before")?;
    let way = if arguments.via_host { RunMode::ViaHost } else { RunMode::Direct };
    if let Some(why) = host.refuses(way) {
        return Err(WrongUse(why.to_owned()).into());
    }
    let folder = &arguments.out;
    check_empty(folder)?;
    let files = host.files(&Source { manifest, version: env!("CARGO_PKG_VERSION"), way });
    for file in &files {
        let path = folder.join(&file.path);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, &file.content));
        written.with_context(|| format!("{} cannot be written", path.display()))?;
    }
    printer.line(&format!(
        "The package for {} is in {}: {} files. Its README.md has the next steps.",
        host.title(),
        folder.display(),
        files.len()
    ))?;
    Ok(Exit::Successful)
}

/// Files of an earlier version must not stay in a package.
fn check_empty(folder: &Path) -> Result<()> {
    let mut entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", folder.display())),
    };
    if entries.next().is_some() {
        return Err(WrongUse(format!("The folder {} is not empty. Give another one.", folder.display())).into());
    }
    Ok(())
}
