//! Completes values of flags: names of commands, parameters, profiles, connections, agents, sites and users.
//!
//! A shell calls this program on each Tab with the words typed so far. `footprint completions` prints the script for
//! that.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::Command;
use clap_complete::CompletionCandidate;
use clap_complete::engine::ArgValueCompleter;
use clap_complete::env::CompleteEnv;
use coda_footprint::FootprintPlugin;
use soar_connector::Plugin as _;
use soar_connector::manifest::{Input, InputType, Manifest};

use crate::connection::profile_names;
use crate::instance::{FolderFlag, InstanceFlags, OperatorSession, not_done};
use crate::runtime::single_threaded_runtime;

/// The environment variable that a shell sets to ask for completions.
pub(crate) const VARIABLE: &str = "FOOTPRINT_COMPLETE";

/// The most names of connections that a shell gets.
const MOST_NAMES: i64 = 10_000;

/// Answers a shell that asks for completions, and ends the process. Otherwise it returns.
pub(crate) fn answer(definition: impl Fn() -> Command) {
    if let Some(shell) = std::env::var_os(VARIABLE) {
        let is_bash = shell == "bash";
        CompleteEnv::with_factory(|| with_values(definition(), is_bash)).var(VARIABLE).bin("footprint").complete();
    }
}

/// `command` and its subcommands, with a completer for each value that has one.
fn with_values(command: Command, is_bash: bool) -> Command {
    let names_a_command = command.get_name() == "commands";
    let command = command.mut_args(|argument| {
        let long = argument.get_long().map(str::to_owned);
        let place = argument.get_id().as_str();
        let candidates: fn() -> Vec<String> = match (long.as_deref(), place) {
            (Some("site" | "move-to" | "recipient-site" | "new-site" | "case-owners-site"), _) => sites,
            (Some("connection"), _) | (None, "connection") => connection_names,
            (Some("profile"), _) => profiles,
            (Some("agent"), _) | (None, "agent") => agents,
            (Some("as" | "user" | "owner"), _) => users,
            (Some("param"), _) => parameters,
            (None, "command") => commands,
            (None, "name") if names_a_command => commands,
            _ => return argument,
        };
        argument.add(ArgValueCompleter::new(move |typed: &OsStr| starting_with(typed, candidates(), is_bash)))
    });
    command.mut_subcommands(|command| with_values(command, is_bash))
}

/// The names that begin with the typed text, in any case, in the form that the shell inserts as one word.
fn starting_with(typed: &OsStr, names: Vec<String>, is_bash: bool) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy().replace(['\\', '"', '\''], "").to_lowercase();
    let fitting = names.into_iter().filter(|name| name.to_lowercase().starts_with(&typed));
    fitting.map(|name| CompletionCandidate::new(if is_bash { escaped(&name) } else { name })).collect()
}

/// Bash inserts candidates without quoting. The other shells quote them.
fn escaped(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if !c.is_alphanumeric() && !"-_./:=@%+,".contains(c) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// The words typed so far.
fn words() -> Vec<String> {
    std::env::args().skip_while(|word| word != "--").skip(1).collect()
}

/// The value of `flag`, if it is complete.
fn value_of(flag: &str) -> Option<String> {
    let words = words();
    let joined = words.iter().find_map(|word| Some(word.strip_prefix(flag)?.strip_prefix('=')?.to_owned()));
    let value = joined.or_else(|| words.iter().skip_while(|word| *word != flag).nth(1).cloned());
    value.filter(|value| Some(value) != words.last())
}

fn manifest() -> Option<Manifest> {
    Some(FootprintPlugin::new().ok()?.manifest().clone())
}

fn commands() -> Vec<String> {
    let manifest = manifest();
    let names = manifest.iter().flat_map(|manifest| &manifest.commands);
    names.map(|command| soar_connector::name::normalised(&command.name)).collect()
}

/// `NAME=` for each parameter of the typed command, and `NAME=VALUE` for each choice.
fn parameters() -> Vec<String> {
    let Some(manifest) = manifest() else { return Vec::new() };
    let words = words();
    let command = words.iter().find_map(|word| manifest.command(word).ok());
    command.map(|command| command.inputs.iter().flat_map(pairs).collect()).unwrap_or_default()
}

fn pairs(input: &Input) -> Vec<String> {
    let name = soar_connector::name::normalised(&input.name);
    let values = match input.kind {
        InputType::Boolean => vec!["Yes".to_owned(), "No".to_owned()],
        _ => input.choices.clone(),
    };
    match values.as_slice() {
        [] => vec![format!("{name}=")],
        values => values.iter().map(|value| format!("{name}={value}")).collect(),
    }
}

fn profiles() -> Vec<String> {
    profile_names(value_of("--profile-file").map(PathBuf::from))
}

fn sites() -> Vec<String> {
    of_instance(async |session| {
        let sites = session.sites().await?;
        Ok(sites.into_iter().map(|site| site.name).collect())
    })
}

fn connection_names() -> Vec<String> {
    of_instance(async |session| {
        let context = session.context("connection list");
        session.connected_operations()?.connection_names(&context, MOST_NAMES).await.map_err(not_done)
    })
}

fn agents() -> Vec<String> {
    of_instance(async |session| {
        let agents = session.connected_operations()?.list_agents(&session.context("agent list")).await;
        Ok(agents.map_err(not_done)?.into_iter().map(|agent| agent.name).collect())
    })
}

fn users() -> Vec<String> {
    of_instance(async |session| {
        let users = session.operations().list_users(&session.context("user list")).await.map_err(not_done)?;
        Ok(users.into_iter().map(|shown| shown.user.name).collect())
    })
}

/// Names from the instance of the typed words. None if it cannot be opened, since a completion cannot show an error.
fn of_instance(names: impl AsyncFn(&OperatorSession) -> anyhow::Result<Vec<String>>) -> Vec<String> {
    let from_environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let folder = value_of("--instance").or_else(|| from_environment("FOOTPRINT_INSTANCE"));
    let flags = InstanceFlags {
        instance: FolderFlag { folder: folder.map_or_else(|| PathBuf::from(FolderFlag::DEFAULT), PathBuf::from) },
        user: value_of("--as").or_else(|| from_environment("FOOTPRINT_AS")),
    };
    let found = single_threaded_runtime()
        .and_then(|runtime| runtime.block_on(async { names(&OperatorSession::open(&flags).await?).await }));
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_is_one_word_of_bash() {
        assert_eq!(escaped("Security Operations"), r"Security\ Operations");
        assert_eq!(escaped("it's $5"), r"it\'s\ \$5");
        assert_eq!(escaped("risk-level=critical"), "risk-level=critical");
    }
}
