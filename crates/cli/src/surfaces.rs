//! Every operation over HTTP is also at the terminal, and the reverse. A test compares the two lists, and names each
//! exception with its reason.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use coda_footprint::FootprintPlugin;
use soar_connector::{Parameters, Plugin as _};
use soar_host::Refusal;
use soar_host::commands::{CommandRegistry, ExternalCommand};
use soar_host::settings::HostSettings;
use soar_host::tenants;
use soar_host::utility::Answer;
use soar_store::model::Caller;

use crate::command_line::whole_definition;

/// Operations of the management API, and the subcommands that do the same.
const PAIRS: &[(&str, &[&str])] = &[
    ("listSites", &["site list"]),
    ("getSite", &["site show"]),
    ("makeSite", &["site add"]),
    ("changeSite", &["site change"]),
    ("deleteSite", &["site remove"]),
    ("listUsers", &["user list"]),
    ("getUser", &["user show"]),
    ("makeUser", &["user add"]),
    ("changeUser", &["user change", "user activate", "user deactivate"]),
    ("listRoles", &["user show"]),
    ("giveRole", &["user role"]),
    ("takeRole", &["user remove-role"]),
    ("makePasswordLink", &["user password-link"]),
    ("listSessions", &["user sessions"]),
    ("endSessions", &["user sessions"]),
    ("resetTotp", &["user reset-totp"]),
    ("listKeys", &["key list"]),
    ("getKey", &["key show"]),
    ("makeKey", &["key add"]),
    ("revokeKey", &["key revoke"]),
    ("listAudit", &["audit"]),
    ("listIntegrations", &["integration list"]),
    ("listConnections", &["connection list"]),
    ("getConnection", &["connection show"]),
    ("makeConnection", &["connection add"]),
    ("changeConnection", &["connection change"]),
    ("deleteConnection", &["connection remove"]),
    ("testConnection", &["connection test"]),
    ("testConnectionDraft", &["connection add"]),
    ("testConnectionChange", &["connection change"]),
    ("diagnoseConnection", &["connection diagnose"]),
    ("listAgents", &["agent list"]),
    ("getAgent", &["agent show"]),
    ("makeAgent", &["agent add"]),
    ("changeAgent", &["agent change"]),
    ("deleteAgent", &["agent remove"]),
    ("testAgent", &["agent test"]),
    ("rotateSealingKey", &["connection rotate-key"]),
    ("listHealth", &["health"]),
    ("getConnectionHealth", &["health history"]),
    ("listWaitingAlerts", &["alert waiting"]),
    ("listSchedules", &["schedule list"]),
    ("getSchedule", &["schedule show"]),
    ("makeSchedule", &["schedule add"]),
    ("changeSchedule", &["schedule change"]),
    ("deleteSchedule", &["schedule remove"]),
    ("runSchedule", &["schedule run"]),
    ("listScheduleRuns", &["schedule log"]),
    ("listRuns", &["runs list"]),
    ("getRun", &["runs show"]),
    ("cancelRun", &["runs cancel"]),
    ("listIncidents", &["incident list"]),
    ("getIncident", &["incident show"]),
    ("makeIncident", &["incident create"]),
    ("changeIncident", &["incident set"]),
    ("changeTask", &["incident task"]),
    ("linkIncidents", &["incident link"]),
    ("importIncidents", &["incident import"]),
    ("exportIncidents", &["incident export"]),
    ("listCases", &["case list"]),
    ("getCase", &["case show"]),
    ("importCases", &["case import"]),
    ("exportCases", &["case export"]),
    ("listTenants", &["tenant list"]),
    ("getTenant", &["tenant show"]),
    ("addTenant", &["tenant add"]),
    ("moveTenant", &["tenant change"]),
    ("registerTenant", &["tenant register"]),
    ("revokeTenant", &["tenant revoke"]),
    ("removeTenant", &["tenant remove"]),
    ("listSyncRuns", &["tenant runs list"]),
    ("getSyncRun", &["tenant runs show"]),
    ("listSyncResults", &["tenant runs show"]),
    ("runSync", &["utility sync-connection"]),
    ("retrySync", &["utility sync-connection"]),
    ("listFindings", &["findings list"]),
    ("getFinding", &["findings show"]),
    ("listFindingTenants", &["findings tenants"]),
    ("removeFindingTenant", &["findings tenants remove"]),
    ("collectFindings", &["findings collect"]),
    ("getFindingCollection", &["findings collection"]),
    ("listFindingChanges", &["findings changes"]),
    ("listFindingDifferences", &["findings diff"]),
    ("listFindingDeliveries", &["findings delivery list"]),
    ("addFindingDelivery", &["findings delivery add"]),
    ("removeFindingDelivery", &["findings delivery remove"]),
    ("listFindingRules", &["findings rule list"]),
    ("getFindingRule", &["findings rule show"]),
    ("addFindingRule", &["findings rule add"]),
    ("changeFindingRule", &["findings rule change"]),
    ("removeFindingRule", &["findings rule remove"]),
    ("planFindingRule", &["findings rule plan"]),
    ("planKnownFindingRule", &["findings rule plan"]),
    ("exportFindingRules", &["findings rule export"]),
    ("listTenantKeys", &["tenant key list"]),
    ("makeTenantKey", &["tenant key create"]),
    ("revokeTenantKey", &["tenant key revoke"]),
    ("listMasters", &["tenant master list"]),
    ("getMaster", &["tenant master show"]),
    ("revokeMaster", &["tenant master revoke"]),
    ("removeMaster", &["tenant master remove"]),
];

