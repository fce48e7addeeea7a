//! Checks the table `findings` of a connector's manifest against the connector's commands.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::check::Checker;
use crate::manifest::{Command, ConnectorManifest, Effect, FindingStates, InputType, ManifestError, ManifestFile};
use crate::name::same_word;
use crate::parameters::parse_value;

pub(super) fn findings(
    file: ManifestFile<'_>,
    connector: &ConnectorManifest,
    commands: &[Command],
) -> Result<(), ManifestError> {
    let Some(source) = &connector.findings else { return Ok(()) };
    let checker = Checker { file };
    let command = reading(&checker, "findings.command", &source.command, commands)?;
    parameters(&checker, "findings.parameters", command, &source.parameters)?;
    if source.tenant.is_some() != source.tenants.is_some() {
        return Err(checker.refuse(
            "findings.tenants",
            "tenant and tenants go together",
            "Give both, or none for a product without tenants.",
        ));
    }
    if let Some(tenant) = &source.tenant {
        input(&checker, "findings.tenant", command, tenant)?;
    }
    if let Some(known) = &source.known_devices
        && input(&checker, "findings.known-devices", command, known)? != InputType::List
    {
        return Err(checker.refuse(
            "findings.known-devices",
            format!("{known:?} is no list"),
            "Make the input a list.",
        ));
    }
    if let Some(tenants) = &source.tenants {
        reading(&checker, "findings.tenants.command", &tenants.command, commands)?;
    }
    if let Some(devices) = &source.devices {
        let command = reading(&checker, "findings.devices.command", &devices.command, commands)?;
        parameters(&checker, "findings.devices.parameters", command, &devices.parameters)?;
        if let Some(tenant) = &source.tenant {
            input(&checker, "findings.tenant", command, tenant)?;
        }
    }
    if source.key.is_empty() {
        let fix = "Name the members that tell the findings of one device apart.";
        return Err(checker.refuse("findings.key", "it names no member", fix));
    }
    if source.members.cve.is_none() && source.members.title.is_none() {
        let problem = "neither a CVE nor a title is named";
        return Err(checker.refuse("findings.members", problem, "Give the path of one of them, or of both."));
    }
    states(&checker, &source.state)
}

/// The command of that name, which changes nothing.
fn reading<'c>(
    checker: &Checker<'_>,
    field: &str,
    name: &str,
    commands: &'c [Command],
) -> Result<&'c Command, ManifestError> {
    let found = commands.iter().find(|command| command.name == name && command.effect == Effect::Read);
    found.ok_or_else(|| {
        checker.refuse(field, format!("there is no reading command {name:?}"), "Name a command with the effect read.")
    })
}

fn input(checker: &Checker<'_>, field: &str, command: &Command, name: &str) -> Result<InputType, ManifestError> {
    let found = command.inputs.iter().find(|input| input.name == name);
    found.map(|input| input.kind).ok_or_else(|| {
        let problem = format!("{} has no input {name:?}", command.name);
        checker.refuse(field, problem, "Name one of the command's inputs.")
    })
}

fn parameters(
    checker: &Checker<'_>,
    field: &str,
    command: &Command,
    given: &Map<String, Value>,
) -> Result<(), ManifestError> {
    for (name, value) in given {
        input(checker, field, command, name)?;
        let problem = command.input(name).and_then(|input| parse_value(input, value).err());
        if let Some(problem) = problem {
            let problem = problem.to_string();
            return Err(checker.refuse(field, problem.trim_end_matches('.'), "Give a value that the input takes."));
        }
    }
    Ok(())
}

/// No word has two meanings.
fn states(checker: &Checker<'_>, states: &FindingStates) -> Result<(), ManifestError> {
    if states.open.is_empty() || states.fixed.is_empty() {
        let fix = "Name the product's words for open and for fixed.";
        return Err(checker.refuse("findings.state", "open or fixed names no word", fix));
    }
    let mut seen = BTreeSet::new();
    for word in states.open.iter().chain(&states.fixed).chain(&states.reopened).chain(&states.suppressed) {
        if same_word(word).is_empty() || !seen.insert(same_word(word)) {
            let problem = format!("the word {word:?} is empty or has two meanings");
            return Err(checker.refuse("findings.state", problem, "Keep it in one of the lists."));
        }
    }
    Ok(())
}
