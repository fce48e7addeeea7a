//! Builds connections and runs commands against a simulator.

use std::sync::{Arc, LazyLock};

use coda_footprint::FootprintPlugin;
use footprint_simulator::{Generation, KnownIds, Options, RecordedRequest, SimulatedUser, Simulator, UserKind};
use secrecy::SecretString;
use serde_json::{Value, json};
use soar_connector::manifest::Input;
use soar_connector::testing::ManualClock;
use soar_connector::{Command, Connector, ExecutionContext, Manifest, Outcome, Plugin, RawParameters, SettingValues};

pub const GENERATIONS: [Generation; 3] = Generation::ALL;

pub fn plugin() -> FootprintPlugin {
    plugin_with(ManualClock::new())
}

pub fn plugin_with(clock: ManualClock) -> FootprintPlugin {
    // A debug build reads the manifest in 20 ms, and some tests need thousands of plugins.
    static LOADED: LazyLock<FootprintPlugin> = LazyLock::new(|| FootprintPlugin::new().unwrap());
    LOADED.with_clock(Arc::new(clock))
}

pub fn manifest() -> Manifest {
    plugin().manifest().clone()
}

/// A connection with these settings, in the manifest's names.
///
/// Its clock stands still but for sleepers, who sleep no time at all: retries cost a test nothing.
pub fn connect(settings: &[(&str, &str)]) -> Arc<dyn Connector> {
    connect_with(&plugin(), settings)
}

pub fn connect_with(plugin: &FootprintPlugin, settings: &[(&str, &str)]) -> Arc<dyn Connector> {
    let given = settings.iter().map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)));
    let values = SettingValues::parse(&plugin.manifest().connector, given).unwrap();
    plugin.build(&values).unwrap()
}

pub async fn simulator(generation: Generation) -> Simulator {
    // A rescan is over soon: the connections' clock does not wait, so one that is followed is asked about all the time.
    let scan_duration = std::time::Duration::from_millis(200);
    Simulator::start(Options { generation, scan_duration, ..Options::default() }).await.unwrap()
}

/// The settings of `user` on `simulator`.
pub fn settings<'a>(url: &'a str, user: &'a SimulatedUser) -> Vec<(&'static str, &'a str)> {
    vec![("Server URL", url), ("User Name", &user.user_name), ("Password", &user.password)]
}

/// A connection as `user` of `simulator`.
pub fn connect_as(simulator: &Simulator, user: UserKind) -> Arc<dyn Connector> {
    connect(&settings(&simulator.url(), simulator.user(user)))
}

pub fn administrator(simulator: &Simulator) -> Arc<dyn Connector> {
    connect_as(simulator, UserKind::Administrator)
}

pub async fn run(connector: &dyn Connector, command: &str, parameters: Value) -> Outcome {
    let Value::Object(parameters) = parameters else { panic!("parameters are an object") };
    connector.execute(command, &parameters, &ExecutionContext::new()).await
}

/// The commands that the integration's documentation has: each sends one request, and its reply is the vendor's.
pub fn documented() -> Vec<Arc<Command>> {
    manifest().commands.iter().filter(|command| command.documented).cloned().collect()
}

/// All commands that instances of a generation can carry out.
pub fn commands_of(generation: Generation) -> Vec<Arc<Command>> {
    let is_there = |command: &&Arc<Command>| generation == Generation::Current || command.name != "Update Device Tags";
    manifest().commands.iter().filter(is_there).cloned().collect()
}

/// Parameters with which every command succeeds on tenant 1 of a fresh simulator: a value of each required input.
pub fn valid_parameters(command: &Command, ids: &KnownIds) -> RawParameters {
    let value = |input: &Input| match input.name.as_str() {
        "Context ID" => json!(ids.context),
        "Device ID" if command.name == "List Device Attack Avenues" => json!(ids.device_with_attack_avenues),
        "Device ID" => json!(ids.agent_device),
        "Target ID" => json!(ids.target),
        "Scope" => json!("Out"),
        "Scan" => json!(ids.scan),
        // No device has it from the start.
        "Add Tags" => json!(["pci"]),
        "Scanner IDs" => json!([ids.active_scanner]),
        "Device IDs" => json!([ids.server_device]),
        "Vulnerability IDs" => json!([ids.vulnerability]),
        _ => input.example.clone(),
    };
    // Commands that need one of several parameters.
    let needed = |input: &&Input| match command.name.as_str() {
        "Find Devices" => input.name == "Name",
        "List Vulnerabilities" => input.name == "Contextual Risk Report",
        "Update Device Tags" => input.required || input.name == "Add Tags",
        _ => input.required,
    };
    command.inputs.iter().filter(needed).map(|input| (input.name.clone(), value(input))).collect()
}

/// The requests below `/console` and to the accounts, in order: what commands ask for, without logging in.
pub fn data_requests(simulator: &Simulator) -> Vec<RecordedRequest> {
    simulator
        .requests()
        .into_iter()
        .filter(|request| request.path.contains("/console/") || request.path.ends_with("/accounts/"))
        .collect()
}

/// `METHOD path?query` of a request, the query as it was recorded.
pub fn line(request: &RecordedRequest) -> String {
    let query: Vec<_> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{} {}{mark}{}", request.method, request.path.trim_start_matches("/api"), query.join("&"))
}

/// The Error tab and its code.
pub fn error_of(outcome: &Outcome) -> (String, String) {
    let error = outcome.error.as_ref().unwrap_or_else(|| panic!("it is Successful: {outcome:?}"));
    (error.code.clone(), error.to_string())
}