/// Subcommands without an operation of the management API.
const ONLY_AT_THE_TERMINAL: &[(&str, &str)] = &[
    ("init", "makes the instance that a host then serves"),
    ("serve", "is the process that answers HTTP"),
    ("doctor", "examines the files and the store of an instance, also where no host can start"),
    ("backup", "writes a file on the host's own machine"),
    ("restore", "replaces the store, which no host may have open"),
    ("simulate", "is a process of its own that plays the vendor"),
    ("demo", "starts a simulator and a host of its own"),
    ("completions", "prints a script for a shell"),
    ("commands", "shows the manifest of this build, as /docs does"),
    ("exec", "takes its connections from its input, without a host"),
    ("package", "writes files for another SOAR host on the operator's machine"),
    ("mcp", "takes its connections from flags and profiles, without a host; the host has /mcp"),
    ("run", "takes its connection from flags, without a host"),
    ("test", "takes its connection from flags, without a host"),
    ("diagnose", "takes its connection from flags, without a host"),
    ("connection run", "is the Command API's call of a connector's command"),
];

/// Operations of the management API without a subcommand.
const ONLY_OVER_HTTP: &[(&str, &str)] = &[];

/// A command of the tenants, for the document only. Nothing calls it here.
struct Described;

#[async_trait]
impl ExternalCommand for Described {
    fn check(&self, _: &Parameters) -> Result<(), Vec<String>> {
        Ok(())
    }

    async fn run(&self, _: &Caller, _: &Parameters) -> Result<Answer, Refusal> {
        Err(Refusal::Unable("It is only described.".to_owned()))
    }
}

/// The ids of the document's operations with this tag.
fn operations(tag: &str) -> BTreeSet<String> {
    let commands = CommandRegistry::new().with_own_utilities().unwrap();
    let commands = commands.with_external(tenants::ENDPOINT, tenants::manifest(), Arc::new(Described)).unwrap();
    let site_status = tenants::site_status_manifest();
    let commands = commands.with_external(tenants::SITE_STATUS_ENDPOINT, site_status, Arc::new(Described)).unwrap();
    let document = soar_server::openapi(&HostSettings::default(), &commands);
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    let tagged = operations.filter(|operation| operation["tags"][0] == tag);
    tagged.map(|operation| operation["operationId"].as_str().unwrap().to_owned()).collect()
}

