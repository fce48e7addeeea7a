//! The flags for running a command. They are the same with and without an instance.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueHint};
use serde_json::Value;
use soar_connector::name::is_same;
use soar_connector::{InvalidCall, Invocation, Manifest, RawParameters};

use crate::exit::WrongUse;
use crate::parameters::{ParameterFlags, read};
use crate::printer::{Output, ResultTab};

// The command, and the format of its outcome.
#[derive(Debug, Args)]
pub(in crate::subcommands) struct RunFlags {
    /// The command's name, as documented ("List Devices") or as list-devices
    pub(super) command: String,

    #[command(flatten)]
    parameters: ParameterFlags,

    /// The output format [default: by the name of --output-file, else table]
    #[arg(long, short, value_enum)]
    output: Option<Output>,

    /// The tab to show [default: result; with --output json the whole outcome]
    #[arg(long, value_enum, value_name = "TAB")]
    pub(super) show: Option<ResultTab>,

    /// Write to this file. It is replaced only when the output is complete
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output_file: Option<PathBuf>,

    /// Read all pages of a list: the same as --param "All Pages=Yes"
    #[arg(long)]
    all_pages: bool,

    /// Show what a command would change, and change nothing: the same as --param 'Plan Only=Yes'
    #[arg(long)]
    plan: bool,

    /// Follow the work that an earlier run started, and start none: the same as --param Follow=TOKEN
    #[arg(long, value_name = "TOKEN")]
    follow: Option<String>,

    /// Fail if rows of a list are missing, instead of warning
    #[arg(long)]
    pub(super) strict: bool,

    /// Let Patch Rescan start every active scanner without asking
    #[arg(long)]
    pub(super) all_scanners: bool,
}

impl RunFlags {
    /// The format of the outcome.
    pub(super) fn output(&self) -> Output {
        let ending = self.output_file.as_ref().and_then(|file| file.extension()?.to_str());
        self.output.unwrap_or(match ending {
            Some("csv") => Output::Csv,
            Some("ndjson" | "jsonl") => Output::Ndjson,
            Some("json") => Output::Json,
            _ => Output::Table,
        })
    }

    /// The parameters of all flags, each once, if the flags fit each other.
    ///
    /// # Errors
    /// [`WrongUse`].
    pub(in crate::subcommands) fn read(&self) -> Result<RawParameters> {
        let fits = match (self.output(), self.show) {
            (Output::Csv, Some(ResultTab::Raw | ResultTab::Error)) => {
                Err("--output csv shows result, key-fields or context.")
            }
            (Output::Ndjson, Some(_)) => Err("--output ndjson writes the rows as they arrive, so it has no tabs."),
            (Output::Raw, Some(tab)) if tab != ResultTab::Raw => Err("--output raw shows only the raw data."),
            _ => Ok(()),
        };
        fits.map_err(|problem| WrongUse(problem.to_owned()))?;
        let mut raw = read(&self.parameters)?;
        let flags = [
            ("--all-pages", "All Pages", self.all_pages.then_some(Value::Bool(true))),
            ("--plan", "Plan Only", self.plan.then_some(Value::Bool(true))),
            ("--follow", "Follow", self.follow.clone().map(Value::String)),
        ];
        for (flag, parameter, value) in flags {
            let Some(value) = value else { continue };
            if raw.keys().any(|given| is_same(given, parameter)) {
                let text = format!("{flag} and the parameter {parameter} are both given; keep one of them.");
                return Err(WrongUse(text).into());
            }
            raw.insert(parameter.to_owned(), value);
        }
        Ok(raw)
    }

    /// The command with its typed parameters.
    ///
    /// # Errors
    /// [`InvalidCall`].
    pub(in crate::subcommands) fn invocation(
        &self,
        manifest: &Manifest,
        raw: &RawParameters,
    ) -> Result<Invocation, InvalidCall> {
        manifest.invocation(&self.command, raw)
    }
}
