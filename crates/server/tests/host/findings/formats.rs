//! The formats of changes: each event has what its schema wants, and what is unknown is missing.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use soar_host::findings::formats::{ChangeShown, FindingFormat, cut_to_batch, render};
use soar_host::findings::{Enrichment, EnrichmentFiles};

use super::world::FindingsWorld;

/// Changes of each kind, with values about their CVEs.
async fn changes(world: &FindingsWorld) -> Vec<ChangeShown> {
    for cve in ["CVE-2024-1", "CVE-2024-2", "CVE-2024-3", "=cmd|' /C calc'!A0"] {
        world.lister.set("1", 1, cve, "open", 9.8);
    }
    world.lister.set("1", 2, "CVE-2024-1", "open", 0.0);
    world.collect().await;
    world.lister.set("1", 1, "CVE-2024-1", "fixed", 9.8);
    world.lister.set("1", 1, "CVE-2024-2", "accepted", 9.8);
    world.lister.data().tenants.get_mut("1").unwrap().devices.remove(&2);
    world.collect().await;
    let folder = tempfile::tempdir().unwrap();
    let (kev, epss) = (folder.path().join("kev.json"), folder.path().join("epss.csv"));
    std::fs::write(
        &kev,
        r#"{"dateReleased":"2026-11-01","vulnerabilities":[{"cveID":"CVE-2024-1","dateAdded":"2024-02-01"}]}"#,
    )
    .unwrap();
    std::fs::write(&epss, "#score_date:2026-11-02T00:00:00+0000\ncve,epss,percentile\nCVE-2024-1,0.5,0.9\n").unwrap();
    let known = Enrichment::read(&EnrichmentFiles { kev: Some(kev), epss: Some(epss) }).unwrap();
    let named = || ("production".to_owned(), "Lister".to_owned(), "Nobody".to_owned());
    let all = world.changes(0).await.into_iter();
    all.map(|change| ChangeShown::new(change, named(), &known).unwrap()).collect()
}

