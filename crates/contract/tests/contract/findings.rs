//! A findings source is described by the manifest, and its rows are read in one vocabulary.

use serde_json::json;
use soar_connector::{FindingProblem, FindingReader, FindingStatus, Manifest};

use crate::sample::{CONNECTOR, READ, WRITE, load};

const FINDINGS: &str = r#"
[findings]
command = "Read Things"
parameters = { Kind = "Big" }
tenant = "Filter of Tenant"
known-devices = "Devices"
key = ["$.cve", "$.software"]

[findings.tenants]
command = "List Rooms"
id = "$.id"

[findings.devices]
command = "Read Things"
parameters = { Kind = "Small" }
id = "$.id"
decommissioned = { path = "$.life", values = ["Decommissioned"] }

[findings.device]
id = "$.device.id"
name = "$.device.name"
tags = "$.device.tags[*].tag"

[findings.state]
path = "$.state"
open = ["discovered"]
fixed = ["fixConfirmed"]
reopened = ["reopen"]
suppressed = ["acceptRisk"]

[findings.members]
id = "$.id"
cve = "$.cve"
cwe = "$['weakness','weaknesses']"
cvss = "$.cvss"
exploit = "$.exploit"
first-found = "$.found"
references = "$.links"
"#;

const ROOMS: &str = r#"
name = "List Rooms"
description = "Reads."
effect = "read"
permissions = ["Anyone"]
endpoint = "GET /rooms/"
reply = ["array"]
"#;

fn manifest_with(findings: &str) -> Result<Manifest, soar_connector::ManifestError> {
    let inputs = r#"
  { name = "Filter of Tenant", type = "integer", description = "Which.", example = 1 },
  { name = "Devices", type = "list", description = "Which.", example = ["1"] },
]
key-fields"#;
    let read = READ.replacen("]\nkey-fields", inputs, 1);
    let connector = format!("{CONNECTOR}\n[replies]\nno-value = [\"\", \"None\"]\n{findings}");
    load(&connector, &[&read, WRITE, ROOMS])
}

#[test]
fn rows_are_read_in_one_vocabulary() {
    let manifest = manifest_with(FINDINGS).unwrap();
    let reader = FindingReader::new(&manifest).unwrap();
    let row = json!({
        "id": 70, "cve": "CVE-2024-1", "software": "nginx 1.2", "state": "Fix Confirmed", "cvss": "9.8", "exploit": "True",
        "found": "2025-11-02 10:56:30+01:00", "links": ["https://a", "None", "https://b"], "more": {"x": 1},
        "device": {"id": 7, "name": "web-1", "tags": [{"tag": "dmz"}, {"tag": "pci"}]}
    });
    let (finding, key) = reader.read(&row.to_string()).unwrap();
    assert_eq!(key, ["CVE-2024-1", "nginx 1.2"]);
    assert_eq!(
        serde_json::to_value(&finding).unwrap(),
        json!({
            "id": "70", "deviceId": "7", "deviceName": "web-1", "deviceTags": ["dmz", "pci"], "status": "fixed",
            "state": "Fix Confirmed", "cve": ["CVE-2024-1"], "cvss": 9.8, "exploit": true,
            "firstFound": "2025-11-02T09:56:30Z", "references": ["https://a", "https://b"]
        })
    );
    let read_back: soar_connector::Finding = serde_json::from_value(serde_json::to_value(&finding).unwrap()).unwrap();
    assert_eq!(read_back, finding);
}

