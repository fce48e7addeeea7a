//! The tour of the commands: their order, and the ids that each takes from earlier outcomes.

use std::collections::BTreeMap;

use serde_json::Value;
use soar_connector::{Outcome, cell_text};

/// One command of the tour.
#[derive(Debug)]
pub(super) struct TourStep {
    pub(super) command: &'static str,
    /// Its purpose.
    pub(super) story: &'static str,
    /// Whether only instances since 2024-08 can do it.
    pub(super) is_newer: bool,
    parameters: &'static [(&'static str, ParameterSource)],
}

/// The source of a parameter's value.
#[derive(Debug, Clone, Copy)]
enum ParameterSource {
    Text(&'static str),
    Found(ReturnedId),
}

/// An id that an earlier command returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ReturnedId {
    AgentDevice,
    ServerDevice,
    Context,
    /// An active scanner that is not scanning.
    IdleScanner,
    Target,
    /// A scan, or on instances without a history of scans a job.
    Scan,
    Vulnerability,
}

/// All commands. Reading commands come first, each after the command whose ids it takes.
pub(super) const STEPS: &[TourStep] = &[
    step("Test Connection", "Do the credentials, the session and the default tenant work?", &[]),
    step("List Tenants", "Which tenants can this user act in?", &[]),
    step("List Devices", "Which devices has Footprint discovered?", &[]),
    step(
        "List Device Vulnerabilities",
        "What is wrong with one of them? Its id comes from List Devices.",
        &[("Device ID", ParameterSource::Found(ReturnedId::ServerDevice))],
    ),
    step(
        "List Device Attack Avenues",
        "How could an attacker use it? However many pages there are, the list is whole.",
        &[("Device ID", ParameterSource::Found(ReturnedId::ServerDevice))],
    ),
    step(
        "List Device Users",
        "Who has an account on a device with an agent?",
        &[("Device ID", ParameterSource::Found(ReturnedId::AgentDevice))],
    ),
    step(
        "List Device Network Connections",
        "Which systems does that device connect to?",
        &[("Device ID", ParameterSource::Found(ReturnedId::AgentDevice))],
    ),
    step(
        "List Technical Contexts",
        "Which groups of assets serve one purpose, and are at risk?",
        &[("Risk Level", ParameterSource::Text("Critical"))],
    ),
    step(
        "Get Technical Context",
        "One of them. Its id comes from the list before.",
        &[("Context ID", ParameterSource::Found(ReturnedId::Context))],
    ),
    step(
        "Find Devices",
        "Where is that software? A part of its name and version is enough.",
        &[("Name", ParameterSource::Text("web")), ("Application", ParameterSource::Text("OpenSSL"))],
    ),
    step(
        "Get Device",
        "What runs on a device, and which patches does it lack?",
        &[("Device ID", ParameterSource::Found(ReturnedId::AgentDevice))],
    ),
    step(
        "List Vulnerabilities",
        "What is wrong everywhere? Here it is asked of one device; without a filter, of all.",
        &[("Device", ParameterSource::Found(ReturnedId::ServerDevice)), ("Lowest CVSS", ParameterSource::Text("7"))],
    ),
    step(
        "Update Vulnerability State",
        "The risk is accepted. Plan shows what would change, and changes nothing.",
        &[
            ("Device IDs", ParameterSource::Found(ReturnedId::ServerDevice)),
            ("Vulnerability IDs", ParameterSource::Found(ReturnedId::Vulnerability)),
            ("State", ParameterSource::Text("Accept Risk")),
            ("Reason", ParameterSource::Text("Isolated network")),
            ("Plan Only", ParameterSource::Text("Yes")),
        ],
    ),
    step("List Scanners", "Which scanners does the tenant have?", &[]),
    step(
        "List Scan Surfaces",
        "What does one scanner look at?",
        &[("Scanner ID", ParameterSource::Found(ReturnedId::IdleScanner))],
    ),
    step("List Current Targets Ports", "Which ports were found open there?", &[]),
    step("List Scans", "Which scans were started, or run now?", &[]),
    step("Get Scan", "How far is one of them?", &[("Scan", ParameterSource::Found(ReturnedId::Scan))]),
    step(
        "Rescan And Wait",
        "Scan again with one scanner, wait, and see what was fixed.",
        &[("Scanner ID", ParameterSource::Found(ReturnedId::IdleScanner))],
    ),
    step(
        "Patch Rescan",
        "A command that writes: scan again with that scanner.",
        &[("Scanner ID", ParameterSource::Found(ReturnedId::IdleScanner))],
    ),
    step(
        "Update Target Scan Scope",
        "Another one: take a target out of the scans.",
        &[("Target ID", ParameterSource::Found(ReturnedId::Target)), ("Scope", ParameterSource::Text("Out"))],
    ),
    step(
        "Add Scan Targets",
        "Scan something new.",
        &[
            ("Targets", ParameterSource::Text("192.0.2.17")),
            ("Scanner IDs", ParameterSource::Found(ReturnedId::IdleScanner)),
        ],
    ),
    newer(step(
        "Update Device Tags",
        "Mark a device. Its other tags stay.",
        &[("Device ID", ParameterSource::Found(ReturnedId::ServerDevice)), ("Add Tags", ParameterSource::Text("pci"))],
    )),
];

