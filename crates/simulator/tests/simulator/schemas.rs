//! Replies fit their schemas; with oddities on, all but a list of fields still do.

use std::{collections::BTreeSet, fs, path::PathBuf};

use boon::{Compiler, ErrorKind, Schemas, ValidationError};
use footprint_simulator::{Generation, Options};
use serde_json::{Value, json};

use crate::client::ServedSimulator;

fn schema(generation: Generation, name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{generation}/{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// A reply of every route that has a schema, more than one where rows differ, by the schema's name.
async fn replies(generation: Generation, oddities: bool, seed: u64) -> Vec<(&'static str, Value)> {
    let mut instance =
        ServedSimulator::with(Options { generation, oddities, seed, page_size: 100, ..Options::default() }).await;
    let known = instance.known();
    let mut replies = Vec::new();
    // The administrator is last and stays logged in.
    for user in instance.users().to_vec().iter().rev() {
        let token = instance.log_in(user.kind).await;
        let body = json!({"username": user.user_name, "password": user.password});
        let login = instance.post("/common/auth/session/", body).await;
        // A one-time password is asked for with 203, for which no document has a body.
        if token.status == 200 {
            replies.push(("token", token.json));
            replies.push(("login", login.json));
        }
        replies.push(("session", instance.get("/common/auth/session/").await.json));
    }
    let nobody = instance.http.get(format!("{}/api/common/auth/session/", instance.url()));
    replies.push(("session", crate::client::answer(nobody).await.json));
    let refresh = json!({"refresh": instance.refresh});
    replies.push(("refresh", instance.post("/auth/token/refresh/", refresh).await.json));
    let elements = "/console/elements";
    let surface = "/console/scanSurface";
    let mut paths = vec![
        ("accounts", "/common/auth/session/accounts/".to_owned()),
        ("users", "/common/users/".to_owned()),
        ("status", "/console/status/".to_owned()),
        ("contexts", format!("{elements}/contexts/technical/")),
        ("scanners", format!("{surface}/scanners/")),
        ("scan-surface", format!("{surface}/")),
        ("ports", format!("{surface}/currentTargets/ports/")),
        ("risk-report", "/console/reporting/contextualRiskReport/?size=40".to_owned()),
    ];
    paths.extend((1..=30).map(|n| ("context", format!("{elements}/contexts/technical/{}/", 1_000_000 + n))));
    paths.extend((1..=3).map(|page| ("devices", format!("{elements}/devices/?page={page}"))));
    for device in [known.agent_device, known.server_device, 1_050_100, 1_050_101] {
        let device_path = format!("{elements}/device/{device}");
        paths.push(("attack-avenues", format!("{device_path}/attackavenues/")));
        paths.push(("vulnerabilities", format!("{device_path}/vulnerabilities/")));
    }
    let agent = format!("{elements}/device/{}", known.agent_device);
    paths.push(("network-connections", format!("{agent}/networkConnections/")));
    paths.push(("device-users", format!("{agent}/users/")));
    for part in ["applications", "overview", "os", "patches"] {
        paths.push((part, format!("{agent}/{part}/")));
    }
    for (name, path) in paths {
        let answer = instance.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        replies.push((name, answer.json));
    }
    let applications = instance.get(&format!("{elements}/device/{}/applications/", known.server_device)).await;
    for application in applications.rows() {
        let path = format!("{elements}/application/{}/vulnerabilities/", application["id"]);
        let list = instance.get(&path).await;
        if let Some(first) = list.rows().first() {
            let change = json!({"ids": [first["id"]], "state": "acceptRisk", "motivationText": "Isolated."});
            replies.push(("vulnerability-state", instance.write(&path, change).await.json));
        }
        replies.push(("application-vulnerabilities", list.json));
    }
    let one = format!("{surface}/rescan/{}/", known.active_scanner);
    let one = instance.patch(&one, json!({})).await.json;
    let all = instance.patch(&format!("{surface}/rescan/"), json!({})).await.json;
    replies.push(("scan-status", instance.get("/console/status/scan/").await.json));
    if generation >= Generation::Middle {
        replies.push(("scans", instance.get("/console/scans/").await.json));
        let scan = format!("/console/scans/{}/", one["scanUuid"].as_str().unwrap());
        replies.push(("scan", instance.get(&scan).await.json));
        replies.push(("rescan-one", one));
        replies.push(("rescan", all));
        let tags = json!([{"tag": "pci", "excludeBusinessContexts": false}]);
        let path = format!("{elements}/device/{}/updateTags/", known.server_device);
        replies.push(("device-tags", instance.write(&path, tags).await.json));
        let targets = json!({"scanTargets": ["192.0.2.1"], "scanners": [known.active_scanner]});
        replies.push(("scan-targets", instance.write(&format!("{surface}/"), targets).await.json));
        replies.push(("scan-surface", instance.get(&format!("{surface}/")).await.json));
    }
    replies
}

/// Every violation as the schema's name and the field's name.
///
/// The schemas are strict: types, required members, choices, formats and lengths are those of the vendor's documents,
/// and no object has members besides.
fn violations(generation: Generation, replies: &[(&'static str, Value)]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, reply) in replies {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        compiler.add_resource(name, schema(generation, name)).unwrap();
        let schema = compiler.compile(name, &mut schemas).unwrap();
        let Err(invalid) = schemas.validate(reply, schema) else { continue };
        for error in faults(&invalid) {
            let path = error.instance_location.to_string();
            let field = path.rsplit('/').find(|part| part.parse::<u32>().is_err());
            let problem = match &error.kind {
                ErrorKind::Required { .. } if !path.is_empty() => " hollow".to_owned(),
                kind @ ErrorKind::AdditionalProperties { .. } => format!(" {kind}"),
                kind if path.is_empty() => kind.to_string(),
                _ => String::new(),
            };
            found.insert(format!("{name} {}{problem}", field.unwrap_or_default()));
        }
    }
    found
}

/// The errors that an error consists of. One of a choice of schemas is whole: what keeps a value from each is no fault.
fn faults<'a, 's, 'v>(error: &'a ValidationError<'s, 'v>) -> Vec<&'a ValidationError<'s, 'v>> {
    match error.kind {
        ErrorKind::AnyOf | ErrorKind::OneOf(_) => vec![error],
        _ if error.causes.is_empty() => vec![error],
        _ => error.causes.iter().flat_map(faults).collect(),
    }
}

#[tokio::test]
async fn every_reply_fits_its_schema_when_oddities_are_off() {
    for generation in Generation::ALL {
        let replies = replies(generation, false, 1).await;
        assert_eq!(violations(generation, &replies), BTreeSet::new(), "{generation}");
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{generation}"));
        let schemas: BTreeSet<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let checked: BTreeSet<String> = replies.iter().map(|(name, _)| format!("{name}.json")).collect();
        assert_eq!(schemas, checked, "{generation}");
    }
}

/// The fields that the vendor is known to fill in its own way.
const ODD_LEGACY: &[&str] = &[
    "application-vulnerabilities cvssExploit",
    "application-vulnerabilities cvssImpact",
    "application-vulnerabilities cvssScore",
    "application-vulnerabilities discovered",
    "application-vulnerabilities lastModified",
    "application-vulnerabilities publishedDate",
    "application-vulnerabilities stateLastChangedOn",
    "vulnerability-state cvssExploit",
    "vulnerability-state cvssImpact",
    "vulnerability-state cvssScore",
    "vulnerability-state discovered",
    "vulnerability-state lastModified",
    "vulnerability-state publishedDate",
    "vulnerability-state stateLastChangedOn",
    "applications discoveredOn",
    "applications lastSeen",
    "accounts lastLogin",
    "attack-avenues discoveredOn",
    "context businessImpact",
    "context modified",
    "context uptime",
    "contexts businessImpact",
    "contexts modified",
    "contexts uptime",
    "devices agentId",
    "devices applicationsCount",
    "devices discoveredOn",
    "devices lastSeen",
    "devices riskLevel",
    "login email",
    "login role",
    "scan-surface results",
    "scan-surface scanDate",
    "scan-surface user",
    "scanners installDate",
    "scanners lastSeen",
    "scanners lastUpdate",
    "scanners noScanWindowStartInterval",
    "scanners noScanWindowStopInterval",
    "scanners schedulerConfig hollow",
    "scanners schedulerConfig",
    "session email",
    "session role",
    "vulnerabilities cvssExploit",
    "vulnerabilities cvssImpact",
    "vulnerabilities cvssScore",
    "vulnerabilities discovered",
    "vulnerabilities lastModified",
    "vulnerabilities publishedDate",
    "vulnerabilities stateLastChangedOn",
];
const ODD_MIDDLE: &[&str] = &[
    "application-vulnerabilities cvssExploit",
    "application-vulnerabilities cvssImpact",
    "application-vulnerabilities cvssScore",
    "application-vulnerabilities discovered",
    "application-vulnerabilities lastModified",
    "application-vulnerabilities publishedDate",
    "application-vulnerabilities stateLastChangedOn",
    "vulnerability-state cvssExploit",
    "vulnerability-state cvssImpact",
    "vulnerability-state cvssScore",
    "vulnerability-state discovered",
    "vulnerability-state lastModified",
    "vulnerability-state publishedDate",
    "vulnerability-state stateLastChangedOn",
    "applications discoveredOn",
    "applications lastSeen",
    "accounts lastLogin",
    "attack-avenues discoveredOn",
    "context businessImpact",
    "context modified",
    "context uptime",
    "contexts businessImpact",
    "contexts modified",
    "contexts uptime",
    "devices agentId",
    "devices applicationsCount",
    "devices discoveredOn",
    "devices lastSeen",
    "devices riskLevel",
    "login email",
    "login role",
    "ports lastScanned",
    "scan-surface results",
    "scan-surface scanDate",
    "scan-surface user",
    "scanners cpuCount",
    "scanners createdOn",
    "scanners credentials",
    "scanners hddCapacity",
    "scanners installDate",
    "scanners lastSeen",
    "scanners lastUpdate",
    "scanners noScanWindowStartInterval",
    "scanners noScanWindowStopInterval",
    "scanners ramCapacity",
    "scanners schedulerConfig hollow",
    "scanners schedulerConfig",
    "scanners uptime",
    "session email",
    "session role",
    "vulnerabilities cvssExploit",
    "vulnerabilities cvssImpact",
    "vulnerabilities cvssScore",
    "vulnerabilities discovered",
    "vulnerabilities lastModified",
    "vulnerabilities publishedDate",
    "vulnerabilities stateLastChangedOn",
];
const ODD_CURRENT: &[&str] = &[
    "application-vulnerabilities attackVector hollow",
    "application-vulnerabilities attackVector",
    "application-vulnerabilities cvssExploit",
    "application-vulnerabilities cvssImpact",
    "application-vulnerabilities discovered",
    "application-vulnerabilities informationOrigin hollow",
    "application-vulnerabilities informationOrigin",
    "application-vulnerabilities lastModified",
    "application-vulnerabilities lastSeen",
    "application-vulnerabilities lastStateChanged",
    "application-vulnerabilities published",
    "vulnerability-state attackVector hollow",
    "vulnerability-state attackVector",
    "vulnerability-state cvssExploit",
    "vulnerability-state cvssImpact",
    "vulnerability-state discovered",
    "vulnerability-state informationOrigin hollow",
    "vulnerability-state informationOrigin",
    "vulnerability-state lastModified",
    "vulnerability-state lastSeen",
    "vulnerability-state lastStateChanged",
    "vulnerability-state published",
    "applications discoveredOn",
    "applications lastSeen",
    "applications lastScanned",
    "accounts initialScanType",
    "accounts lastLogin",
    "attack-avenues attackVector hollow",
    "attack-avenues attackVector",
    "attack-avenues cvssExploit",
    "attack-avenues cvssImpact",
    "attack-avenues discovered",
    "attack-avenues discoveredOn",
    "attack-avenues informationOrigin hollow",
    "attack-avenues informationOrigin",
    "attack-avenues lastModified",
    "attack-avenues lastScanned",
    "attack-avenues lastSeen",
    "attack-avenues lastStateChanged",
    "attack-avenues lastUpdate",
    "attack-avenues port",
    "attack-avenues published",
    "attack-avenues qualityOfDetection",
    "attack-avenues relatedApplication hollow",
    "attack-avenues relatedApplication",
    "context created",
    "context crs",
    "context itOwnerGroupId",
    "context itOwnerUserId",
    "context modified",
    "devices agentStatus",
    "devices discoveredOn",
    "devices lastCheckin",
    "devices lastScanned",
    "devices lastSeen",
    "devices lastUpdate",
    "devices ports",
    "devices riskLevel",
    "login email",
    "ports lastScanned",
    "scan-surface results",
    "scan-surface scanDate",
    "scan-surface user",
    "scanners cpuCount",
    "scanners createdOn",
    "scanners credentials",
    "scanners hddCapacity",
    "scanners installDate",
    "scanners lastSeen",
    "scanners lastUpdate",
    "scanners noScanWindowStartInterval",
    "scanners noScanWindowStopInterval",
    "scanners ramCapacity",
    "scanners schedulerConfig hollow",
    "scanners schedulerConfig",
    "scanners uptime",
    "session email",
    "vulnerabilities attackVector hollow",
    "vulnerabilities attackVector",
    "vulnerabilities cvssExploit",
    "vulnerabilities cvssImpact",
    "vulnerabilities discovered",
    "vulnerabilities informationOrigin hollow",
    "vulnerabilities informationOrigin",
    "vulnerabilities lastModified",
    "vulnerabilities lastSeen",
    "vulnerabilities lastStateChanged",
    "vulnerabilities published",
    "token  additionalProperties 'isSsoOnly' not allowed",
];

#[tokio::test]
async fn with_oddities_just_the_listed_fields_deviate() {
    for (generation, allowed) in
        [(Generation::Legacy, ODD_LEGACY), (Generation::Middle, ODD_MIDDLE), (Generation::Current, ODD_CURRENT)]
    {
        let mut found = BTreeSet::new();
        for seed in 1..=4 {
            found.append(&mut violations(generation, &replies(generation, true, seed).await));
        }
        let unexpected: Vec<_> = found.iter().filter(|field| !allowed.contains(&field.as_str())).collect();
        assert!(unexpected.is_empty(), "{generation}: {unexpected:#?}");
        assert!(found.len() > 5, "{generation} has oddities");
    }
}