#[test]
fn cwes_are_read_from_any_text_that_names_them_and_what_is_none_is_left_out() {
    let manifest = manifest_with(FINDINGS).unwrap();
    let reader = FindingReader::new(&manifest).unwrap();
    for (member, value, expected) in [
        ("weakness", json!("CWE-79"), vec!["CWE-79"]),
        ("weakness", json!("['cwe-787', 'CWE-20']"), vec!["CWE-787", "CWE-20"]),
        ("weaknesses", json!(["CWE-79", "NVD-CWE-noinfo", "CWE-22"]), vec!["CWE-79", "CWE-22"]),
        ("weakness", json!("NVD-CWE-Other"), vec![]),
        ("weakness", json!("text"), vec![]),
        ("weakness", json!("None"), vec![]),
        ("weakness", json!(79), vec![]),
    ] {
        let row = json!({ "cve": "CVE-2024-1", "device": { "id": 7 }, member: value });
        let (finding, _) = reader.read(&row.to_string()).unwrap();
        assert_eq!(finding.cwe, expected, "{row}");
        let written = serde_json::to_value(&finding).unwrap();
        assert_eq!(written.get("cwe").is_some(), !expected.is_empty(), "what is unknown is missing: {written}");
    }
}

#[test]
fn every_word_has_its_meaning_and_an_unknown_word_counts_as_open() {
    let manifest = manifest_with(FINDINGS).unwrap();
    let states = &manifest.connector.findings.as_ref().unwrap().state;
    for (word, status) in [
        ("discovered", FindingStatus::Open),
        ("fixConfirmed", FindingStatus::Fixed),
        ("fix confirmed", FindingStatus::Fixed),
        ("REOPEN", FindingStatus::Reopened),
        ("accept risk", FindingStatus::Suppressed),
        ("somethingNew", FindingStatus::Open),
    ] {
        assert_eq!(states.status(word), status, "{word}");
    }
}

#[test]
fn a_row_without_device_or_key_is_no_finding() {
    let manifest = manifest_with(FINDINGS).unwrap();
    let reader = FindingReader::new(&manifest).unwrap();
    let read = |row: serde_json::Value| reader.read(&row.to_string()).unwrap_err();
    assert!(matches!(read(json!({"cve": "CVE-2024-1", "device": {"id": "None"}})), FindingProblem::NoDevice(_)));
    let error = read(json!({"cve": "", "device": {"id": 7}}));
    assert!(matches!(&error, FindingProblem::NoKey(members) if members == "$.cve, $.software"), "{error}");
}

#[test]
fn a_connector_without_the_table_has_no_findings() {
    assert!(FindingReader::new(&load(CONNECTOR, &[READ, WRITE]).unwrap()).is_none());
}

#[test]
fn every_kind_of_broken_findings_source_names_field_and_fix() {
    let mut text = String::new();
    for (what, from, to) in [
        ("a command that there is not", "command = \"Read Things\"", "command = \"Sing\""),
        ("a command that changes something", "command = \"Read Things\"", "command = \"Write Thing\""),
        ("a parameter that the command lacks", "{ Kind = \"Big\" }", "{ Kindred = \"Big\" }"),
        ("a value that the input refuses", "{ Kind = \"Big\" }", "{ Kind = \"Huge\" }"),
        ("an input that the command lacks", "\"Filter of Tenant\"", "\"Tenant\""),
        ("known devices that are no list", "known-devices = \"Devices\"", "known-devices = \"Filter of Tenant\""),
        ("tenants without an input", "tenant = \"Filter of Tenant\"", ""),
        ("no key", "key = [\"$.cve\", \"$.software\"]", "key = []"),
        ("neither CVE nor title", "cve = \"$.cve\"", ""),
        (
            "a word with two meanings",
            "suppressed = [\"acceptRisk\"]",
            "suppressed = [\"Fix Confirmed\", \"fix_confirmed\"]",
        ),
        ("no word for fixed", "fixed = [\"fixConfirmed\"]", "fixed = []"),
        ("a broken JSONPath", "\"$.device.tags[*].tag\"", "\"$.device.tags[*\""),
        ("an unknown member", "exploit =", "exploits ="),
    ] {
        assert!(FINDINGS.contains(from), "{what}: the sample has no {from:?}");
        let error = manifest_with(&FINDINGS.replacen(from, to, 1)).expect_err(what);
        text.push_str(&format!("{what}\n  {error}\n"));
    }
    insta::assert_snapshot!(text);
}
