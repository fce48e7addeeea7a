//! The flags of the host's own commands: one for every input of a manifest, and those that every call has.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Args, ValueHint};
use clap_complete::CompletionCandidate;
use clap_complete::engine::ArgValueCandidates;
use serde_json::Value;
use soar_connector::RawParameters;
use soar_connector::manifest::{Command, Input, InputType};
use soar_connector::name::{flag_of, normalised};
use soar_host::tenants;
use soar_host::utility::{UtilityCommand, all, manifest};

use crate::exit::WrongUse;
use crate::instance::OperatorSession;
use crate::parameters::{self, ParameterFlags};
use crate::printer::Form;
use crate::shell;

/// The input that says in whose name a command acts; at the terminal that is the caller unless told otherwise.
const USERNAME: &str = "Username";

/// The flags that every call has. Their ids cannot be those of inputs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Call")]
pub(super) struct CallFlags {
    /// The site of the call [default: the only one there is]
    #[arg(id = "call-site", long = "site", value_name = "SITE")]
    pub(super) site: Option<String>,

    // The flag's name until --site was free; it is refused for one release, and goes then.
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

    /// Do what was planned, unless something it rests on has changed since
    #[arg(id = "call-apply", long = "apply", value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub(super) apply: Option<PathBuf>,

    /// How to write the answer or the plan
    #[arg(id = "call-output", long = "output", short = 'o', value_name = "OUTPUT", value_enum, default_value_t = Form::Table)]
    pub(super) output: Form,
}

/// `footprint utility` with a subcommand for each of the host's own commands.
pub(crate) fn with_commands(utility: clap::Command) -> clap::Command {
    let own = all().iter().zip(manifest());
    let own = own.map(|(command, manifest)| subcommand(command.endpoint(), command.can_plan(), manifest));
    let sync = subcommand(tenants::ENDPOINT, true, tenants::manifest());
    // Applying a sync's plan is syncing: what a tenant has already stays as it is.
    let sync = sync.mut_arg("call-apply", |flag| flag.hide(true));
    let site_status = subcommand(tenants::SITE_STATUS_ENDPOINT, false, tenants::site_status_manifest());
    utility.subcommands(own).subcommand(super::sync::with_retry(sync)).subcommand(site_status)
}

/// The command that a subcommand of that name runs.
pub(super) fn named(name: &str) -> Option<(&'static dyn UtilityCommand, &'static Command)> {
    all().iter().map(|command| &**command).zip(manifest()).find(|(command, _)| typed_name(command.endpoint()) == name)
}

/// Whether the subcommand of that name is Sync Connection.
pub(super) fn is_sync(name: &str) -> bool {
    typed_name(tenants::ENDPOINT) == name
}

/// Whether the subcommand of that name is Update Tenant Site Status.
pub(super) fn is_site_status(name: &str) -> bool {
    typed_name(tenants::SITE_STATUS_ENDPOINT) == name
}

fn subcommand(endpoint: &str, can_plan: bool, manifest: &Command) -> clap::Command {
    let named = clap::Command::new(typed_name(endpoint));
    // The name of the documents, as people would type it.
    let documented = flag_of(&manifest.name);
    let named = if named.get_name() == documented { named } else { named.alias(documented) };
    let flags = CallFlags::augment_args(named.args(manifest.inputs.iter().map(flag)));
    let flags = if can_plan {
        flags
    } else {
        flags.mut_arg("call-plan", |flag| flag.hide(true)).mut_arg("call-apply", |flag| flag.hide(true))
    };
    let notes = manifest.notes.iter().map(|note| format!("- {note}\n")).collect::<String>();
    let flags = flags.about(manifest.description.trim_end_matches('.').to_owned());
    if notes.is_empty() { flags } else { flags.after_help(notes.trim_end().to_owned()) }
}

/// `close-incident-in-bulk` for the endpoint `CloseIncidentInBulk`.
fn typed_name(endpoint: &str) -> String {
    let mut name = String::new();
    for c in endpoint.chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

fn refuse_on(site: &str) -> Result<String, String> {
    Err(format!("the site of the call is --site now: write --site {}", shell::quoted(site)))
}

fn flag(input: &Input) -> Arg {
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

/// Whether a required input need not be typed: the caller's name, and a No.
fn is_filled_in(input: &Input) -> bool {
    input.name == USERNAME || input.kind == InputType::Boolean
}

/// The parameters of a call, from all flags that give any, each once.
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
        let is_given = raw.keys().any(|given| normalised(given) == normalised(&input.name));
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
    if raw.keys().any(|given| normalised(given) == normalised(&name)) {
        return Err(WrongUse(format!("The parameter {name} is given twice; keep one of them.")));
    }
    raw.insert(name, value);
    Ok(())
}
