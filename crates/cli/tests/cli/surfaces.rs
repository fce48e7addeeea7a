//! What can be done over HTTP can be done at the terminal, and the reverse.

use std::collections::BTreeSet;

use soar_host::commands::CommandRegistry;
use soar_host::settings::HostSettings;

use crate::support::{ended, footprint};

/// Each operation over HTTP with its subcommand.
const BOTH: &[(&str, &str)] = &[
    ("listSites", "site list"),
    ("getSite", "site show"),
    ("makeSite", "site add"),
    ("changeSite", "site change"),
    ("deleteSite", "site remove"),
    ("listUsers", "user list"),
    ("getUser", "user show"),
    ("makeUser", "user add"),
    ("changeUser", "user change"),
    ("changeUser", "user activate"),
    ("changeUser", "user deactivate"),
    ("listRoles", "user show"),
    ("giveRole", "user role"),
    ("takeRole", "user remove-role"),
    ("listKeys", "key list"),
    ("getKey", "key show"),
    ("makeKey", "key add"),
    ("revokeKey", "key revoke"),
    ("listAudit", "audit"),
    ("listIntegrations", "integration list"),
    ("listConnections", "connection list"),
    ("getConnection", "connection show"),
    ("makeConnection", "connection add"),
    ("changeConnection", "connection change"),
    ("deleteConnection", "connection remove"),
    ("testConnection", "connection test"),
    ("rotateSealingKey", "connection rotate-key"),
    ("listRuns", "runs list"),
    ("getRun", "runs show"),
    ("cancelRun", "runs cancel"),
    ("listHealth", "health"),
    ("getConnectionHealth", "health history"),
    ("listWaitingAlerts", "alert waiting"),
    ("listSchedules", "schedule list"),
    ("getSchedule", "schedule show"),
    ("makeSchedule", "schedule add"),
    ("changeSchedule", "schedule change"),
    ("deleteSchedule", "schedule remove"),
    ("runSchedule", "schedule run"),
    ("listScheduleRuns", "schedule log"),
    ("listIncidents", "incident list"),
    ("getIncident", "incident show"),
    ("makeIncident", "incident create"),
    ("changeIncident", "incident set"),
    ("changeTask", "incident task"),
    ("linkIncidents", "incident link"),
    ("exportIncidents", "incident export"),
    ("importIncidents", "incident import"),
    ("listCases", "case list"),
    ("getCase", "case show"),
    ("exportCases", "case export"),
    ("importCases", "case import"),
    ("listTenants", "tenant list"),
    ("getTenant", "tenant show"),
    ("addTenant", "tenant add"),
    ("moveTenant", "tenant change"),
    ("registerTenant", "tenant register"),
    ("revokeTenant", "tenant revoke"),
    ("removeTenant", "tenant remove"),
    ("listTenantKeys", "tenant key list"),
    ("makeTenantKey", "tenant key create"),
    ("revokeTenantKey", "tenant key revoke"),
    ("listMasters", "tenant master list"),
    ("getMaster", "tenant master show"),
    ("revokeMaster", "tenant master revoke"),
    ("removeMaster", "tenant master remove"),
    ("runSync", "utility sync-connection"),
    ("retrySync", "utility sync-connection"),
    ("listSyncRuns", "tenant runs list"),
    ("getSyncRun", "tenant runs show"),
    ("listSyncResults", "tenant runs show"),
];

/// Operations without a subcommand, each with the reason.
const ONLY_HTTP: &[(&str, &str)] = &[];

/// Subcommands without an operation, each with the reason.
const ONLY_TERMINAL: &[(&str, &str)] = &[
    ("demo", "a tour with a simulator and a host of its own"),
    ("run", "runs a command on a connection of the command line, without an instance"),
    ("test", "tests a connection of the command line, without an instance"),
    ("diagnose", "diagnoses a connection of the command line, without an instance"),
    ("commands", "shows the manifest, as /docs does"),
    ("simulate", "concerns its own process"),
    ("init", "makes the instance"),
    ("serve", "concerns its own process"),
    ("completions", "concerns the shell"),
    ("connection run", "is the Command API's"),
];

/// Each subcommand that has none of its own below it, or that can be called without one.
fn subcommands(path: &[String], found: &mut BTreeSet<String>) {
    let arguments = path.iter().map(String::as_str).chain(["--help"]);
    let (code, help, error) = ended(footprint(arguments));
    assert_eq!(code, 0, "{error}");
    let usage = help.lines().find(|line| line.starts_with("Usage:")).unwrap();
    let names = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let is_name = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    let names: Vec<_> = names.filter(is_name).filter_map(|line| line.split_whitespace().next()).collect();
    if !path.is_empty() && !usage.contains("<COMMAND>") {
        found.insert(path.join(" "));
    }
    for name in names.into_iter().filter(|name| *name != "help") {
        let deeper: Vec<_> = path.iter().cloned().chain([name.to_owned()]).collect();
        subcommands(&deeper, found);
    }
}

fn operations() -> BTreeSet<String> {
    let document = soar_server::openapi(&HostSettings::default(), &CommandRegistry::new());
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    operations.filter_map(|operation| operation["operationId"].as_str().map(str::to_owned)).collect()
}

#[test]
fn what_can_be_done_over_http_can_be_done_at_the_terminal_and_the_reverse() {
    let left = |all: BTreeSet<String>, named: &dyn Fn(&str) -> bool| -> Vec<String> {
        all.into_iter().filter(|one| !named(one)).collect()
    };
    let operations = operations();
    let mut terminal = BTreeSet::new();
    subcommands(&[], &mut terminal);
    for (operation, subcommand) in BOTH {
        assert!(operations.contains(*operation), "there is no operation {operation}");
        assert!(terminal.contains(*subcommand), "there is no subcommand {subcommand}: {terminal:?}");
    }
    for (name, reason) in ONLY_HTTP.iter().chain(ONLY_TERMINAL) {
        assert!(operations.contains(*name) || terminal.contains(*name), "there is no {name} ({reason})");
    }
    let only = |list: &[(&str, &str)], name: &str| list.iter().any(|(one, _)| *one == name);
    let over_http = left(operations, &|name| BOTH.iter().any(|(one, _)| *one == name) || only(ONLY_HTTP, name));
    assert!(over_http.is_empty(), "without a subcommand, and without a reason: {over_http:?}");
    let at_terminal = left(terminal, &|name| {
        // The utility commands of both surfaces are drawn from one list.
        name.starts_with("utility ") || BOTH.iter().any(|(_, one)| *one == name) || only(ONLY_TERMINAL, name)
    });
    assert!(at_terminal.is_empty(), "without an operation, and without a reason: {at_terminal:?}");
}