/// A change of CVE-2024-1 with these members of its finding.
async fn altered(world: &FindingsWorld, members: Value) -> ChangeShown {
    let mut change = world.changes(0).await.remove(0);
    let mut finding: Value = serde_json::from_str(change.finding.get()).unwrap();
    (finding["cve"], finding["cvss"]) = (json!(["CVE-2024-1"]), json!(9.8));
    for (name, value) in members.as_object().unwrap() {
        finding[name] = value.clone();
    }
    change.finding = to_raw_value(&finding).unwrap();
    change.fields = to_raw_value(&json!([
        { "field": "cvss", "from": null, "to": 9.8 },
        { "field": "exploit", "from": false, "to": true },
        { "field": "state", "from": "open", "to": "accepted" },
    ]))
    .unwrap();
    ChangeShown::new(change, Default::default(), &Enrichment::default()).unwrap()
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(bytes).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn ocsf_events_are_vulnerability_findings_of_the_schema() {
    let world = FindingsWorld::on_both().await.remove(0);
    let mut shown = changes(&world).await;
    let without_cve = json!({ "cve": [], "title": "TLS 1.0", "cvss": 5.0 });
    for members in [
        json!({ "cvssVector": "CVSS:3.1/AV:N/AC:L" }),
        json!({ "cvssVector": "AV:N/AC:L/Au:N/C:P/I:P/A:P" }),
        json!({ "cvssVector": "high" }),
        without_cve,
        json!({ "cwe": ["CWE-20", "CWE-79"] }),
        json!({ "cve": [], "cwe": ["CWE-79"], "title": "TLS 1.0" }),
    ] {
        shown.push(altered(&world, members).await);
    }
    let bytes = render(FindingFormat::Ocsf, &shown, true).unwrap();
    let events = lines(&bytes);
    let [.., newer, older, odd, without_cve, with_cwes, only_cwe] = events.as_slice() else { panic!() };
    let related = json!([{ "uid": "CWE-20" }, { "uid": "CWE-79" }]);
    assert_eq!(with_cwes["vulnerabilities"][0]["cve"]["related_cwes"], related);
    let only_cwe = &only_cwe["vulnerabilities"];
    assert_eq!((&only_cwe[0]["cwe"]["uid"], &only_cwe[0]["title"]), (&json!("CWE-79"), &json!("TLS 1.0")));
    assert!(only_cwe[0].get("advisory").is_none() && only_cwe.as_array().unwrap().len() == 1, "{only_cwe}");
    assert!(newer["vulnerabilities"][0]["cve"].get("related_cwes").is_none(), "what is unknown is missing");
    for (event, version) in [(newer, "3.1"), (older, "2.0")] {
        assert_eq!(event["vulnerabilities"][0]["cve"]["cvss"][0]["version"], version);
        assert!(event["unmapped"].get("cvss").is_none(), "{event}");
    }
    assert!(odd["vulnerabilities"][0]["cve"].get("cvss").is_none(), "{odd}");
    assert_eq!((&odd["unmapped"]["cvss"], &odd["unmapped"]["cvss_vector"]), (&json!(9.8), &json!("high")));
    assert_eq!(without_cve["vulnerabilities"][0]["advisory"]["uid"], "TLS 1.0");
    assert_eq!(without_cve["unmapped"]["cvss"], 5.0);
    let of = |kind: &str| events.iter().find(|event| event["unmapped"]["kind"] == kind).unwrap();
    for (kind, activity, status) in
        [("opened", 1, "New"), ("changed", 2, "Suppressed"), ("fixed", 3, "Resolved"), ("gone", 3, "Archived")]
    {
        let event = of(kind);
        assert_eq!(
            (event["activity_id"].as_i64(), event["status"].as_str()),
            (Some(activity), Some(status)),
            "{event}"
        );
        assert_eq!(event["type_uid"].as_i64(), Some(200_200 + activity));
    }
    let epss = &of("fixed")["vulnerabilities"][0]["cve"]["epss"];
    assert_eq!((&epss["score"], &epss["created_time"]), (&json!("0.5"), &json!(1_793_577_600_000_i64)));
    assert!(of("changed")["vulnerabilities"][0]["cve"].get("epss").is_none(), "what is unknown is missing");
    // The Python models of the schema read each event and lose nothing of it.
    let tools = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../tools/py-ocsf-models/bin/python");
    assert!(tools.is_file(), "py-ocsf-models is not installed. Run the README's test command, which installs it.");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/host/findings/check_ocsf.py");
    let mut check = Command::new(tools).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    check.stdin.take().unwrap().write_all(&bytes).unwrap();
    let checked = check.wait_with_output().unwrap();
    assert!(checked.status.success());
    assert_eq!(String::from_utf8_lossy(&checked.stdout).trim(), format!("{} events are valid", events.len()));
}

#[tokio::test]
async fn ecs_documents_have_the_fields_of_the_schema() {
    let world = FindingsWorld::on_both().await.remove(0);
    let events = lines(&render(FindingFormat::Ecs, &changes(&world).await, true).unwrap());
    let fixed = events.iter().find(|event| event["event"]["action"] == "finding-fixed").unwrap();
    assert_eq!(fixed["event"]["kind"], "state");
    assert_eq!(fixed["event"]["category"][0], "vulnerability");
    assert_eq!(fixed["vulnerability"]["id"], "CVE-2024-1");
    assert_eq!(fixed["vulnerability"]["score"]["base"], 9.8);
    assert_eq!(fixed["host"]["ip"][0], "10.0.0.1");
    assert_eq!(fixed["organization"]["name"], "Tenant 1");
    assert_eq!(fixed["Finding"]["kev"]["listed"], true);
    assert!(fixed["@timestamp"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn an_ecs_field_has_one_type_in_all_documents() {
    let world = FindingsWorld::on_both().await.remove(0);
    changes(&world).await;
    let odd = json!({
        "deviceAddress": "web-1.example.com",
        "cvss": null,
        "cwe": ["CWE-79"],
        "firstFound": "last week",
        "stateChanged": "2026-11-02T00:00:00Z",
        "published": "2026-11-01",
    });
    let event = lines(&render(FindingFormat::Ecs, &[altered(&world, odd).await], true).unwrap()).remove(0);
    assert_eq!(event["event"]["type"], json!(["info"]));
    let changed = json!([
        { "field": "cvss", "to": "9.8" },
        { "field": "exploit", "from": "false", "to": "true" },
        { "field": "state", "from": "open", "to": "accepted" },
    ]);
    let finding = &event["Finding"];
    assert_eq!(finding["fields"], changed);
    assert_eq!(finding["cwe"], json!(["CWE-79"]));
    assert!(event["host"].get("ip").is_none() && finding["address"] == "web-1.example.com", "{event}");
    assert!(finding.get("first_found").is_none(), "{event}");
    assert_eq!(
        (&finding["state_changed"], &finding["published"]),
        (&json!("2026-11-02T00:00:00Z"), &json!("2026-11-01"))
    );
    assert!(event["vulnerability"].get("score").is_none(), "an object without members is left out: {event}");
}

#[tokio::test]
async fn a_batch_ends_at_1_mib_and_has_at_least_one_change() {
    let world = FindingsWorld::on_both().await.remove(0);
    changes(&world).await;
    let mut batch = Vec::new();
    for size in [400_000, 400_000, 400_000, 2_000_000] {
        batch.push(altered(&world, json!({ "description": "x".repeat(size) })).await);
    }
    let first = batch[0].sequence();
    let mut large = vec![batch.remove(3)];
    assert_eq!(cut_to_batch(FindingFormat::Ndjson, &mut large).unwrap(), None);
    assert_eq!((cut_to_batch(FindingFormat::Ndjson, &mut batch).unwrap(), batch.len()), (Some(first), 2));
    // An event of OCSF has the description twice.
    assert_eq!((cut_to_batch(FindingFormat::Ocsf, &mut batch).unwrap(), batch.len()), (Some(first), 1));
    assert_eq!(cut_to_batch(FindingFormat::Ocsf, &mut batch).unwrap(), None);
}

#[tokio::test]
async fn csv_has_no_formulas_and_what_is_unknown_is_empty() {
    let world = FindingsWorld::on_both().await.remove(0);
    let text = String::from_utf8(render(FindingFormat::Csv, &changes(&world).await, true).unwrap()).unwrap();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let headings = rows.headers().unwrap().clone();
    let column = |name: &str| headings.iter().position(|heading| heading == name).unwrap();
    let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
    let row = |cve: &str| rows.iter().find(|row| row[column("CVE")].ends_with(cve)).unwrap();
    assert_eq!(&row("A0")[column("CVE")], "'=cmd|' /C calc'!A0");
    assert_eq!((&row("CVE-2024-2")[column("EPSS")], &row("CVE-2024-2")[column("KEV")]), ("", "no"));
    assert_eq!((&row("CVE-2024-1")[column("EPSS")], &row("CVE-2024-1")[column("KEV")]), ("0.5", "yes"));
    assert_eq!((&row("CVE-2024-1")[column("Baseline")], &row("CVE-2024-1")[column("Change")]), ("yes", "opened"));
    assert_eq!(&row("CVE-2024-1")[column("CWE")], "");
    let with_cwes = [altered(&world, json!({ "cwe": ["CWE-20", "CWE-79"] })).await];
    let text = String::from_utf8(render(FindingFormat::Csv, &with_cwes, true).unwrap()).unwrap();
    assert!(text.contains(",CWE\r\n") && text.ends_with(",CWE-20 CWE-79\r\n"), "{text}");
}

#[tokio::test]
async fn a_score_of_epss_has_its_source_and_date_and_is_no_field_of_a_change() {
    let world = FindingsWorld::on_both().await.remove(0);
    let shown = lines(&render(FindingFormat::Ndjson, &changes(&world).await, true).unwrap());
    let opened =
        shown.iter().find(|line| line["finding"]["cve"][0] == "CVE-2024-1" && line["kind"] == "opened").unwrap();
    assert_eq!(opened["epss"]["source"], "FIRST EPSS");
    assert_eq!(opened["epss"]["date"], "2026-11-02T00:00:00+0000");
    assert!(soar_host::findings::ComparedFinding::names().iter().all(|name| !name.contains("epss")));
    // A collection without changes of the product logs nothing, whatever the scores are.
    let last = world.last().await;
    world.collect().await;
    assert_eq!(world.last().await, last);
}