/// The subcommands that do something, each with its path. `health` does something without a subcommand.
fn subcommands(command: &clap::Command, path: &str, found: &mut Vec<(String, clap::Command)>) {
    let is_ours = |subcommand: &&clap::Command| !subcommand.is_hide_set() && subcommand.get_name() != "help";
    for subcommand in command.get_subcommands().filter(is_ours) {
        let path = format!("{path} {}", subcommand.get_name()).trim().to_owned();
        if !subcommand.is_arg_required_else_help_set() || !subcommand.has_subcommands() {
            found.push((path.clone(), subcommand.clone()));
        }
        subcommands(subcommand, &path, found);
    }
}

fn all_subcommands() -> Vec<(String, clap::Command)> {
    let plugin = FootprintPlugin::new().unwrap();
    let mut found = Vec::new();
    subcommands(&whole_definition(&plugin.manifest().connector), "", &mut found);
    found
}

/// The items of `expected` that are missing, and the items of `there` that are not expected.
fn difference<'a>(expected: &BTreeSet<&'a str>, there: &BTreeSet<&'a str>) -> (Vec<&'a str>, Vec<&'a str>) {
    (expected.difference(there).copied().collect(), there.difference(expected).copied().collect())
}

#[test]
fn each_operation_is_to_be_had_on_both_surfaces_or_its_exception_has_a_reason() {
    let operations = operations("Management");
    let there = operations.iter().map(String::as_str).collect();
    let expected = PAIRS.iter().map(|(operation, _)| *operation).chain(ONLY_OVER_HTTP.iter().map(|(id, _)| *id));
    let (gone, new) = difference(&expected.collect(), &there);
    assert!(new.is_empty(), "Give these operations a subcommand, and add them to PAIRS: {new:?}");
    assert!(gone.is_empty(), "These operations are not in the OpenAPI document any more: {gone:?}");

    let subcommands = all_subcommands();
    let names = subcommands.iter().map(|(path, _)| path.as_str());
    let there = names.filter(|path| !path.starts_with("utility ") || *path == "utility sync-connection").collect();
    let paired = PAIRS.iter().flat_map(|(_, subcommands)| subcommands.iter().copied());
    let expected = paired.chain(ONLY_AT_THE_TERMINAL.iter().map(|(path, _)| *path));
    let (gone, new) = difference(&expected.collect(), &there);
    assert!(new.is_empty(), "Give these subcommands an operation over HTTP, and add them to PAIRS: {new:?}");
    assert!(gone.is_empty(), "These subcommands do not exist any more: {gone:?}");
    for (name, reason) in ONLY_AT_THE_TERMINAL.iter().chain(ONLY_OVER_HTTP) {
        assert!(!reason.is_empty(), "{name}: why is it an exception?");
    }
}

#[test]
fn each_utility_command_is_run_planned_and_applied_on_both_surfaces() {
    let over_http = operations("Utility commands");
    let mut at_the_terminal = BTreeSet::new();
    for (path, subcommand) in all_subcommands() {
        let Some(name) = path.strip_prefix("utility ") else { continue };
        let endpoint: String =
            name.split('-').map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..])).collect();
        for (flag, prefix) in [("call-plan", "Plan"), ("call-apply", "Apply")] {
            let flag = subcommand.get_arguments().find(|argument| argument.get_id() == flag);
            if flag.is_some_and(|flag| !flag.is_hide_set()) && endpoint != tenants::ENDPOINT {
                at_the_terminal.insert(format!("{prefix}{endpoint}"));
            }
        }
        at_the_terminal.insert(endpoint);
    }
    assert_eq!(over_http, at_the_terminal);
    assert!(over_http.contains("PlanCloseIncidentInBulk") && over_http.contains(tenants::ENDPOINT));
}