/// The step that is meant to fail.
pub(super) const FAILING: TourStep = step(
    "List Device Users",
    "A server has no agent that could tell its users. This is how a failure looks.",
    &[("Device ID", ParameterSource::Found(ReturnedId::ServerDevice))],
);

/// The error code that it is meant to have.
pub(super) const FAILING_CODE: &str = "device-not-supported";

const fn step(
    command: &'static str,
    story: &'static str,
    parameters: &'static [(&'static str, ParameterSource)],
) -> TourStep {
    TourStep { command, story, parameters, is_newer: false }
}

/// A step for instances since 2024-08.
const fn newer(step: TourStep) -> TourStep {
    TourStep { is_newer: true, ..step }
}

/// The ids returned so far.
#[derive(Debug, Default)]
pub(super) struct ReturnedIds {
    ids: BTreeMap<ReturnedId, String>,
}

impl ReturnedIds {
    /// The parameters of `step`. `None` if an id that it needs was not found.
    pub(super) fn parameters(&self, step: &TourStep) -> Option<Vec<(&'static str, String)>> {
        let value = |given: &ParameterSource| match given {
            ParameterSource::Text(text) => Some((*text).to_owned()),
            ParameterSource::Found(id) => self.ids.get(id).cloned(),
        };
        step.parameters.iter().map(|(name, given)| Some((*name, value(given)?))).collect()
    }

    /// Keeps the ids of an outcome that later commands need.
    pub(super) fn learn(&mut self, command: &str, outcome: &Outcome) {
        match command {
            "List Devices" => {
                self.keep(
                    ReturnedId::AgentDevice,
                    key_where(outcome, "Device IDs", |cell| cell("Type") == "AgentDevice"),
                );
                self.keep(ReturnedId::ServerDevice, key_where(outcome, "Device IDs", |cell| cell("Type") == "Server"));
            }
            "List Technical Contexts" => self.keep(ReturnedId::Context, key_where(outcome, "Context IDs", |_| true)),
            "List Scanners" => {
                let idle = |cell: &dyn Fn(&str) -> String| {
                    cell("Administrative State") == "Active" && cell("Extend Scan Running") == "false"
                };
                self.keep(ReturnedId::IdleScanner, key_where(outcome, "Scanner IDs", idle));
            }
            "List Scan Surfaces" => self.keep(ReturnedId::Target, first_key(outcome, "Target IDs")),
            "List Device Vulnerabilities" => {
                self.keep(ReturnedId::Vulnerability, first_key(outcome, "Vulnerability IDs"))
            }
            "List Scans" => {
                self.keep(ReturnedId::Scan, first_key(outcome, "Scan UUIDs").or_else(|| first_key(outcome, "Job IDs")));
            }
            _ => {}
        }
    }

    fn keep(&mut self, id: ReturnedId, found: Option<String>) {
        if let Some(found) = found {
            self.ids.insert(id, found);
        }
    }
}

/// The first value of key field `name`.
fn first_key(outcome: &Outcome, name: &str) -> Option<String> {
    let field = outcome.key_fields.iter().find(|field| field.name == name)?;
    field.values.first().map(cell_text)
}

/// The value of key field `name` in the first row that `fits`. For key fields with one value per row.
fn key_where(outcome: &Outcome, name: &str, fits: impl Fn(&dyn Fn(&str) -> String) -> bool) -> Option<String> {
    let columns = &outcome.result.columns;
    let cell = |row: &[Value], column: &str| {
        columns
            .iter()
            .position(|name| name == column)
            .and_then(|index| row.get(index))
            .map(cell_text)
            .unwrap_or_default()
    };
    let field = outcome.key_fields.iter().find(|field| field.name == name)?;
    let mut rows = field.values.iter().zip(&outcome.result.rows);
    rows.find(|(_, row)| fits(&|column| cell(row, column))).map(|(value, _)| cell_text(value))
}

#[cfg(test)]
mod tests {
    use coda_footprint::FootprintPlugin;
    use soar_connector::Plugin as _;

    use super::*;

    #[test]
    fn the_tour_is_exactly_the_manifest_s_commands() {
        let plugin = FootprintPlugin::new().unwrap();
        let mut manifest: Vec<_> = plugin.manifest().commands.iter().map(|command| command.name.as_str()).collect();
        let mut tour: Vec<_> = STEPS.iter().map(|step| step.command).collect();
        manifest.sort_unstable();
        tour.sort_unstable();
        assert_eq!(tour, manifest);
    }

    #[test]
    fn the_intended_error_is_in_the_manifest() {
        let plugin = FootprintPlugin::new().unwrap();
        let command = plugin.manifest().command(FAILING.command).unwrap();
        assert!(plugin.manifest().error(Some(command), FAILING_CODE).is_some());
    }
}
