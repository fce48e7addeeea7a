//! The flags of the host's own commands: one for each input of a manifest, and the common ones.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Args, ValueHint};
use clap_complete::CompletionCandidate;
use clap_complete::engine::ArgValueCandidates;
use serde_json::Value;
use soar_connector::RawParameters;
use soar_connector::manifest::{Command, Input, InputType};
use soar_connector::name::is_same;

use crate::exit::WrongUse;
use crate::instance::OperatorSession;
use crate::parameters::{self, ParameterFlags};
use crate::printer::OutputFormat;
use crate::shell;

/// The input for the user in whose name a command acts. At the terminal it is the caller by default.
const USERNAME: &str = "Username";

// The common flags of all calls. Their ids cannot be those of inputs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Call")]
pub(super) struct CallFlags {
    /// The site of the call [default: the only site]
    #[arg(id = "call-site", long = "site", value_name = "SITE")]
    pub(super) site: Option<String>,

    // The earlier name of --site. It is refused with the new name for one release, and then removed.
    #[arg(id = "call-on", long = "on", value_name = "SITE", hide = true, value_parser = refuse_on)]
    on: Option<String>,

    #[command(flatten)]
    pub(super) parameters: ParameterFlags,

    /// Parameters as a JSON object in a file, or - for standard input
    #[arg(id = "params-file", long = "params-file", value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(super) file: Option<PathBuf>,

    /// Show what would change, and change nothing
    #[arg(id = "call-plan", long = "plan", conflicts_with = "call-apply")]
    pub(super) plan: bool,

    /// Apply the plan in this file, unless a record that it depends on has changed
    #[arg(id = "call-apply", long = "apply", value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub(super) apply: Option<PathBuf>,

    /// The format of the answer or the plan
    #[arg(id = "call-output", long = "output", short = 'o', value_name = "OUTPUT", value_enum)]
    #[arg(default_value_t = OutputFormat::Table)]
    pub(super) output: OutputFormat,
}

fn refuse_on(site: &str) -> Result<String, String> {
    Err(format!("the site of the call is --site now: write --site {}", shell::quoted(site)))
}

/// The flag of an input.
pub(super) fn flag(input: &Input) -> Arg {
    let key = input.flag();
    let required = if input.required && !is_filled_in(input) { " (required)" } else { "" };
    let description = input.description.trim_end_matches('.');
    let flag = Arg::new(key.clone()).long(key).help(format!("{description}{required}")).help_heading("Parameters");
    match input.kind {
        InputType::Boolean => flag.value_name("YES/NO").num_args(0..=1).default_missing_value("Yes"),
        InputType::List => flag.value_name("LIST").action(ArgAction::Append),
        InputType::Integer => flag.value_name("NUMBER").allow_hyphen_values(true),
        InputType::Choice => {
            let choices = input.choices.clone();
            let candidates = move || choices.iter().map(CompletionCandidate::new).collect::<Vec<_>>();
            flag.value_name(input.choices.join("|")).add(ArgValueCandidates::new(candidates))
        }
        InputType::Object | InputType::Json => flag.value_name("JSON"),
        InputType::Text => flag.value_name("TEXT").allow_hyphen_values(true),
    }
}

/// Whether a required input has a default: the caller's name, or No.
fn is_filled_in(input: &Input) -> bool {
    input.name == USERNAME || input.kind == InputType::Boolean
}

/// The parameters of a call from all flags, each once.
pub(super) fn given(
    manifest: &Command,
    matches: &ArgMatches,
    call: &CallFlags,
    session: &OperatorSession,
) -> Result<RawParameters> {
    let mut raw = parameters::read(&call.parameters)?;
    if let Some(path) = &call.file {
        for (name, value) in parameters::read_file(path)? {
            add(&mut raw, name, value)?;
        }
    }
    for input in &manifest.inputs {
        let Some(values) = matches.get_many::<String>(&input.flag()) else { continue };
        let texts: Vec<&String> = values.collect();
        let value = match (input.kind, texts.as_slice()) {
            (InputType::List, texts) => list(texts),
            (_, [text]) => Value::String((*text).clone()),
            (_, _) => continue,
        };
        add(&mut raw, input.name.clone(), value)?;
    }
    for input in manifest.inputs.iter().filter(|input| input.required && is_filled_in(input)) {
        let is_given = raw.keys().any(|given| is_same(given, &input.name));
        if !is_given {
            let own = if input.kind == InputType::Boolean { "No" } else { session.user.name.as_str() };
            raw.insert(input.name.clone(), Value::String(own.to_owned()));
        }
    }
    Ok(raw)
}

fn list(texts: &[&String]) -> Value {
    let items = texts.iter().flat_map(|text| text.split(','));
    Value::Array(items.map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect())
}

fn add(raw: &mut RawParameters, name: String, value: Value) -> Result<(), WrongUse> {
    if raw.keys().any(|given| is_same(given, &name)) {
        return Err(WrongUse(format!("The parameter {name} is given twice; keep one of them.")));
    }
    raw.insert(name, value);
    Ok(())
}
